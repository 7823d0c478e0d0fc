"""Files that were built: compressed once, with tags of their content."""

from __future__ import annotations

import mimetypes
import os
from functools import lru_cache
from pathlib import Path

import xxhash
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from placelens.server.caching import fresh_headers, not_modified
from placelens.server.compression import (
    SMALLEST,
    compressed_tag,
    is_compressible,
    pack,
    takes_gzip,
)

__all__ = ["ASK_AGAIN", "FOR_GOOD", "BuiltFiles", "built_file"]

ASK_AGAIN = "no-cache"
"""For a file whose name stays when a new build changes it."""

FOR_GOOD = "public, max-age=31536000, immutable"
"""For a file whose name holds a hash of its content."""


class BuiltFiles(StaticFiles):
    """A folder of built files, all of which are cached in one way."""

    def __init__(self, directory: Path, *, cache_control: str) -> None:
        super().__init__(directory=directory, check_dir=False)
        self._cache_control = cache_control

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file at a path, or 304."""
        found = await super().get_response(path, scope)
        if not isinstance(found, FileResponse):
            return found
        return await run_in_threadpool(
            built_file, Path(found.path), Request(scope), cache_control=self._cache_control
        )

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """The file as it lies there: whether it is known already is asked of its own tag."""
        return FileResponse(full_path, status_code=status_code, stat_result=stat_result)


def built_file(path: Path, request: Request, *, cache_control: str) -> Response:
    """A built file, compressed where that is taken; 304 where the browser has it.

    Raises
    ------
    FileNotFoundError
        If it is not there.
    """
    status = path.stat()
    tag, packed = _read(path, status.st_mtime_ns, status.st_size)
    headers = fresh_headers(tag, cache_control=cache_control, varies=packed is not None)
    known = not_modified(request, headers)
    if known is not None:
        return known
    if packed is None or not takes_gzip(request.headers):
        return FileResponse(path, headers=headers, stat_result=status)
    headers |= {
        "ETag": compressed_tag(headers["ETag"]),
        "Content-Encoding": "gzip",
        "Content-Length": str(len(packed)),
    }
    body = b"" if request.method == "HEAD" else packed
    return Response(body, headers=headers, media_type=_media_type(path))


@lru_cache(maxsize=64)
def _read(path: Path, mtime_ns: int, size: int) -> tuple[str, bytes | None]:
    """A tag of a file's content, and it compressed, if that makes it smaller.

    The time and size are those that it has: after a new build they are others.
    """
    content = path.read_bytes()
    packed = None
    if len(content) >= SMALLEST and is_compressible(_media_type(path)):
        packed = pack(content, 9)
    return xxhash.xxh3_64_hexdigest(content), packed


def _media_type(path: Path) -> str:
    return mimetypes.guess_type(path.name)[0] or "text/plain"
