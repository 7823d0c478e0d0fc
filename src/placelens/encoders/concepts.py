"""Concepts over another encoder: its vectors of images and texts become vectors of concepts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from placelens.encoders.base import Calibration, Encoder
from placelens.encoders.checks import unit_rows
from placelens.encoders.concept_map import ConceptMap, read_arrays
from placelens.encoders.fits import Fits, Pair
from placelens.errors import EncoderError, EncoderMismatchError, ReadError
from placelens.types import FeatureName, Float32Array, Shares, UInt8Array

FILE_NAME = "concepts.npz"
FAMILY = "concepts"


class ConceptEncoder(Encoder):
    """An encoder whose vectors' components are concepts with names.

    Parameters
    ----------
    base
        The encoder whose vectors the concepts are read from.
    concepts
        What was learnt from them: ``placelens train cosmat``.
    calibrations
        By (query modality, item modality), of the concepts' cosines.

    Attributes
    ----------
    base, concept_map : as given.

    Raises
    ------
    EncoderError
        If the concepts are read from vectors of another length.
    """

    def __init__(
        self,
        base: Encoder,
        concepts: ConceptMap,
        *,
        calibrations: Mapping[Pair, Calibration] = MappingProxyType({}),
    ) -> None:
        for view in (concepts.image, concepts.text):
            if len(view.weights) != base.dim:
                raise EncoderError(
                    f"these concepts are read from {len(view.weights)} numbers, and "
                    f"{base.name!r} gives {base.dim}"
                )
        self.base = base
        self.concept_map = concepts
        self.concepts = concepts.names
        fits = Fits(calibrations=calibrations).to_json()
        self.calibrations = Fits.from_json(fits).calibrations  # rounded, as the file has them
        content = concepts.to_bytes(
            encoder=base.name, fingerprint=base.fingerprint, fits=json.dumps(fits)
        )
        # A collection keeps the file, and its own name is relative to that collection.
        self.files = MappingProxyType({FILE_NAME: content})
        self.name = f"{FAMILY}:{FILE_NAME}"
        self.fingerprint = f"{FAMILY}:{hashlib.sha256(content).hexdigest()[:12]}"
        self.dim = len(concepts.names)
        self.image_spec = base.image_spec
        self.takes_text = base.takes_text
        self.info = MappingProxyType({**base.info, "concepts": concepts.names})

    @classmethod
    def load(
        cls, path: str | Path, *, base: Encoder | None = None, allow_download: bool = True
    ) -> ConceptEncoder:
        """Read the file that a collection of concepts keeps.

        Parameters
        ----------
        path
            The file, or the collection it lies in.
        base
            The encoder it was learnt over; loaded by its name unless given.
        allow_download
            Whether that encoder's weights may be fetched from the hub.

        Raises
        ------
        EncoderError
            If the file cannot be read as concepts.
        EncoderMismatchError
            If the encoder at hand is not the one that it was learnt over.
        """
        file = Path(path).expanduser()
        file = file / FILE_NAME if file.is_dir() else file
        try:
            arrays = read_arrays(file)
            concepts = ConceptMap.from_arrays(arrays, where=str(file))
            name, fingerprint = str(arrays["encoder"]), str(arrays["fingerprint"])
            fits = Fits.from_json(json.loads(str(arrays["fits"])))
        except (ReadError, KeyError, ValueError) as error:
            raise EncoderError(
                f"{file} holds no concepts of an encoder ({error}); learn some with: "
                "placelens train cosmat COLLECTION --labels FIELD"
            ) from error
        if base is None:
            from placelens.encoders.registry import load_encoder

            if name.strip().partition(":")[0] == FAMILY:
                raise EncoderError(
                    f"{file} names concepts as the encoder of its concepts; learn it anew"
                )
            base = load_encoder(name, allow_download=allow_download)
        if base.fingerprint != fingerprint:
            raise EncoderMismatchError(
                f"{file} was learnt over {name} ({fingerprint}), and the encoder at hand is "
                f"{base.name} ({base.fingerprint}); make the vectors of the collection that it was "
                "learnt from anew with: placelens index COLLECTION --reencode, and learn it again "
                "with: placelens train cosmat COLLECTION --labels FIELD"
            )
        return cls(base, concepts, calibrations=fits.calibrations)

    def encode_images(self, images: UInt8Array) -> Float32Array:
        """Encode prepared images, (n, size, size, 3) uint8 RGB, to (n, c) unit vectors."""
        return self.of_vectors("image", self.base.encode_images(images))

    def encode_texts(self, texts: Sequence[str]) -> Float32Array:
        """Encode n texts to (n, c) unit vectors."""
        return self.of_vectors("text", self.base.encode_texts(texts))

    def describe_images(self, images: UInt8Array, *, k: int = 3) -> list[Shares]:
        """The k most probable concepts of prepared images, with their probabilities."""
        return self.concept_map.top(self.concept_map.image, self.base.encode_images(images), k=k)

    def describe_texts(self, texts: Sequence[str], *, k: int = 3) -> list[Shares]:
        """The k most probable concepts of texts, with their probabilities: how words are read."""
        return self.concept_map.top(self.concept_map.text, self.base.encode_texts(texts), k=k)

    def of_vectors(self, modality: FeatureName, vectors: Float32Array) -> Float32Array:
        """Unit vectors of concepts, (n, c), from the base encoder's, (n, p)."""
        view = self.concept_map.image if modality == "image" else self.concept_map.text
        return unit_rows(view.vectors(vectors))
