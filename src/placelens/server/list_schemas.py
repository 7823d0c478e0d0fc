"""What ``GET .../items`` and its like take; filters are written as on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, FiniteFloat, create_model

from placelens.engine.sorting import DEFAULT_SORT
from placelens.engine.timeline import By
from placelens.limits import MAX_ZOOM
from placelens.query.written import UNORDERED, WrittenFilter, read_filters
from placelens.server.schemas import MAX_K, StrictRequest

__all__ = ["ClusterRequest", "FilterRequest", "ListRequest", "TimelineRequest"]


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


class ClusterRequest(FilterRequest):
    """Which view of a map, and which items may be on it."""

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

    def to_arguments(self) -> dict[str, Any]:
        """Keyword arguments of `Collection.clusters`.

        Raises
        ------
        FilterError
            If a filter cannot be read.
        """
        view = {name: getattr(self, name) for name in ("zoom", "west", "south", "east", "north")}
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
