"""Pictures decoded for clients: a few at a time, in processes of their own, within limits.

Strangers' bytes can crash a decoder, have it loop or fill the memory. Here that ends a process that
does nothing else, and the client is told; the next picture starts another one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from http import HTTPStatus
from queue import Empty, LifoQueue
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, HTTPException, Request

from placelens.errors import ReadError
from placelens.processes import EndedError, Limits, TooSlowError, Worker
from placelens.readers.images import decode_upload
from placelens.server.pictures import Handle, Picture, Pictures
from placelens.types import ImageSpec

if TYPE_CHECKING:
    from placelens.collection import Collection
    from placelens.readers.images import Decoded

__all__ = ["Decoders", "DecodersOf"]

# Two pictures within their budget take 1.25 GiB at most.
_AT_A_TIME = 2
# How long a request waits for its turn; two photos of 48 megapixels are decoded in that time.
_PATIENCE_S = 20.0
# A photo of 48 megapixels takes a second or two, five times as long on a machine that is busy.
# Memory is counted before a picture is decoded (`UPLOAD_BUDGET_BYTES`, 640 MiB); this is for what
# lies about itself, and leaves room for a decoder's own code.
_LIMITS = Limits(longest_s=20.0, memory_bytes=1280 * 2**20)
# Whether a picture can be read shows at any size.
_ANY_SIZE = ImageSpec(size=64, fit="squash")


class Decoders:
    """The decoders that a server has; a request waits until one is free.

    Parameters
    ----------
    at_a_time
        How many there are.
    patience_s
        How long a request waits before it is told to come again, in seconds.
    limits
        What decoding one picture may take before its process is ended.
    """

    def __init__(
        self,
        at_a_time: int = _AT_A_TIME,
        patience_s: float = _PATIENCE_S,
        limits: Limits = _LIMITS,
    ) -> None:
        self._workers = [Worker(limits) for _ in range(at_a_time)]
        # The one that was used last comes first: it runs, others may have never been started.
        self._free: LifoQueue[Worker] = LifoQueue()
        for worker in self._workers:
            self._free.put(worker)
        self._patience_s = patience_s
        self._pictures = Pictures()

    def decode(
        self,
        source: str | os.PathLike[str] | bytes,
        spec: ImageSpec | None,
        *,
        name: str | None = None,
    ) -> Decoded:
        """Decode a picture as `placelens.readers.images.decode` does, when its turn comes.

        ``info`` is empty: nobody asks a decoder for more than pixels.

        Raises
        ------
        ReadError
            If it cannot be decoded, would take more than `UPLOAD_BUDGET_BYTES`, or ends the process
            that decodes it.
        HTTPException
            503 when its turn does not come.
        """
        try:
            worker = self._free.get(timeout=self._patience_s)
        except Empty:
            raise HTTPException(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "the server is busy decoding other pictures; ask again in a moment",
                headers={"Retry-After": "5"},
            ) from None
        try:
            return worker.call(decode_upload, source, spec, name)
        except TooSlowError:
            raise ReadError("decoding it took too long, and was given up; save it anew") from None
        except EndedError as error:
            raise ReadError(f"decoding it crashed the decoder: {error}; save it anew") from error
        except MemoryError:
            raise ReadError("decoding it takes more memory than it may; save it smaller") from None
        finally:
            self._free.put(worker)

    def warm_up(self) -> None:
        """Start a process, so that the first picture need not wait for it."""
        try:
            worker = self._free.get_nowait()
        except Empty:
            return  # they are at work already
        try:
            worker.call(decode_upload, b"", None, None)
        except (ReadError, EndedError):
            pass  # the file is empty, as it says; what is wrong with processes a request will tell
        finally:
            self._free.put(worker)

    def stop(self) -> None:
        """End all processes."""
        for worker in self._workers:
            worker.stop()

    def keep(self, content: bytes) -> str:
        """Keep a picture that will be asked with; its handle.

        Raises
        ------
        ReadError, HTTPException
            As `decode`.
        """
        self.decode(content, _ANY_SIZE)
        return self._pictures.keep(content)

    def prepared(
        self, images: Sequence[tuple[bytes | Handle, float]] | None, collection: Collection
    ) -> list[tuple[Any, float]] | None:
        """Uploaded images as the collection's encoder wants them, with their weights.

        Raises
        ------
        ReadError, HTTPException
            As `decode`; 410 for the handle of a picture that is not kept any more.
        """
        if images is None:
            return None
        spec = collection.encoder.image_spec
        pictures = [
            (self._pictures.get(image) if isinstance(image, Handle) else Picture(image), weight)
            for image, weight in images
        ]
        if spec is None:  # the search says that its encoder takes none
            return [(picture.content, weight) for picture, weight in pictures]
        return [(self._prepared(picture, spec), weight) for picture, weight in pictures]

    def picture(self, handle: Handle, spec: ImageSpec) -> Any:
        """A picture that was sent before, as a PIL image of a spec.

        Raises
        ------
        ReadError, HTTPException
            As `prepared`.
        """
        from PIL import Image

        prepared = self._prepared(self._pictures.get(handle), spec)
        if isinstance(prepared, bytes):
            raise ReadError("the picture holds no pixels")
        image: Image.Image = prepared
        return image

    def _prepared(self, picture: Picture, spec: ImageSpec) -> Any:
        from PIL import Image

        if spec not in picture.prepared:
            pixels = self.decode(picture.content, spec).pixels
            if pixels is None:
                return picture.content
            picture.prepared[spec] = pixels
        # Preparing what is prepared already changes nothing.
        return Image.fromarray(picture.prepared[spec])


def _decoders(request: Request) -> Decoders:
    decoders: Decoders = request.app.state.decoders
    return decoders


DecodersOf = Annotated[Decoders, Depends(_decoders)]
