"""What a caller asks, in the forms people write, resolved to a `Query` of numbers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from placelens.deadline import NEVER, Deadline
from placelens.display import LONGEST_LABEL, cut, shown
from placelens.encoders.base import Encoder
from placelens.engine.filters import Filters, conditions
from placelens.engine.periods import Periods
from placelens.engine.query import Query, QueryTerm, Similarity, unit_vector
from placelens.engine.sorting import DEFAULT_SORT
from placelens.engine.times import parse_time_range
from placelens.errors import FilterError, ItemNotFoundError, QueryError
from placelens.geo.decay import Decay
from placelens.geo.points import as_place
from placelens.geo.regions import Box, Circle, Polygon, Region
from placelens.geo.units import parse_distance_m
from placelens.limits import (
    MAX_CONDITIONS,
    MAX_DEPTH,
    MAX_ID,
    MAX_NAME,
    MAX_TERMS,
    MAX_TEXT,
    within,
)
from placelens.storage.manifest import Manifest
from placelens.storage.snapshot import Snapshot
from placelens.types import FEATURES, FeatureName, Float64Array, Place, Shares

if TYPE_CHECKING:
    from placelens.geo.gazetteer import Gazetteer
    from placelens.geo.understood import Understood

DEFAULT_DECAY = "gauss:25km"
# With nothing but a place the nearest come first, however far they are: a Gaussian is 0 from some
# forty scales on, and what lies beyond would come in the order of ids.
DEFAULT_DECAY_OF_PLACE_ALONE = "linear"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SearchRequest:
    """The arguments of `placelens.Collection.search`, as given."""

    query: Any = None
    image: Any = None
    like: Any = None
    vector: Any = None
    near: Any = None
    decay: str | None = None
    mu: float = 0.5
    k: int = 10
    bbox: Sequence[float] | None = None
    radius: str | float | None = None
    polygon: Any = None
    time: Any = None
    where: Mapping[str, Any] | None = None
    modality: FeatureName | Sequence[FeatureName] | None = None
    located_only: bool = False
    unlocated_only: bool = False
    sort: str | None = None
    parse: bool = True
    similarity: Similarity | None = None
    cursor: str | None = None
    engine: str | None = None
    recall_target: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """What was asked, without what was left at None, in plain JSON types."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: _plain(value) for name, value in values.items() if value is not None}


def requests_of(queries: Iterable[Any], common: Mapping[str, Any]) -> list[SearchRequest]:
    """A request from each text, or mapping of arguments, and what all requests share.

    Raises
    ------
    QueryError
        If there is one query and no list, or an argument is none of `placelens.Collection.search`.
    """
    if isinstance(queries, str | Mapping) or not isinstance(queries, Iterable):
        raise QueryError("search_many takes a list of queries; for one of them use search")
    return [_request_of(query, common) for query in queries]


def _request_of(query: Any, common: Mapping[str, Any]) -> SearchRequest:
    own = {"query": query} if isinstance(query, str) else query
    if not isinstance(own, Mapping):
        raise QueryError(
            f"a query is a {type(query).__name__}; give a text, or a mapping of arguments "
            "like {'vector': v, 'near': 'Lyon'}"
        )
    arguments = {**common, **own}
    unknown = [name for name in arguments if name not in SearchRequest.__dataclass_fields__]
    if unknown:
        raise QueryError(
            f"search has no argument {unknown[0]!r}; "
            f"it takes {', '.join(SearchRequest.__dataclass_fields__)}"
        )
    return SearchRequest(**arguments)


