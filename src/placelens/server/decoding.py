"""Pictures decoded for clients: a few at a time, each within a budget of memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, HTTPException, Request

if TYPE_CHECKING:
    from placelens.collection import Collection
    from placelens.readers.images import Decoded
    from placelens.types import ImageSpec

__all__ = ["Decoders", "DecodersOf"]

# Two pictures within their budget take 1.25 GiB at most.
_AT_A_TIME = 2
# How long a request waits for its turn; two photos of 48 megapixels are decoded in that time.
_PATIENCE_S = 20.0


class Decoders:
    """The decoders that a server has; a request waits until one is free.

    Parameters
    ----------
    at_a_time
        How many there are.
    patience_s
        How long a request waits before it is told to come again, in seconds.
    """

    def __init__(self, at_a_time: int = _AT_A_TIME, patience_s: float = _PATIENCE_S) -> None:
        self._free = threading.BoundedSemaphore(at_a_time)
        self._patience_s = patience_s

    def decode(
        self, source: str | os.PathLike[str] | bytes, spec: ImageSpec, *, name: str | None = None
    ) -> Decoded:
        """Decode a picture as `placelens.readers.images.decode` does, when its turn comes.

        Raises
        ------
        ReadError
            If it cannot be decoded, or would take more than `UPLOAD_BUDGET_BYTES`.
        HTTPException
            503 when its turn does not come.
        """
        from placelens.readers.images import decode
        from placelens.readers.pictures import UPLOAD_BUDGET_BYTES

        if not self._free.acquire(timeout=self._patience_s):
            raise HTTPException(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "the server is busy decoding other pictures; ask again in a moment",
                headers={"Retry-After": "5"},
            )
        try:
            return decode(source, spec, name=name, budget_bytes=UPLOAD_BUDGET_BYTES)
        finally:
            self._free.release()

    def prepared(
        self, images: Sequence[tuple[bytes, float]] | None, collection: Collection
    ) -> list[tuple[Any, float]] | None:
        """Uploaded images as the collection's encoder wants them, with their weights."""
        if images is None:
            return None
        spec = collection.encoder.image_spec
        if spec is None:
            return list(images)  # the search says that its encoder takes none
        from PIL import Image

        prepared = []
        for data, weight in images:
            pixels = self.decode(data, spec).pixels
            # Preparing what is prepared already changes nothing.
            prepared.append((data if pixels is None else Image.fromarray(pixels), weight))
        return prepared


def _decoders(request: Request) -> Decoders:
    decoders: Decoders = request.app.state.decoders
    return decoders


DecodersOf = Annotated[Decoders, Depends(_decoders)]
