"""The things in placelens: frozen, checked on construction, with no behaviour of their own."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, Self, get_args

import numpy as np
import numpy.typing as npt

from placelens.display import shown
from placelens.errors import CoordinateError, InputError
from placelens.limits import MAX_CLASSES, MAX_DIM, MAX_METRES

Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
Int8Array = npt.NDArray[np.int8]
Int16Array = npt.NDArray[np.int16]
Int32Array = npt.NDArray[np.int32]
Int64Array = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
UInt8Array = npt.NDArray[np.uint8]

Space = Literal["sphere", "plane"]
# What the two numbers of a place are called, in the order that they are kept in.
COORDINATES: dict[Space, tuple[str, str]] = {"sphere": ("lat", "lon"), "plane": ("x", "y")}
# What is kept of an item to compare it by is a feature; these are the ones whose vectors a
# collection may be made with.
FeatureName = str
FEATURES: tuple[FeatureName, ...] = ("image", "text", "vector")

# Random pairs that stand against one match in what calibrations estimate. Against one alone, all
# that is anything like what was asked for is nearly sure, and the first hit looks like the tenth.
RANDOM_PER_MATCH = 10
# What is estimated of a pair of which nothing is known: below it, a pair is less alike than most.
NO_EVIDENCE = 1 / (1 + RANDOM_PER_MATCH)


@dataclass(frozen=True, slots=True)
class ArrayInParts:
    """An array that is too large to make at once: its shape, type, and parts in order."""

    shape: tuple[int, ...]
    dtype: Any
    parts: Callable[[], Iterator[np.ndarray]]


# The kind of terms that ask for each phrase of words by itself, beside the words as a whole.
PHRASES = "phrases"

PlaceSource = Literal["given", "exif", "xmp", "raster", "takeout", "table", "estimated"]

FeatureKind = Literal["vector", "vectors", "map", "number", "objects"]
FEATURE_KINDS: tuple[FeatureKind, ...] = get_args(FeatureKind)
# Vectors of one's own, or numbers and maps, which nothing else is compared with.
OWN_SPACE = "own"
MAX_MAP_BYTES = 2**20
# Objects of an image that a collection keeps at most; a few bytes each.
MAX_OBJECTS = 64
_FEATURE_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
PLACE_SOURCES: tuple[PlaceSource, ...] = get_args(PlaceSource)

ProposalState = Literal["open", "accepted", "rejected"]
PROPOSAL_STATES: tuple[ProposalState, ...] = get_args(ProposalState)

# Concepts by name with a share of one each, the largest first.
Shares = tuple[tuple[str, float], ...]

Scalar = str | int | float | bool | None
# A value, or a list of values, such as keywords; stored lists come back as lists.
Attribute = Scalar | Sequence[Scalar]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A point: ``lat`` and ``lon`` in degrees, or ``x`` and ``y`` in metres on a plane.

    Raises
    ------
    CoordinateError
        If a value is not a finite number, out of range (latitude [-90, 90], longitude
        [-180, 180]), the pair is incomplete, or the numbers are given without their names.

    Examples
    --------
    >>> Place(lat=50.087, lon=14.421)
    Place(lat=50.087, lon=14.421)
    >>> Place(x=12.0, y=-3.5)
    Place(x=12.0, y=-3.5)
    >>> Place(lat=120.0, lon=14.0)
    Traceback (most recent call last):
        ...
    placelens.errors.CoordinateError: latitude 120.0 is not in [-90, 90]; are lat and lon swapped?
    """

    lat: float | None = None
    lon: float | None = None
    x: float | None = None
    y: float | None = None

    def __new__(cls, *positional: object, **named: object) -> Self:
        """Refuse numbers without names, of which nobody can tell which is the latitude."""
        if positional:
            given = ", ".join(map(shown, positional))
            raise CoordinateError(
                f"Place({given}) does not say which number is which; "
                "write Place(lat=50.087, lon=14.421), or Place(x=12.0, y=-3.5) on a plane"
            )
        return object.__new__(cls)

    def __post_init__(self) -> None:
        sphere = (self.lat, self.lon)
        plane = (self.x, self.y)
        for name in ("lat", "lon", "x", "y"):
            value = getattr(self, name)
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, int | float | np.number)
            ):
                raise CoordinateError(f"{name} = {shown(value)} is not a number")
        if None not in sphere and plane == (None, None):
            check_latlon(self.lat, self.lon)  # type: ignore[arg-type]
        elif None not in plane and sphere == (None, None):
            for name, value in zip("xy", plane, strict=True):
                if not abs(value) <= MAX_METRES:  # type: ignore[arg-type]
                    raise CoordinateError(
                        f"{name} = {shown(value)} is not a number of metres up to {MAX_METRES:g}"
                    )
        else:
            raise CoordinateError(
                f"a place needs lat and lon, or x and y; got lat={shown(self.lat)}, "
                f"lon={shown(self.lon)}, x={shown(self.x)}, y={shown(self.y)}"
            )

    @property
    def space(self) -> Space:
        """Whether the place lies on the sphere or the plane."""
        return "sphere" if self.lat is not None else "plane"

    @property
    def lonlat(self) -> tuple[float, float]:
        """Longitude and latitude (GeoJSON's order), or x and y."""
        if self.lon is not None and self.lat is not None:
            return (self.lon, self.lat)
        return (self.x, self.y)  # type: ignore[return-value]

    def __repr__(self) -> str:
        if self.space == "sphere":
            return f"Place(lat={self.lat}, lon={self.lon})"
        return f"Place(x={self.x}, y={self.y})"