class Resolver:
    """Turns requests into queries against one version of a collection."""

    def __init__(
        self,
        snapshot: Snapshot,
        manifest: Manifest,
        encoder: Callable[[], Encoder],
        clock: Callable[[], datetime] = datetime.now,
    ) -> None:
        """``clock`` tells what "yesterday" is the day before."""
        self._clock = clock
        self._snapshot = snapshot
        self._manifest = manifest
        self._encoder = encoder
        self._encoded: dict[str, tuple[Any, Shares]] = {}

    def resolve(
        self, request: SearchRequest, *, deadline: Deadline = NEVER
    ) -> tuple[Query, Understood | None]:
        """Encode, parse and check a request; also what was understood of its words.

        Raises
        ------
        QueryError, FilterError, CoordinateError, VectorError
            Naming what cannot be used.
        SearchStoppedError
            If the deadline passes between two terms.
        """
        return self.resolve_many([request], deadline=deadline)[0]

    def resolve_many(
        self, requests: Sequence[SearchRequest], *, deadline: Deadline = NEVER
    ) -> list[tuple[Query, Understood | None]]:
        """`resolve` of many requests; their texts are encoded in one batch."""
        read = [self._read(request) for request in requests]
        deadline.check()
        self._encode(text for words in read for text, _ in words.texts)
        return [
            self._query(request, words, deadline)
            for request, words in zip(requests, read, strict=True)
        ]

    def resolve_list(self, request: SearchRequest) -> Query:
        """A request of filters and an order alone, for all the items that pass."""
        near, label, _ = self._near(request.near, None)
        return Query(
            near=near,
            near_label=label,
            sort=request.sort or DEFAULT_SORT,
            filters=self._filters(request, _Terms.of(request), near, None, ()),
            features=self._features(request.modality),
        )

    def _query(
        self, request: SearchRequest, words: _Read, deadline: Deadline
    ) -> tuple[Query, Understood | None]:
        asked, understood = words.asked, words.understood
        near, near_label, near_decay = self._near(request.near, understood)
        found = []
        for term in chain(
            self._text_terms(words.texts),
            self._image_terms(asked.images),
            self._like_terms(asked.likes),
            self._vector_terms(asked.vectors),
        ):
            deadline.check()
            found.append(term)
        terms = tuple(found)
        decay = request.decay or near_decay or DEFAULT_DECAY
        if not terms and request.decay is None:
            decay = DEFAULT_DECAY_OF_PLACE_ALONE
            if understood is not None and understood.decay is not None:
                understood = replace(understood, decay=decay)
        query = Query(
            terms=terms,
            near=near,
            near_label=near_label,
            decay=Decay.parse(decay),
            mu=_number(request.mu, "mu"),
            k=_whole(request.k, "k"),
            filters=self._filters(request, asked, near, understood, words.periods),
            features=self._features(request.modality),
            similarity=_similarity(request.similarity),
            sort=request.sort,
            cursor=_text_or_none(request.cursor, "cursor"),
            engine=_text_or_none(request.engine, "engine"),
            recall_target=(
                None
                if request.recall_target is None
                else _number(request.recall_target, "recall_target")
            ),
            widens=request.decay is None and (not terms or _is_open(understood, request)),
            reach_m=None if request.decay is not None else _reach_m(near_decay),
            is_judged=self._can_be_judged(terms),
            unfit=self._unfit(terms),
        )
        return query, understood

    def _unfit(self, terms: tuple[QueryTerm, ...]) -> str | None:
        """Why the encoder cannot be trusted to read the words; None when it can."""
        texts = [term.label for term in terms if term.kind == "text" and term.weight > 0]
        reasons = (self._encoder().unread(text) for text in texts)
        return next((reason for reason in reasons if reason is not None), None)

    def _can_be_judged(self, terms: tuple[QueryTerm, ...]) -> bool:
        """Whether the encoder can tell from the best fit if anything shows what is asked for."""
        is_one_text = len(terms) == 1 and terms[0].kind == "text" and terms[0].weight > 0
        return is_one_text and bool(self._encoder().answerabilities)

    def _read(self, request: SearchRequest) -> _Read:
        """What a request asks with, and what its words say of places and times."""
        asked = _Terms.of(request)
        texts, understood, periods = self._read_words(request, list(asked.texts))
        is_placed = request.near is not None or (
            understood is not None and understood.near is not None
        )
        if not (is_placed or _asks(request) or any(text.strip() for text, _ in texts)):
            # Places and times that only filter rank nothing: the words do, as they were written.
            texts = asked.texts
        texts = [(text.strip(), weight) for text, weight in texts if text.strip()]
        return _Read(asked, texts, understood, periods)

    def _read_words(
        self, request: SearchRequest, texts: list[tuple[str, float]]
    ) -> tuple[list[tuple[str, float]], Understood | None, tuple[Periods, ...]]:
        """The texts without what the first that is wanted says of places and times, and that."""
        wanted = [i for i, (_, weight) in enumerate(texts) if weight > 0]
        if not (_flag(request.parse, "parse") and wanted and self._manifest.space == "sphere"):
            return texts, None, ()
        from placelens.engine.words import read_words

        text, weight = texts[wanted[0]]
        read = read_words(
            text,
            snapshot=self._snapshot,
            gazetteer=gazetteer(),
            now=self._clock(),
            time_is_given=request.time is not None,
        )
        texts[wanted[0]] = (read.understood.text, weight)
        return texts, _outranked(read.understood, request), read.periods

    def _encode(self, texts: Iterable[str]) -> None:
        """Encode texts, each once, for `_text_terms` to take."""
        written = list(dict.fromkeys(texts))
        if not written:
            return
        encoder = self._encoder()
        if not encoder.takes_text:
            raise QueryError(f"the encoder {encoder.name} takes no texts; search by image")
        vectors, read = encoder.encode_texts(written), encoder.describe_texts(written)
        self._encoded = dict(zip(written, zip(vectors, read, strict=True), strict=True))

    def _text_terms(self, texts: list[tuple[str, float]]) -> Iterator[QueryTerm]:
        for text, weight in texts:
            vector, shares = self._encoded[text]
            yield self._term("text", cut(text, LONGEST_LABEL), vector, weight, shares)

    def _image_terms(self, images: list[tuple[Any, float]]) -> Iterator[QueryTerm]:
        from placelens.readers.images import decode, prepare

        for image, weight in images:
            encoder = self._encoder()
            if encoder.image_spec is None:
                raise QueryError(f"the encoder {encoder.name} takes no images; search by text")
            if isinstance(image, str | bytes | os.PathLike):
                pixels = decode(image, encoder.image_spec).pixels
            elif hasattr(image, "convert"):
                pixels = prepare(image, encoder.image_spec)
            else:
                raise QueryError(
                    f"image is a {type(image).__name__}; give a path, bytes or a PIL image"
                )
            if pixels is None:
                raise QueryError("the image holds no pixels")
            label = Path(image).name if isinstance(image, str | os.PathLike) else "image"
            label = cut(label, LONGEST_LABEL)
            vector = encoder.encode_images(pixels[None])[0]
            (shares,) = encoder.describe_images(pixels[None])
            yield self._term("image", label, vector, weight, shares)

    def _like_terms(self, likes: list[tuple[str, float]]) -> Iterator[QueryTerm]:
        for item_id, weight in likes:
            row = self._snapshot.row_of(item_id)
            if row is None:
                raise ItemNotFoundError(
                    f"like: the collection has no item with id {shown(item_id)}"
                )
            for modality in self._manifest.vector_names:
                vector = self._snapshot.vector_of(row, modality)
                if vector is not None:
                    label = f"like {cut(self._title(row), LONGEST_LABEL - len('like '))}"
                    yield self._term(modality, label, vector, weight)
                    break
            else:
                raise QueryError(f"like: item {shown(item_id)} has no vector to compare with")

    def _title(self, row: int) -> str:
        return self._snapshot.items([row])[0].title

    def _vector_terms(self, vectors: list[tuple[Any, float]]) -> Iterator[QueryTerm]:
        for i, (values, weight) in enumerate(vectors):
            yield self._term("vector", f"vector {i + 1}" if i else "vector", values, weight)

    def _term(
        self, kind: FeatureName, label: str, values: Any, weight: float, read_as: Shares = ()
    ) -> QueryTerm:
        vector: Float64Array = unit_vector(values, self._manifest.dim, what=label)
        return QueryTerm(kind=kind, label=label, vector=vector, weight=weight, read_as=read_as)

    def _near(
        self, near: Any, understood: Understood | None
    ) -> tuple[Place | None, str | None, str | None]:
        """The place, its name, and the decay that suits it."""
        if near is not None and not isinstance(near, str):
            return as_place(near, self._manifest.space), None, None
        if near is not None:
            near = within(near, MAX_NAME, "near")
        if near is not None and self._manifest.space == "plane":
            return _plane_place(near), None, None
        if near is not None:
            from placelens.geo.place_names import read_near

            mention, place, decay = read_near(near, gazetteer())
            return place, None if mention.kind == "point" else mention.name, decay
        if understood is None or understood.near is None:
            return None, None, None
        positive = [mention for mention in understood.mentions if not mention.negated]
        names = [m.name for m in sorted(positive, key=lambda m: m.relation != "near")]
        return understood.near, names[0], understood.decay

    def _filters(
        self,
        request: SearchRequest,
        asked: _Terms,
        near: Place | None,
        understood: Understood | None,
        periods: tuple[Periods, ...],
    ) -> Filters:
        space = self._manifest.space
        regions: list[Region] = []
        if understood is not None and understood.region is not None:
            regions.append(understood.region)
        if request.bbox is not None:
            if not isinstance(request.bbox, Sequence | np.ndarray) or len(request.bbox) != 4:
                raise FilterError(
                    f"bbox {shown(request.bbox)} needs four numbers: west, south, east, north"
                )
            west, south, east, north = (_number(v, "bbox") for v in request.bbox)
            regions.append(Box(west=west, south=south, east=east, north=north, space=space))
        if request.radius is not None:
            if near is None:
                raise FilterError(
                    f"radius {shown(request.radius)} needs a place: give near as well"
                )
            metres = parse_distance_m(request.radius, name="radius")
            regions.append(Circle(center=near, radius_m=metres))
        if request.polygon is not None:
            regions.append(Polygon.from_geojson(request.polygon, space=space))
        if not isinstance(request.where, Mapping | None):
            raise FilterError(
                f"where {shown(request.where)} is not a mapping; write {{'city': 'Paris'}}"
            )
        where = dict(within(request.where or {}, MAX_CONDITIONS, "where", error=FilterError))
        for name, wanted in where.items():
            conditions(name, wanted)  # an unknown operator is an error before anything is read
        return Filters(
            regions=tuple(regions),
            outside=()
            if understood is None or understood.outside is None
            else (understood.outside,),
            periods=periods,
            time_us=parse_time_range(request.time),
            where=where,
            without=tuple(item_id for item_id, _ in asked.likes),
            located=_located(request),
        )

    def _features(self, modality: Any) -> tuple[FeatureName, ...]:
        if modality is None:
            return ()
        if not isinstance(modality, str | list | tuple):
            raise QueryError(f"modality {shown(modality)} is not a name, nor a list of names")
        wanted = (modality,) if isinstance(modality, str) else modality
        within(wanted, len(FEATURES), "modality")
        known = self._manifest.vector_names
        unknown = [m for m in wanted if not (isinstance(m, str) and m in known)]
        if unknown or not wanted:
            raise QueryError(
                f"modality {shown(unknown[0]) if unknown else '(none)'} is not one of this "
                f"collection's: {', '.join(self._manifest.vector_names)}"
            )
        return tuple(dict.fromkeys(wanted))


