"""The public object: a folder of items, their vectors, and how to search them.

It joins what the rooms below do and computes nothing itself.
"""

from __future__ import annotations

import os
import time as clock
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from placelens.arguments import as_path, as_text, as_texts
from placelens.deadline import NEVER, Deadline
from placelens.display import shown
from placelens.encoders.base import Encoder
from placelens.encoders.binding import BoundEncoder, as_encoder
from placelens.engine.attributes import names, value_counts
from placelens.engine.mistyped import mistyped
from placelens.engine.publisher import Publisher
from placelens.engine.query import Query, Similarity
from placelens.engine.rerank import Reranker
from placelens.engine.searcher import Answer, Searcher
from placelens.engine.stats import Stats, stats_of
from placelens.engine.terms import Term
from placelens.errors import (
    CollectionExistsError,
    InputError,
    ItemNotFoundError,
)
from placelens.geo.uncertain import Uncertain
from placelens.geo.understood import Understood
from placelens.limits import MAX_DIM
from placelens.query.request import SearchRequest, requests_of
from placelens.query.resolver import Resolver
from placelens.storage.faults import named, naming_faults, on_newest
from placelens.storage.health import Health, Repairs, check, repair
from placelens.storage.json_columns import attributes_to_json
from placelens.storage.manifest import Manifest, vector_features
from placelens.storage.migrate import Migration, migrate
from placelens.storage.proposals import Proposals, check_radius, place_columns
from placelens.storage.rows import utc_offset_s
from placelens.storage.table import ItemTable
from placelens.storage.version import Version
from placelens.types import (
    COORDINATES,
    FEATURES,
    PLACE_SOURCES,
    Attribute,
    Evidence,
    Feature,
    FeatureName,
    Float32Array,
    Float64Array,
    Hit,
    Int64Array,
    Item,
    Place,
    PlaceSource,
    Proposal,
    ProposalState,
    Scalar,
    Space,
)

# What reads files and what shows hits is imported when it is used: many commands only look.
if TYPE_CHECKING:
    from placelens.export.evidence import Explanation
    from placelens.ingest.concepts import ConceptReport
    from placelens.ingest.fill import FillReport
    from placelens.ingest.preview import Preview
    from placelens.ingest.report import IngestReport, ProgressCallback
    from placelens.ingest.vectors import Conflict
    from placelens.readers.base import Skipped, Source
    from placelens.results import Hits
# About as long as there have been computers; the clock's own range ends not far beyond.
LONGEST_KEPT = timedelta(days=36_500)

UNSET: Any = type("Unset", (), {"__repr__": lambda self: "unset"})()


