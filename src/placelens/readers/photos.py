"""Photos found in folders, with their sidecars; no photo is opened."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from placelens.readers.base import Skipped, Source
from placelens.readers.folders import Listing, is_printable, printable
from placelens.readers.formats import IMAGE_SUFFIXES, suffix_of
from placelens.readers.geotiff import names_beside

NOT_UTF8 = "its name is not valid UTF-8; rename it to have it taken"
_ONE_FILE = re.compile(r"[0-9a-f]+\.-?[0-9a-f]+")


def is_image_name(name: str) -> bool:
    """Whether a file is taken for an image by its name."""
    return suffix_of(name) in IMAGE_SUFFIXES


def photos_in(listing: Listing) -> Iterator[Source | Skipped]:
    """Every photo of one folder, in order of name."""
    for name in listing.files:
        if is_image_name(name):
            yield photo_in(listing, name)


def photo_in(listing: Listing, name: str) -> Source | Skipped:
    """One photo of a folder, with its sidecars and a stamp that changes when any of them does."""
    path = listing.path(name)
    if not is_printable(path):
        return Skipped(key=printable(path), reason=NOT_UTF8)
    sidecars = listing.sidecars.get(name, ())
    try:
        beside = [part for part in names_beside(name) if part in listing.files]
        stamp = "|".join(_stamp(listing.files[part]) for part in (name, *sidecars, *beside))
    except OSError as error:
        return Skipped(key=path, reason=f"it cannot be opened: {error.strerror or error}")
    return Source(
        key=path, stamp=stamp, image=path, sidecars=tuple(listing.path(part) for part in sidecars)
    )


def is_stamp_of_one_file(stamp: str) -> bool:
    """Whether a stamp is that of a photo without sidecars, of which no table says anything."""
    return _ONE_FILE.fullmatch(stamp) is not None


def _stamp(entry: os.DirEntry[str]) -> str:
    info = entry.stat()
    return f"{info.st_size:x}.{info.st_mtime_ns:x}"
