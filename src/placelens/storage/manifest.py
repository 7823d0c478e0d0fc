"""The manifest: what must be known of a collection before it can be read or written.

How it is written to disk is the business of each version of the format: `manifest_v1`,
`manifest_v2`; where, of `manifest_files`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple

from placelens.types import OWN_SPACE, Feature, FeatureName, Space

# In the metadata of a table's schema: of which edition a version of it is. A version without it is
# of the first.
EDITION_KEY = b"placelens.edition"

# What new collections are written in, and the only version that is written to.
FORMAT_VERSION = 2

# (kind of query, item feature) -> (slope, intercept) of the logistic map
Calibrations = Mapping[tuple[FeatureName, FeatureName], tuple[float, float]]


class Hub(NamedTuple):
    """How cosines are corrected for hubs, and the logistic map of what is left of them."""

    weight: float
    slope: float
    intercept: float


# By (kind of query, item feature); the item's hubness is its feature `hubness_of(item feature)`.
Hubs = Mapping[tuple[FeatureName, FeatureName], Hub]


def hubness_of(feature: FeatureName) -> FeatureName:
    """The feature that holds how near an item's vector is to queries in general."""
    return f"{feature}_hubness"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """What the features of some versions of a table are made by: another one with each encoder.

    Versions of the table say themselves of which edition they are, so that the commit of the first
    one with other vectors is what changes the encoder, and a snapshot from before keeps its own.
    """

    number: int
    features: tuple[Feature, ...]
    encoder: str | None = None
    fingerprint: str | None = None
    calibrations: Calibrations = field(default_factory=dict)
    hubs: Hubs = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a collection is, whatever version of the format it is in.

    ``features`` are what is kept of an item; at least one is a vector. ``concepts`` names the
    components of the vectors where each means something. ``hubs`` say how cosines with a feature
    are corrected, once every item's hubness is known.
    ``next_id`` is a lower bound of the next internal id: ids are never used again, not even
    after the newest items are deleted, so that cursors and ties stay stable. ``edition`` is the one
    that features, encoder, calibrations and hubs are of, ``others`` are those of other versions.
    """

    features: tuple[Feature, ...]
    space: Space = "sphere"
    encoder: str | None = None
    fingerprint: str | None = None
    calibrations: Calibrations = field(default_factory=dict)
    hubs: Hubs = field(default_factory=dict)
    concepts: tuple[str, ...] = ()
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    next_id: int = 0
    format_version: int = FORMAT_VERSION
    edition: int = 0
    others: tuple[Edition, ...] = ()

    @property
    def names(self) -> tuple[FeatureName, ...]:
        """The features' names."""
        return tuple(feature.name for feature in self.features)

    @property
    def vector_names(self) -> tuple[FeatureName, ...]:
        """The features that items are compared by, one vector each, in order."""
        return tuple(feature.name for feature in self.features if feature.kind == "vector")

    @property
    def indexed_names(self) -> tuple[FeatureName, ...]:
        """Those of them that are of the first's space: they share an index, and queries."""
        vectors = [feature for feature in self.features if feature.kind == "vector"]
        return tuple(each.name for each in vectors if each.space == vectors[0].space)

    @property
    def dim(self) -> int:
        """Components of the first feature's vectors."""
        return self.dim_of(self.vector_names[0])

    @property
    def is_written(self) -> bool:
        """Whether the collection is in the version that is written; older ones are only read."""
        return self.format_version == FORMAT_VERSION

    def dim_of(self, name: FeatureName) -> int:
        """Components of a feature's vectors."""
        return self.feature(name).length

    def feature(self, name: FeatureName) -> Feature:
        """The feature of a name.

        Raises
        ------
        KeyError
            If there is none.
        """
        for feature in self.features:
            if feature.name == name:
                return feature
        raise KeyError(name)

    @property
    def editions(self) -> dict[int, Edition]:
        """All editions by number, this one's among them."""
        own = Edition(
            number=self.edition,
            features=self.features,
            encoder=self.encoder,
            fingerprint=self.fingerprint,
            calibrations=self.calibrations,
            hubs=self.hubs,
        )
        return {each.number: each for each in sorted((own, *self.others), key=_number)}

    def of_edition(self, number: int) -> Manifest:
        """The manifest as it is for versions of another edition.

        Raises
        ------
        KeyError
            If there is none of the number.
        """
        if number == self.edition:
            return self
        known = self.editions
        chosen = known.pop(number)
        return replace(
            self,
            edition=number,
            features=chosen.features,
            encoder=chosen.encoder,
            fingerprint=chosen.fingerprint,
            calibrations=chosen.calibrations,
            hubs=chosen.hubs,
            others=tuple(known.values()),
        )

    def with_edition(self, made: Manifest) -> Manifest:
        """A copy that knows one more edition, that of another manifest, and is still of its own."""
        number = max(self.editions) + 1  # never one that was given before
        new = replace(made.editions[made.edition], number=number)
        return replace(self, others=(*self.others, new))

    def with_next_id(self, next_id: int) -> Manifest:
        """A copy whose ``next_id`` is at least the one given."""
        return replace(self, next_id=max(self.next_id, next_id))

    def with_features(self, features: Iterable[Feature], hubs: Hubs | None = None) -> Manifest:
        """A copy that has more features, and what their hubness counts for."""
        hubs = {**self.hubs, **(hubs or {})}
        return replace(self, features=(*self.features, *features), hubs=hubs)


def _number(edition: Edition) -> int:
    return edition.number


def edition_of(metadata: Mapping[bytes, bytes] | None) -> int:
    """The edition that the metadata of a table's schema name; -1 for what names none.

    Examples
    --------
    >>> edition_of(None), edition_of({EDITION_KEY: b"2"}), edition_of({EDITION_KEY: b"two"})
    (0, 2, -1)
    """
    written = (metadata or {}).get(EDITION_KEY, b"0")
    return int(written) if written.isdigit() and len(written) < 10 else -1


def vector_features(
    names: Iterable[FeatureName], dim: int, *, fingerprint: str | None = None
) -> tuple[Feature, ...]:
    """Features of one vector an item, all of one encoder, or of one's own.

    Examples
    --------
    >>> [feature.name for feature in vector_features(["image", "text"], 512)]
    ['image', 'text']
    """
    space = fingerprint or OWN_SPACE
    return tuple(
        Feature(name=name, length=dim, space=space, fingerprint=fingerprint) for name in names
    )