@naming_faults
class Collection:
    """Items on disk with their vectors and index; many may read while one writes.

    Make one with `create`, or open one with `open`. The encoder is loaded when it is first
    needed; a collection remembers it by fingerprint and refuses another one's vectors. ``clock``
    tells the time that words like "yesterday" start from.

    Examples
    --------
    ``photos`` holds four pictures of one colour each, ``red`` in Prague, ``green`` in Brno,
    ``blue`` in Lyon and ``black`` without a place, which lie in the folder ``pictures``; its
    encoder is the fake one of `placelens.testing`. ``folder`` is a temporary one.

    >>> len(photos), "red" in photos, list(photos)
    (4, True, ['red', 'green', 'blue', 'black'])
    >>> photos["blue"].place
    Place(lat=45.76, lon=4.84)
    >>> with Collection.create(folder / "mine.pl", dim=2) as mine:
    ...     mine.add_vectors(["a", "b"], [[1, 0], [0, 1]])
    2
    """

    clock: Callable[[], datetime] = staticmethod(datetime.now)

    def __init__(
        self, table: ItemTable, encoder: Encoder | None = None, *, allow_download: bool = False
    ) -> None:
        if not isinstance(table, ItemTable):
            raise InputError("make a collection with Collection.create, open one with .open")
        self._table = table
        self._versions = Publisher(table)
        self._encoder = BoundEncoder(
            name=table.manifest.encoder,
            fingerprint=table.manifest.fingerprint,
            dim=table.manifest.dim,
            folder=table.folder,
            given=encoder,
            allow_download=allow_download,
        )

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        *,
        encoder: str | Encoder | None = None,
        dim: int | None = None,
        modalities: Sequence[FeatureName] | None = None,
        space: Space = "sphere",
    ) -> Collection:
        """Create an empty collection.

        Parameters
        ----------
        path
            A folder that does not exist yet.
        encoder
            Name of the encoder, or one; "lite" when neither it nor ``dim`` is given.
        dim
            Length of the vectors, for a collection of vectors of one's own, without an encoder.
        modalities
            What the vectors stand for; without an encoder ("vector",) unless told otherwise.
        space
            "sphere" for lat and lon in degrees, "plane" for x and y in metres.

        Raises
        ------
        CollectionExistsError
            If there is something at ``path``.
        InputError
            If both ``encoder`` and ``dim`` are given, or a value is out of range.

        Examples
        --------
        >>> Collection.create(folder / "cities.pl", dim=2)
        Collection('...cities.pl', 0 items, 2-d vectors, sphere)
        """
        from placelens.ingest.concepts import manifest_for
        from placelens.ingest.extractor import extractors_of

        if encoder is not None and dim is not None:
            raise InputError("give an encoder, or dim for vectors of your own, not both")
        if not isinstance(space, str) or space not in COORDINATES:
            raise InputError(f"space {shown(space)} is not known; use sphere or plane")
        folder = _folder(path)
        if dim is not None:
            chosen = _checked_modalities(modalities or ("vector",))
            if isinstance(dim, bool) or not isinstance(dim, int | np.integer):
                raise InputError(f"dim = {shown(dim)} is not a whole number of components")
            if not 1 <= dim <= MAX_DIM:
                raise InputError(f"dim = {shown(dim)} is not in [1, {MAX_DIM}]")
            manifest = Manifest(features=vector_features(chosen, int(dim)), space=space)
            with named(folder):
                return cls(ItemTable.create(folder, manifest))
        loaded = as_encoder(encoder if encoder is not None else "lite")
        offered = [extractor.feature for extractor in extractors_of(loaded).values()]
        manifest = manifest_for(loaded, features=offered, space=space)
        with named(folder):
            return cls(ItemTable.create(folder, manifest, files=loaded.files), loaded)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        encoder: str | Encoder | None = None,
        allow_download: bool = False,
    ) -> Collection:
        """Open a collection; nothing is read that is not needed.

        Parameters
        ----------
        path
            Its folder.
        encoder
            The encoder of its vectors, or its name, instead of the one that it names itself.
        allow_download
            Whether the encoder that it names may be fetched from the hub. A collection may come
            from anybody: by default its encoder is loaded from what this machine has already.

        Raises
        ------
        CollectionNotFoundError
            If there is none at ``path``.
        FormatVersionError
            If a newer placelens wrote it.
        EncoderMismatchError
            If ``encoder`` is not the one its vectors come from.

        Examples
        --------
        >>> len(Collection.open(photos.path))
        4
        """
        table = ItemTable.open(_folder(path))
        given = as_encoder(encoder) if encoder is not None else None
        return cls(table, given, allow_download=allow_download)

    @staticmethod
    def check(path: str | os.PathLike[str]) -> Health:
        """Read every file of a collection and compare it with what was written.

        A collection that does not open can be checked as well.

        Raises
        ------
        CollectionNotFoundError
            If there is none at ``path``.
        CollectionLockedError
            If something seems wrong, and another process is writing, so that it may be just that.

        Examples
        --------
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp()) / "c.pl"
        >>> photos = Collection.create(folder, dim=4)
        >>> Collection.check(folder).is_sound
        True
        >>> _ = (folder / "manifest.json").write_text("{}")
        >>> [damage.path for damage in Collection.check(folder).damage]
        ['manifest.json']
        """
        folder = _folder(path)
        with named(folder):
            return check(folder)

    @staticmethod
    def repair(path: str | os.PathLike[str], *, dry_run: bool = False) -> Repairs:
        """Bring back what can be of a damaged collection.

        Items whose file is damaged are left out, and come back when their sources are imported
        again; an index that is damaged is removed and built anew. What is damaged is moved to the
        folder ``damaged`` of the collection.

        Parameters
        ----------
        dry_run
            Say what would be done, and change nothing.

        Raises
        ------
        CollectionDamagedError
            If nothing can be brought back.
        CollectionLockedError
            If another process is writing.

        Examples
        --------
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp()) / "c.pl"
        >>> photos = Collection.create(folder, dim=4)
        >>> _ = (folder / "manifest.json").write_text("{}")
        >>> Collection.repair(folder).n_items_lost
        0
        >>> len(Collection.open(folder))
        0
        """
        if not isinstance(dry_run, bool):
            raise InputError(f"dry_run {shown(dry_run)} is neither True nor False")
        folder = _folder(path)
        with named(folder):
            return repair(folder, dry_run=dry_run)

    @staticmethod
    def migrate(path: str | os.PathLike[str], *, dry_run: bool = False) -> Migration:
        """Make a collection of an older format the one that is written.

        Collections of format 1 are read as they are, and not written to. Items, snapshots and
        trees stay where they are; a crash at any moment leaves the old format or the new one. A
        placelens that is older than the new format opens the collection no more.

        Parameters
        ----------
        dry_run
            Read and compare every file, say what would be done, and change nothing.

        Raises
        ------
        CollectionNotFoundError
            If there is none at ``path``.
        CollectionDamagedError
            If any of its files is damaged: `repair` it first.
        CollectionLockedError
            If another process is writing.

        Examples
        --------
        >>> Collection.migrate(photos.path).is_needed
        False
        """
        if not isinstance(dry_run, bool):
            raise InputError(f"dry_run {shown(dry_run)} is neither True nor False")
        folder = _folder(path)
        with named(folder):
            return migrate(folder, dry_run=dry_run)

    # What it is

    @property
    def path(self) -> Path:
        """The folder.

        Examples
        --------
        >>> photos.path.name
        'photos.pl'
        """
        return self._table.folder

    @property
    def name(self) -> str:
        """The folder's name without ``.pl``.

        Examples
        --------
        >>> photos.name
        'photos'
        """
        return self.path.resolve().name.removesuffix(".pl")

    @property
    def space(self) -> Space:
        """Sphere or plane.

        Examples
        --------
        >>> photos.space
        'sphere'
        """
        return self._table.manifest.space

    @property
    def dim(self) -> int:
        """Length of the vectors.

        Examples
        --------
        >>> photos.dim
        64
        """
        return self._table.manifest.dim

    @property
    def modalities(self) -> tuple[FeatureName, ...]:
        """What the vectors stand for.

        Examples
        --------
        >>> photos.modalities
        ('image', 'text')
        """
        return self._table.manifest.vector_names

    @property
    def features(self) -> tuple[Feature, ...]:
        """What is kept of an item: the vectors that it is found by, and whatever else.

        Examples
        --------
        >>> [feature.name for feature in photos.features]
        ['image', 'text']
        """
        return self._table.manifest.features

    @property
    def format_version(self) -> int:
        """Of the format on disk; see `migrate`.

        Examples
        --------
        >>> photos.format_version
        2
        """
        return self._table.manifest.format_version

    @property
    def encoder_name(self) -> str | None:
        """Name of the encoder; None for vectors of one's own.

        Examples
        --------
        >>> photos.encoder_name
        'hash'
        """
        return self._table.manifest.encoder

    @property
    def encoder(self) -> Encoder:
        """The encoder, loaded when first asked for.

        Raises
        ------
        CollectionError
            If the collection holds vectors of one's own.
        EncoderMismatchError
            If the installed encoder is not the one the vectors come from.

        Examples
        --------
        >>> photos.encoder.encode_texts(["a red square"]).shape
        (1, 64)
        """
        return self._encoder.get()

    @property
    def concepts(self) -> tuple[str, ...]:
        """What the vectors' components stand for, in a collection of concepts; else empty.

        Examples
        --------
        >>> photos.concepts
        ()
        """
        return self._table.manifest.concepts

    @property
    def version(self) -> int:
        """Number of the version at hand; every commit makes one.

        Examples
        --------
        >>> before = photos.version
        >>> photos.delete("black")
        1
        >>> photos.version > before
        True
        """
        return self._table.version

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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Wait for what is built in the background, and free the memory.

        Nothing needs it: what is written is on disk already, and a collection that is closed opens
        again when it is used.

        Examples
        --------
        >>> photos.close()
        >>> len(photos)
        4
        """
        self._versions.close()

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

    # Reading

    def verify(self) -> None:
        """Compare with its checksum what was left for later when the collection was opened.

        For processes that live long, in a thread of theirs: whatever is large is read once. A
        damaged index is built anew; of damaged items the next call says so.

        Examples
        --------
        >>> photos.verify()
        """
        self._versions.verify()

    def refresh(self) -> bool:
        """See what other processes have committed; True when there was something new.

        Examples
        --------
        >>> Collection.open(photos.path).delete("black")
        1
        >>> len(photos), photos.refresh(), len(photos)
        (4, True, 3)
        """
        return self._versions.refresh()

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

    def items(
        self,
        *,
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

        ``sort`` is "time" (newest first), "oldest", "name" or "distance" (from ``near``); without
        it they come in the table's order.

        Raises
        ------
        QueryError, FilterError, CoordinateError
            At once, naming what cannot be used.

        Examples
        --------
        >>> [item.id for item in photos.items(where={"rating": {"gte": 4}}, sort="time")]
        ['green', 'red']
        """
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
        version, rows, first = self._listed(request, batch_size)
        starts = range(batch_size, len(rows), batch_size)
        rest = (rows[start : start + batch_size] for start in starts)
        return chain(first, (item for batch in rest for item in version.items(batch)))

    @on_newest
    def _listed(
        self, request: SearchRequest, batch_size: int
    ) -> tuple[Version, Int64Array, Sequence[Item]]:
        """A version, its rows that pass the filters, and the first of their items."""
        searcher = self._versions.searcher
        query = self._resolver(searcher).resolve_list(request)
        rows = searcher.lists.rows(query, in_order=request.sort is not None)
        return searcher.version, rows, searcher.version.items(rows[:batch_size])

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

    # Writing

    def add(
        self,
        sources: Iterable[Source | Skipped],
        *,
        prune: bool = False,
        workers: int | None = None,
        progress: ProgressCallback | None = None,
    ) -> IngestReport:
        """Take in what readers found: only what is new, changed or moved is read.

        Interrupted, it keeps what is done, and the next call goes on from there.

        Parameters
        ----------
        sources
            From `read_photos` or `read_table`.
        prune
            Drop items whose file is gone.
        workers
            Processes that decode; 0 for none, None to choose.
        progress
            Called with a `Progress` after each batch.

        Raises
        ------
        CollectionLockedError
            If another process is writing.

        Examples
        --------
        >>> from placelens import read_photos
        >>> report = photos.add(read_photos(pictures), workers=0)
        >>> report.n_added, report.n_unchanged
        (0, 4)
        """
        from placelens.ingest.pipeline import Ingest
        from placelens.readers.base import checked_sources

        _check_run(workers, progress)
        encoder = self.encoder
        with self._table.writing():
            ingest = Ingest(self._table, encoder, workers=workers, progress=progress)
            report = ingest.run(checked_sources(sources), prune=prune)
        self._versions.settle()
        return report

    def preview(self, sources: Iterable[Source | Skipped]) -> Preview:
        """What `add` would find new and changed, and what ``prune`` would drop; nothing is done.

        Examples
        --------
        >>> from placelens import read_photos
        >>> found = photos.preview(read_photos(pictures))
        >>> found.n_new, found.n_unchanged
        (0, 4)
        """
        from placelens.ingest.preview import preview

        return preview(self._table, sources)

    def add_vectors(
        self,
        ids: Sequence[str],
        vectors: Any,
        *,
        lat: Any = None,
        lon: Any = None,
        x: Any = None,
        y: Any = None,
        place_radius_m: Any = None,
        text: Sequence[str | None] | None = None,
        image: Sequence[str | None] | None = None,
        time: Sequence[datetime | None] | None = None,
        attributes: Any = None,
        modality: FeatureName | None = None,
        on_conflict: Conflict = "error",
    ) -> int:
        """Add items with vectors of one's own, in one commit; return how many were written.

        Parameters
        ----------
        ids
            n public ids, all different.
        vectors
            (n, dim) numbers: a NumPy array, an Arrow FixedSizeList array, or a pandas column of
            arrays. They are scaled to length 1.
        lat, lon
            Degrees, (n,) each; NaN or None for an item without a place. x, y in metres on a plane.
        place_radius_m
            Metres that a place may be off, (n,); NaN or None for one that was measured.
        attributes
            A pandas or Arrow table with n rows, a sequence of n mappings, or a mapping of columns.
        modality
            What the vectors stand for, when the collection knows several.
        on_conflict
            What to do about ids that are there already.

        Raises
        ------
        VectorError, CoordinateError, InputError
            Naming the row; nothing is written then.

        Examples
        --------
        >>> cities = Collection.create(folder / "cities.pl", dim=2)
        >>> cities.add_vectors(["lyon", "brno"], [[3, 0], [0, 2]], lat=[46, 49], lon=[5, 17])
        2
        >>> cities.vector("lyon").tolist()
        [1.0, 0.0]
        """
        from placelens.ingest.vectors import unit_rows, vector_table, write_vectors

        chosen = self._modality(modality)
        columns = vector_table(
            ids,
            unit_rows(vectors, self._table.manifest.dim_of(chosen)),
            modality=chosen,
            space=self.space,
            coordinates={"lat": lat, "lon": lon, "x": x, "y": y},
            place_radius_m=place_radius_m,
            text=text,
            image=image,
            time=time,
            attributes=attributes,
        )
        with self._versions.writing():
            return write_vectors(self._table, columns, on_conflict=on_conflict)

    def update(
        self,
        item_id: str,
        *,
        text: str | None = UNSET,
        place: Place | None = UNSET,
        place_radius_m: float | None = None,
        place_source: PlaceSource = "given",
        time: datetime | None = UNSET,
        attributes: Mapping[str, Attribute] = UNSET,
    ) -> Item:
        """Change what is said of an item; a new text is encoded anew. Returns the item.

        ``place_radius_m`` is how far off a new place may be, and ``place_source`` how it is known.
        ``attributes`` are merged into those that are there; a value of None removes one. An item
        that was imported keeps the change until its file, sidecar or row changes, or a copy with
        other words comes or goes: `add` then reads them, and what they say takes its place. A
        place is kept while only copies change.

        Examples
        --------
        >>> photos.update("red", attributes={"city": "Prague", "rating": None}).attributes
        {'city': 'Prague'}
        """
        values: dict[str, Any] = {}
        _check_changes(text, place, time, attributes)
        _check_place(place, place_radius_m, place_source)
        if text is not UNSET:
            from placelens.ingest.extractor import columns_from_text

            made = columns_from_text(self._table.manifest, text, self._encoder.get)
            values |= {"text": text, **made}
        if place is not UNSET:
            values |= place_columns(self.space, place, place_source, place_radius_m)
        if time is not UNSET:
            values["time"] = time.replace(tzinfo=None) if time else None
            values["utc_offset_s"] = utc_offset_s(time)
        with self._versions.writing():
            self._versions.publish()
            version, row = self._find(item_id)
            if attributes is not UNSET:
                merged = {**version.items([row])[0].attributes, **attributes}
                kept = {name: value for name, value in merged.items() if value is not None}
                values["attributes"] = attributes_to_json(kept)
            if values:
                self._table.update(int(version.iids[row]), values)
        return self.get(item_id)

    def fill(
        self,
        features: str | Iterable[FeatureName],
        *,
        workers: int | None = None,
        progress: ProgressCallback | None = None,
    ) -> FillReport:
        """Make features of the items that are there and lack them; new items have them from now on.

        Interrupted, it keeps what is done, and the next call goes on from there. A feature that is
        made from images reads their files again.

        Parameters
        ----------
        features
            Names of what the collection's encoder makes, as "image_hubness".
        workers
            Processes that decode; 0 for none, None to choose.
        progress
            Called with a `Progress` after each batch.

        Raises
        ------
        InputError
            If the encoder makes no feature of a name; the message lists those it makes.
        EncoderMismatchError
            If the collection's feature of a name was made by something else.
        CollectionLockedError
            If another process is writing.

        Examples
        --------
        >>> photos.fill("image").n_filled  # all have one
        {'image': 0}
        """
        from placelens.ingest.fill import fill

        _check_run(workers, progress)
        names = as_texts(features, "the feature")
        with self._table.writing():
            report = fill(self._table, self.encoder, names, workers=workers, progress=progress)
        self._versions.settle()
        return report

    def propose(
        self,
        item_id: str,
        place: Place,
        *,
        radius_m: float | None = None,
        confidence: float | None = None,
        evidence: str | None = None,
    ) -> Proposal:
        """Note where an item may be; its place is what it was until somebody accepts that.

        Parameters
        ----------
        radius_m
            How far from ``place`` the item may be, in metres.
        confidence
            How probable it is that it lies within, in [0, 1].
        evidence
            What that rests on, in words.

        Raises
        ------
        InputError
            Naming what cannot be used.

        Examples
        --------
        >>> photos.propose("black", Place(lat=50.1, lon=14.4), radius_m=500, confidence=0.8).state
        'open'
        """
        if not isinstance(place, Place):
            raise InputError(f"place {shown(place)} is not a Place")
        if evidence is not None:
            as_text(evidence, "the evidence")
        with self._versions.writing():
            self._versions.publish()
            version, row = self._find(item_id)
            return Proposals(self._table).add(
                int(version.iids[row]),
                place,
                radius_m=radius_m,
                confidence=confidence,
                evidence=evidence,
            )

    def proposals(self, state: ProposalState | None = None) -> list[Proposal]:
        """What was proposed of places: all, or those "open", "accepted" or "rejected".

        Examples
        --------
        >>> made = photos.propose("black", Place(lat=50.1, lon=14.4))
        >>> [proposal.place for proposal in photos.proposals("open")]
        [Place(lat=50.1, lon=14.4)]
        """
        self._table.check_sound()
        return Proposals(self._table).all(state)

    def accept(self, proposal_id: str) -> None:
        """Take what is proposed for the item's place, whose source is "estimated" then.

        Raises
        ------
        ItemNotFoundError
            If there is no such proposal.
        CollectionError
            If it is accepted or rejected already.

        Examples
        --------
        >>> made = photos.propose("black", Place(lat=50.1, lon=14.4), radius_m=500)
        >>> photos.accept(made.id)
        >>> black = photos.get("black")
        >>> black.place, black.place_source, black.place_radius_m
        (Place(lat=50.1, lon=14.4), 'estimated', 500.0)
        """
        with self._versions.writing():
            Proposals(self._table).accept(as_text(proposal_id, "the proposal's id"))

    def reject(self, proposal_id: str) -> None:
        """Note that what is proposed is wrong; raises as `accept` does.

        Examples
        --------
        >>> made = photos.propose("black", Place(lat=0, lon=0))
        >>> photos.reject(made.id)
        >>> photos.proposals("open")
        []
        """
        with self._versions.writing():
            Proposals(self._table).reject(as_text(proposal_id, "the proposal's id"))

    def undo(self, proposal_id: str) -> None:
        """Open a proposal again, and put the place back that the item had before.

        Raises
        ------
        ItemNotFoundError
            If there is no such proposal.
        CollectionError
            If it is open, or the place was changed since it was accepted.

        Examples
        --------
        >>> made = photos.propose("red", Place(lat=0, lon=0))
        >>> photos.accept(made.id)
        >>> photos.undo(made.id)
        >>> photos.get("red").place
        Place(lat=50.09, lon=14.42)
        """
        with self._versions.writing():
            Proposals(self._table).undo(as_text(proposal_id, "the proposal's id"))

    def delete(self, ids: str | Iterable[str]) -> int:
        """Remove items; return how many there were. Unknown ids are passed over.

        Files are not touched: importing one again brings its item back.

        Examples
        --------
        >>> photos.delete(["red", "pink"])
        1
        """
        wanted = as_texts(ids, "the id")
        with self._versions.writing():
            iids = self._table.find(wanted, ["iid"])["iid"].to_pylist()
            self._table.delete(iids)
            return len(iids)

    # Versions

    def compact(self, *, keep: timedelta = timedelta(hours=1)) -> int:
        """Merge small files, drop old versions, build the tree; return the bytes freed.

        Snapshots stay, and so do versions younger than ``keep``, for their readers.

        Examples
        --------
        >>> photos.delete("black"), photos.compact(keep=timedelta(0)) > 0
        (1, True)
        """
        if not isinstance(keep, timedelta) or keep < timedelta(0):
            raise InputError(f"keep {shown(keep)} is not a timedelta of 0 or more")
        return self._versions.compact(min(keep, LONGEST_KEPT))

    def snapshot(self, name: str) -> None:
        """Keep the newest state under a name.

        Examples
        --------
        >>> photos.snapshot("before")
        >>> list(photos.snapshots())
        ['before']
        """
        with self._table.writing():
            self._table.snapshot(as_text(name, "the snapshot's name"))

    def snapshots(self) -> dict[str, int]:
        """Names and versions of the states kept.

        Raises
        ------
        CollectionDamagedError
            If the file of a name is not what was written.

        Examples
        --------
        >>> photos.snapshot("before")
        >>> photos.snapshots() == {"before": photos.version}
        True
        """
        self._table.tags.check()
        return self._table.tags.sound()

    def drop_snapshot(self, name: str) -> None:
        """Forget a snapshot; its files go with the next compaction.

        Examples
        --------
        >>> photos.snapshot("before")
        >>> photos.drop_snapshot("before")
        >>> photos.snapshots()
        {}
        """
        with self._table.writing():
            self._table.tags.drop(as_text(name, "the snapshot's name"))

    def restore(self, name: str) -> None:
        """Go back to a snapshot: its state becomes the newest version.

        It works too where the newest version is damaged.

        Raises
        ------
        CollectionError
            If there is no snapshot of the name; nothing is changed then.
        CollectionDamagedError
            If the snapshot itself is damaged; nothing is changed then.

        Examples
        --------
        >>> photos.snapshot("before")
        >>> photos.delete("red")
        1
        >>> photos.restore("before")
        >>> "red" in photos
        True
        """
        self._versions.restore(as_text(name, "the snapshot's name"))

    # Learning

    def train_cosmat(
        self,
        labels: str,
        *,
        to: str | os.PathLike[str] | None = None,
        n_components: int | None = None,
        regularization: float = 1.0,
        C: float = 0.1,
    ) -> ConceptReport:
        """Learn concepts from an attribute, and make a new collection of the same items in them.

        The values of the attribute become the components of the new vectors: each hit then says
        which of them it shares with the query. No file is read again. The new collection stands on
        its own: it can be searched, moved and added to like any other.

        Parameters
        ----------
        labels
            The attribute. Values of fewer than 5 items are not learnt.
        to
            The new collection; by default beside this one, with ``-concepts`` in its name.
        n_components, regularization, C
            See `placelens.alignment.fit_concepts`.

        Raises
        ------
        CollectionExistsError
            If there is something at ``to``.
        CollectionError
            If this collection holds concepts, or vectors of one's own.
        InputError
            If no item has the attribute, or there is too little to learn from.

        Examples
        --------
        >>> photos.train_cosmat("city")
        Traceback (most recent call last):
            ...
        placelens.errors.InputError: concepts need two labels or more of 5 items each; of 4 ...
        """
        from placelens.ingest.concepts import train_cosmat

        beside = self.path if self.path.name not in ("", "..") else self.path.resolve()
        as_text(labels, "the attribute")
        target = as_path(to or beside.with_name(f"{self.name}-concepts.pl"), "to")
        if target.exists():
            raise CollectionExistsError(f"{target} exists already; choose another path")
        self.refresh()
        report = train_cosmat(
            self._table,
            self._versions.version,
            self.encoder,
            labels=labels,
            to=target,
            n_components=n_components,
            regularization=regularization,
            C=C,
        )
        Collection.open(target)._versions.settle()
        return report

    # Searching

    def search(
        self,
        query: str | Term | Mapping[str, Any] | Sequence[Any] | None = None,
        *,
        image: Any = None,
        like: Any = None,
        vector: Any = None,
        near: Any = None,
        decay: str | None = None,
        mu: float = 0.5,
        k: int = 10,
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
        parse: bool = True,
        similarity: Similarity | None = None,
        hubs: bool = True,
        rerank: Reranker | None = None,
        cursor: str | None = None,
        engine: str | None = None,
        recall_target: float | None = None,
        deadline: Deadline = NEVER,
    ) -> Hits:
        """The true top k by meaning and place: ``mu * place + (1 - mu) * meaning``.

        With filters alone, or with ``sort`` and nothing to compare with, nothing is ranked: the
        items that pass are listed, newest first, and their scores are None.

        Parameters
        ----------
        query
            Words; or a sequence of words and (words, weight) pairs. Negative weights push away.
            Terms of any kind may stand among them: a `placelens.engine.terms.Term`, or a mapping
            like ``{"kind": "text", "value": "a bridge"}``; see `placelens.query.kinds`.
        image
            A path, bytes, a PIL image, or (one of these, weight); or a sequence of them.
        like
            Id of an item as the example, or (id, weight); or a sequence. The item is left out.
        vector
            (dim,) numbers, or (numbers, weight); or a list of such pairs.
        near
            A `Place`, "50.087,14.421", a name like "Lyon", a mapping with lat and lon, or a shapely
            or GeoJSON point.
        decay
            How nearness falls with distance: "gauss:5km", "exp:5km", "linear:5km", or the paper's
            "linear"; see `placelens.geo.decay`. Default "gauss:25km", wider near a country and
            where fewer than ten items lie so near, and "linear" when nothing but a place is asked
            for.
        mu
            What place counts for, in [0, 1].
        bbox
            (west, south, east, north); west > east crosses the antimeridian.
        radius
            "5km" or metres: nothing farther from ``near`` is found.
        polygon
            A GeoJSON mapping or a shapely geometry.
        time
            "2019", "2019-06", or (from, to) with None for an open end.
        where
            Attribute conditions: ``{"city": "Paris", "rating": {"gte": 3}}``; see
            `placelens.engine.filters.conditions`.
        modality
            Which vectors are compared; an item counts with its best.
        located_only, unlocated_only
            Only items with a place, or without.
        uncertain
            Of places that are known to within a radius, whether the "centre" must lie in an area,
            "surely" all of the circle, or "maybe" any of it.
        sort
            The order of a list: "time" (newest first, the default), "oldest", "name", or "distance"
            from ``near``. With words, images or vectors the k best are found first and then put in
            this order; "score", the default then, leaves them best first.
        parse
            Whether places and times in the words ("near Lyon", "not in Peru", "summer 2019") become
            place and filters. What stands in quotes is never read.
        similarity
            "calibrated" (the default where the encoder says how) or "raw" cosines.
        hubs
            Whether calibrated cosines are corrected for hubs, items that are near every query,
            where the encoder says how; see `placelens.encoders.hubs`.
        rerank
            A `placelens.engine.rerank.Reranker` that orders the first hits anew. Nothing certifies
            its answer, which has one page.
        cursor
            From the page before.
        engine
            The index to use: "scan", "gmrtree", "filter" or "rtree"; by default it is planned.
        recall_target
            In [0.5, 1): that share of the true best is found on average, sooner. By default all.
        deadline
            When to give up: `Deadline(seconds)`, whose ``cancel`` any thread may call.

        Raises
        ------
        QueryError, FilterError, CoordinateError, VectorError
            Naming what cannot be used; `placelens.limits` says how much one query may hold.
        SearchStoppedError
            If the deadline passed, or was cancelled.

        Examples
        --------
        >>> photos.search("a red square", k=1)[0].id
        'red'
        >>> photos.search("a red square", near="Lyon", decay="gauss:100km", mu=0.7, k=1)[0].id
        'blue'
        >>> [hit.id for hit in photos.search(where={"rating": {"gte": 4}})]
        ['green', 'red']
        """

        if not isinstance(deadline, Deadline):
            raise InputError(f"deadline {shown(deadline)} is not a Deadline, like Deadline(10)")
        request = SearchRequest(
            query=query,
            image=image,
            like=like,
            vector=vector,
            near=near,
            decay=decay,
            mu=mu,
            k=k,
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
            parse=parse,
            similarity=similarity,
            hubs=hubs,
            rerank=rerank,
            cursor=cursor,
            engine=engine,
            recall_target=recall_target,
        )
        return self._answer([request], deadline)[0]

    @on_newest
    def explain(
        self, item_id: str, query: Any = None, *, deadline: Deadline = NEVER, **search: Any
    ) -> Explanation:
        """Why an item ranks where it does in a search, on its first page or far behind.

        Parameters
        ----------
        item_id
            The item.
        query, search
            The arguments of `search`.
        deadline
            When to give up.

        Raises
        ------
        ItemNotFoundError
            If there is no such item, or the filters leave it out.
        QueryError, FilterError, CoordinateError, VectorError
            Naming what cannot be used.
        SearchStoppedError
            If the deadline passed, or was cancelled.

        Examples
        --------
        >>> import tempfile
        >>> boats = Collection.create(tempfile.mkdtemp() + "/boats.pl", dim=2)
        >>> _ = boats.add_vectors(["a", "b"], [[1, 0], [0.6, 0.8]])
        >>> boats.explain("b", vector=[1, 0]).hit.rank
        2
        """
        from placelens.export.evidence import Explanation

        if not isinstance(deadline, Deadline):
            raise InputError(f"deadline {shown(deadline)} is not a Deadline, like Deadline(10)")
        self._find(item_id)
        (request,) = requests_of([{"query": query, **search}], {})
        searcher = self._versions.searcher
        asked, _ = self._resolver(searcher).resolve(request, deadline=deadline)
        found = searcher.rank_of(asked, item_id, deadline=deadline)
        if found is None:
            raise ItemNotFoundError(
                f"the filters leave out {shown(item_id)}, or nothing asked for compares with it"
            )
        hit, above = found
        own = searcher.evidence(asked, item_id, deadline=deadline)
        return Explanation(hit=hit, above=above, evidence=(*hit.evidence, *own))

    def search_many(self, queries: Iterable[str | Mapping[str, Any]], **common: Any) -> list[Hits]:
        """`search` for each of several queries, over one version, their words encoded together.

        Parameters
        ----------
        queries
            Each a text, or a mapping of the arguments of `search`.
        common
            Arguments that all queries share unless they say otherwise.

        Raises
        ------
        QueryError, FilterError, CoordinateError, VectorError
            Naming what cannot be used; nothing is searched then.

        Examples
        --------
        >>> answers = photos.search_many(["red", {"like": "red", "where": {"city": "Lyon"}}], k=1)
        >>> [hits[0].id for hits in answers]
        ['red', 'blue']
        """
        return self._answer(requests_of(queries, common), NEVER)

    @on_newest
    def _answer(self, requests: Sequence[SearchRequest], deadline: Deadline) -> list[Hits]:
        from placelens.results import Hits

        started = clock.perf_counter()
        searcher = self._versions.searcher
        resolved = self._resolver(searcher).resolve_many(requests, deadline=deadline)
        answers = searcher.search_many([query for query, _ in resolved], deadline=deadline)
        elapsed_ms = (clock.perf_counter() - started) * 1_000
        return [
            Hits(
                hits=answer.hits,
                query=request.to_dict(),
                understood=_with_reach(understood, answer),
                plan=answer.plan,
                certificate=answer.certificate,
                cursor=answer.cursor,
                elapsed_ms=elapsed_ms / len(requests),
                thumbnails=self.thumbnail,
                answerabilities=self._encoder.answerabilities(
                    is_corrected=answer.plan.is_corrected
                ),
                evidence=[entry for term in query.terms for entry in term.reading()],
                notes=(
                    *mistyped(searcher.version, query.filters.where),
                    *answer.notes,
                    *(understood.notes if understood is not None else ()),
                ),
                best=answer.best,
                unfit=query.unfit,
                explainer=partial(_evidence, searcher, query),
            )
            for request, (query, understood), answer in zip(
                requests, resolved, answers, strict=True
            )
        ]

    def _resolver(self, searcher: Searcher) -> Resolver:
        return Resolver(searcher.version, self._table.manifest, self._encoder.get, clock=self.clock)

    # Inside

    def _find(self, item_id: str) -> tuple[Version, int]:
        """The version at hand and the item's row in it: another thread may refresh any moment."""
        as_text(item_id, "the id")
        version = self._versions.version
        row = version.row_of(item_id)
        if row is None:
            raise ItemNotFoundError(f"{self.path} has no item with id {shown(item_id)}")
        return version, row

    def _modality(self, modality: FeatureName | None) -> FeatureName:
        if modality is None and len(self.modalities) == 1:
            return self.modalities[0]
        if modality not in self.modalities:
            raise InputError(
                f"modality {shown(modality)} is not one of this collection's: "
                f"{', '.join(self.modalities)}"
            )
        return modality


