"""Options that several commands share, and what people write in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from placelens.cli import completion
from placelens.display import shown
from placelens.errors import FilterError, InputError

CollectionArgument = Annotated[
    Path,
    typer.Argument(
        metavar="COLLECTION",
        help="The collection's folder.",
        show_default=False,
        autocompletion=completion.collections,
    ),
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


def weighted(written: str) -> tuple[str, float]:
    """Split ``snow^-0.5`` into what is meant and its weight; 1 when none is written.

    Examples
    --------
    >>> weighted("at night"), weighted("snow^-0.5")
    (('at night', 1.0), ('snow', -0.5))
    """
    match = _WEIGHTED.fullmatch(written)
    return (match["value"], float(match["weight"])) if match else (written, 1.0)


def term(written: str) -> tuple[dict[str, Any], float]:
    """A term of any kind, ``KIND=VALUE`` or ``KIND=VALUE^0.5``, and its weight.

    Raises
    ------
    InputError
        If there is no "=".

    Examples
    --------
    >>> term("vector=[0.6, 0.8]^0.5")
    ({'kind': 'vector', 'value': [0.6, 0.8]}, 0.5)
    >>> term("text=a bridge")
    ({'kind': 'text', 'value': 'a bridge'}, 1.0)
    """
    import json

    kind, is_one, rest = written.partition("=")
    if not is_one:
        raise InputError(f"--term {shown(written)} has no kind; write KIND=VALUE, like text=boat")
    value, weight = weighted(rest)
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError):
        parsed = value
    return {"kind": kind.strip(), "value": parsed}, weight


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


def geojson_file(path: Path, option: str = "--polygon") -> Mapping[str, Any]:
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
        raise FilterError(f"{option} {path} is not GeoJSON: {shown(str(error))}") from error
    return area
