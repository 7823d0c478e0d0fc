"""A collection of concepts, made from one of an encoder's vectors; no file is read again."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from placelens.encoders.base import Encoder
from placelens.encoders.concepts import ConceptEncoder
from placelens.errors import CollectionError, InputError
from placelens.ingest.extractor import hubs_of
from placelens.storage.manifest import Manifest, vector_features
from placelens.storage.table import ItemTable
from placelens.storage.version import Version
from placelens.types import BoolArray, Feature, FeatureName, Float32Array, Space

if TYPE_CHECKING:
    from placelens.alignment import LabelledVectors


@dataclass(frozen=True, slots=True, kw_only=True)
class ConceptReport:
    """What was learnt, and how well it does on items that it was not learnt from.

    Attributes
    ----------
    path : the new collection.
    n_items : its items.
    labels : items that were learnt from, by label; these are the concepts.
    left_out : labels with too few items to be learnt.
    dim, dim_before : components of a vector.
    n_measured : items held out to measure.
    maps : MAP in percent by "query to item" modality, of "concepts" and of the "vectors" before.
    seconds : what it took.
    """

    path: Path
    n_items: int
    labels: Mapping[str, int]
    left_out: Mapping[str, int]
    dim: int
    dim_before: int
    n_measured: int
    maps: Mapping[str, Mapping[str, float]]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "path": str(self.path),
            "n_items": self.n_items,
            "labels": dict(self.labels),
            "left_out": dict(self.left_out),
            "dim": self.dim,
            "dim_before": self.dim_before,
            "n_measured": self.n_measured,
            "maps": {name: dict(values) for name, values in self.maps.items()},
            "seconds": self.seconds,
        }


def manifest_for(encoder: Encoder, *, features: Sequence[Feature], space: Space) -> Manifest:
    """What a new collection remembers of its encoder."""
    return Manifest(
        features=tuple(features),
        space=space,
        encoder=encoder.name,
        fingerprint=encoder.fingerprint,
        calibrations={pair: (c.slope, c.intercept) for pair, c in encoder.calibrations.items()},
        hubs=hubs_of(encoder),
        concepts=encoder.concepts,
    )


def train_cosmat(
    table: ItemTable,
    version: Version,
    encoder: Encoder,
    *,
    labels: str,
    to: Path,
    **settings: Any,
) -> ConceptReport:
    """Learn concepts from an attribute of a collection's items, and write the collection of them.

    Parameters
    ----------
    table, version
        The collection, at one version.
    encoder
        Whose vectors it holds.
    labels
        The attribute.
    to
        Where the new collection goes.
    settings
        Of `placelens.alignment.fit_concepts`.

    Raises
    ------
    CollectionError
        If the collection holds concepts already.
    InputError
        If no item has the attribute, or there is too little to learn from.
    """
    # scikit-learn takes a second to load.
    from placelens.alignment import fit_concepts

    started = time.perf_counter()
    if encoder.concepts:
        raise CollectionError(
            f"{table.folder} holds concepts already; learn others from the collection that it was "
            "made from"
        )
    fit = fit_concepts(_labelled(table.manifest, version, labels), **settings)
    learnt = ConceptEncoder(encoder, fit.concepts, calibrations=fit.calibrations)
    features = vector_features(
        table.manifest.vector_names, learnt.dim, fingerprint=learnt.fingerprint
    )
    manifest = manifest_for(learnt, features=features, space=table.manifest.space)
    table.derive(to, manifest, learnt.of_vectors, files=learnt.files)
    return ConceptReport(
        path=to,
        n_items=version.n_items,
        labels=fit.labels,
        left_out=fit.left_out,
        dim=learnt.dim,
        dim_before=encoder.dim,
        n_measured=fit.n_measured,
        maps={f"{query} to {item}": values for (query, item), values in fit.maps.items()},
        seconds=time.perf_counter() - started,
    )


def _labelled(manifest: Manifest, version: Version, name: str) -> LabelledVectors:
    """The items' vectors with the attribute's values as labels."""
    from placelens.alignment import LabelledVectors

    values, of_rows = version.attribute(name)
    if len(values) == 1:
        known = sorted({key for attributes in version.attributes for key in attributes})
        raise InputError(
            f"no item has the attribute {name!r} to learn from; there are: "
            f"{', '.join(known) or 'none'}"
        )

    n_items, dim = version.n_items, manifest.dim

    def vectors(modality: FeatureName) -> tuple[Float32Array, BoolArray]:
        if modality not in manifest.vector_names:
            nothing = np.broadcast_to(np.float32(0), (n_items, dim))  # takes no memory
            return nothing, np.zeros(n_items, dtype=np.bool_)
        found, rows = version.vectors(modality)
        if len(rows) == n_items:
            return found, np.ones(n_items, dtype=np.bool_)
        matrix = np.zeros((n_items, dim), dtype=np.float32)
        matrix[rows] = found
        return matrix, version.present(modality)

    images, has_image = vectors("image")
    texts, has_text = vectors("text")
    return LabelledVectors(
        images=images,
        texts=texts,
        has_image=has_image,
        has_text=has_text,
        labels=[None if values[code] is None else str(values[code]) for code in of_rows],
    )
