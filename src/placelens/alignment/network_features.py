"""What the GMR-tree's paper gives its own method: images to features of a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Self

import numpy as np
from PIL import Image
from sklearn.base import BaseEstimator, TransformerMixin

from placelens.alignment.extractor import checked_images, checked_list
from placelens.encoders.base import Encoder
from placelens.encoders.onnx_session import LazySession
from placelens.errors import EncoderError, InputError, MissingExtraError, ReadError
from placelens.readers.pixels import prepare
from placelens.types import Float32Array, Float64Array, ImageSpec, UInt8Array

_BATCH = 32


@dataclass(frozen=True, slots=True)
class _Scaling:
    """How pixels enter a network: their channels' order, then ``(x - mean) / std``."""

    channels: Literal["rgb", "bgr"]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def __call__(self, images: UInt8Array) -> Float32Array:
        """(n, size, size, 3) uint8 RGB to (n, 3, size, size) float32."""
        ordered = images if self.channels == "rgb" else images[..., ::-1]
        scaled = (ordered - np.array(self.mean)) / np.array(self.std)
        return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2), dtype=np.float32)


# "caffe": the reference AlexNet and VGG nets; "torchvision": what torchvision exports.
SCALINGS: Mapping[str, _Scaling] = MappingProxyType(
    {
        "caffe": _Scaling("bgr", (104.0, 117.0, 123.0), (1.0, 1.0, 1.0)),
        "torchvision": _Scaling("rgb", (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    }
)


class NetworkFeatures(TransformerMixin, BaseEstimator):
    """A layer of a network in an ONNX file: AlexNet's fc7 in the paper (VisNet).

    Parameters
    ----------
    path
        The file. It has one input, (n, 3, size, size); n may be fixed.
    layer
        Name of the tensor to take, by default the network's first output. One that is inside the
        network needs the extra ``train``.
    scaling
        How pixels enter: "caffe" (blue first, minus ImageNet's mean, as the reference AlexNet has
        it) or "torchvision" (red first, scaled to [0, 1], standardised).
    size
        Side of the input in pixels, where the file leaves it open.

    References
    ----------
    A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet Classification with Deep Convolutional Neural
    Networks", NeurIPS 2012.
    """

    def __init__(
        self,
        path: str | Path,
        layer: str | None = None,
        *,
        scaling: str = "caffe",
        size: int | None = None,
    ) -> None:
        self.path = path
        self.layer = layer
        self.scaling = scaling
        self.size = size

    def fit(self, X: Sequence[UInt8Array], y: object = None) -> Self:
        """Open the network; nothing is learnt.

        Raises
        ------
        ReadError
            If the file cannot be read as a network.
        InputError
            If it has no such layer, takes something else than images, or the scaling is unknown.
        MissingExtraError
            If the layer is inside the network, and the package that opens it is not installed.
        """
        if self.scaling not in SCALINGS:
            raise InputError(f"scaling {self.scaling!r} is not one of {', '.join(SCALINGS)}")
        self.session_, self.layer_ = _opened(Path(self.path).expanduser(), self.layer)
        try:
            self.input_, shape = self.session_.input
        except EncoderError as error:
            raise InputError(f"{self.path}: {error}") from error
        if len(shape) != 4 or shape[1] not in (3, None) or shape[2] != shape[3]:
            raise InputError(
                f"{self.path} takes {shape}, and images are (n, 3, size, size); export it with "
                "channels first"
            )
        sides = {side for side in (shape[2], self.size) if side is not None}
        if len(sides) != 1:
            known = f"wants {shape[2]}" if shape[2] else "leaves open"
            raise InputError(
                f"{self.path} {known} pixels a side, and size is {self.size}; give the one it wants"
            )
        (self.size_,) = sides
        self.batch_ = shape[0] or _BATCH
        return self

    def transform(self, X: Sequence[UInt8Array]) -> Float64Array:
        """Features of images, (height, width, 3) uint8 RGB each, (n, d); inner axes flattened."""
        if not hasattr(self, "session_"):
            self.fit(X)
        spec = ImageSpec(size=self.size_, fit="crop")
        images = checked_images(X, who=self)
        parts = []
        for start in range(0, len(images), self.batch_):
            squares = [prepare(Image.fromarray(i), spec) for i in images[start:][: self.batch_]]
            # A network of a fixed batch gets its last one filled up.
            filled = squares + squares[-1:] * (self.batch_ - len(squares))
            rows = SCALINGS[self.scaling](np.stack(filled))
            (found,) = self.session_.run([self.layer_], **{self.input_: rows})
            parts.append(found[: len(squares)].reshape(len(squares), -1))
        if not parts:
            raise InputError("NetworkFeatures got no image; give one or more")
        return np.concatenate(parts).astype(np.float64)


class EncoderFeatures(TransformerMixin, BaseEstimator):
    """Vectors of an encoder, as features of images or of texts.

    Parameters
    ----------
    encoder
        E.g. ``load_encoder("lite")``.
    view
        "image": X holds (height, width, 3) uint8 RGB; "text": it holds str.
    """

    def __init__(self, encoder: Encoder, view: Literal["image", "text"] = "image") -> None:
        self.encoder = encoder
        self.view = view

    def fit(self, X: Sequence[Any], y: object = None) -> Self:
        """Nothing is learnt."""
        return self

    def transform(self, X: Sequence[Any]) -> Float64Array:
        """Unit vectors of n things, (n, dim).

        Raises
        ------
        InputError
            If X holds other things than the view.
        EncoderError
            If the encoder does not take them.
        """
        if self.view == "text":
            texts = checked_list(X, str, "texts", who=self)
            return self.encoder.encode_texts(texts).astype(np.float64)
        spec = self.encoder.image_spec
        if spec is None:
            raise EncoderError(f"encoder {self.encoder.name!r} takes no images; use one that does")
        images = checked_images(X, who=self)
        parts = [np.empty((0, self.encoder.dim), dtype=np.float32)]
        for start in range(0, len(images), _BATCH):
            squares = [prepare(Image.fromarray(image), spec) for image in images[start:][:_BATCH]]
            parts.append(self.encoder.encode_images(np.stack(squares)))
        return np.concatenate(parts).astype(np.float64)


def _opened(path: Path, layer: str | None) -> tuple[LazySession, str]:
    """A session whose outputs hold the layer, and the layer's name."""
    session = LazySession(path)
    try:
        outputs = session.outputs
    except Exception as error:  # ONNX Runtime raises types of its own for each fault
        raise ReadError(f"{path} cannot be read as an ONNX network ({error})") from error
    if layer is None or layer in outputs:
        return session, layer or outputs[0]
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError(
            f"layer {layer!r} lies inside the network; taking it", "train"
        ) from error
    model = onnx.load(str(path))
    inner = [name for node in model.graph.node for name in node.output]
    if layer not in inner:
        raise InputError(
            f"{path} has no layer {layer!r}; its last ones are {', '.join(map(repr, inner[-8:]))}"
        )
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info(layer))
    return LazySession(model.SerializeToString()), layer
