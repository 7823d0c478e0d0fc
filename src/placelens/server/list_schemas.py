"""What ``GET .../items`` takes and gives; filters are written as on the command line."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from placelens.engine.sorting import DEFAULT_SORT
from placelens.engine.times import split_range
from placelens.engine.where import parse_bbox, parse_where
from placelens.server.schemas import MAX_K, ItemOut, StrictRequest

__all__ = ["ItemList", "ListRequest", "ListedItem"]


class ListRequest(StrictRequest):
    """Which items to list, as the query of a URL."""

    near: str | None = Field(None, description="50.087,14.421 or a town's name.")
    radius: str | None = Field(None, description="5km; nothing farther from near.")
    bbox: str | None = Field(None, description="west,south,east,north")
    time: str | None = Field(None, description="2019, 2019-06, 2019-06..2020, 2019..")
    where: list[str] = Field(
        default_factory=list,
        description="city=Paris, rating>=3, keywords contains sea; may be repeated.",
    )
    modality: list[Literal["image", "text", "vector"]] = Field(default_factory=list)
    located_only: bool = False
    unlocated_only: bool = False
    sort: str = Field(
        DEFAULT_SORT, description="time (newest first), oldest, name, or distance from near."
    )
    k: int = Field(50, ge=1, le=MAX_K, description="Items of a page.")
    cursor: str | None = Field(None, description="Of the page before.")

    def to_arguments(self) -> dict[str, Any]:
        """Keyword arguments of `Collection.search`.

        Raises
        ------
        FilterError
            If the box or a condition cannot be read.
        """
        return {
            **self.model_dump(),
            "bbox": parse_bbox(self.bbox) if self.bbox is not None else None,
            "time": split_range(self.time) if self.time is not None else None,
            "where": parse_where(self.where) if self.where else None,
            "modality": self.modality or None,
        }


class ListedItem(ItemOut):
    """An item of a list."""

    distance_m: float | None = Field(description="From `near`, where that was given.")


class ItemList(BaseModel):
    """A page of the items that pass the filters."""

    items: list[ListedItem]
    n_items: int = Field(description="How many pass, on all pages together.")
    notes: list[str] = Field(
        description="In words, attributes and values of `where` that no item has."
    )
    cursor: str | None = Field(description="For the next page; null on the last.")
