"""Numba loops: arrays in, arrays out; no I/O, no classes, no logging.

Rooms above call a kernel by its name here, ``kernels._distances``: its module, and numba with it,
is loaded on the first call, so that what needs no kernel starts without; and what needs a few
numbers only gets them from `placelens.kernels.plain`. What kernels take is in
`placelens.kernels.layout`, which needs no numba.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from placelens.kernels.place import _distance as _distance
    from placelens.kernels.place import _distances as _distances
    from placelens.kernels.place import _max_distance as _max_distance
    from placelens.kernels.place import _proximities as _proximities
    from placelens.kernels.rows import _rows_of_slots as _rows_of_slots
    from placelens.kernels.score import _calibrate as _calibrate
    from placelens.kernels.score import _cosines as _cosines
    from placelens.kernels.score import _meanings as _meanings
    from placelens.kernels.signatures import _encode as _encode
    from placelens.kernels.signatures import _fill_probe as _fill_probe
    from placelens.kernels.tree import _scan_leaves as _scan_leaves
    from placelens.kernels.tree import _search as _search
    from placelens.kernels.tree import _search_slots as _search_slots

_MODULES = {
    "place": ("_distance", "_distances", "_max_distance", "_proximities"),
    "rows": ("_rows_of_slots",),
    "score": ("_calibrate", "_cosines", "_meanings"),
    "signatures": ("_encode", "_fill_probe"),
    "tree": ("_scan_leaves", "_search", "_search_slots"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}
_PLAIN = {"_calibrate", "_cosines", "_distances", "_max_distance", "_meanings", "_proximities"}


def load(name: str) -> Any:
    """The kernel of a name, compiled by numba; from now on it is what its name here stands for."""
    value = getattr(import_module(f"placelens.kernels.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __getattr__(name: str) -> Any:
    if name in _PLAIN and "placelens.kernels.jit" not in sys.modules:
        return getattr(import_module("placelens.kernels.plain"), name)
    if name not in _HOMES:
        raise AttributeError(f"module 'placelens.kernels' has no attribute {name!r}")
    return load(name)
