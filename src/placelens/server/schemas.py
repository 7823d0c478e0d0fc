"""What the REST API is asked; fields are called as in `Collection.search`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, FiniteFloat, Tag, model_validator
from pydantic_core import PydanticCustomError

from placelens.display import shown
from placelens.engine.query import Similarity
from placelens.errors import InputError
from placelens.geo.uncertain import Uncertain
from placelens.limits import (
    MAX_CONDITIONS,
    MAX_CROSSINGS,
    MAX_CURSOR,
    MAX_DIM,
    MAX_ID,
    MAX_NAME,
    MAX_POSITIONS,
    MAX_TERMS,
    MAX_TEXT,
    MAX_VALUES,
    MAX_ZOOM,
)
from placelens.server.pictures import Handle
from placelens.types import FEATURES, Place

__all__ = ["MAX_K", "HeatRequest", "SearchRequest", "StrictRequest", "ViewIn"]

MAX_K = 1000

_JSON_TYPES: dict[type, str] = {
    str: "string",
    list: "array",
    dict: "object",
    int: "number",
    float: "number",
}


def by_json_type(expected: str) -> Discriminator:
    """Choose a union's branch by the JSON type, so that an error speaks of that branch only.

    Branches are tagged ``as string``, ``as array``, ...; `placelens.server.errors` leaves the
    tags out when it names a field.
    """
    return Discriminator(
        _json_type, custom_error_type="wrong_json_type", custom_error_message=expected
    )


def _json_type(value: object) -> str | None:
    name = _JSON_TYPES.get(type(value))
    return f"as {name}" if name else None


def _vector_type(value: object) -> str | None:
    if not isinstance(value, list):
        return None
    return "as weighted" if value and isinstance(value[0], dict) else "as numbers"


class StrictRequest(BaseModel):
    """Refuses a field it does not know, and says which it knows."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown(cls, data: Any) -> Any:
        unknown = set(data) - set(cls.model_fields) if isinstance(data, dict) else set()
        if unknown:
            raise PydanticCustomError(
                "unknown_field",
                "unknown field {names}; known fields are {known}",
                {
                    "names": ", ".join(shown(name) for name in sorted(unknown)[:5]),
                    "known": ", ".join(cls.model_fields),
                },
            )
        return data


class ViewIn(StrictRequest):
    """A view of a web map."""

    zoom: FiniteFloat = Field(
        ge=0,
        le=MAX_ZOOM,
        description="Of a web map with tiles of 512 pixels; its fraction is dropped.",
    )
    west: FiniteFloat = Field(
        -180.0,
        description="Edges of the view in degrees. West > east crosses the antimeridian, and so do "
        "edges beyond 180.",
    )
    south: FiniteFloat = -90.0
    east: FiniteFloat = 180.0
    north: FiniteFloat = 90.0


Weight = Annotated[
    FiniteFloat, Field(description="Share of this term; negative to search away from it.")
]


_HANDLE = "^[0-9a-f]{32}$"


def one_of(request: BaseModel, names: tuple[str, ...]) -> None:
    """Raise PydanticCustomError unless exactly one of some fields is given."""
    given = [name for name in names if getattr(request, name) is not None]
    if len(given) != 1:
        raise PydanticCustomError(
            "one_of",
            "needs one of {names}; it has {given}",
            {
                "names": f"{', '.join(names[:-1])} and {names[-1]}",
                "given": " and ".join(given) or "none",
            },
        )


class TextTerm(StrictRequest):
    """Words with a weight."""

    text: str = Field(max_length=MAX_TEXT)
    weight: Weight = 1.0


class ImageTerm(StrictRequest):
    """An example image: its bytes, the handle of such, or an item of the collection."""

    data: str | None = Field(None, description="A JPEG, PNG, HEIC, ... file as base64.")
    handle: str | None = Field(
        None, pattern=_HANDLE, description="Of a picture sent to `POST /v1/pictures`."
    )
    id: str | None = Field(
        None, max_length=MAX_ID, description="The id of an item of the collection."
    )
    weight: Weight = 1.0

    @model_validator(mode="after")
    def _one_of_them(self) -> ImageTerm:
        one_of(self, ("data", "handle", "id"))
        return self

    def decode(self, where: str) -> bytes | Handle:
        """The bytes in ``data``, or the handle; ``where`` names the field in an error."""
        if self.handle is not None:
            return Handle(self.handle)
        text = self.data or ""
        if text.startswith("data:"):  # a data URL, as browsers make them
            text = text.partition(",")[2]
        try:
            content = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise InputError(f"{where} is not base64: {error}") from None
        if not content:
            raise InputError(f"{where} is empty; send the bytes of an image file as base64")
        return content


