"""A request: the arguments of a search, as given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from placelens.engine.query import Similarity
from placelens.errors import QueryError
from placelens.geo.uncertain import Uncertain
from placelens.query.values import plain
from placelens.types import FeatureName


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
    uncertain: Uncertain = "centre"
    sort: str | None = None
    parse: bool = True
    similarity: Similarity | None = None
    hubs: bool = True
    delta: float | None = None
    rerank: Any = None
    cursor: str | None = None
    engine: str | None = None
    recall_target: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """What was asked, without what was left at None, in plain JSON types."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: plain(value) for name, value in values.items() if value is not None}


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
