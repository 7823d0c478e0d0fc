"""What encoders on torch share: batches, normalisation, device, fingerprint."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from placelens.display import shown
from placelens.encoders.base import Encoder
from placelens.encoders.checks import check_images, check_texts, unit_rows
from placelens.encoders.fits import load_fits
from placelens.errors import EncoderError
from placelens.types import Float32Array, ImageSpec, UInt8Array

_IMAGE_BATCH = 16
_TEXT_BATCH = 64

# Any text will do: its tokens tell tokenizers apart, and its vector shows the dimensions.
_PROBE = "A placelens probe: two ponds, 1 pier & no café."


def not_here(name: str) -> EncoderError:
    """What to say when a collection names an encoder that would have to be fetched."""
    return EncoderError(
        f"the collection names the encoder {shown(name)}, which would be fetched from the hub, and "
        "nothing is fetched because a collection says so; if you trust it, allow that with "
        "--allow-download, or Collection.open(path, allow_download=True)"
    )


class TorchEncoder(Encoder):
    """An encoder on a torch model; a subclass says how to load, tokenize and call it.

    Raw cosines are scored, since nothing is known of how these models' cosines are distributed on a
    user's images, until ``placelens calibrate`` has fitted them.

    Parameters
    ----------
    name
        What a user types to get it.
    model
        A torch module in evaluation mode.
    image_spec, mean, std
        How images are prepared; mean and std (3,) are of values in [0, 1].
    licence, languages
        For ``info``.
    """

    takes_text = True

    def __init__(
        self,
        *,
        name: str,
        model: Any,
        image_spec: ImageSpec,
        mean: Sequence[float],
        std: Sequence[float],
        languages: str,
    ) -> None:
        import torch

        self.name = name
        self.image_spec = image_spec
        self._torch = torch
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._model = model.eval().to(self._device)
        self._mean = torch.tensor(list(mean), dtype=torch.float32, device=self._device)
        self._std = torch.tensor(list(std), dtype=torch.float32, device=self._device)
        self.dim = int(self._run(self._text_features, [_PROBE]).shape[1])
        self.fingerprint = f"{name.partition(':')[0]}:{self._digest()}"
        fits = load_fits(self.fingerprint)
        self.calibrations = fits.calibrations
        self.answerabilities = fits.answerabilities
        self.info: Mapping[str, Any] = MappingProxyType(
            {
                "size_bytes": sum(t.nbytes for t in model.state_dict().values()),
                "licence": "see the model's card",
                "languages": languages,
                "device": str(self._device),
            }
        )

    @abstractmethod
    def _tokenize(self, texts: list[str]) -> Mapping[str, Any]:
        """Tensors of n texts, padded to the model's own length, whatever stands beside them."""

    @abstractmethod
    def _text_features(self, texts: list[str]) -> Any:
        """Features of n texts, a tensor (n, dim), not yet scaled to length 1."""

    @abstractmethod
    def _image_features(self, pixels: Any) -> Any:
        """Features of normalised pixels (n, 3, size, size), a tensor (n, dim)."""

    def encode_images(self, images: UInt8Array) -> Float32Array:
        """Encode prepared images, (n, size, size, 3) uint8 RGB, to (n, dim) unit vectors."""
        images = check_images(images, self.image_spec, name=self.name)
        return self._batches(images, _IMAGE_BATCH, self._image_batch)

    def encode_texts(self, texts: Sequence[str]) -> Float32Array:
        """Encode n texts to (n, dim) unit vectors."""
        return self._batches(check_texts(texts, name=self.name), _TEXT_BATCH, self._text_features)

    def _image_batch(self, images: UInt8Array) -> Any:
        """Features of prepared images, (n, dim)."""
        pixels = self._torch.from_numpy(images).to(self._device).float() / 255.0
        normalised = (pixels - self._mean) / self._std
        return self._image_features(normalised.permute(0, 3, 1, 2).contiguous())

    def _batches(self, inputs: Any, size: int, features: Callable[[Any], Any]) -> Float32Array:
        """Unit vectors of all inputs, a batch at a time."""
        vectors = np.empty((len(inputs), self.dim), dtype=np.float32)
        for start in range(0, len(inputs), size):
            vectors[start : start + size] = self._run(features, inputs[start : start + size])
        return unit_rows(vectors)

    def _run(self, features: Callable[[Any], Any], batch: Any) -> Float32Array:
        """Run the model without gradients."""
        with self._torch.inference_mode():
            return np.asarray(features(batch).float().cpu().numpy(), dtype=np.float32)

    def _digest(self) -> str:
        """32 hexadecimal digits over the weights, the preparation and the tokens of a probe."""
        import xxhash

        digest = xxhash.xxh3_128()
        for key, tensor in sorted(self._model.state_dict().items()):
            digest.update(f"{key} {tuple(tensor.shape)} {tensor.dtype}".encode())
            digest.update(
                tensor.detach().cpu().contiguous().flatten().view(self._torch.uint8).numpy()
            )
        digest.update(repr((self.image_spec, self._mean.tolist(), self._std.tolist())).encode())
        for key, tensor in sorted(self._tokenize([_PROBE]).items()):
            digest.update(f"{key} {tensor.tolist()}".encode())
        return digest.hexdigest()