class SketchSource(StrictRequest):
    """A picture to see the class map of: one of the three."""

    item: str | None = Field(None, max_length=MAX_ID, description="The id of an item.")
    picture: str | None = Field(
        None, pattern=_HANDLE, description="Of a photo that was sent to `POST /v1/pictures`."
    )
    painting: str | None = Field(
        None,
        pattern=_HANDLE,
        description="Of a picture that was painted in the colours of `GET .../sketch` and sent to "
        "`POST /v1/pictures`.",
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> SketchSource:
        one_of(self, ("item", "picture", "painting"))
        return self


class VectorTerm(StrictRequest):
    """A vector with a weight."""

    vector: list[FiniteFloat] = Field(min_length=1, max_length=MAX_DIM)
    weight: Weight = 1.0


class TermIn(StrictRequest):
    """A term of any kind of `GET /v1/terms`."""

    kind: str = Field(max_length=MAX_NAME)
    value: Any
    weight: FiniteFloat = Field(1.0, description="Negative pushes away.")

    def to_argument(self) -> dict[str, Any]:
        """As `Collection.search` takes it among the words.

        Raises
        ------
        QueryError
            If there is no such kind, or it is not taken here.
        """
        from placelens.errors import QueryError
        from placelens.query.kinds import kind_named

        kind = kind_named(self.kind)
        if not kind.is_json:
            raise QueryError(f"a term of the kind {kind.name} holds a file; write it in `images`")
        return {"kind": self.kind, "value": self.value, "weight": self.weight}


class PlaceIn(StrictRequest):
    """A point: ``lat`` and ``lon`` in degrees; ``x`` and ``y`` in metres in a plane collection."""

    lat: float | None = None
    lon: float | None = None
    x: float | None = None
    y: float | None = None

    def to_place(self) -> Place:
        """As the library's own type, checked."""
        return Place(lat=self.lat, lon=self.lon, x=self.x, y=self.y)


Text = Annotated[str, Field(max_length=MAX_TEXT), Tag("as string")]
Name = Annotated[str, Field(max_length=MAX_NAME), Tag("as string")]
OneText = Annotated[
    Text | Annotated[TextTerm, Tag("as object")],
    by_json_type('is neither a string nor {"text", "weight"}'),
]
Texts = Annotated[
    Text | Annotated[list[OneText], Field(max_length=MAX_TERMS), Tag("as array")],
    by_json_type('is neither a string nor a list of strings or {"text", "weight"}'),
]
Vectors = Annotated[
    Annotated[list[FiniteFloat], Field(max_length=MAX_DIM), Tag("as numbers")]
    | Annotated[list[VectorTerm], Field(max_length=MAX_TERMS), Tag("as weighted")],
    Discriminator(
        _vector_type,
        custom_error_type="wrong_json_type",
        custom_error_message='is neither a list of numbers nor a list of {"vector", "weight"}',
    ),
]
Near = Annotated[
    Name | Annotated[PlaceIn, Tag("as object")],
    by_json_type('is neither {"lat", "lon"} nor a string like "50.08,14.42" or "Lyon"'),
]
Distance = Annotated[
    Name | Annotated[FiniteFloat, Tag("as number")],
    by_json_type('is neither metres nor a string like "5km"'),
]
End = Annotated[str, Field(max_length=MAX_NAME)] | None
Period = Annotated[
    Name | Annotated[tuple[End, End], Tag("as array")],
    by_json_type('is neither a string like "2019-06" nor [from, to]'),
]
Modalities = Annotated[
    Annotated[Literal["image", "text", "vector"], Tag("as string")]
    | Annotated[
        list[Literal["image", "text", "vector"]],
        Field(max_length=len(FEATURES)),
        Tag("as array"),
    ],
    by_json_type("is neither a modality nor a list of modalities"),
]


class SearchRequest(StrictRequest):
    """What to look for: words, images, vectors, a place, or any mix; the rest is optional."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "text": "a harbour with sailing boats",
                    "near": {"lat": 43.7, "lon": 7.27},
                    "decay": "gauss:25km",
                    "mu": 0.5,
                    "k": 10,
                }
            ]
        }
    )

    text: Texts | None = None
    images: list[ImageTerm] = Field(default_factory=list, max_length=MAX_TERMS)
    vector: Vectors | None = None
    terms: list[TermIn] = Field(
        default_factory=list, max_length=MAX_TERMS, description="Of any kind of `GET /v1/terms`."
    )
    near: Near | None = None
    decay: str | None = Field(
        None, max_length=MAX_NAME, description="kind:scale, by default gauss:25km."
    )
    mu: float = Field(0.5, ge=0, le=1, description="Share of the place; 1 - mu is that of meaning.")
    k: int = Field(10, ge=1, le=MAX_K)
    bbox: tuple[float, float, float, float] | None = Field(
        None, description="West, south, east, north; west > east crosses the antimeridian."
    )
    radius: Distance | None = Field(None, description="Hard limit around `near`: metres or 5km.")
    polygon: dict[str, Any] | None = Field(
        None,
        description=f"A GeoJSON area of at most {MAX_POSITIONS:,} corners, whose edges cross at "
        f"most {MAX_CROSSINGS:,} times.",
    )
    time: Period | None = None
    where: dict[str, Any] | None = Field(
        None,
        max_length=MAX_CONDITIONS,
        description='{"city": "Paris", "rating": {"gte": 3}, "country": ["France", "Italy"], '
        '"keywords": {"all": ["sea", "boat"]}, "folder": {"starts": "2019/ro"}}; the operators are '
        "eq, ne, in, all, contains, starts, ends, gt, gte, lt, lte, exists and not; "
        f"at most {MAX_VALUES:,} values in a list.",
    )
    modality: Modalities | None = None
    located_only: bool = False
    unlocated_only: bool = False
    uncertain: Uncertain = Field(
        "centre",
        description="Of places known to within a radius, what must lie in an area: the centre, "
        "surely all of the circle, or maybe any of it.",
    )
    sort: str | None = Field(
        None,
        description="score, time (newest first), oldest, name or distance. Without words, images "
        "or vectors all that passes is listed in this order, by time unless given; else it orders "
        "the k best.",
    )
    parse: bool = Field(
        True, description="Whether places and times in the text are read; never those in quotes."
    )
    similarity: Similarity | None = None
    hubs: bool = Field(
        True, description="Whether items that are near every query are corrected for that."
    )
    delta: float | None = Field(
        None,
        ge=0,
        le=1,
        description="How much it counts whether each phrase of the text is somewhere in a picture, "
        "beside the text as a whole; the collection must keep regions. By default what its encoder "
        "was found to gain by, where images are all that is compared.",
    )
    cursor: str | None = Field(None, max_length=MAX_CURSOR)
    engine: str | None = Field(
        None, max_length=MAX_NAME, description="The index to use; by default it is planned."
    )
    recall_target: float | None = Field(
        None, ge=0.5, lt=1, description="Below 1 a few of the best may be missed, for speed."
    )

    def to_arguments(self) -> dict[str, Any]:
        """Keyword arguments of `Collection.search`.

        Raises
        ------
        InputError
            If an image is not base64, or a coordinate is out of range.
        """
        # All but what is unpacked here is passed on under its own name, as it is.
        taken_apart = {"text", "images", "vector", "terms", "near"}
        arguments = {
            name: getattr(self, name) for name in type(self).model_fields if name not in taken_apart
        }
        texts = _unpack(self.text, lambda term: (term.text, term.weight))
        terms = [term.to_argument() for term in self.terms]
        words = texts if isinstance(texts, list) else [] if texts is None else [texts]
        arguments["query"] = [*words, *terms] if terms else texts
        arguments["vector"] = _unpack(self.vector, lambda term: (term.vector, term.weight))
        near = self.near
        arguments["near"] = near.to_place() if isinstance(near, PlaceIn) else near
        arguments["image"] = [
            (term.decode(f"images[{position}].data"), term.weight)
            for position, term in enumerate(self.images)
            if term.id is None
        ] or None
        arguments["like"] = [
            (term.id, term.weight) for term in self.images if term.id is not None
        ] or None
        return arguments

    @staticmethod
    def of_saved(search: dict[str, Any]) -> dict[str, Any]:
        """The body that asks a saved search, of `placelens.query.saved`.

        Examples
        --------
        >>> SearchRequest.of_saved({"query": [{"kind": "like", "value": "a"}], "mu": 0.3})
        {'images': [{'id': 'a'}], 'mu': 0.3}
        """
        text, images, terms = _asked(search.get("query", []))
        asked = {"text": text, "images": images, "terms": terms}
        rest = {name: value for name, value in search.items() if name != "query"}
        return {name: value for name, value in asked.items() if value} | rest


class HeatRequest(ViewIn, SearchRequest):
    """A search, and the view of the map in which its scores are wanted."""


def _asked(query: Any) -> tuple[Any, list[Any], list[Any]]:
    """``text``, ``images`` and ``terms`` of what a saved search asks with."""
    if isinstance(query, str):
        return query, [], []
    texts: list[Any] = []
    images: list[Any] = []
    terms: list[Any] = []
    for term in query:
        weight = {"weight": term["weight"]} if "weight" in term else {}
        if term["kind"] == "text":
            texts.append({"text": term["value"], **weight} if weight else term["value"])
        elif term["kind"] == "like":
            images.append({"id": term["value"], **weight})
        else:
            terms.append(term)
    return texts, images, terms


def _unpack(value: Any, pair: Callable[[Any], tuple[Any, float]]) -> Any:
    """Turn the models in a list into pairs of the thing and its weight."""
    if not isinstance(value, list):
        return value
    return [pair(term) if isinstance(term, BaseModel) else term for term in value]