def check_latlon(lat: float, lon: float, *, where: str = "") -> None:
    """Raise CoordinateError unless lat and lon (degrees) are finite and in range.

    ``where`` is put in front of the message, to name a row or a file.
    """
    prefix = f"{where}: " if where else ""
    for name, value, limit in (("latitude", lat, 90.0), ("longitude", lon, 180.0)):
        if not abs(value) < math.inf:
            raise CoordinateError(f"{prefix}{name} {value} is not a finite number of degrees")
        if abs(value) > limit:
            hint = "; are lat and lon swapped?" if name == "latitude" and abs(value) <= 180 else ""
            raise CoordinateError(
                f"{prefix}{name} {shown(value)} is not in [{-limit:.0f}, {limit:.0f}]{hint}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSpec:
    """How an encoder wants its images: a square of uint8 RGB, ``size`` pixels a side.

    ``fit`` is "crop" (shorter side to ``size``, centre cut out), "squash" (both sides to
    ``size``) or "pad" (longer side to ``size``, the rest black). ``wholes`` are the heights and
    widths that all of the image is squashed to beside, for a segmenter or a detector, whatever the
    encoder leaves out.
    """

    size: int
    fit: Literal["crop", "squash", "pad"] = "crop"
    thumbnail_size: int = 320
    wholes: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An image or a text (or both) with an optional place, time and attributes.

    ``time`` is the wall-clock time at the place where it was taken; it carries a time zone only
    when the source states one. ``place_radius_m`` is how far from ``place`` it may have been, in
    metres, where the source says so; an item of which it is None was measured.
    """

    id: str
    image: str | None = None
    text: str | None = None
    place: Place | None = None
    place_source: PlaceSource | None = None
    place_radius_m: float | None = None
    time: datetime | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    width: int | None = None
    height: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not self.id:
            raise InputError(
                f"an item needs an id that is a text and not empty, not {shown(self.id)}"
            )

    @property
    def title(self) -> str:
        """What to call the item in a list: its title, name, the start of its text, or its file."""
        return title_of(self.attributes, self.text, self.image, self.id)

    def to_dict(self) -> dict[str, Any]:
        """The item as plain JSON types: ``lat`` and ``lon`` (or ``x`` and ``y``), time as ISO."""
        position: dict[str, float | None] = {"lat": None, "lon": None}
        if self.place is not None:
            first, second = self.place.lonlat
            sphere = self.place.space == "sphere"
            position = {"lat": second, "lon": first} if sphere else {"x": first, "y": second}
        return {
            "id": self.id,
            "title": self.title,
            "image": self.image,
            "text": self.text,
            **position,
            "place_source": self.place_source,
            "place_radius_m": self.place_radius_m,
            "time": self.time.isoformat() if self.time else None,
            "width": self.width,
            "height": self.height,
            "attributes": dict(self.attributes),
        }


class Regions(NamedTuple):
    """Parts of one image: a unit vector for each, and where it lies.

    ``vectors`` is (n, length); ``boxes`` (n, 4) has left, top, right and bottom in pixels of the
    original image, right and bottom not included.
    """

    vectors: Float32Array
    boxes: Int32Array


class Objects(NamedTuple):
    """What a detector found in one image, the surest first.

    ``boxes`` is (n, 4) float32: left, top, right and bottom as shares of the upright image's width
    and height, in [0, 1]. ``classes`` is (n,) uint8: places in the ``blocks`` of the feature.
    ``scores`` is (n,) float32: how sure the detector is, in [0, 1].
    """

    boxes: Float32Array
    classes: UInt8Array
    scores: Float32Array


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectedObject:
    """One thing that a detector found in an image.

    Attributes
    ----------
    label : the name of its class.
    score : how sure the detector is, in [0, 1].
    box : left, top, right and bottom in pixels of the upright original image, right and bottom not
        included.
    """

    label: str
    score: float
    box: tuple[int, int, int, int]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {"label": self.label, "score": self.score, "box": list(self.box)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """What is kept of an item under a name, and how it is to be read.

    Attributes
    ----------
    name : small letters, digits and underscores, from a letter on.
    kind : "vector", one unit vector an item; "vectors", several, each with its box in pixels of
        the original image; "map", a byte, or several, for each cell of a grid; "number", one
        float32; "objects", boxes with a class and a score each.
    length : components of a vector, bytes of a map, 1 for a number; of objects the most there are.
    space : vectors of equal spaces may be compared: the fingerprint of the encoder that they come
        from, or "own".
    fingerprint : of what made it; None for what a caller gives.
    shape : height and width of a map of one byte a cell; height, width and channels of one of
        several; None for all else.
    blocks : names and lengths of the parts that a vector is made of, in order, where a query may
        weigh them, or that the channels of a map are; of objects their classes, each of length 1;
        else empty.

    Raises
    ------
    InputError
        If these do not fit together.

    Examples
    --------
    >>> Feature(name="painted", kind="map", length=12, shape=(3, 4)).length
    12
    >>> Feature(name="painted", kind="map", length=12, shape=(3, 5))
    Traceback (most recent call last):
        ...
    placelens.errors.InputError: the feature 'painted' has 12 bytes, and its shape (3, 5) has 15
    >>> Feature(name="painted", kind="map", length=24, shape=(3, 4, 2)).channels
    2
    >>> Feature(name="painted", kind="map", length=6, shape=(-3, -2))
    Traceback (most recent call last):
        ...
    placelens.errors.InputError: the feature 'painted' has the shape (-3, -2); sides are above 0
    """

    name: FeatureName
    kind: FeatureKind = "vector"
    length: int = 1
    space: str = OWN_SPACE
    fingerprint: str | None = None
    shape: tuple[int, int] | tuple[int, int, int] | None = None
    blocks: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        self._check_types()
        if not _FEATURE_NAME.fullmatch(self.name):
            raise InputError(
                f"a feature {shown(self.name)} needs another name: small letters, digits and "
                "underscores, from a letter on, at most 64"
            )
        if self.kind not in FEATURE_KINDS:
            raise InputError(
                f"the feature {self.name!r} is a {shown(self.kind)}; "
                f"it may be a {', '.join(FEATURE_KINDS)}"
            )
        most = {"map": MAX_MAP_BYTES, "number": 1, "objects": MAX_OBJECTS}.get(self.kind, MAX_DIM)
        if not 1 <= self.length <= most:
            raise InputError(
                f"the feature {self.name!r} has the length {shown(self.length)}; "
                f"a {self.kind} may have 1 to {most}"
            )
        self._check_parts()

    def _check_types(self) -> None:
        is_whole = {
            "name": isinstance(self.name, str),
            "kind": isinstance(self.kind, str),
            "length": isinstance(self.length, int),
            "space": isinstance(self.space, str),
            "fingerprint": isinstance(self.fingerprint, str | None),
            "shape": self.shape is None or _is_shape(self.shape),
            "blocks": isinstance(self.blocks, tuple)
            and all(_is_pair(block, str, int) for block in self.blocks),
        }
        for name, is_right in is_whole.items():
            if not is_right:
                wanted = self.__dataclass_fields__[name].type
                raise InputError(f"{name} {shown(getattr(self, name))} of a feature is no {wanted}")

    def _check_parts(self) -> None:
        if (self.shape is None) == (self.kind == "map"):
            raise InputError(f"the feature {self.name!r}: maps have a shape, and nothing else has")
        if self.shape is not None and min(self.shape) < 1:
            raise InputError(
                f"the feature {self.name!r} has the shape {self.shape}; sides are above 0"
            )
        if self.shape is not None and self.length != math.prod(self.shape):
            raise InputError(
                f"the feature {self.name!r} has {self.length} bytes, "
                f"and its shape {self.shape} has {math.prod(self.shape)}"
            )
        if self.blocks and self.kind not in ("vector", "map", "objects"):
            raise InputError(
                f"the feature {self.name!r}: only a vector, a map's channels, or the classes of "
                "objects are blocks"
            )
        whole = self.length if self.shape is None else self.channels
        if self.kind == "objects":  # a class each, whose number is a byte
            whole = min(len(self.blocks), MAX_CLASSES)
        lengths = [length for _, length in self.blocks]
        is_whole = not self.blocks or (min(lengths) > 0 and sum(lengths) == whole)
        if not is_whole or len(dict(self.blocks)) != len(self.blocks):
            raise InputError(
                f"the blocks {shown(self.blocks)} of the feature {self.name!r} need different "
                f"names, and lengths that add up to {whole}"
            )

    @property
    def channels(self) -> int:
        """Bytes of a cell, of a map; 1 for all else."""
        return self.shape[2] if self.shape is not None and len(self.shape) == 3 else 1


def _is_pair(value: object, first: type, second: type) -> bool:
    """Whether a value is a tuple of two things of these types."""
    if not (isinstance(value, tuple) and len(value) == 2):
        return False
    return isinstance(value[0], first) and isinstance(value[1], second)


def _is_shape(value: object) -> bool:
    """Whether a value is a tuple of two or three whole numbers."""
    is_long = isinstance(value, tuple) and len(value) in (2, 3)
    return is_long and all(type(side) is int for side in value)  # type: ignore[attr-defined]


def title_of(
    attributes: Mapping[str, Attribute], text: str | None, image: str | None, item_id: str
) -> str:
    """What to call an item in a list; see `Item.title`."""
    for key in ("title", "name"):
        value = attributes.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
    if text and text.strip():
        first = text.strip().splitlines()[0]
        return first if len(first) <= 80 else first[:79] + "…"
    return image.replace("\\", "/").rsplit("/", 1)[-1] if image else item_id


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingNear:
    """That nothing which passes the filters lies near the place asked for.

    Attributes
    ----------
    within_m : what counts as near, in metres: the radius, or as far as the decay reaches; None for
        a decay without a scale.
    nearest_m : how far away the nearest is, in metres; None when nothing that passes has a place.
    """

    within_m: float | None
    nearest_m: float | None

    def to_dict(self) -> dict[str, float | None]:
        """Plain JSON types."""
        return {"within_m": self.within_m, "nearest_m": self.nearest_m}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Where an item may be, as somebody or something has estimated it, and what became of that.

    Attributes
    ----------
    id : names it in its collection, for good.
    item_id : what it is about.
    place : what is proposed.
    radius_m : how far from it the item may be, in metres; None when nobody says.
    confidence : how probable it is that it lies within, in [0, 1]; None when nobody says.
    evidence : what it rests on, in words.
    state : "open", "accepted" or "rejected".
    previous : the place that the item had when it was accepted; None when it had none.
    time : when it was made, in UTC.
    """

    id: str
    item_id: str
    place: Place
    radius_m: float | None = None
    confidence: float | None = None
    evidence: str | None = None
    state: ProposalState = "open"
    previous: Place | None = None
    time: datetime

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "id": self.id,
            "item_id": self.item_id,
            "place": _named(self.place),
            "radius_m": self.radius_m,
            "confidence": self.confidence,
            "evidence": self.evidence,
            "state": self.state,
            "previous": _named(self.previous) if self.previous is not None else None,
            "time": self.time.isoformat(),
        }


