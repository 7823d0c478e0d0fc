"""Options that several commands share, and what people write in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from placelens.display import shown
from placelens.errors import FilterError, InputError

CollectionArgument = Annotated[
    Path, typer.Argument(metavar="COLLECTION", help="The collection's folder.", show_default=False)
]
CsvSafe = Annotated[
    bool,
    typer.Option(
        "--csv-safe", help="In CSV, an apostrophe before cells that spreadsheets would run."
    ),
]
AllowDownload = Annotated[
    bool,
    typer.Option(
        "--allow-download",
        envvar="PLACELENS_ALLOW_DOWNLOAD",
        help="Fetch the collection's encoder from the hub if it is not here.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_WEIGHTED = re.compile(r"(?P<value>.+)\^(?P<weight>[-+]?(?:\d+(?:\.\d*)?|\.\d+))", re.DOTALL)
_BARE_NUMBER = re.compile(r"\d+(?:\.\d*)?|\.\d+")
_CONDITION = re.compile(r"(?P<name>[^=<>!]+)(?P<op><=|>=|!=|=|<|>)\s*(?P<value>.*)", re.DOTALL)
_OPERATORS = {"=": "eq", "!=": "ne", ">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}


def weighted(written: str) -> tuple[str, float]:
    """Split ``snow^-0.5`` into what is meant and its weight; 1 when none is written.

    Examples
    --------
    >>> weighted("at night"), weighted("snow^-0.5")
    (('at night', 1.0), ('snow', -0.5))
    """
    match = _WEIGHTED.fullmatch(written)
    return (match["value"], float(match["weight"])) if match else (written, 1.0)


def weighted_path(written: str) -> tuple[str, float]:
    """The same for a file, whose name may hold ``^`` itself."""
    return (written, 1.0) if Path(written).exists() else weighted(written)


def with_unit(written: str | None, option: str) -> str | None:
    """A distance, or a decay with its distances, that names its unit.

    In Python a bare number is metres; typed, ``--blur 1`` more likely means kilometres, and would
    blur next to nothing.

    Raises
    ------
    InputError
        If a number has no unit.

    Examples
    --------
    >>> with_unit("5km", "--radius"), with_unit("gauss:5km:1km", "--decay")
    ('5km', 'gauss:5km:1km')
    """
    for part in (written or "").split(":"):
        if _BARE_NUMBER.fullmatch(part.strip()):
            raise InputError(f"{option} {written} has no unit; write {part}km, {part}m or {part}mi")
    return written


def bounding_box(written: str) -> tuple[float, float, float, float]:
    """Read ``west,south,east,north``.

    Raises
    ------
    FilterError
        If it is not four numbers.
    """
    try:
        west, south, east, north = (float(part) for part in written.split(","))
    except ValueError:
        raise FilterError(
            f"--bbox {shown(written)} is not four numbers; write west,south,east,north, "
            "like 14.2,49.9,14.7,50.2"
        ) from None
    return west, south, east, north


def time_range(written: str) -> str | tuple[str | None, str | None]:
    """Read ``2019``, ``2019-06-01..2019-08-31``, or a range with one end open.

    Examples
    --------
    >>> time_range("2019-06"), time_range("2019..2021"), time_range("2019..")
    ('2019-06', ('2019', '2021'), ('2019', None))
    """
    if ".." not in written:
        return written
    start, _, end = written.partition("..")
    return start.strip() or None, end.strip() or None


def attribute_filters(written: Sequence[str]) -> dict[str, Any]:
    """Read ``city=Paris`` and ``rating>=3``.

    Several ``=`` on one attribute mean one of the values; other conditions on it all hold.

    Raises
    ------
    FilterError
        If a condition cannot be read, or ``=`` meets another condition on the same attribute.

    Examples
    --------
    >>> attribute_filters(["country=France", "country=Italy", "rating>=3", "rating<5"])
    {'country': {'in': ['France', 'Italy']}, 'rating': {'gte': 3, 'lt': 5}}
    """
    where: dict[str, dict[str, Any]] = {}
    for condition in written:
        match = _CONDITION.fullmatch(condition)
        if match is None:
            raise FilterError(
                f"--where {shown(condition)} is not a condition; write NAME=VALUE or one of "
                f"{' '.join(list(_OPERATORS)[1:])}, like rating>=3"
            )
        name, operator = match["name"].strip(), _OPERATORS[match["op"]]
        tests = where.setdefault(name, {})
        if operator == "eq":
            tests.setdefault("in", []).append(match["value"])
        elif operator in tests:
            raise FilterError(f"--where gives two values for {name}{match['op']}; give one")
        else:
            tests[operator] = match["value"] if operator == "ne" else _number(match["value"])
    return where


def geojson_file(path: Path) -> Mapping[str, Any]:
    """Read the GeoJSON of an area.

    Raises
    ------
    FilterError
        If the file is not JSON.
    """
    import json

    try:
        area: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise FilterError(f"--polygon {path} is not GeoJSON: {shown(str(error))}") from error
    return area


def _number(written: str) -> int | float | str:
    """What a range compares with: a number when it reads as one, else text (dates, names)."""
    for kind in (int, float):
        try:
            return kind(written)
        except ValueError:
            continue
    return written
