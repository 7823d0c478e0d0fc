"""``placelens bench``: the figures of the documentation, measured here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from placelens.cli import options
from placelens.cli.console import notice, print_json, stdout


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


def _regions(data: Path | None, encoder: str, _quick: bool) -> Any:
    from placelens.bench.regions import run

    return run(_needed(data, "regions"), encoder=encoder)


def _answers(data: Path | None, encoder: str, _quick: bool) -> Any:
    from placelens.bench.answers import run

    return run(_needed(data, "answers"), encoder=encoder)


# Dispatch; the engine's and that of updates have options of their own.
BENCHES: Mapping[str, Callable[[Path | None, str, bool], Any]] = {
    "scan": _scan,
    "encoder": _encoder,
    "regions": _regions,
    "answers": _answers,
    "travel": _travel,
    "heritage": _heritage,
    "place-names": _place_names,
}
ENGINE = "engine"
UPDATES = "updates"
NAMES = (*BENCHES, ENGINE, UPDATES)
OF_UPDATES = ("items", "dim")


def _option(*names: str, help: str, metavar: str | None = None) -> Any:
    """An option of the engine's benchmark, in a panel of its own in the help."""
    return typer.Option(*names, help=help, metavar=metavar, rich_help_panel="Of 'engine'")


Items = Annotated[
    int | None, _option(help="How many items; 1,000,000 unless given. 'updates': 100,000.")
]
Dim = Annotated[int | None, _option(help="Their dimensions; 512 unless given. 'updates': 384.")]
Queries = Annotated[int | None, _option(help="How many queries; 200 unless given.")]
Methods = Annotated[str | None, _option(metavar="A,B", help="Only these, with scan and blas.")]
Workloads = Annotated[str | None, _option(metavar="A,B", help="Only these.")]
Budget = Annotated[
    float | None,
    _option(metavar="SECONDS", help="For a method's queries of a workload; 60 unless given."),
]
Work = Annotated[
    Path | None, _option(metavar="DIR", help="Keep data and indexes here, for the next time.")
]
Curves = Annotated[bool | None, _option("--curves", help="Also by items, k, mu and scale.")]
Plots = Annotated[Path | None, _option(metavar="DIR", help="Draw figures into this folder.")]


def command(
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"One of: {', '.join(NAMES)}.")],
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the real data sets.")
    ] = None,
    encoder: Annotated[str, typer.Option(help="See placelens encoders.")] = "lite",
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes, to try it out.")] = False,
    items: Items = None,
    dim: Dim = None,
    queries: Queries = None,
    methods: Methods = None,
    workloads: Workloads = None,
    budget: Budget = None,
    work: Work = None,
    curves: Curves = None,
    plots: Plots = None,
    as_json: options.JsonOption = False,
) -> None:
    """Measure speed and quality; every figure in the documentation comes from here."""
    from placelens.errors import InputError

    if name not in NAMES:
        raise InputError(f"benchmark {name!r} is not known; there are: {', '.join(NAMES)}")
    of_engine = {
        "items": items,
        "dim": dim,
        "queries": queries,
        "methods": _names(methods),
        "workloads": _names(workloads),
        "budget": budget,
        "work": work,
        "curves": curves,
        "plots": plots,
    }
    given = {option: value for option, value in of_engine.items() if value is not None}
    if name == ENGINE:
        result = _engine(data, quick, given)
    elif name == UPDATES and given.keys() <= set(OF_UPDATES):
        result = _updates(quick, given)
    elif given:
        option = next(option for option in given if name != UPDATES or option not in OF_UPDATES)
        whose = "benchmark 'engine' only"
        if option in OF_UPDATES:
            whose = "benchmarks 'engine' and 'updates' only"
        raise InputError(f"--{option} is an option of the {whose}")
    else:
        result = BENCHES[name](data, encoder, quick)
    if as_json:
        print_json(result)
    elif name == ENGINE:
        _print_engine(result)
    else:
        typer.echo("\n".join(_lines(result)))


def _names(written: str | None) -> tuple[str, ...] | None:
    """Names with commas between."""
    if written is None:
        return None
    return tuple(name.strip() for name in written.split(",") if name.strip())


def _engine(data: Path | None, quick: bool, given: Mapping[str, Any]) -> Any:
    """The engine's benchmark; its steps are told on stderr, since it takes long."""
    from placelens.bench.engine.run import QUICK, Settings, run

    settings = Settings(data=data, **{**(QUICK if quick else {}), **given})
    return run(settings, say=notice)


def _updates(quick: bool, given: Mapping[str, Any]) -> Any:
    from placelens.bench.updates import QUICK, run

    return run(**{**(QUICK if quick else {}), **given})


def _print_engine(result: Mapping[str, Any]) -> None:
    """A table per workload, and what each method's index takes."""
    typer.echo(
        f"{result['items']:,} items, {result['dim']} dimensions, {result['cpus']} processors"
    )
    keys = ("p50_ms", "p99_ms", "qps", "recall", "ratio_to_blas", "ratio_to_blas_run", "n_queries")
    head = ("p50 ms", "p99 ms", "queries/s", "recall", "x BLAS", "x BLAS apart", "n", "setting")
    for workload, methods in result["workloads"].items():
        rows = []
        for method, figures in methods.items():
            setting = " ".join(f"{key}={value}" for key, value in figures["setting"].items())
            rows.append([method, *(_short(figures.get(key)) for key in keys), setting])
        _print_rows(workload, head, rows)
    rows = []
    for method, facts in result["methods"].items():
        sizes = (facts.get("peak_rss_bytes"), facts.get("resident_growth_bytes"))
        megabytes = (None if size is None else round(size / 1e6) for size in sizes)
        numbers = (facts.get("build_s"), facts.get("index_overhead"), *megabytes)
        why = facts.get("skipped") or facts.get("failed") or ""
        rows.append([method, *map(_short, numbers), why])
    _print_rows("indexes", ("build s", "bytes/vectors", "peak MB", "resident MB", ""), rows)
    for path in result.get("plots", ()):
        typer.echo(path)


def _print_rows(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table whose last column is words; in a pipe it is as wide as it needs."""
    from rich.table import Table

    table = Table("", title=title, box=None, header_style="bold", pad_edge=False)
    table.title_justify = "left"
    for column in head[:-1]:
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column(head[-1])
    for row in rows:
        table.add_row(*row)
    console = stdout()
    if not sys.stdout.isatty():
        console.width = 200
    console.print()
    console.print(table)


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
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
