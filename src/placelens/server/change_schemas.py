"""What changes a collection; fields are called as in `Collection.update`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, FiniteFloat, model_validator
from pydantic_core import PydanticCustomError

from placelens.display import shown
from placelens.errors import InputError
from placelens.limits import MAX_CONDITIONS, MAX_ID, MAX_NAME, MAX_TEXT, MAX_VALUES
from placelens.server.schemas import PlaceIn, StrictRequest
from placelens.types import PlaceSource

__all__ = ["ItemChanges", "JobRequest", "ProposalRequest"]

_Scalar = Annotated[str, Field(max_length=MAX_TEXT)] | int | FiniteFloat | bool | None
_Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]


class ItemChanges(StrictRequest):
    """What to change of an item; what is left out stays as it is."""

    text: str | None = Field(None, max_length=MAX_TEXT, description="Null removes it.")
    place: PlaceIn | None = Field(None, description="Null removes it.")
    place_radius_m: FiniteFloat | None = Field(
        None, description="How far off the new place may be."
    )
    place_source: PlaceSource = Field("given", description="How the new place is known.")
    time: str | None = Field(
        None, max_length=MAX_NAME, description="ISO 8601, with a zone or without; null removes it."
    )
    attributes: dict[_Name, _Scalar | Annotated[list[_Scalar], Field(max_length=MAX_VALUES)]] = (
        Field(
            default_factory=dict,
            max_length=MAX_CONDITIONS,
            description="Merged into those that are there: `title` is what an item is called. Null "
            "removes one.",
        )
    )

    def to_arguments(self) -> dict[str, Any]:
        """Keyword arguments of `Collection.update`: what was given, and nothing else.

        Raises
        ------
        InputError
            If the time cannot be read, or a coordinate is out of range.
        """
        given: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        if self.place is not None:
            given["place"] = self.place.to_place()
        if self.time is not None:
            given["time"] = _read_time(self.time)
        return given


class ProposalRequest(StrictRequest):
    """Where an item may be."""

    item_id: Annotated[str, Field(max_length=MAX_ID)]
    place: PlaceIn
    radius_m: FiniteFloat | None = Field(
        None, description="How far from it the item may be, in metres."
    )
    confidence: FiniteFloat | None = Field(
        None, description="How probable it is that it lies within, in [0, 1]."
    )
    evidence: str | None = Field(
        None, max_length=MAX_TEXT, description="What it rests on, in words."
    )

    def to_arguments(self) -> dict[str, Any]:
        """Keyword arguments of `Collection.propose`.

        Raises
        ------
        CoordinateError
            If a coordinate is missing or out of range.
        """
        return {**dict(self), "place": self.place.to_place()}


_MOST_UPLOADS = 1_000
_MOST_PATHS = 100
_Path = Annotated[str, Field(min_length=1, max_length=MAX_ID)]


class JobRequest(StrictRequest):
    """What to take in: uploads, paths on the server, or both."""

    uploads: list[_Path] = Field(
        default_factory=list,
        max_length=_MOST_UPLOADS,
        description="As `POST .../uploads` has answered.",
    )
    paths: list[_Path] = Field(
        default_factory=list,
        max_length=_MOST_PATHS,
        description="Photos, folders and tables below the folders of `--allow-root`.",
    )
    recursive: bool = Field(True, description="Whether to look into subfolders.")
    tables: bool = Field(True, description="Whether to read the tables among the photos.")
    exclude: list[Annotated[str, Field(max_length=MAX_NAME)]] = Field(
        default_factory=list,
        max_length=MAX_CONDITIONS,
        description="Patterns of files and folders to leave out, like `*.png`.",
    )

    @model_validator(mode="after")
    def _not_nothing(self) -> JobRequest:
        if not self.uploads and not self.paths:
            raise PydanticCustomError("job_request", "names neither uploads nor paths")
        return self


def _read_time(written: str) -> datetime:
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        raise InputError(
            f"time {shown(written)} is not a time like 2019-06-01T12:00:00 or "
            "2019-06-01T12:00:00+02:00"
        ) from None
