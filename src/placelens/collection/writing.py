"""Writing to a collection: imports, vectors of one's own, changes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from placelens.arguments import as_path, as_text, as_texts
from placelens.collection.reading import Reading
from placelens.display import shown
from placelens.errors import InputError
from placelens.storage.faults import naming_faults
from placelens.storage.json_columns import attributes_to_json
from placelens.storage.proposals import check_radius, place_columns
from placelens.storage.rows import utc_offset_s
from placelens.types import PLACE_SOURCES, Attribute, FeatureName, Item, Place, PlaceSource

# What reads files and what shows hits is imported when it is used: many commands only look.
if TYPE_CHECKING:
    from placelens.ingest.fill import FillReport
    from placelens.ingest.masks import ClassMapReport
    from placelens.ingest.own_models import OwnModels
    from placelens.ingest.preview import Preview
    from placelens.ingest.report import IngestReport, ProgressCallback
    from placelens.ingest.vectors import Conflict
    from placelens.readers.base import Skipped, Source


UNSET: Any = type("Unset", (), {"__repr__": lambda self: "unset"})()


@naming_faults
class Writing(Reading):
    """What changes the items of a collection."""

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

        check_run(workers, progress)
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

        manifest = self._table.manifest
        chosen = self._modality(modality)
        columns = vector_table(
            ids,
            unit_rows(vectors, manifest.dim_of(chosen)),
            modality=chosen,
            space=self.space,
            coordinates={"lat": lat, "lon": lon, "x": x, "y": y},
            place_radius_m=place_radius_m,
            text=text,
            image=image,
            time=time,
            attributes=attributes,
        )
        with self._writing_for(manifest):
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
        manifest = self._table.manifest
        if text is not UNSET:
            from placelens.ingest.extractor import columns_from_text

            encoder = self._encoder_of(manifest).get
            made = columns_from_text(manifest, text, encoder, folder=self.path)
            values |= {"text": text, **made}
        if place is not UNSET:
            values |= place_columns(self.space, place, place_source, place_radius_m)
        if time is not UNSET:
            values["time"] = time.replace(tzinfo=None) if time else None
            values["utc_offset_s"] = utc_offset_s(time)
        with self._writing_for(manifest):
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
        segmenter: str | None = None,
        detector: str | None = None,
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
        segmenter
            Name of the one that makes "class_map", of those added with `placelens.add_segmenter`.
            The collection remembers it, by its hash: new items get class maps of it as well.
        detector
            Name of the one that finds "objects", of those added with `placelens.add_detector`; it
            is remembered in the same way.
        workers
            Processes that decode; 0 for none, None to choose.
        progress
            Called with a `Progress` after each batch.

        Raises
        ------
        InputError
            If the encoder makes no feature of a name; the message lists those it makes.
        EncoderError
            If there is no such segmenter, or detector, on this machine.
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

        check_run(workers, progress)
        names = as_texts(features, "the feature")
        own = load_own(segmenter=segmenter, detector=detector)
        # Vectors of one's own have no encoder, and what models of a user's make needs none.
        made = {"class_map": own.segmenter is not None, "objects": True}
        needs_none = self.encoder_name is None and all(made.get(name, False) for name in names)
        with self._table.writing():
            report = fill(
                self._table,
                None if needs_none else self.encoder,
                names,
                own=own,
                workers=workers,
                progress=progress,
            )
        self._versions.settle()
        return report

    def add_class_maps(
        self,
        masks: str | os.PathLike[str] | Mapping[str, Any],
        *,
        labels: str | os.PathLike[str] | Sequence[str],
        grid: int = 14,
        progress: ProgressCallback | None = None,
    ) -> ClassMapReport:
        """Keep class maps of masks that somebody drew, averaged over the cells of a grid.

        Items that have one get this one instead; others are left alone. Interrupted, it keeps
        what is done.

        Parameters
        ----------
        masks
            (height, width) numbers of classes by the items' ids; or a folder of PNGs, each of
            them called as its image is, whose pixels are these numbers: of a palette, or greys.
            255 says nothing of its pixel. A mask covers its whole image, at any size.
        labels
            Names of the classes in the order of their numbers, or a file with a name a line.
            Background, other, void and the like are no classes: they are what is left.
        grid
            Rows, and columns, of the class maps.
        progress
            Called with a `Progress` after each batch.

        Raises
        ------
        InputError
            If there are no labels, or a mask that is given as numbers is none.
        EncoderMismatchError
            If the collection's class maps are of other labels, another grid, or another maker.
        CollectionLockedError
            If another process is writing.

        Examples
        --------
        Sky above, and below it something that nothing is said of.

        >>> import numpy as np
        >>> mask = np.array([[0, 0], [255, 255]], dtype=np.uint8)
        >>> photos.add_class_maps({"red": mask}, labels=["sky", "sea"], grid=2).n_given
        1
        >>> photos.feature("red", "class_map").tolist()
        [[[255, 0], [255, 0]], [[0, 0], [0, 0]]]
        """
        from placelens.encoders.segmenters.forms import Wanted
        from placelens.encoders.segmenters.labels import labels_of
        from placelens.ingest.masks import give_class_maps

        check_run(None, progress)
        named, side = labels_of(labels), Wanted(grid=grid).grid
        given = masks if isinstance(masks, Mapping) else as_path(masks, "the folder of masks")
        with self._table.writing():
            report = give_class_maps(
                self._table, given, labels=named, grid=(side, side), progress=progress
            )
        self._versions.settle()
        return report

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


def load_own(*, segmenter: str | None, detector: str | None) -> OwnModels:
    """The models of the names that a user wrote; None for none."""
    from placelens.encoders.detectors.registry import load_detector
    from placelens.encoders.segmenters.registry import load_segmenter
    from placelens.ingest.own_models import OwnModels

    return OwnModels(
        segmenter=None
        if segmenter is None
        else load_segmenter(as_text(segmenter, "the segmenter")),
        detector=None if detector is None else load_detector(as_text(detector, "the detector")),
    )


def check_run(workers: Any, progress: Any) -> None:
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
