"""What the URLs of lists, counts and searches take; filters are as on the command line."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, create_model

from placelens.engine.query import Similarity
from placelens.engine.sorting import DEFAULT_SORT
from placelens.engine.timeline import By
from placelens.limits import MAX_CURSOR, MAX_ID, MAX_PROPOSALS, MAX_TERMS, MAX_TEXT
from placelens.query.written import UNORDERED, WrittenFilter, read_filters
from placelens.server.schemas import MAX_K, SearchRequest, StrictRequest, ViewIn
from placelens.types import ProposalState

__all__ = [
    "ClusterRequest",
    "FilterRequest",
    "ListRequest",
    "ProposalListRequest",
    "SearchParameters",
    "TimelineRequest",
]


def _field(filter_: WrittenFilter) -> tuple[Any, Any]:
    """Type and default of the field of a filter."""
    if filter_.takes == "switch":
        return bool, Field(False, description=filter_.help)
    if filter_.takes == "texts":
        one: Any = Literal[filter_.choices] if filter_.choices else str
        said = f"{filter_.help} May be repeated."
        return list[one], Field(default_factory=list, description=said)
    if filter_.choices:
        return Literal[filter_.choices], Field(filter_.default, description=filter_.help)
    shape = f"{filter_.example}: " if filter_.example else ""
    return str | None, Field(filter_.default, description=f"{shape}{filter_.help}")


if TYPE_CHECKING:
    _Filters = StrictRequest
else:
    _Filters = create_model(
        "Filters",
        __base__=StrictRequest,
        **{name: _field(each) for name, each in UNORDERED.items()},
    )


def _same(name: str) -> Any:
    """The default, the bounds and the description of a field of `SearchRequest`."""
    return copy(SearchRequest.model_fields[name])


class FilterRequest(_Filters):
    """Which items are meant, as the query of a URL."""

    def to_arguments(self) -> dict[str, Any]:
        """Keyword arguments of what a collection does with filters.

        Raises
        ------
        FilterError
            If a filter cannot be read.
        """
        return read_filters({name: getattr(self, name) for name in UNORDERED})


class TimelineRequest(FilterRequest):
    """Which items are counted, by what."""

    by: By = "month"

    def to_arguments(self) -> dict[str, Any]:
        """Keyword arguments of `Collection.timeline`.

        Raises
        ------
        FilterError
            If a filter cannot be read.
        """
        return {**FilterRequest.to_arguments(self), "by": self.by}


class ClusterRequest(ViewIn, FilterRequest):
    """Which view of a map, and which items may be on it."""

    def to_arguments(self) -> dict[str, Any]:
        """Keyword arguments of `Collection.clusters`.

        Raises
        ------
        FilterError
            If a filter cannot be read.
        """
        view = {name: getattr(self, name) for name in ViewIn.model_fields}
        return {**super().to_arguments(), **view}


class ListRequest(FilterRequest):
    """Which items to list, and in which order."""

    sort: str = Field(
        DEFAULT_SORT, description="time (newest first), oldest, name, or distance from `near`."
    )
    k: int = Field(50, ge=1, le=MAX_K, description="Items of a page.")
    cursor: str | None = Field(None, description="Of the page before.")

    def to_arguments(self) -> dict[str, Any]:
        """Keyword arguments of `Collection.search`.

        Raises
        ------
        FilterError
            If a filter cannot be read.
        """
        page = {"sort": self.sort, "k": self.k, "cursor": self.cursor}
        return {**super().to_arguments(), **page}


class ProposalListRequest(StrictRequest):
    """Which proposals to list."""

    state: ProposalState | None = Field(None, description="Only those in it; else all.")
    k: int = Field(50, ge=1, le=MAX_PROPOSALS, description="Proposals of a page.")
    cursor: str | None = Field(None, max_length=MAX_CURSOR, description="Of the page before.")


class SearchParameters(FilterRequest):
    """A search that a URL can hold: the fields of `SearchRequest` but images, vectors and terms."""

    text: list[Annotated[str, Field(max_length=MAX_TEXT)]] = Field(
        default_factory=list, max_length=MAX_TERMS, description="Words; may be repeated."
    )
    like: list[Annotated[str, Field(max_length=MAX_ID)]] = Field(
        default_factory=list,
        max_length=MAX_TERMS,
        description="Ids of items that hits are to be like; may be repeated.",
    )
    sort: str | None = _same("sort")
    decay: str | None = _same("decay")
    mu: float = _same("mu")
    k: int = _same("k")
    parse: bool = _same("parse")
    similarity: Similarity | None = _same("similarity")
    hubs: bool = _same("hubs")
    delta: float | None = _same("delta")
    cursor: str | None = _same("cursor")
    engine: str | None = _same("engine")
    recall_target: float | None = _same("recall_target")
    format: Literal["json", "geojson"] = Field(
        "json", description="geojson for a FeatureCollection, to lay on a map."
    )

    def to_arguments(self) -> dict[str, Any]:
        """Keyword arguments of `Collection.search`.

        Raises
        ------
        FilterError
            If a filter cannot be read.
        """
        arguments = super().to_arguments()
        taken_apart = {*UNORDERED, "text", "like", "format"}
        for name in set(type(self).model_fields) - taken_apart:
            arguments[name] = getattr(self, name)
        arguments["query"] = self.text or None
        arguments["like"] = [(item_id, 1.0) for item_id in self.like] or None
        return arguments
