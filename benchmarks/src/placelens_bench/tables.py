"""What ``placelens bench`` prints: tables where a benchmark has its own, else indented lines."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from placelens.cli.console import say, stdout


def print_result(name: str, result: Any) -> None:
    """A benchmark's result, for reading."""
    if name == "engine":
        _print_engine(result)
    elif name == "cosmat":
        _print_cosmat(result)
    elif name == "paper-000":
        _print_paper_000(result)
    elif name == "mcqi":
        _print_mcqi(result)
    else:
        say("\n".join(_lines(result)))


def for_json(name: str, result: Any) -> Any:
    """A benchmark's result, for programs; that of ``cosmat`` by its methods."""
    if name != "cosmat":
        return result
    from placelens_bench.cosmat import by_method

    return by_method(result)


def _print_engine(result: Mapping[str, Any]) -> None:
    """A table per workload, and what each method's index takes."""
    say(f"{result['items']:,} items, {result['dim']} dimensions, {result['cpus']} processors")
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
        say(path)


def _print_cosmat(result: Mapping[str, Any]) -> None:
    """A table of MAP, beside the published where there is such."""
    rows = []
    for method, figures in result["methods"].items():
        published = figures.get("published") or {}
        numbers = [figures[way] for way in ("i2t", "t2i", "mean")]
        numbers += [published.get(way) for way in ("i2t", "t2i", "mean")]
        cells = ("" if number is None else f"{number:.1f}" for number in numbers)
        rows.append([method, *cells, _chosen(figures.get("settings", {}))])
    head = ("image to text", "text to image", "mean", "published", "", "", "chosen")
    title = (
        f"MAP in percent, {result['data']}, {result['features']} features, {result['n_test']} test "
        f"images, {result['n_test_texts']} texts"
    )
    _print_rows(title, head, rows)


def _chosen(settings: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> str:
    """Settings in words; those of several rounds with strokes between."""
    rounds = [settings] if isinstance(settings, Mapping) else settings
    return " ".join(f"{name}={'/'.join(str(each[name]) for each in rounds)}" for name in rounds[0])


def _print_paper_000(result: Mapping[str, Any]) -> None:
    """Tables of time, precision and sizes."""
    from placelens_bench.paper_000.report import tables

    for table in tables(result):
        _print_rows(table.title, table.head, table.rows)


def _print_mcqi(result: Mapping[str, Any]) -> None:
    """Indented lines, and tables of the paper's model where it was trained."""
    from placelens_bench.mcqi.report import tables

    say("\n".join(_lines({key: value for key, value in result.items() if key != "map30"})))
    for table in tables(result):
        _print_rows(table.title, table.head, table.rows)


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
