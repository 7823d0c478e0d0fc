"""The options of ``placelens search``, by what they say: what, where, limits, output."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from placelens.cli import completion

_WHAT, _WHERE, LIMITS, OUTPUT = "What", "Where", "Limits", "Output"

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
Vector = Annotated[
    list[str] | None,
    typer.Option(
        metavar="V",
        help="A vector to compare with: FILE.npy, numbers like 0.1,0.7, or - for stdin; V^0.5.",
        rich_help_panel=_WHAT,
    ),
]
Saved = Annotated[
    str | None,
    typer.Option(
        "--saved",
        metavar="NAME",
        help="A search that the collection keeps; what is given besides stands in place of its "
        "own.",
        autocompletion=completion.searches,
        rich_help_panel=_WHAT,
    ),
]
Save = Annotated[
    str | None,
    typer.Option(
        "--save",
        metavar="NAME",
        help="Keep this search in the collection under a name.",
        rich_help_panel=OUTPUT,
    ),
]
Similarity = Annotated[
    Literal["raw", "calibrated"] | None,
    typer.Option(
        metavar="KIND",
        help="raw cosines, or calibrated; by default calibrated where the encoder says how.",
        rich_help_panel=_WHAT,
    ),
]
Hubs = Annotated[
    bool,
    typer.Option(
        "--hubs/--no-hubs",
        help="Correct for items that are near every query.",
        rich_help_panel=_WHAT,
    ),
]
Delta = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=1.0,
        metavar="D",
        help="0: the words as a whole; 1: each phrase by the region that fits it best. Needs the "
        "feature regions.",
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
Explain = Annotated[
    bool,
    typer.Option(
        "--explain",
        help="Say of each hit why it is there: which words are which part of the picture.",
        rich_help_panel=OUTPUT,
    ),
]
ExplainTo = Annotated[
    Path | None,
    typer.Option(
        "--explain-to",
        metavar="DIR",
        help="Write each hit's picture with these parts drawn in to DIR, as PNG.",
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
        help="scan, gmrtree, filter, rtree or mtree; by default it is planned.",
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