def _evidence(
    searcher: Searcher, query: Query, hit: Hit, deadline: Deadline
) -> tuple[Evidence, ...]:
    return searcher.evidence(query, hit.id, deadline=deadline)


def _folder(path: Any) -> Path:
    """The folder of a collection; Lance would take an address for one of a cloud's."""
    folder = as_path(path, "the collection's path")
    if "://" in os.fspath(path):
        raise InputError(f"{shown(os.fspath(path))} is an address; a collection is a folder here")
    return folder


def _with_reach(understood: Understood | None, answer: Answer) -> Understood | None:
    """What was understood, with the decay that the collection gave a place."""
    if understood is None or understood.decay is None or answer.plan.reach is None:
        return understood
    return replace(understood, decay=answer.decay.write()) if answer.decay else understood


def _check_run(workers: Any, progress: Any) -> None:
    """What `Collection.add` and `Collection.fill` may be given to run with."""
    if workers is not None and not (isinstance(workers, int) and workers >= 0):
        raise InputError(f"workers {shown(workers)} is not a number of processes, 0 or more")
    if progress is not None and not callable(progress):
        raise InputError(f"progress {shown(progress)} cannot be called")


def _check_changes(text: Any, place: Any, time: Any, attributes: Any) -> None:
    """What `Collection.update` may be given, where it is given."""
    if text is not UNSET and text is not None:
        as_text(text, "text")
    for name, value, kind in (("place", place, Place), ("time", time, datetime)):
        if value is not UNSET and value is not None and not isinstance(value, kind):
            raise InputError(f"{name} {shown(value)} is not a {kind.__name__}")
    if attributes is not UNSET:
        if not isinstance(attributes, Mapping):
            raise InputError(f"attributes {shown(attributes)} is not a mapping of names to values")
        for name, value in attributes.items():
            as_text(name, "the name of an attribute")
            if isinstance(value, str):
                as_text(value, f"the attribute {shown(name)}")


def _check_place(place: Any, radius_m: Any, source: Any) -> None:
    """What `Collection.update` may be given of a place, where it is given."""
    check_radius(radius_m, "place_radius_m")
    if source not in PLACE_SOURCES:
        raise InputError(f"place_source {shown(source)} is not one of {', '.join(PLACE_SOURCES)}")
    if radius_m is not None and (place is UNSET or place is None):
        raise InputError(f"place_radius_m {shown(radius_m)} is of a place; give place as well")


def _checked_modalities(modalities: Any) -> tuple[FeatureName, ...]:
    """Different modalities, in their order."""
    if isinstance(modalities, str) or not isinstance(modalities, Sequence):
        raise InputError(f"modalities {shown(modalities)} is not a list of names")
    known = [m for m in modalities if isinstance(m, str) and m in FEATURES]
    if len(known) != len(modalities) or len(set(known)) != len(known):
        raise InputError(
            f"modalities {shown(modalities)} must be different ones of {', '.join(FEATURES)}"
        )
    return tuple(known)
