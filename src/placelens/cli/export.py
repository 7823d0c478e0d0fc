"""``placelens export``: a whole collection to a file that other programs read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from placelens.cli import options


def command(
    *,
    collection: options.CollectionArgument,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="The file; its name tells the format."),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            metavar="F",
            help="json, jsonl, csv, geojson, kml, gpx, gpkg, geoparquet, paths or paths0.",
        ),
    ] = None,
    blur: Annotated[
        str | None,
        typer.Option(metavar="1km", help="Replace positions by the centres of cells this wide."),
    ] = None,
    drop_places: Annotated[
        bool, typer.Option("--drop-places", help="Leave positions out.")
    ] = False,
    csv_safe: options.CsvSafe = False,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it is there.")] = False,
) -> None:
    """Write all items to a file, or to stdout; positions can be blurred or left out."""
    from placelens.cli.output import choose_format, write_things
    from placelens.collection import Collection

    chosen = choose_format(format, output, otherwise=None)
    write_things(
        Collection.open(collection).items(),
        format=chosen,
        output=output,
        force=force,
        blur=options.with_unit(blur, "--blur"),
        drop_places=drop_places,
        csv_safe=csv_safe,
    )
