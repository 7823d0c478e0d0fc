"""``placelens export``: a collection, or what passes limits, to a file for other programs."""

from __future__ import annotations

from typing import Annotated

import typer

from placelens.cli import completion, options
from placelens.cli import search_options as opt
from placelens.cli.limits import Limits, takes_limits


@takes_limits
def command(
    *,
    collection: options.CollectionArgument,
    ids: Annotated[
        list[str] | None,
        typer.Option(
            "--id",
            metavar="ID",
            help="Only this item; may be repeated.",
            autocompletion=completion.ids,
            rich_help_panel=opt.LIMITS,
        ),
    ] = None,
    limits: Limits,
    output: opt.Output = None,
    format: Annotated[
        str | None,
        typer.Option(
            metavar="F",
            help="json, jsonl, csv, geojson, kml, gpx, gpkg, geoparquet, html, paths or paths0.",
            autocompletion=completion.formats,
            rich_help_panel=opt.OUTPUT,
        ),
    ] = None,
    blur: Annotated[
        str | None,
        typer.Option(
            metavar="1km",
            help="Replace positions by the centres of cells this wide.",
            rich_help_panel=opt.OUTPUT,
        ),
    ] = None,
    drop_places: Annotated[
        bool,
        typer.Option("--drop-places", help="Leave positions out.", rich_help_panel=opt.OUTPUT),
    ] = False,
    csv_safe: options.CsvSafe = False,
    force: opt.Force = False,
    open_it: opt.OpenIt = False,
) -> None:
    """Write items to a file, or to stdout: all, or those that are named and pass the limits."""
    from placelens.cli.console import notice
    from placelens.cli.output import choose_format, write_things
    from placelens.collection import Collection

    wanted = format or ("html" if open_it and output is None else None)
    chosen = choose_format(wanted, output, otherwise=None, opened=open_it)
    opened = Collection.open(collection)
    things = opened.items(ids=ids or None, **limits)
    for note in opened.mistyped(limits["where"] or {}):
        notice(note)
    write_things(
        things,
        format=chosen,
        output=output,
        force=force,
        blur=options.with_unit(blur, "--blur"),
        drop_places=drop_places,
        thumbnails=opened.thumbnail,
        open_it=open_it,
        csv_safe=csv_safe,
    )
