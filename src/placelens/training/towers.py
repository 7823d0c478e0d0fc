"""The image side of ``lite`` as three ONNX networks: the trunk, and a tail with its heads a side.

``placelens.training.heads`` says what they compute.
"""

from __future__ import annotations

import io
import warnings

import numpy as np
import torch
from torch import Tensor, nn

from placelens.training.backbone import Tail, Trunk
from placelens.training.class_head import ClassHead
from placelens.training.heads import GRID, IMAGE_SIZE, TRUNK_SHAPE, Conse, LinearHead
from placelens.training.onnx_storage import store_compactly
from placelens.training.quantization import quantize
from placelens.types import Float64Array, UInt8Array

_OPSET = 17
# Quantizing these costs most of the precision and saves little time: few channels, wide ranges.
_FLOAT_NODES = ("/trunk/stem/", "/trunk/blocks.0/")
_INT8_NODES = ("/trunk/", "/tail/", "/conse_tail/", "/classifier/")


class _Entrance(nn.Module):
    """The trunk, the gate on what its channels hold on average, and the head that tells classes."""

    def __init__(self, trunk: Trunk, gate: Float64Array, class_head: ClassHead | None) -> None:
        super().__init__()
        self.trunk = trunk
        self.class_head = class_head
        self.register_buffer("gate", torch.from_numpy(gate.astype(np.float32)))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        x = self.trunk(images)
        means, squares = x.mean((2, 3)), x.square().mean((2, 3))
        from_above = torch.cat([means, squares], 1) @ self.gate[:-1] + self.gate[-1]
        if self.class_head is None:
            return x, from_above
        return x, from_above, torch.softmax(self.class_head(x), 1).permute(0, 2, 3, 1)


class _Side(nn.Module):
    """A tail and its heads, and the tail that ConSE reads, where that is another."""

    def __init__(
        self, tail: Tail, head: LinearHead, conse: Conse | None, conse_tail: Tail | None
    ) -> None:
        super().__init__()
        self.tail = tail
        self.conse = conse
        self.conse_tail = conse_tail
        arrays = {"weights": head.weights, "bias": head.bias}
        if conse is not None:
            arrays["labels"] = conse.labels
            # A module, since what is quantized is told by the names of modules.
            self.classifier = nn.Linear(*conse.classifier.shape)
            with torch.no_grad():
                self.classifier.weight.copy_(torch.from_numpy(conse.classifier.T))
                self.classifier.bias.copy_(torch.from_numpy(conse.bias))
        for name, values in arrays.items():
            self.register_buffer(name, torch.from_numpy(values.astype(np.float32)))

    def forward(self, activations: Tensor) -> tuple[Tensor, Tensor]:
        features = self.tail(activations).flatten(1, 2)  # (n, 49, 1280)
        # The image's vector from the pooled features, and the regions, which are dearer and often
        # not asked for, each by themselves; the map being linear, they agree.
        whole = [features.mean(1, keepdim=True) @ self.weights + self.bias]
        parts = [features @ self.weights + self.bias]
        shares = [1.0]
        if self.conse is not None:
            read = features
            if self.conse_tail is not None:
                read = self.conse_tail(activations).flatten(1, 2)
            posteriors = torch.softmax(self.classifier(read) / self.conse.temperature, dim=2)
            whole.append(posteriors.mean(1, keepdim=True) @ self.labels)
            parts.append(posteriors @ self.labels)
            shares = [1 - self.conse.share, self.conse.share]
        scales = [
            share / vectors.norm(dim=2, keepdim=True).clamp_min(1e-12)
            for share, vectors in zip(shares, whole, strict=True)
        ]
        vector = sum(scale * vectors for scale, vectors in zip(scales, whole, strict=True))
        length = vector.norm(dim=2, keepdim=True).clamp_min(1e-12)
        regions = sum(scale * vectors for scale, vectors in zip(scales, parts, strict=True))
        regions = regions / (GRID[0] * GRID[1] * length)
        return (vector / length).squeeze(1), regions.unflatten(1, GRID)


def export_trunk(
    trunk: Trunk,
    gate: Float64Array,
    class_head: ClassHead | None,
    examples: UInt8Array,
    *,
    is_int8: bool = True,
) -> bytes:
    """ONNX of the trunk, whose input is ``images``, (n, 224, 224, 3) uint8.

    Its outputs are ``activations`` (n, 112, 14, 14), ``from_above`` (n,) and, with a class head,
    ``class_map`` (n, 14, 14, 9), probabilities.

    Parameters
    ----------
    trunk, gate, class_head
        The gate is (225,), its last number the bias.
    examples
        (m, 224, 224, 3) images to observe the ranges of the activations on.
    is_int8
        False leaves it in float32, to measure what the integers cost.
    """
    images = torch.zeros(2, IMAGE_SIZE, IMAGE_SIZE, 3, dtype=torch.uint8)
    outputs = ["activations", "from_above", "class_map"][: 2 if class_head is None else 3]
    model = _export(_Entrance(trunk, gate, class_head).eval(), images, "images", outputs)
    return _compact(model, examples, "images", is_int8=is_int8)


def export_side(
    tail: Tail,
    head: LinearHead,
    conse: Conse | None,
    examples: np.ndarray,
    *,
    conse_tail: Tail | None = None,
    is_int8: bool = True,
) -> bytes:
    """ONNX of a side: ``activations`` (n, 112, 14, 14) to ``vectors`` and ``regions``.

    Parameters
    ----------
    tail, head, conse
        What the side consists of.
    examples
        (m, 112, 14, 14) activations to observe ranges on.
    conse_tail
        The tail that ConSE reads; the side's own when not given.
    is_int8
        False leaves it in float32, to measure what the integers cost.
    """
    activations = torch.zeros(2, *TRUNK_SHAPE)
    module = _Side(tail, head, conse, conse_tail).eval()
    model = _export(module, activations, "activations", ["vectors", "regions"])
    return _compact(model, examples, "activations", is_int8=is_int8)


def _compact(model: bytes, examples: np.ndarray, input_name: str, *, is_int8: bool) -> bytes:
    """Quantize trunk, tail and classifier, and store other weights as float16."""
    import onnx

    if is_int8:
        compact = quantize(
            model,
            examples,
            input_name=input_name,
            is_quantized=lambda name: (
                name.startswith(_INT8_NODES) and not name.startswith(_FLOAT_NODES)
            ),
        )
        store_compactly(compact)
    else:
        compact = onnx.load_model_from_string(model)
    onnx.checker.check_model(compact, full_check=True)
    return bytes(compact.SerializeToString())


def _export(module: nn.Module, example: Tensor, input_name: str, outputs: list[str]) -> bytes:
    """ONNX of a module with a free batch size."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The TorchScript exporter is deprecated, but the new one needs onnxscript.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (example,),
            buffer,
            input_names=[input_name],
            output_names=outputs,
            dynamic_axes={name: {0: "n"} for name in [input_name, *outputs]},
            opset_version=_OPSET,
            dynamo=False,
        )
    return buffer.getvalue()
