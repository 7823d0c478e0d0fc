"""Everything there is to read below some paths: photos with their sidecars, and tables.

Only names, sizes and times of photos are looked at; tables are read, since their rows say which
photos they describe. The order is the same on every run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from placelens.arguments import as_path
from placelens.display import shown
from placelens.errors import InputError, ReadError
from placelens.readers.base import Skipped, Source
from placelens.readers.columns import TableOptions
from placelens.readers.exclude import Excluded
from placelens.readers.folders import Listing, Listings, is_printable, printable
from placelens.readers.formats import RAW_SUFFIXES, TABLE_SUFFIXES, suffix_of
from placelens.readers.photos import NOT_UTF8, is_image_name, photo_in, photos_in
from placelens.readers.tables import might_be_table, read_rows

AnyPath = str | os.PathLike[str]


def read_photos(
    path: AnyPath | Iterable[AnyPath],
    *,
    recursive: bool = True,
    tables: bool = True,
    options: TableOptions | None = None,
    exclude: Iterable[str] = (),
    within: AnyPath | None = None,
) -> Iterator[Source | Skipped]:
    """Find photos, and the tables that describe them, below a folder.

    Nothing is decoded yet: ``Collection.add`` takes what this gives.

    Parameters
    ----------
    path : a folder, an image, a table, or several of these.
    recursive : whether to look into subfolders too.
    tables : whether to take the tables that lie in a folder (CSV, JSONL, GeoJSON, GeoParquet
        with images that exist, or with texts and coordinates). A table named as ``path`` is
        always taken.
    options : which of the tables' columns mean what, where their names do not say so.
    exclude : patterns of files and folders to leave out, below the folders that are named; see
        `placelens.readers.exclude.Excluded`.
    within : a folder that nothing may lie outside of, wherever links lead: for paths of strangers.

    Yields
    ------
    Source or Skipped
        A photo that a table describes comes once, with what its row says.

    Raises
    ------
    ReadError
        At once, if a path does not exist.

    Examples
    --------
    >>> list(read_photos("no/such/folder"))
    Traceback (most recent call last):
        ...
    placelens.errors.ReadError: ...no/such/folder does not exist
    """
    paths = [path] if isinstance(path, str | os.PathLike) else path
    if not isinstance(paths, Iterable):
        raise InputError(f"{shown(path)} is neither a path nor a list of paths")
    return discover(
        paths,
        recursive=recursive,
        tables=tables,
        options=options,
        exclude=exclude,
        within=within,
    )


def read_table(path: AnyPath, options: TableOptions | None = None) -> Iterator[Source | Skipped]:
    """Find the items of one table: an item a row, or an item an image that rows name.

    Raises
    ------
    ReadError
        At once, if the file does not exist. A table or row that cannot be used gives a Skipped.
    """
    return discover([path], options=options, as_tables=True)


def discover(
    paths: Iterable[AnyPath],
    *,
    recursive: bool = True,
    tables: bool = True,
    options: TableOptions | None = None,
    exclude: Iterable[str] = (),
    within: AnyPath | None = None,
    as_tables: bool = False,
) -> Iterator[Source | Skipped]:
    """Find everything to read below the paths; see ``read_photos``.

    ``as_tables`` takes every path for a table, whatever its name ends in.
    """
    # Not Path.resolve: links stay as the user wrote them, since the path becomes the item's key.
    roots = [os.path.abspath(as_path(path, "the path")) for path in paths]  # noqa: PTH100
    for root in roots:
        if not Path(root).exists():
            raise ReadError(f"{printable(root)} does not exist")
    finder = _Finder(
        recursive,
        tables,
        options or TableOptions(),
        Excluded(exclude),
        within=None if within is None else os.path.realpath(as_path(within, "within")),
    )
    return finder.run(roots, as_tables)


class _Finder:
    """One run of ``discover``: what was listed and which images are taken already."""

    def __init__(
        self,
        recursive: bool,
        tables: bool,
        options: TableOptions,
        excluded: Excluded,
        *,
        within: str | None,
    ) -> None:
        self.recursive = recursive
        self.tables = tables
        self.options = options
        self.excluded = excluded
        self.within = within
        self.listings = Listings()
        self.taken: dict[str, str] = {}  # key to the table or path that gave it

    def run(self, roots: list[str], as_tables: bool) -> Iterator[Source | Skipped]:
        for root in roots:
            path = Path(root)
            if not self._is_inside(root):
                yield self._outside(root)
            elif path.is_dir() and not as_tables:
                yield from self._folder(root)
            elif as_tables or (suffix_of(path.name) in TABLE_SUFFIXES):
                yield from self._once(root, self._rows(root), from_table=True)
            elif is_image_name(path.name):
                yield from self._once(root, [self._photo(path)])
            else:
                yield Skipped(key=printable(root), reason=_unknown(path.name))

    def _folder(self, root: str) -> Iterator[Source | Skipped]:
        """The tables first, since a photo that a table describes must carry what its row says."""
        found: list[tuple[Listing, list[Source | Skipped]]] = []

        def is_out(path: str) -> bool:
            return self.excluded(os.path.relpath(path, root))

        outside: list[Skipped] = []

        def folder_is_out(path: str) -> bool:
            if self.excluded.folder(os.path.relpath(path, root)):
                return True
            if not self._is_inside(path):
                outside.append(self._outside(path))
                return True
            return False

        for listing in self.listings.walk(root, recursive=self.recursive, but=folder_is_out):
            if isinstance(listing, Skipped):
                yield listing
            else:
                found.append((listing, list(photos_in(listing))))
        yield from outside
        for listing, photos in found if self.tables else ():
            for path in self._tables_in(listing, photos):
                if not is_out(path):
                    rows = _but(self._rows(path, named=False), is_out)
                    yield from self._once(path, rows, from_table=True)
        for _, photos in found:
            yield from self._once(root, _but(photos, is_out))

    def _rows(self, path: str, *, named: bool = True) -> Iterator[Source | Skipped]:
        if not is_printable(path):
            return iter([Skipped(key=printable(path), reason=NOT_UTF8)])
        return read_rows(path, self.options, self.listings, named=named)

    def _tables_in(self, listing: Listing, photos: Iterable[Source | Skipped]) -> Iterator[str]:
        """Files of a folder that may be tables: not the sidecars of its photos."""
        names = [name for name in listing.files if suffix_of(name) in TABLE_SUFFIXES]
        if not names:
            return
        sidecars = {p for photo in photos if isinstance(photo, Source) for p in photo.sidecars}
        for path in map(listing.path, names):
            # Looked at where it lies before it is looked into.
            if (
                path not in sidecars
                and self._is_inside(path)
                and might_be_table(path, self.options)
            ):
                yield path

    def _photo(self, path: Path) -> Source | Skipped:
        try:
            return photo_in(self.listings.of(str(path.parent)), path.name)
        except OSError as error:
            reason = f"its folder cannot be listed: {error.strerror or error}"
            return Skipped(key=printable(str(path)), reason=reason)

    def _is_inside(self, path: str) -> bool:
        """Whether a file or folder, wherever links lead, lies where all is to lie."""
        if self.within is None:
            return True
        return Path(os.path.realpath(path)).is_relative_to(self.within)

    def _outside(self, path: str) -> Skipped:
        return Skipped(
            key=printable(path), reason=f"it lies outside of {self.within}, or a link leads there"
        )

    def _once(
        self, giver: str, found: Iterable[Source | Skipped], *, from_table: bool = False
    ) -> Iterator[Source | Skipped]:
        """Let each key through once; count what another table has given already."""
        repeated: dict[str, int] = {}
        for one in found:
            if isinstance(one, Skipped):
                yield one
                continue
            if not all(map(self._is_inside, _files_of(one))):
                yield self._outside(one.key)
                continue
            first = self.taken.get(one.key)
            if first is None:
                self.taken[one.key] = giver
                yield one
            elif from_table and first != giver:
                repeated[first] = repeated.get(first, 0) + 1
        for first, count in repeated.items():
            yield Skipped(
                key=giver,
                reason=f"{count} of its images came with {first} already; what it says of them "
                "is not taken",
            )


def _files_of(source: Source) -> Iterator[str]:
    """The files that reading a source opens."""
    if source.image is not None:
        yield source.image
    yield from source.sidecars


def _but(
    found: Iterable[Source | Skipped], is_out: Callable[[str], bool]
) -> Iterator[Source | Skipped]:
    """What was found, without the images that are to be left out."""
    for one in found:
        path = one.key if isinstance(one, Skipped) else one.image
        if path is None or not is_out(path):
            yield one


def _unknown(name: str) -> str:
    tables = ", ".join(sorted(TABLE_SUFFIXES))
    return (
        f"{suffix_of(name) or 'a name without an ending'} is no file that placelens reads: images "
        f"(JPEG, PNG, WebP, AVIF, HEIC, TIFF, {len(RAW_SUFFIXES)} kinds of camera raw, ...) "
        f"and tables ({tables})"
    )
