"""Hits and items to a terminal, a pipe or a file."""

from __future__ import annotations

import io
import json
import sys
import webbrowser
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from placelens.cli.console import notice, print_json, say, stdout
from placelens.cli.paths import short_path
from placelens.display import visible
from placelens.errors import InputError
from placelens.export import FORMATS, dump, export, guess_format
from placelens.export.text_table import because, facts, heads, text_table
from placelens.export.writers import replacing
from placelens.folders import cache_folder
from placelens.types import Hit, Item

if TYPE_CHECKING:
    from rich.style import Style

    from placelens.index.base import Certificate
    from placelens.results import Hits


def choose_format(
    wanted: str | None, output: Path | None, *, otherwise: str | None, opened: bool = False
) -> str:
    """The format asked for, else the one of the file's name, else ``otherwise``.

    ``opened`` says that it is to be shown, for which a file is needed.

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
    if opened and output is None and chosen != "html":
        raise InputError(f"--open shows a contact sheet, or a file of {chosen}: give -o FILE")
    if chosen in FORMATS and FORMATS[chosen].binary and output is None and sys.stdout.isatty():
        raise InputError(f"{chosen} is binary and would garble the terminal; give -o FILE")
    return chosen


def write_things(
    things: Iterable[Hit | Item],
    *,
    format: str,
    output: Path | None,
    force: bool,
    of: type[Hit] | type[Item] = Item,
    blur: str | None = None,
    drop_places: bool = False,
    csv_safe: bool = False,
    thumbnails: Callable[[str], bytes | None] | None = None,
    open_it: bool = False,
) -> None:
    """Write to a file, and say so; or to stdout, and say only what was left out."""
    how: dict[str, Any] = {
        "format": format,
        "of": of,
        "blur": blur,
        "drop_places": drop_places,
        "csv_safe": csv_safe,
        "thumbnails": thumbnails,
    }
    if open_it and output is None:
        output, force = _kept_sheet(), True
    if output is not None:
        notice(str(export(things, output, force=force, **how)))
        if open_it:
            _show(output)
        return
    seen = io.BytesIO()
    stream = seen if sys.stdout.isatty() else sys.stdout.buffer
    report = dump(things, stream, **how)
    if stream is seen:
        say(seen.getvalue().decode(errors="backslashreplace").removesuffix("\n"))
    sys.stdout.flush()
    if report.n_left_out:
        notice(str(report))


def _kept_sheet() -> Path:
    """Where the contact sheet that was shown last lies; the browser needs it after we are gone."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "contact-sheet.html"


def _show(path: Path) -> None:
    """Open a file: a page in the browser, others with their own program."""
    address = path.resolve().as_uri()
    shown = webbrowser.open(address) if path.suffix == ".html" else not typer.launch(str(path))
    if not shown:
        notice(f"no program could be started to show it; open {path} yourself")


def print_hits(
    hits: Hits,
    *,
    format: str,
    output: Path | None,
    force: bool,
    explain_plan: bool,
    csv_safe: bool = False,
    open_it: bool = False,
) -> None:
    """The hits, and what is to be said of them."""
    if format == "json":
        _print_answer(hits, output, force, open_it)
    elif format == "table":
        _print_table(hits)
    else:
        write_things(
            hits,
            format=format,
            output=output,
            force=force,
            of=Hit,
            csv_safe=csv_safe,
            thumbnails=hits.thumbnails,
            open_it=open_it,
        )
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


def _print_answer(hits: Hits, output: Path | None, force: bool, open_it: bool) -> None:
    """The whole answer as JSON, as the REST API gives it."""
    if output is None:
        print_json(hits.to_dict())
        return
    with replacing(output, force=force) as stream:
        stream.write(json.dumps(hits.to_dict(), ensure_ascii=False, indent=2).encode() + b"\n")
    notice(f"wrote the answer to {output}")
    if open_it:
        _show(output)


def _print_table(hits: Hits) -> None:
    """A table fitted to the terminal; in a pipe the same columns, whole and without colour."""
    if not hits:
        return
    if not sys.stdout.isatty():
        say(text_table(hits, ids=True))
        return
    from rich.text import Text

    console = stdout()
    rows = [(*facts(hit)[:2], facts(hit)[2] + _estimated(hit)) for hit in hits]
    widths = [max(map(len, column)) for column in zip(heads(hits), *rows, strict=True)]

    def in_columns(cells: Sequence[str], title: str) -> str:
        padded = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True) if width]
        return "  ".join([*padded, title])

    # Long titles and names are left to the terminal to wrap, from where they can be copied whole.
    console.print(Text(in_columns(heads(hits), "title"), style="bold"), soft_wrap=True)
    indent = " " * (widths[0] + 2)
    for hit, cells in zip(hits, rows, strict=True):
        console.print(Text(in_columns(cells, visible(hit.item.title))), soft_wrap=True)
        if hit.item.image:
            path = short_path(visible(hit.item.image), console.width - len(indent))
            console.print(Text(indent).append(path, style=_link(hit.item.image)), soft_wrap=True)
        said = "  ".join(filter(None, (hit.id, because(hit))))
        console.print(Text(indent + visible(said), style="dim"), soft_wrap=True)


def _estimated(hit: Hit) -> str:
    return " (estimated)" if hit.item.place_source == "estimated" else ""


def _link(image: str) -> Style:
    """A link that terminals open on a click, to a file of this machine."""
    from rich.style import Style

    path = Path(image)
    return Style(dim=True, link=path.as_uri() if path.is_absolute() else None)