@dataclass(frozen=True, slots=True)
class _Terms:
    """What a request asks with, each with its weight; no more than a query may weigh."""

    texts: list[tuple[str, float]]
    images: list[tuple[Any, float]]
    likes: list[tuple[str, float]]
    vectors: list[tuple[Any, float]]

    @classmethod
    def of(cls, request: SearchRequest) -> _Terms:
        """Of a request, before any of it is read."""
        terms = cls(
            list(_weighted(request.query, "text")),
            list(_weighted(request.image, "image")),
            list(_weighted(request.like, "like")),
            list(_weighted_vectors(request.vector)),
        )
        every = [*terms.texts, *terms.images, *terms.likes, *terms.vectors]
        within(every, MAX_TERMS, "the query")
        n_letters = sum(len(text) for text, _ in terms.texts)
        if n_letters > MAX_TEXT:
            raise QueryError(
                f"the query's words have {n_letters:,} characters, and {MAX_TEXT:,} is the most; "
                "encoders read the first hundred words or so"
            )
        for item_id, _ in terms.likes:
            within(item_id, MAX_ID, "like")
        return terms


def _texts_of(request: SearchRequest) -> list[tuple[str, float]]:
    return list(_weighted(request.query, "text"))


@dataclass(frozen=True, slots=True)
class _Read:
    """What a request asks with, its words without the places and times in them, and these."""

    asked: _Terms
    texts: list[tuple[str, float]]
    understood: Understood | None
    periods: tuple[Periods, ...]


