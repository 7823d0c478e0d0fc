"""Hits and items to a terminal, a pipe or a file."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from placelens.cli.console import notice, print_json, say, stdout
from placelens.display import visible
from placelens.errors import InputError
from placelens.export import FORMATS, dump, export, guess_format
from placelens.export.text_table import because, text_table
from placelens.export.writers import replacing
from placelens.geo.units import format_distance
from placelens.types import Hit, Item

if TYPE_CHECKING:
    from placelens.index.base import Certificate
    from placelens.results import Hits


def choose_format(wanted: str | None, output: Path | None, *, otherwise: str | None) -> str:
    """The format asked for, else the one of the file's name, else ``otherwise``.

    Raises
    ------
    InputError
        If there is no such format, none can be told, or a terminal would get binary data.
    """
    chosen = wanted or (guess_format(output) if output else otherwise)
    tables = () if otherwise is None else ("table",)
    if chosen is None:
        raise InputError(
            "say what to write: -o FILE, or --format with one of " + ", ".join(FORMATS)
        )
    if chosen not in (*FORMATS, *tables):
        raise InputError(
            f"there is no format {chosen!r}; choose one of {', '.join((*tables, *FORMATS))}"
        )
    if chosen == "table" and output is not None:
        raise InputError(f"a table is for the screen; write {output} with --format csv, or > it")
    if chosen in FORMATS and FORMATS[chosen].binary and output is None and sys.stdout.isatty():
        raise InputError(f"{chosen} is binary and would garble the terminal; give -o FILE")
    return chosen


def write_things(
    things: Iterable[Hit | Item],
    *,
    format: str,
    output: Path | None,
    force: bool,
    blur: str | None = None,
    drop_places: bool = False,
    csv_safe: bool = False,
) -> None:
    """Write to a file, and say so; or to stdout, and say only what was left out."""
    how: dict[str, Any] = {"blur": blur, "drop_places": drop_places, "csv_safe": csv_safe}
    if output is not None:
        notice(str(export(things, output, format=format, force=force, **how)))
        return
    seen = io.BytesIO()
    stream = seen if sys.stdout.isatty() else sys.stdout.buffer
    report = dump(things, stream, format=format, **how)
    if stream is seen:
        say(seen.getvalue().decode(errors="backslashreplace").removesuffix("\n"))
    sys.stdout.flush()
    if report.n_left_out:
        notice(str(report))


def print_hits(
    hits: Hits,
    *,
    format: str,
    output: Path | None,
    force: bool,
    explain_plan: bool,
    csv_safe: bool = False,
) -> None:
    """The hits, and what is to be said of them."""
    if format == "json":
        _print_answer(hits, output, force)
    elif format == "table":
        _print_table(hits)
    else:
        write_things(hits, format=format, output=output, force=force, csv_safe=csv_safe)
    if hits.doubt:
        notice(hits.doubt)
    if explain_plan and hits.plan is not None:
        notice(f"plan: {hits.plan.engine}, because {hits.plan.reason}; {hits.elapsed_ms:.1f} ms")
        if hits.certificate is not None:
            notice(f"certificate: {_certificate(hits.certificate)}")


def _certificate(certificate: Certificate) -> str:
    looked = f"{certificate.n_items:,} items looked at in {certificate.n_nodes:,} nodes"
    if certificate.bound is None:
        return f"{certificate.kind}; {looked}, which is all"
    return f"{certificate.kind}; {looked}; nothing else scores above {certificate.bound:.4f}"


def _print_answer(hits: Hits, output: Path | None, force: bool) -> None:
    """The whole answer as JSON, as the REST API gives it."""
    if output is None:
        print_json(hits.to_dict())
        return
    with replacing(output, force=force) as stream:
        stream.write(json.dumps(hits.to_dict(), ensure_ascii=False, indent=2).encode() + b"\n")
    notice(f"wrote the answer to {output}")


def _print_table(hits: Hits) -> None:
    """A table fitted to the terminal; in a pipe the same columns, whole and without colour."""
    if not hits:
        return
    if not sys.stdout.isatty():
        say(text_table(hits, ids=True))
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("rank", "score", "distance"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("title", overflow="ellipsis", ratio=3)
    table.add_column("because", overflow="fold", style="dim", ratio=2)
    for hit in hits:
        away = "" if hit.distance_m is None else format_distance(hit.distance_m)
        mark = " (estimated)" if hit.item.place_source == "estimated" else ""
        title = Text(visible(hit.item.title))
        names = "  ".join(filter(None, (hit.id, hit.item.image)))
        title.append("\n" + visible(names), style="dim")
        table.add_row(str(hit.rank), f"{hit.score:.3f}", away + mark, title, visible(because(hit)))
    stdout().print(table)
