"""Pictures that clients send, kept as files.

A collection keeps paths of originals, not originals, and never touches these: it can be thrown
away and made anew from them. What is uploaded therefore becomes a file in a folder beside the
collection, or where the server's user says, and is an original like any other from then on.
Deleting its item leaves it there: a snapshot may bring the item back.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import time
import unicodedata
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import IO, TYPE_CHECKING

from placelens.display import shown
from placelens.errors import InputError
from placelens.files import open_regular, read_some
from placelens.readers.formats import IMAGE_SUFFIXES, format_of, suffix_of
from placelens.server.decoding import Decoders
from placelens.server.errors import ProblemError
from placelens.storage.durable import sync_files, sync_folder

if TYPE_CHECKING:
    from placelens.collection import Collection
    from placelens.server.settings import Settings

__all__ = ["Upload", "folder_of", "kept", "kept_as", "received"]

MEDIA_TYPES = ("image/", "application/octet-stream")
"""What a body is said to be; forms of other sites' pages can say none of these."""

# Of the SHA-256: two pictures of one name never meet, not even on purpose.
_DIGITS = 32
_LONGEST_NAME = 120
_START_BYTES = 512
_PART = ".part-"
_FORGOTTEN_S = 24 * 3600.0
_NOT_IN_NAMES = re.compile(r"[^\w .()+,=@-]")
_DIGEST = re.compile(rf"[0-9a-f]{{{_DIGITS}}}")
_SUFFIXES = {
    "JPEG": ".jpg",
    "PNG": ".png",
    "GIF": ".gif",
    "WEBP": ".webp",
    "TIFF": ".tif",
    "BMP": ".bmp",
    "AVIF": ".avif",
    "HEIF": ".heic",
    "JPEG2000": ".jp2",
    "PSD": ".psd",
    "PPM": ".ppm",
}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that has come whole, and is not kept yet."""

    part: Path
    digest: str


def folder_of(name: str, collection: Collection, settings: Settings) -> Path:
    """Where the uploads of a collection are kept: ``photos-uploads`` beside ``photos.pl``.

    Raises
    ------
    InputError
        If it takes no pictures, having vectors of its user's own.
    """
    if collection.encoder_name is None:
        raise InputError(
            f"{collection.path} holds vectors of somebody's own and has no encoder to make more of "
            "pictures; add vectors in Python, with Collection.add_vectors"
        )
    if settings.uploads is not None:
        return settings.uploads.expanduser().absolute() / name
    path = collection.path.resolve()
    return path.with_name(f"{path.name.removesuffix('.pl')}-uploads")


async def received(stream: AsyncIterator[bytes], folder: Path) -> Upload:
    """Write what a client sends to a file; whoever calls removes it, or has it kept.

    Raises
    ------
    InputError
        If nothing comes.
    ProblemError
        507 if the disk takes no more.
    """
    digest, size = hashlib.sha256(), 0
    try:
        file = _part(folder)
        try:
            with file:
                async for piece in stream:
                    file.write(piece)
                    digest.update(piece)
                    size += len(piece)
        except BaseException:  # the client has left, above all
            Path(file.name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ProblemError(
            HTTPStatus.INSUFFICIENT_STORAGE,
            f"the upload cannot be written: {error.strerror or error}",
            kind="storage",
            title="The disk takes no more",
        ) from error
    if not size:
        Path(file.name).unlink(missing_ok=True)
        raise InputError("the request has no body; send the bytes of one picture")
    return Upload(Path(file.name), digest.hexdigest()[:_DIGITS])


def kept(upload: Upload, name: str, folder: Path, decoders: Decoders) -> Path:
    """Keep a picture under its name, if it is one; the same bytes are kept once.

    It is decoded in a process of its own within what an upload may take, before anything else
    looks at it.

    Raises
    ------
    ReadError
        If it cannot be decoded, or not within its limits; nothing is kept then.
    """
    own = folder / upload.digest
    with suppress(FileNotFoundError):  # sent before, perhaps under another name
        for known in sorted(own.iterdir()):
            return known
    chosen = safe_name(name, _start_of(upload.part))
    decoders.decode(upload.part, None, name=chosen)
    path = own / chosen
    own.mkdir(exist_ok=True)
    sync_files([upload.part])
    upload.part.replace(path)
    for changed in (own, folder):
        sync_folder(changed)
    return path


def kept_as(written: str, folder: Path) -> Path:
    """The file of an upload, as `kept` has named it.

    Raises
    ------
    InputError
        If there is no such upload.
    """
    digest, _, name = written.partition("/")
    path = folder / digest / name
    if not (_DIGEST.fullmatch(digest) and _is_plain(name) and path.is_file()):
        raise InputError(
            f"there is no upload {shown(written)}; give what POST .../uploads has answered"
        )
    return path


def _is_plain(name: str) -> bool:
    return not _NOT_IN_NAMES.search(name) and name == name.strip(" .") and name != ""


def safe_name(name: str, start: bytes) -> str:
    """The name that a file gets: the client's last part, in letters that no system minds.

    It is kept since names tell times, and cameras' formats apart; an ending that is no picture's is
    replaced by what its first bytes say.

    Examples
    --------
    >>> safe_name("../../etc/IMG_2019.JPG", b""), safe_name("C:\\\\a\\\\plage d'été.png", b"")
    ('IMG_2019.JPG', 'plage d_été.png')
    >>> safe_name("shell.php", bytes.fromhex("ffd8ff")), safe_name("", b"GIF89a")
    ('shell.php.jpg', 'upload.gif')
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    clean = _NOT_IN_NAMES.sub("_", last).strip(" .")
    suffix = suffix_of(clean)
    if suffix in IMAGE_SUFFIXES:
        stem, suffix = clean[: -len(suffix)], clean[-len(suffix) :]
    else:
        stem, suffix = clean, _SUFFIXES.get(format_of(start) or "", "")
    if not suffix:
        raise InputError(
            f"{shown(name)} is neither called as a picture is nor begins as one; send a JPEG, PNG, "
            "HEIC, ... file, and its name in file_name"
        )
    while len(stem.encode()) > _LONGEST_NAME:
        stem = stem[:-1]
    return (stem.strip(" .") or "upload") + suffix


def _start_of(path: Path) -> bytes:
    with open_regular(path) as file:
        return read_some(file, _START_BYTES)


def _part(folder: Path) -> IO[bytes]:
    """A file that no import looks at, since its name begins with a dot."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{_PART}*"):  # of a server that was killed
        with suppress(OSError):
            if time.time() - old.stat().st_mtime > _FORGOTTEN_S:
                old.unlink()
    return tempfile.NamedTemporaryFile(prefix=_PART, dir=folder, delete=False)
