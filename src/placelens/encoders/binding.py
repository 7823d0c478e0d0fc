"""The encoder of a collection: loaded when it is first needed, and refused when it is another."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Mapping
from pathlib import Path

from placelens.encoders.base import Answerability, Encoder
from placelens.errors import CollectionError, EncoderMismatchError
from placelens.types import FeatureName


def as_encoder(encoder: str | Encoder) -> Encoder:
    """The encoder itself, or the one of the name that a user wrote."""
    if isinstance(encoder, Encoder):
        return encoder
    from placelens.encoders.registry import load_encoder

    return load_encoder(encoder)


def reencode_command(folder: Path, *, encoder: str | None = None) -> str:
    """What to type to have a collection's vectors made anew, by its encoder or another one.

    Examples
    --------
    >>> reencode_command(Path("my photos.pl"), encoder="lite")
    "placelens index 'my photos.pl' --reencode --encoder lite"
    """
    other = f" --encoder {shlex.quote(encoder)}" if encoder is not None else ""
    return f"placelens index {shlex.quote(str(folder))} --reencode{other}"


def mismatch(
    folder: Path, name: str | None, fingerprint: str | None, encoder: Encoder
) -> EncoderMismatchError:
    """The one error that says whose vectors a collection holds, and how to have others."""
    other = None if encoder.name == name else encoder.name
    return EncoderMismatchError(
        f"{folder} holds vectors of {name} ({fingerprint}), and the encoder at hand is "
        f"{encoder.name} ({encoder.fingerprint}); make them anew with: "
        f"{reencode_command(folder, encoder=other)}"
    )


class BoundEncoder:
    """What a collection remembers of its encoder, and the encoder itself from its first use on.

    Parameters
    ----------
    name, fingerprint
        Of the encoder its vectors come from; None for vectors of one's own.
    dim
        Length of the vectors.
    folder
        Of the collection.
    allow_download
        Whether the encoder of that name may be fetched from the hub.
    given
        An encoder that the caller brought, checked at once.

    Raises
    ------
    EncoderMismatchError
        If the one given is not the one remembered.
    """

    def __init__(
        self,
        *,
        name: str | None,
        fingerprint: str | None,
        dim: int,
        folder: Path,
        given: Encoder | None = None,
        allow_download: bool = False,
    ) -> None:
        self.name = name
        self._fingerprint = fingerprint
        self._dim = dim
        self._folder = folder
        self._allow_download = allow_download
        self._lock = threading.Lock()
        self._encoder = None if given is None else self._checked(given)

    def get(self) -> Encoder:
        """The encoder; loaded on the first call.

        Raises
        ------
        CollectionError
            If the collection holds vectors of one's own.
        EncoderMismatchError
            If the installed encoder is not the one the vectors come from.
        """
        with self._lock:
            if self._encoder is None:
                if self.name is None:
                    raise CollectionError(
                        f"{self._folder} holds vectors of your own and has no encoder; "
                        "search it with vector=, or add with add_vectors"
                    )
                from placelens.encoders.registry import load_encoder

                loaded = load_encoder(
                    self.name, folder=self._folder, allow_download=self._allow_download
                )
                self._encoder = self._checked(loaded)
            return self._encoder

    @property
    def loaded(self) -> Encoder | None:
        """The encoder, if it was given or has been asked for."""
        return self._encoder

    def answerabilities(
        self, *, is_corrected: bool
    ) -> Mapping[tuple[FeatureName, FeatureName], Answerability]:
        """Of the encoder, when it has been loaded: whoever asked in words has loaded it.

        Those of cosines that are corrected for hubs, where they are.
        """
        encoder = self._encoder
        if encoder is None:
            return {}
        corrected = encoder.hub_answerabilities if is_corrected else {}
        return {**encoder.answerabilities, **corrected}

    def _checked(self, encoder: Encoder) -> Encoder:
        if self._fingerprint is not None and encoder.fingerprint != self._fingerprint:
            raise mismatch(self._folder, self.name, self._fingerprint, encoder)
        if encoder.dim != self._dim:
            raise EncoderMismatchError(
                f"{self._folder} holds {self._dim}-d vectors, and {encoder.name} makes "
                f"{encoder.dim}-d ones"
            )
        return encoder
