"""The image files that a table's rows name."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Collection
from pathlib import Path
from urllib.parse import unquote, urlsplit

from placelens.errors import ReadError
from placelens.readers.base import Skipped, Source
from placelens.readers.folders import Listing, Listings
from placelens.readers.photos import is_image_name, photo_in

_WEB = re.compile(r"^[a-z][a-z0-9+.-]+://", re.IGNORECASE)


class ImageFinder:
    """Finds images beside a table, in its ``images`` folder, or by a unique name below it."""

    def __init__(self, table: str, listings: Listings) -> None:
        self._folder = Path(table).parent
        self._listings = listings
        self._below: dict[str, list[str]] | None = None
        self._likenesses: dict[str, dict[str, list[str]]] = {}

    def exists(self, name: str | None) -> bool:
        """Whether a cell names an image that is there."""
        if name is None:
            return False
        try:
            self.photo(name)
        except ReadError:
            return False
        return True

    def photo(self, name: str) -> Source:
        """The photo that a cell names, with its sidecars and stamp.

        Raises
        ------
        ReadError
            If it is on the web, is not there, or several below the table have its name.
        """
        path = _local(name)
        for candidate in (self._folder / path, self._folder / "images" / path):
            found = self._photo_at(candidate)
            if found is not None:
                return found
        same = self._by_name().get(_likeness(path.name), [])
        exact = [found for found in same if Path(found).name == path.name]
        same = exact or same
        if len(same) > 1:
            raise ReadError(
                f"its image {name!r} may be any of {len(same)} files of that name below the table"
            )
        found = self._photo_at(Path(same[0])) if same else None
        if found is None:
            raise ReadError(
                f"its image {name!r} is not beside the table, in its images folder, or below it"
            )
        return found

    def _photo_at(self, path: Path) -> Source | None:
        # Not Path.resolve: the key must be the path under which discovery lists the photo.
        file = Path(os.path.normpath(path))
        listing = self._listing_of(file.parent)
        if listing is None:
            return None
        name = self._alike(file.name, listing.folder, listing.files)
        if name is None:
            return None
        found = photo_in(listing, name)
        if isinstance(found, Skipped):
            raise ReadError(f"its image {name!r}: {found.reason}")
        return found

    def _listing_of(self, folder: Path) -> Listing | None:
        """A folder's listing; of one that is not there, that of the one with a name like it."""
        try:
            return self._listings.of(str(folder))
        except (OSError, ValueError):  # ValueError: a NUL or a lone surrogate in the name
            above = None if folder.parent == folder else self._listing_of(folder.parent)
        if above is None:
            return None
        name = self._alike(folder.name, above.folder + os.sep, above.subfolders)
        found = None if name is None else Path(above.path(name))
        return None if found is None or found == folder else self._listing_of(found)

    def _alike(self, name: str, folder: str, names: Collection[str]) -> str | None:
        """The name itself if it is there, else the only one that differs in writing alone."""
        if name in names:
            return name
        if folder not in self._likenesses:
            known = self._likenesses[folder] = {}
            for other in names:
                known.setdefault(_likeness(other), []).append(other)
        alike = self._likenesses[folder].get(_likeness(name), [])
        if len(alike) > 1:
            raise ReadError(f"its image or folder {name!r} may be any of {', '.join(alike)}")
        return alike[0] if alike else None

    def _by_name(self) -> dict[str, list[str]]:
        """The images below the table, by the likeness of their names."""
        if self._below is None:
            self._below = {}
            for listing in self._listings.walk(str(self._folder), recursive=True):
                if isinstance(listing, Listing):
                    for name in filter(is_image_name, listing.files):
                        self._below.setdefault(_likeness(name), []).append(listing.path(name))
        return self._below


def _likeness(name: str) -> str:
    """A name without letter case, and with accents as one sign: macOS takes them apart."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _local(name: str) -> Path:
    """A cell as a path of this machine: backslashes and file addresses understood."""
    if name.lower().startswith("file://"):
        name = unquote(urlsplit(name).path)
    if _WEB.match(name):
        raise ReadError(f"its image {name[:80]!r} is on the web; download it first")
    path = name if "/" in name else name.replace("\\", "/")
    if path.startswith("//"):
        # Windows would ask that computer, and say who asks.
        raise ReadError(f"its image {name[:80]!r} is on another computer; copy it first")
    return Path(path)
