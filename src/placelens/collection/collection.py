"""A collection: made, opened, and all that can be done with it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from placelens.arguments import as_texts
from placelens.collection.browsing import Browsing
from placelens.collection.core import folder_of
from placelens.collection.estimates import Estimates
from placelens.collection.exporting import Exporting
from placelens.collection.keeping import Keeping
from placelens.collection.learning import Learning
from placelens.collection.painting import Painting
from placelens.collection.reencoding import Reencoding
from placelens.collection.saving import Saving
from placelens.collection.showing import Showing
from placelens.collection.writing import Writing, load_own
from placelens.display import shown
from placelens.encoders.base import Encoder
from placelens.encoders.binding import as_encoder
from placelens.errors import InputError
from placelens.limits import MAX_DIM
from placelens.storage.faults import named, naming_faults
from placelens.storage.manifest import Manifest, vector_features
from placelens.storage.table import ItemTable
from placelens.types import COORDINATES, FEATURES, FeatureName, Space


@naming_faults
class Collection(
    Painting,
    Showing,
    Browsing,
    Exporting,
    Writing,
    Estimates,
    Saving,
    Keeping,
    Learning,
    Reencoding,
):
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

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        *,
        encoder: str | Encoder | None = None,
        dim: int | None = None,
        modalities: Sequence[FeatureName] | None = None,
        features: str | Sequence[FeatureName] = (),
        segmenter: str | None = None,
        detector: str | None = None,
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
        features
            What its encoder makes and is kept only where it is asked for: "regions", "class_map",
            and "shown", words made from regions; and "objects", which a detector finds. `fill`
            makes them of items that are there.
        segmenter
            Name of the one that makes "class_map" instead of the encoder, of those added with
            `placelens.add_segmenter`.
        detector
            Name of the one that finds "objects", of those added with `placelens.add_detector`.
        space
            "sphere" for lat and lon in degrees, "plane" for x and y in metres.

        Raises
        ------
        CollectionExistsError
            If there is something at ``path``.
        InputError
            If both ``encoder`` and ``dim`` are given, a value is out of range, or the encoder makes
            no feature of a name.

        Examples
        --------
        >>> Collection.create(folder / "cities.pl", dim=2)
        Collection('...cities.pl', 0 items, 2-d vectors, sphere)
        """
        from placelens.ingest.concepts import manifest_for
        from placelens.ingest.extractor import asked_for, check_needs, chosen_extractors

        if encoder is not None and dim is not None:
            raise InputError("give an encoder, or dim for vectors of your own, not both")
        if not isinstance(space, str) or space not in COORDINATES:
            raise InputError(f"space {shown(space)} is not known; use sphere or plane")
        folder = folder_of(path)
        more = as_texts(features, "the feature")
        if dim is not None and (more or segmenter is not None or detector is not None):
            raise InputError(
                f"features {shown(more or segmenter or detector)} are made by an encoder, a "
                "segmenter or a detector, and dim is for vectors of your own; fill makes "
                "class maps and objects of these later"
            )
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
        own = load_own(segmenter=segmenter, detector=detector)
        asked_for(more, loaded, own)
        extractors = chosen_extractors(loaded, more, own)
        kept = [extractor.feature for extractor in extractors]
        check_needs(extractors, [feature.name for feature in kept])
        manifest = manifest_for(loaded, features=kept, space=space)
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
        table = ItemTable.open(folder_of(path))
        given = as_encoder(encoder) if encoder is not None else None
        return cls(table, given, allow_download=allow_download)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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
