"""How kernels are compiled: by numba, without the GIL, once on a machine.

What was compiled is kept in placelens's own cache folder. numba by itself would write beside the
source, which an install may forbid, or to a folder of its own, and refuses to go on where it can
write to neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numba
from numba.np import linalg

from placelens.folders import cache_folder


def kernel(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """``numba.njit`` with these options beside those that every kernel has."""

    def compiled(function: Callable[..., Any]) -> Any:
        try:
            with _own_cache():
                return numba.njit(function, nogil=True, cache=True, **options)
        except RuntimeError:  # there is no folder to be written to: compile in each process
            return numba.njit(function, nogil=True, **options)

    return compiled


@contextmanager
def _own_cache() -> Iterator[None]:
    """Kernels declared within are kept in our folder, unless NUMBA_CACHE_DIR names another.

    numba has one setting for a whole process, which it reads when a function is declared: the
    functions of whoever imports placelens are left as they are.
    """
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = before or str(cache_folder() / "kernels")
    try:
        yield
    finally:
        numba.config.CACHE_DIR = before


def _skip_probe_of_blas() -> None:
    """Load numba's array functions without its probe of SciPy, which costs 0.1 s.

    The probe asks whether scipy.linalg can be imported, by importing it. SciPy is a requirement
    of placelens, so it can; no kernel uses it.
    """
    probe = linalg.ensure_blas
    linalg.ensure_blas = lambda: None
    try:
        from numba.np import arraymath

        arraymath.ensure_blas = probe
    finally:
        linalg.ensure_blas = probe


_skip_probe_of_blas()
