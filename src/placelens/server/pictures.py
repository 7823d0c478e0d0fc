"""Pictures that were sent once and are asked with again and again, by handle."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import HTTPException

if TYPE_CHECKING:
    from placelens.types import ImageSpec, UInt8Array

__all__ = ["Handle", "Picture", "Pictures"]

_KEPT_BYTES = 64 * 2**20


class Handle(str):
    """What a picture is called that was sent before: its digest."""

    __slots__ = ()


@dataclass(slots=True)
class Picture:
    """The bytes of a picture, and its pixels as encoders asked for them so far."""

    content: bytes
    prepared: dict[ImageSpec, UInt8Array] = field(default_factory=dict)

    @property
    def n_bytes(self) -> int:
        """What it takes of the memory."""
        return len(self.content) + sum(pixels.nbytes for pixels in self.prepared.values())


class Pictures:
    """The pictures that were asked with last, in memory only.

    Parameters
    ----------
    kept_bytes
        What all of them may take; those that nobody has asked with for longest go first.
    """

    def __init__(self, kept_bytes: int = _KEPT_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._pictures: OrderedDict[Handle, Picture] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, content: bytes) -> Handle:
        """Keep a picture; the same bytes have the same handle.

        The handle is 128 bits of SHA-256: nobody guesses that of a picture they do not have.
        """
        handle = Handle(hashlib.sha256(content).hexdigest()[:32])
        with self._lock:
            if handle not in self._pictures:
                self._pictures[handle] = Picture(content)
            self._pictures.move_to_end(handle)
            self._shrink()
        return handle

    def get(self, handle: Handle) -> Picture:
        """The picture of a handle.

        Raises
        ------
        HTTPException
            410 if it is not kept any more.
        """
        with self._lock:
            picture = self._pictures.get(handle)
            if picture is not None:
                self._pictures.move_to_end(handle)
                self._shrink()
                return picture
        raise HTTPException(
            HTTPStatus.GONE,
            f"the picture with the handle {handle} is not kept, or not any more; send it to "
            "/v1/pictures again",
        )

    def _shrink(self) -> None:
        n_bytes = sum(picture.n_bytes for picture in self._pictures.values())
        while n_bytes > self._kept_bytes and len(self._pictures) > 1:
            _, picture = self._pictures.popitem(last=False)
            n_bytes -= picture.n_bytes