def _named(place: Place) -> dict[str, float]:
    """The two numbers of a place by their names."""
    names = COORDINATES[place.space]
    return {name: getattr(place, name) for name in names}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreTerm:
    """One summand of a score: ``contribution = weight * value``; the summands add up to it.

    ``value`` is what the score uses (a decay for the place; a cosine, calibrated where the
    collection's encoder says how, for meaning); ``cosine`` is the raw cosine of a meaning term, and
    ``correction`` what it loses before it is calibrated, because the item is near every query.
    ``baseline`` is the value that a cosine of 0 would have, after the correction: what the term
    gives to whatever has nothing to do with it, so that parts of the cosine share the rest alone.
    """

    kind: str
    label: str
    weight: float
    value: float
    contribution: float
    cosine: float | None = None
    correction: float | None = None
    baseline: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "kind": self.kind,
            "label": self.label,
            "weight": self.weight,
            "value": self.value,
            "contribution": self.contribution,
            "cosine": self.cosine,
            "correction": self.correction,
            "baseline": self.baseline,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What speaks for a match: one thing that item and query, or query and reader, have in common.

    Attributes
    ----------
    kind : "reading" of what a term was taken for, "concept" of what an item shares with the query;
        "phrase" of the words of a term, "region" of the picture, and "rest" of what these leave
        over; terms may have kinds of their own.
    label : in words.
    share : its part of the whole, in [0, 1]; below 0 for what speaks against it. None where parts
        do not add up to anything.
    of : label of the term that it speaks for; None for the query as a whole.
    span : first and last character, the last one excluded, of the words of the query or the item.
    box : left, top, right and bottom in pixels of the item's original image: of ``detected`` where
        there is one, else around the cells where most of ``heat`` is.
    heat : (rows, columns) of a grid over the image, what each cell adds to ``share``.
    contribution : what it adds to the score; None where it does not add up.
    detected : the object that a phrase means, of those that a detector found; None where none has
        looked, or none fits.
    """

    kind: str
    label: str
    share: float | None = None
    of: str | None = None
    span: tuple[int, int] | None = None
    box: tuple[int, int, int, int] | None = None
    heat: tuple[tuple[float, ...], ...] | None = None
    contribution: float | None = None
    detected: DetectedObject | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "kind": self.kind,
            "label": self.label,
            "share": self.share,
            "of": self.of,
            "span": None if self.span is None else list(self.span),
            "box": None if self.box is None else list(self.box),
            "heat": None if self.heat is None else [list(row) for row in self.heat],
            "contribution": self.contribution,
            "detected": None if self.detected is None else self.detected.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One result: the item, its score, every term of the score, and its distance in metres.

    ``score`` is None where nothing ranked the items and they were listed by time or name.

    ``evidence`` is what is known at once of why it was found: in a collection of concepts those
    that item and query share, the largest first. `placelens.results.Hits.explain` tells more.
    """

    rank: int
    id: str
    score: float | None
    terms: tuple[ScoreTerm, ...]
    distance_m: float | None
    matched: FeatureName | None
    item: Item
    evidence: tuple[Evidence, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The hit as plain JSON types; the shape that the REST API and ``--format json`` share."""
        return {
            "rank": self.rank,
            "id": self.id,
            "score": self.score,
            "distance_m": self.distance_m,
            "matched": self.matched,
            "terms": [term.to_dict() for term in self.terms],
            "evidence": [evidence.to_dict() for evidence in self.evidence],
            **self.item.to_dict(),
        }