def _asks(request: SearchRequest) -> bool:
    """Whether anything but words says what to look for."""
    return any(given is not None for given in (request.image, request.like, request.vector))


def _reach_m(near_decay: str | None) -> float:
    """How far "near" reaches where nobody said it: within its scale."""
    decay = Decay.parse(near_decay or DEFAULT_DECAY)
    return (decay.scale_m or 0.0) + decay.offset_m


def _is_open(understood: Understood | None, request: SearchRequest) -> bool:
    """Whether nobody has said how far "near" reaches."""
    if request.near is not None:
        return request.radius is None
    mentions = understood.mentions if understood is not None else ()
    near = [m for m in mentions if m.relation == "near" and not m.negated]
    return bool(near) and near[0].radius_m is None


def _outranked(understood: Understood | None, request: SearchRequest) -> Understood | None:
    """What was understood, less what the caller says himself."""
    if understood is None or understood.near is None:
        return understood
    if request.near is not None:
        asked = tuple(m for m in understood.mentions if m.relation == "in" or m.negated)
        return replace(understood, mentions=asked, near=None, decay=None)
    if request.decay is not None:
        return replace(understood, decay=request.decay)
    return understood


def _plane_place(near: str) -> Place:
    try:
        x, y = (float(part) for part in near.split(","))
    except ValueError:
        raise QueryError(
            f"near {shown(near)} cannot be read; on a plane write x,y in metres"
        ) from None
    return Place(x=x, y=y)


