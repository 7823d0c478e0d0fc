"""``placelens bench``: the figures of the documentation, measured here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from placelens.cli import options
from placelens.cli.console import print_json


def _scan(_data: Path | None, encoder: str, quick: bool) -> Any:
    from placelens.bench.scan import run

    return run(items=10_000, queries=10) if quick else run()


def _travel(data: Path | None, encoder: str, _quick: bool) -> Any:
    from placelens.bench.travel import run

    return run(_needed(data, "travel"), encoder=encoder)


def _heritage(data: Path | None, encoder: str, _quick: bool) -> Any:
    from placelens.bench.heritage import run

    return run(_needed(data, "heritage"), encoder=encoder)


def _place_names(data: Path | None, _encoder: str, _quick: bool) -> Any:
    from placelens.bench.place_names import measure
    from placelens.geo.gazetteer import Gazetteer

    return measure(_needed(data, "place-names"), Gazetteer())


def _encoder(_data: Path | None, encoder: str, quick: bool) -> Any:
    from placelens.bench.encoder import run

    return run(encoder=encoder, rounds=1 if quick else 5)


# Dispatch, and the list of choices in messages.
BENCHES: Mapping[str, Callable[[Path | None, str, bool], Any]] = {
    "scan": _scan,
    "encoder": _encoder,
    "travel": _travel,
    "heritage": _heritage,
    "place-names": _place_names,
}


def command(
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"One of: {', '.join(BENCHES)}.")],
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the real data sets.")
    ] = None,
    encoder: Annotated[str, typer.Option(help="See placelens encoders.")] = "lite",
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes, to try it out.")] = False,
    as_json: options.JsonOption = False,
) -> None:
    """Measure speed and quality; every figure in the documentation comes from here."""
    from placelens.errors import InputError

    if name not in BENCHES:
        raise InputError(f"benchmark {name!r} is not known; there are: {', '.join(BENCHES)}")
    result = BENCHES[name](data, encoder, quick)
    if as_json:
        print_json(result)
    else:
        typer.echo("\n".join(_lines(result)))


def _needed(data: Path | None, name: str) -> Path:
    from placelens.errors import InputError

    if data is None:
        raise InputError(f"benchmark {name!r} needs real data; give its folder with --data DIR")
    return data


def _lines(value: Any, indent: str = "") -> list[str]:
    """A result as indented lines, numbers rounded."""
    if isinstance(value, Mapping):
        lines = []
        for key, entry in value.items():
            if isinstance(entry, Mapping | list | tuple):
                lines += [f"{indent}{key}", *_lines(entry, indent + "  ")]
            else:
                lines.append(f"{indent}{key:<16} {_short(entry)}")
        return lines
    if isinstance(value, list | tuple):
        return [line for entry in value for line in _lines(entry, indent)]
    return [f"{indent}{_short(value)}"]


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
