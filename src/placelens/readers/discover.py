"""Everything there is to read below some paths: photos with sidecars, and tables."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from placelens.errors import ReadError
from placelens.readers.base import Skipped, Source
from placelens.readers.folders import Listings
from placelens.readers.photos import photo_in, photos_in


def read_photos(
    path: str | os.PathLike[str], *, recursive: bool = True
) -> Iterator[Source | Skipped]:
    """Find the photos below a folder."""
    return discover([path], recursive=recursive)


def discover(
    paths: Iterable[str | os.PathLike[str]], *, recursive: bool = True
) -> Iterator[Source | Skipped]:
    """Find everything to read below the paths."""
    roots = [os.path.abspath(Path(path).expanduser()) for path in paths]
    for root in roots:
        if not os.path.exists(root):
            raise ReadError(f"{root} does not exist")
    return _discover(roots, recursive)


def _discover(roots: list[str], recursive: bool) -> Iterator[Source | Skipped]:
    listings = Listings()
    for root in roots:
        if os.path.isdir(root):
            for listing in listings.walk(root, recursive=recursive):
                if isinstance(listing, Skipped):
                    yield listing
                else:
                    yield from photos_in(listing)
        else:
            yield photo_in(listings.of(os.path.dirname(root)), os.path.basename(root))