@cache
def gazetteer() -> Gazetteer:
    """The one gazetteer of this process; its names are read when first used."""
    from placelens.geo.gazetteer import Gazetteer

    return Gazetteer()


def _weighted(value: Any, name: str) -> Iterator[tuple[Any, float]]:
    """One value, one (value, weight) pair, or a sequence of them, as pairs."""
    if value is None:
        return
    is_many = isinstance(value, Sequence) and not isinstance(value, str | bytes)
    entries = within(value, MAX_TERMS, name) if is_many and not _is_pair(value) else [value]
    for entry in entries:
        thing, weight = entry if _is_pair(entry) else (entry, 1.0)
        if name in ("text", "like") and not isinstance(thing, str):
            raise QueryError(f"{name} {shown(thing)} is a {type(thing).__name__}; give a string")
        if isinstance(thing, str) and not _is_unicode(thing):
            raise QueryError(f"{name} {shown(thing)} holds half a character; give whole ones")
        yield thing, _number(weight, f"the weight of {name}")


def _weighted_vectors(value: Any) -> Iterator[tuple[Any, float]]:
    """One vector, one (vector, weight) pair, or a list of pairs."""
    if value is None:
        return
    if isinstance(value, list) and value and all(_is_pair(entry) for entry in value):
        within(value, MAX_TERMS, "vector")
        for vector, weight in value:
            yield vector, _number(weight, "the weight of a vector")
    elif _is_pair(value):
        yield value[0], _number(value[1], "the weight of a vector")
    else:
        yield value, 1.0


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and isinstance(value[1], int | float | np.number)
        and not isinstance(value[0], int | float | np.number)
    )


def _number(value: Any, name: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise QueryError(f"{name} {shown(value)} is not a number") from None


def _whole(value: Any, name: str) -> int:
    number = _number(value, name)
    if not number.is_integer():
        raise QueryError(f"{name} {shown(value)} is not a whole number")
    return int(number)


def _flag(value: Any, name: str) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise QueryError(f"{name} {shown(value)} is neither True nor False")
    return bool(value)


def _located(request: SearchRequest) -> bool | None:
    located = _flag(request.located_only, "located_only")
    unlocated = _flag(request.unlocated_only, "unlocated_only")
    if located and unlocated:
        raise FilterError("located_only and unlocated_only exclude each other; give one of them")
    return True if located else False if unlocated else None


def _similarity(value: Any) -> Similarity | None:
    if value is not None and not (isinstance(value, str) and value in ("raw", "calibrated")):
        raise QueryError(f"similarity {shown(value)} is not known; use raw or calibrated")
    return cast("Similarity | None", value)


def _text_or_none(value: Any, name: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise QueryError(f"{name} {shown(value)} is a {type(value).__name__}; give a string")
    return value


def _is_unicode(text: str) -> bool:
    """Whether a text has no surrogates, halves of characters that nothing can encode."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _plain(value: Any, levels: int = 2 * MAX_DEPTH) -> Any:
    """A value as JSON types; what has no such form is named by its type, what is deep is cut."""
    if isinstance(value, Place):
        lon, lat = value.lonlat
        return {"lat": lat, "lon": lon} if value.space == "sphere" else {"x": lon, "y": lat}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if levels == 0:
        return shown(value)
    # Shapely's geometries, and tuples that name what they hold.
    value = getattr(value, "__geo_interface__", value)
    value = value._asdict() if hasattr(value, "_asdict") else value
    if isinstance(value, Mapping):
        return {str(name): _plain(entry, levels - 1) for name, entry in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, list | tuple | set):
        return [_plain(entry, levels - 1) for entry in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return type(value).__name__
