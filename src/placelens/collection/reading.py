"""Reading a collection: items, their pictures, vectors and attributes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from placelens.arguments import as_text, as_texts
from placelens.collection.core import Core
from placelens.display import shown
from placelens.encoders.detectors.boxes import in_pixels
from placelens.engine.attributes import names, value_counts
from placelens.engine.mistyped import mistyped
from placelens.engine.stats import Stats, stats_of
from placelens.errors import InputError, ItemNotFoundError
from placelens.geo.uncertain import Uncertain
from placelens.query.request import SearchRequest
from placelens.storage.faults import naming_faults, on_newest
from placelens.storage.version import Version
from placelens.types import (
    DetectedObject,
    FeatureName,
    Float32Array,
    Float64Array,
    Int64Array,
    Item,
    Objects,
    Scalar,
)

_NAMED = 5
"""Unknown ids that an error names."""


@naming_faults
class Reading(Core):
    """What can be read of a collection; a mapping of ids to items."""

    @on_newest
    def __len__(self) -> int:
        return int(self._versions.version.n_items)

    @on_newest
    def __contains__(self, item_id: object) -> bool:
        return isinstance(item_id, str) and self._versions.version.row_of(item_id) is not None

    def __getitem__(self, item_id: str) -> Item:
        return self.get(item_id)

    @on_newest
    def __iter__(self) -> Iterator[str]:
        """The ids; `items` gives what they stand for."""
        return iter(map(str, self._versions.version.texts("id")))

    def __repr__(self) -> str:
        encoder = self.encoder_name or f"{self.dim}-d vectors"
        items = "damaged" if self._table.damage else f"{len(self):,} items"
        return f"Collection({str(self.path)!r}, {items}, {encoder}, {self.space})"

    @on_newest
    def stats(self) -> Stats:
        """Counts, extent, times and attributes.

        Examples
        --------
        >>> stats = photos.stats()
        >>> stats.n_items, stats.n_located, stats.bounds
        (4, 3, (4.84, 45.76, 16.61, 50.09))
        """
        return stats_of(self.name, self._versions.version, self._table)

    def verify(self) -> None:
        """Compare with its checksum what was left for later when the collection was opened.

        For processes that live long, in a thread of theirs: whatever is large is read once. A
        damaged index is built anew; of damaged items the next call says so.

        Examples
        --------
        >>> photos.verify()
        """
        self._versions.verify()

    @on_newest
    def get(self, item_id: str) -> Item:
        """The item of an id.

        Examples
        --------
        >>> photos.get("red").place
        Place(lat=50.09, lon=14.42)
        >>> photos.get("pink")
        Traceback (most recent call last):
            ...
        placelens.errors.ItemNotFoundError: ...photos.pl has no item with id 'pink'
        """
        version, row = self._find(item_id)
        return version.items([row])[0]

    @on_newest
    def ids_of(self, files: str | Iterable[str]) -> dict[str, str]:
        """The ids of the items that imported files belong to, by file; others are left out.

        A copy belongs to the item of its first file. A path is that of the working folder, as
        `read_photos` takes it.

        Examples
        --------
        >>> red = str(pictures / "red.png")
        >>> photos.ids_of([red, "elsewhere.png"]) == {red: "red"}
        True
        """
        absolute = {
            file: os.path.abspath(os.path.expanduser(file))  # noqa: PTH100, PTH111
            for file in as_texts(files, "the file")
        }
        found = self._table.ids_of_sources(list(dict.fromkeys(absolute.values())))
        return {file: found[path] for file, path in absolute.items() if path in found}

    def items(
        self,
        *,
        ids: Iterable[str] | None = None,
        near: Any = None,
        bbox: Sequence[float] | None = None,
        radius: str | float | None = None,
        polygon: Any = None,
        time: Any = None,
        where: Mapping[str, Any] | None = None,
        modality: FeatureName | Sequence[FeatureName] | None = None,
        located_only: bool = False,
        unlocated_only: bool = False,
        uncertain: Uncertain = "centre",
        sort: str | None = None,
        batch_size: int = 1024,
    ) -> Iterator[Item]:
        """All items that pass the filters, which are those of `search`, one after the other.

        ``ids`` names the only ones that are meant, each once. ``sort`` is "time" (newest first),
        "oldest", "name" or "distance" (from ``near``); without it they come in the order of
        ``ids``, else in the table's.

        Raises
        ------
        QueryError, FilterError, CoordinateError
            At once, naming what cannot be used.
        ItemNotFoundError
            At once, if no item has one of the ``ids``.

        Examples
        --------
        >>> [item.id for item in photos.items(where={"rating": {"gte": 4}}, sort="time")]
        ['green', 'red']
        >>> [item.id for item in photos.items(ids=["blue", "red", "black"], located_only=True)]
        ['blue', 'red']
        """
        wanted = None if ids is None else list(dict.fromkeys(as_texts(ids, "the id")))
        if not isinstance(batch_size, int) or batch_size < 1:
            raise InputError(f"batch_size {shown(batch_size)} is not a whole number above 0")
        request = SearchRequest(
            near=near,
            bbox=bbox,
            radius=radius,
            polygon=polygon,
            time=time,
            where=where,
            modality=modality,
            located_only=located_only,
            unlocated_only=unlocated_only,
            uncertain=uncertain,
            sort=sort,
        )
        version, rows, first = self._listed(request, wanted, batch_size)
        starts = range(batch_size, len(rows), batch_size)
        rest = (rows[start : start + batch_size] for start in starts)
        return chain(first, (item for batch in rest for item in version.items(batch)))

    @on_newest
    def _listed(
        self, request: SearchRequest, ids: Sequence[str] | None, batch_size: int
    ) -> tuple[Version, Int64Array, Sequence[Item]]:
        """A version, its rows that are wanted and pass the filters, the first of their items."""
        searcher = self._versions.searcher
        query = self._resolver(searcher).resolve_list(request)
        rows = searcher.lists.rows(query, in_order=request.sort is not None)
        if ids is not None:
            wanted = self._rows_of(searcher.version, ids)
            rows = (
                wanted[np.isin(wanted, rows)]
                if request.sort is None
                else rows[np.isin(rows, wanted)]
            )
        return searcher.version, rows, searcher.version.items(rows[:batch_size])

    def _rows_of(self, version: Version, ids: Sequence[str]) -> Int64Array:
        """The rows of ids, in their order; an error names those that no item has."""
        rows = version.rows_of(ids)
        unknown = [item_id for item_id, row in zip(ids, rows, strict=True) if row is None]
        if unknown:
            named = ", ".join(map(shown, unknown[:_NAMED]))
            more = f" and {len(unknown) - _NAMED:,} more" if len(unknown) > _NAMED else ""
            raise ItemNotFoundError(
                f"{self.path} has no item with id {named}{more}, of {len(ids):,} asked for"
            )
        return np.array(rows, dtype=np.int64)

    @on_newest
    def thumbnail(self, item_id: str) -> bytes | None:
        """The small JPEG of an item; None when it has no image.

        Examples
        --------
        >>> photos.thumbnail("red").startswith(bytes([0xFF, 0xD8]))
        True
        """
        version, row = self._find(item_id)
        value: bytes | None = version.take([row], ["thumbnail"])["thumbnail"][0].as_py()
        return value

    @on_newest
    def points(self) -> tuple[list[str], Float64Array, Float64Array]:
        """Ids, lat and lon in degrees (x and y in metres on a plane) of all items with a place.

        Examples
        --------
        >>> ids, lat, lon = photos.points()
        >>> dict(zip(ids, lat.tolist()))
        {'red': 50.09, 'green': 49.2, 'blue': 45.76}
        """
        return self._versions.version.points()

    @on_newest
    def attribute_names(self) -> list[str]:
        """The attributes that items have, the most frequent first, then those that all photos have.

        `values` tells what they are.

        Examples
        --------
        >>> photos.attribute_names()
        ['city', 'rating', 'folder', 'file']
        """
        return names(self._versions.version)

    @on_newest
    def mistyped(self, where: Mapping[str, Any]) -> list[str]:
        """In words, the attributes and values of a filter that no item has, with the nearest.

        Examples
        --------
        >>> photos.mistyped({"ctiy": "Lyon"})
        ["no item has an attribute 'ctiy'; did you mean 'city'?"]
        """
        return mistyped(self._versions.version, where)

    @on_newest
    def values(self, attribute: str) -> dict[Scalar, int]:
        """How many items have each value of an attribute, the most frequent first.

        Of a list each member counts. ``folder`` and ``file`` are attributes of every photo.

        Examples
        --------
        >>> photos.values("city")
        {'Praha': 1, 'Brno': 1, 'Lyon': 1}
        """
        return value_counts(self._versions.version, as_text(attribute, "the attribute"))

    @on_newest
    def vector(self, item_id: str, modality: FeatureName | None = None) -> Float32Array:
        """The unit vector of an item, (dim,); of its first modality unless one is named.

        Examples
        --------
        >>> vector = photos.vector("red")
        >>> vector.shape, round(float(vector @ vector), 6)
        ((64,), 1.0)
        """
        version, row = self._find(item_id)
        for name in (modality,) if modality is not None else self.modalities:
            vector = version.vector_of(row, name)
            if vector is not None:
                return vector.copy()
        raise ItemNotFoundError(
            f"item {shown(item_id)} has no vector for "
            f"{', '.join(self.modalities) if modality is None else modality}"
        )

    @on_newest
    def objects(self, item_id: str) -> list[DetectedObject]:
        """What a detector found in an item's image, the surest first, in pixels of the original.

        Raises
        ------
        InputError
            If the collection keeps no objects; `fill` finds them.
        ItemNotFoundError
            If there is no such item, or it has no image that was looked at.

        Examples
        --------
        >>> photos.objects("red")
        Traceback (most recent call last):
            ...
        placelens.errors.InputError: ...photos.pl keeps no feature 'objects'; it keeps: image, text
        """
        found: Objects = self.feature(item_id, "objects")
        names = [name for name, _ in self._table.manifest.feature("objects").blocks]
        version, row = self._find(item_id)
        item = version.items([row])[0]
        return [
            DetectedObject(
                label=names[number],
                score=round(score, 3),
                box=in_pixels(box, (item.width or 1, item.height or 1)),
            )
            for box, number, score in zip(
                found.boxes, found.classes.tolist(), found.scores.tolist(), strict=True
            )
        ]

    @on_newest
    def feature(self, item_id: str, name: FeatureName) -> Any:
        """What an item has of one of `features`.

        Returns
        -------
        array, `placelens.types.Regions` or float
            A vector (length,) float32; several as `Regions`; a map, uint8 of its shape; a number;
            what a detector found as `placelens.types.Objects`, which `objects` gives in pixels.

        Raises
        ------
        InputError
            If the collection keeps no such feature; the message lists those it keeps.
        ItemNotFoundError
            If there is no such item, or it has nothing of the feature.

        Examples
        --------
        >>> photos.feature("red", "image").shape
        (64,)
        >>> photos.feature("red", "smell")
        Traceback (most recent call last):
            ...
        placelens.errors.InputError: ...photos.pl keeps no feature 'smell'; it keeps: image, text
        """
        kept = [feature.name for feature in self.features]
        if name not in kept:
            raise InputError(
                f"{self.path} keeps no feature {shown(name)}; it keeps: {', '.join(kept)}"
            )
        version, row = self._find(item_id)
        value = version.value_of(row, name)
        if value is None:
            raise ItemNotFoundError(f"item {shown(item_id)} has no {name}")
        if isinstance(value, np.generic):
            return value.item()
        return value.copy() if isinstance(value, np.ndarray) else value
