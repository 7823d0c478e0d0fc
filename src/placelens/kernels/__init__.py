"""Numba loops: arrays in, arrays out; no I/O, no classes, no logging.

Rooms above call a kernel by its name here, ``kernels._distances``: its module, and numba with it,
is loaded on the first call, so that what needs no kernel starts without; and what needs a few
numbers only gets them from `placelens.kernels.plain`. What kernels take is in
`placelens.kernels.layout`, which needs no numba.
"""

import sys
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from placelens.kernels.best_regions import _best_regions as _best_regions
    from placelens.kernels.bounds import _largest_dense as _largest_dense
    from placelens.kernels.m_tree import _search_balls as _search_balls
    from placelens.kernels.m_tree import _slots_in_range as _slots_in_range
    from placelens.kernels.painted import _bound_distances as _bound_distances
    from placelens.kernels.painted import _map_distances as _map_distances
    from placelens.kernels.painted import _summarize_maps as _summarize_maps
    from placelens.kernels.place import _distance as _distance
    from placelens.kernels.place import _distances as _distances
    from placelens.kernels.place import _max_distance as _max_distance
    from placelens.kernels.place import _proximities as _proximities
    from placelens.kernels.polygon import _inside as _inside
    from placelens.kernels.polygon import _meetings as _meetings
    from placelens.kernels.quantized import _quantized_distances as _quantized_distances
    from placelens.kernels.quantized import _quantizer_tables as _quantizer_tables
    from placelens.kernels.rows import _rows_of_slots as _rows_of_slots
    from placelens.kernels.score import _calibrate as _calibrate
    from placelens.kernels.score import _cosines as _cosines
    from placelens.kernels.score import _meanings as _meanings
    from placelens.kernels.search import _scan_leaves as _scan_leaves
    from placelens.kernels.search import _search as _search
    from placelens.kernels.search import _search_slots as _search_slots
    from placelens.kernels.signatures import _encode as _encode
    from placelens.kernels.signatures import _fill_probe as _fill_probe

_MODULES = {
    "best_regions": ("_best_regions",),
    "bounds": ("_largest_dense",),
    "m_tree": ("_search_balls", "_slots_in_range"),
    "painted": ("_bound_distances", "_map_distances", "_summarize_maps"),
    "place": ("_distance", "_distances", "_max_distance", "_proximities"),
    "polygon": ("_inside", "_meetings"),
    "quantized": ("_quantized_distances", "_quantizer_tables"),
    "rows": ("_rows_of_slots",),
    "score": ("_calibrate", "_cosines", "_meanings"),
    "signatures": ("_encode", "_fill_probe"),
    "search": ("_scan_leaves", "_search", "_search_slots"),
}
_PLAIN = {
    "_best_regions",
    "_calibrate",
    "_cosines",
    "_distances",
    "_map_distances",
    "_max_distance",
    "_meanings",
    "_proximities",
}


_loading = threading.RLock()


def load(name: str) -> Any:
    """The kernel of a name; from now on all names here stand for kernels.

    One thread loads all of them: numba imports parts of itself while it compiles, under a lock,
    and two threads that import and compile kernels could wait for each other.
    """
    with _loading:
        for module, names in _MODULES.items():
            kernels = import_module(f"placelens.kernels.{module}")
            globals().update({each: getattr(kernels, each) for each in names})
    return globals()[name]


def __getattr__(name: str) -> Any:
    if name in _PLAIN and "placelens.kernels.jit" not in sys.modules:
        return getattr(import_module("placelens.kernels.plain"), name)
    if not any(name in names for names in _MODULES.values()):
        raise AttributeError(f"module 'placelens.kernels' has no attribute {name!r}")
    return load(name)
