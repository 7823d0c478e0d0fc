"""What ``POST .../export`` and ``POST .../originals`` take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from placelens.engine.query import MAX_K
from placelens.export import FORMATS
from placelens.limits import MAX_ID, MAX_ORIGINALS, MAX_ORIGINALS_BYTES
from placelens.server.schemas import Distance, SearchRequest, StrictRequest

__all__ = ["ExportRequest", "ExportedSearch", "OriginalsRequest"]

if TYPE_CHECKING:
    FormatName = str
else:
    FormatName = Literal[tuple(FORMATS)]

Id = Annotated[str, Field(max_length=MAX_ID)]


class ExportedSearch(SearchRequest):
    """A search whose hits are written to a file, which may be more than those of a page."""

    k: int = Field(10, ge=1, le=MAX_K)


class ExportRequest(StrictRequest):
    """What to write, how, and what of the places; the rest as `placelens export` takes it."""

    format: FormatName
    ids: list[Id] | None = Field(
        None, min_length=1, max_length=MAX_K, description="The items to write, in this order."
    )
    search: ExportedSearch | None = Field(
        None, description="Instead of `ids`: as `POST .../search` takes it, with a larger `k`."
    )
    blur: Distance | None = Field(
        None,
        description="Replace positions by the centres of cells this wide: metres, or 1km. Scores, "
        "distances and footprints are left out as well.",
    )
    drop_places: bool = Field(False, description="Leave positions out, and the same with them.")
    csv_safe: bool = Field(
        False, description="In CSV, an apostrophe before cells that spreadsheets would run."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> ExportRequest:
        if (self.ids is None) == (self.search is None):
            given = "neither" if self.ids is None else "both"
            raise PydanticCustomError(
                "export", "needs either ids or search; it has {given}", {"given": given}
            )
        return self


class OriginalsRequest(StrictRequest):
    """Whose files to send."""

    ids: list[Id] = Field(
        min_length=1,
        max_length=MAX_ORIGINALS,
        description=f"Their files may have {MAX_ORIGINALS_BYTES:,} bytes together.",
    )
    strip_location: bool = Field(
        False,
        description="Send no file as it is, since its metadata may say where it was taken, but a "
        "JPEG made anew of each picture, without any metadata.",
    )
