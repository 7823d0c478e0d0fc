"""The methods by name: where each is written, and the package that it needs."""

from __future__ import annotations

import importlib
import importlib.util
from typing import NamedTuple

from placelens.installed import install_command
from placelens_bench.engine.methods.base import Method


class Listed(NamedTuple):
    """The module and class of a method; its package, and the name under which that is installed."""

    module: str
    name: str
    package: str = ""
    distribution: str = ""


# In this order they run: the scan gives the truth, BLAS what all are compared with.
METHODS = {
    "scan": Listed("exact", "ScanMethod"),
    "blas": Listed("numeric", "Blas"),
    "placelens": Listed("exact", "PlacelensMethod"),
    "rtree": Listed("exact", "RTreeMethod"),
    "geo_prefilter": Listed("numeric", "GeoPrefilter", "scipy", "scipy"),
    "ckdtree": Listed("trees", "KDTree", "scipy", "scipy"),
    "strtree": Listed("trees", "BoxTree", "shapely", "shapely"),
    "faiss_flat": Listed("graphs", "FaissFlat", "faiss", "faiss-cpu"),
    "faiss_hnsw": Listed("graphs", "FaissGraph", "faiss", "faiss-cpu"),
    "usearch": Listed("graphs", "USearch", "usearch", "usearch"),
    "lancedb": Listed("databases", "LanceDB", "lancedb", "lancedb"),
    "qdrant": Listed("qdrant", "Qdrant", "qdrant_edge", "qdrant-edge-py"),
    "duckdb": Listed("databases", "DuckDB", "duckdb", "duckdb"),
}
ALWAYS = ("scan", "blas")


def missing(name: str) -> str | None:
    """Why a method cannot run here; None when it can."""
    package = METHODS[name].package
    if not package or importlib.util.find_spec(package) is not None:
        return None
    command = install_command("rivals", distribution="placelens-bench")
    return f"{METHODS[name].distribution} is not installed; run: {command}"


def load(name: str) -> type[Method]:
    """The class of a method; its package is imported when it opens."""
    module = importlib.import_module(f"placelens_bench.engine.methods.{METHODS[name].module}")
    found: type[Method] = getattr(module, METHODS[name].name)
    return found
