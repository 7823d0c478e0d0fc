"""The options of ``placelens search``, by what they say: what, where, limits, output."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from placelens.cli import completion

_WHAT, _WHERE, _LIMITS, OUTPUT = "What", "Where", "Limits", "Output"

Words = Annotated[
    str | None,
    typer.Argument(
        metavar="TEXT",
        help="What to look for, in quotes; may name places: near Lyon. "
        "Without it, what passes the limits is listed.",
    ),
]
Text = Annotated[
    list[str] | None,
    typer.Option(metavar="T", help="More words; T^0.5 weighs them.", rich_help_panel=_WHAT),
]
Without = Annotated[
    list[str] | None,
    typer.Option("--not", metavar="T", help="Words to stay away from.", rich_help_panel=_WHAT),
]
Image = Annotated[
    list[str] | None,
    typer.Option(metavar="FILE", help="An example image; FILE^0.5.", rich_help_panel=_WHAT),
]
Like = Annotated[
    list[str] | None,
    typer.Option(metavar="ID", help="An item as the example; ID^0.5.", rich_help_panel=_WHAT),
]
TermOption = Annotated[
    list[str] | None,
    typer.Option(
        "--term",
        metavar="KIND=VALUE",
        help="A term of any kind, its value as JSON or a text; KIND=VALUE^0.5.",
        rich_help_panel=_WHAT,
    ),
]
Parse = Annotated[
    bool,
    typer.Option(
        "--parse/--no-parse", help="Read places and times in TEXT.", rich_help_panel=_WHAT
    ),
]
Near = Annotated[
    str | None,
    typer.Option(
        metavar="LAT,LON", help="Prefer what is near; or a town's name.", rich_help_panel=_WHERE
    ),
]
Centre = Annotated[
    str | None,
    typer.Option(
        "--near",
        metavar="LAT,LON",
        help="What --radius and --sort distance are measured from; or a town's name.",
        rich_help_panel=_LIMITS,
    ),
]
Decay = Annotated[
    str | None,
    typer.Option(
        metavar="D",
        help="How nearness falls: gauss:25km (default), exp:5km, linear:100km, linear.",
        autocompletion=completion.decays,
        rich_help_panel=_WHERE,
    ),
]
Mu = Annotated[
    float,
    typer.Option(
        min=0.0,
        max=1.0,
        metavar="M",
        help="0: meaning only; 1: place only.",
        rich_help_panel=_WHERE,
    ),
]
Radius = Annotated[
    str | None,
    typer.Option(metavar="5km", help="Nothing farther from --near.", rich_help_panel=_LIMITS),
]
Bbox = Annotated[
    str | None,
    typer.Option(metavar="W,S,E,N", help="A box; W > E crosses 180.", rich_help_panel=_LIMITS),
]
PolygonFile = Annotated[
    Path | None,
    typer.Option("--polygon", metavar="FILE", help="A GeoJSON area.", rich_help_panel=_LIMITS),
]
Time = Annotated[
    str | None,
    typer.Option(metavar="T", help="2019, 2019-06, 2019-06..2020.", rich_help_panel=_LIMITS),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COND",
        help="city=Paris, rating>=3, 'keywords contains sea', folder=2019/rome; see the manual.",
        autocompletion=completion.conditions,
        rich_help_panel=_LIMITS,
    ),
]
Modalities = Annotated[
    list[str] | None,
    typer.Option(
        "--modality",
        metavar="M",
        help="Compare image or text only.",
        autocompletion=completion.modalities,
        rich_help_panel=_LIMITS,
    ),
]
LocatedOnly = Annotated[
    bool,
    typer.Option("--located-only", help="Only items with a place.", rich_help_panel=_LIMITS),
]
Unlocated = Annotated[
    bool,
    typer.Option("--unlocated", help="Only items without a place.", rich_help_panel=_LIMITS),
]
Sort = Annotated[
    str | None,
    typer.Option(
        metavar="KEY",
        help="time (newest first), oldest, name, distance, or score; of a list, time.",
        autocompletion=completion.sorts,
        rich_help_panel=OUTPUT,
    ),
]
K = Annotated[
    int, typer.Option("-k", min=1, metavar="N", help="How many hits.", rich_help_panel=OUTPUT)
]
Page = Annotated[
    int, typer.Option(min=1, metavar="N", help="Which page of -k hits.", rich_help_panel=OUTPUT)
]
Cursor = Annotated[
    str | None,
    typer.Option(
        metavar="C", help="Go on after the answer whose JSON gave C.", rich_help_panel=OUTPUT
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        metavar="F",
        help="table, json, jsonl, csv, geojson, kml, gpx, gpkg, geoparquet, html, paths, paths0.",
        autocompletion=completion.formats_and_table,
        rich_help_panel=OUTPUT,
    ),
]
Null = Annotated[
    bool,
    typer.Option("-0", "--null", help="Paths ended by NUL, for xargs -0.", rich_help_panel=OUTPUT),
]
Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Write FILE.", rich_help_panel=OUTPUT),
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace FILE if it is there.", rich_help_panel=OUTPUT)
]
OpenIt = Annotated[
    bool,
    typer.Option(
        "--open", help="Show a contact sheet in the browser, or FILE.", rich_help_panel=OUTPUT
    ),
]
Why = Annotated[
    int | None,
    typer.Option(
        "--why",
        metavar="RANK",
        help="Say why the hit of this rank is there, and print nothing else.",
        rich_help_panel=OUTPUT,
    ),
]
ExplainPlan = Annotated[
    bool,
    typer.Option(
        "--explain-plan", help="Say which index answered, and why.", rich_help_panel=OUTPUT
    ),
]
Engine = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="scan, gmrtree, filter or rtree; by default it is planned.",
        autocompletion=completion.engines,
        rich_help_panel=OUTPUT,
    ),
]
RecallTarget = Annotated[
    float | None,
    typer.Option(
        metavar="R",
        help="Below 1, like 0.99: faster, and that share of the best is found on average.",
        rich_help_panel=OUTPUT,
    ),
]
