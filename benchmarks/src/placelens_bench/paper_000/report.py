"""A result as tables to be printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

DECAYS = {"linear": "linear decay", "gauss": "Gaussian decay, 25 km"}
MEGABYTE = 1e6


class Table(NamedTuple):
    """``head`` are the columns after the first; the last of them is words."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def tables(result: Mapping[str, Any]) -> Iterator[Table]:
    """Time by N and k, precision, and what the indexes take."""
    settings = result["settings"]
    by_k = f"{settings['items_by_k']:,} texts by k"
    images = f"{settings['n_images']:,} images by k"
    for name, title in (("by_n", "texts by N, k = 10"), ("by_k", by_k), ("images_by_k", images)):
        for kind, words in DECAYS.items():
            yield _times(result[name][kind], f"{title}, {words}")
    yield _precision(result)
    yield _sizes(result["index"])
    yield _recalls(result["index"])


def _times(curve: Mapping[str, Any], title: str) -> Table:
    rows = []
    for name, medians in curve["ms"].items():
        cells = zip(medians, curve["p95_ms"][name], curve["items"][name], strict=True)
        rows.append([name, *(f"{ms:.2f} ({p95:.2f}) {items:,.0f}" for ms, p95, items in cells), ""])
    head = [f"{x:,}" for x in curve["x"]]
    return Table(f"{title}: median ms (95th percentile), items looked at", [*head, ""], rows)


def _precision(result: Mapping[str, Any]) -> Table:
    rows = []
    for name, told in result["settings"]["spaces"].items():
        found = [
            result["precision"][way][weight][name]["precision"]
            for way in ("i2t", "t2i")
            for weight in ("mu05", "mu0")
        ]
        whole = result["retrieval"][name]
        found += [whole["map"]["i2t"], whole["map"]["t2i"], whole["mR"], told["validation_map"]]
        chosen = " ".join(f"{key}={value}" for key, value in told["settings"].items())
        rows.append([name, str(told["dim"]), *(f"{number:.1f}" for number in found), chosen])
    ways = ("i2t, mu 0.5", "i2t, mu 0", "t2i, mu 0.5", "t2i, mu 0")
    head = ("dim", *ways, "MAP i2t", "MAP t2i", "mR", "validation MAP", "chosen")
    return Table("precision at 10, MAP and recall of pairs in percent", head, rows)


def _sizes(index: Mapping[str, Any]) -> Table:
    rows = []
    for name, size in index["sizes"].items():
        parts = size["vector_bytes"], size["index_bytes"]
        numbers = [f"{part / MEGABYTE:.1f}" for part in (*parts, sum(parts))]
        rows.append([name, str(size["dim"]), *numbers, f"{size['build_s']:.1f}", ""])
    head = ("dim", "vectors MB", "index MB", "both MB", "build s", "")
    return Table(f"{index['items']:,} texts", head, rows)


def _recalls(index: Mapping[str, Any]) -> Table:
    rows = []
    for workload, lines in index["recall"].items():
        for name, found in lines.items():
            numbers = [f"{found['recall']:.3f}"]
            numbers += [f"{found[key]:.2f}" for key in ("ms", "exact_ms")]
            numbers += [f"{found[key]:,.0f}" for key in ("items", "exact_items")]
            rows.append([f"{workload} {name}", *numbers, ""])
    head = ("recall", "ms", "exact ms", "items", "exact items", "")
    return Table(f"the best 10 with recall_target {index['recall_target']}", head, rows)
