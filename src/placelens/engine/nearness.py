"""How far "near" reaches where nobody said it, and what to say when nothing is near.

The scale of a decay that may widen is the larger of its own and the distance, less the decay's
offset, of the ``N_NEAR``-th nearest item that passes the filters (the farthest, where there are
fewer). So the nearest items get values that differ, however far away they are, and a place with
many items around it keeps the scale it has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from placelens.geo.decay import Decay
from placelens.geo.units import format_distance
from placelens.types import Float64Array, NothingNear

__all__ = ["N_NEAR", "Nearness", "reached"]

N_NEAR = 10


@dataclass(frozen=True, slots=True)
class Nearness:
    """The decay to search with, in words where it was widened, and what people must know.

    ``note`` says in words what ``nothing_near`` says in numbers; both are None where something is.
    """

    decay: Decay
    reach: str | None = None
    note: str | None = None
    nothing_near: NothingNear | None = None


def reached(
    decay: Decay, nearest_m: Float64Array, *, widens: bool, label: str, within_m: float | None
) -> Nearness:
    """Widen a decay where it may be, and say when nothing lies within it.

    Parameters
    ----------
    decay
        As asked for.
    nearest_m
        Distances of at most ``N_NEAR`` nearest items that pass the filters, increasing.
    widens
        Whether its scale may grow.
    label
        The place in words.
    within_m
        What counts as near, for saying that nothing is; None for within the scale.

    Examples
    --------
    >>> import numpy as np
    >>> far = np.array([7_000_000.0, 8_000_000.0])
    >>> wide = reached(Decay.parse("gauss:25km"), far, widens=True, label="Lyon", within_m=None)
    >>> wide.decay.scale_m, wide.note
    (8000000.0, 'nothing here lies within 25.0 km of Lyon; the nearest is 7,000 km away')
    >>> wide.nothing_near
    NothingNear(within_m=25000.0, nearest_m=7000000.0)
    """
    if within_m is None and decay.scale_m is not None:
        within_m = decay.scale_m + decay.offset_m
    if not len(nearest_m):
        return Nearness(
            decay,
            note=f"nothing here that passes the filters has a place, near {label} or not",
            nothing_near=NothingNear(within_m=within_m, nearest_m=None),
        )
    note = nothing_near = None
    if within_m is not None and nearest_m[0] > within_m:
        note = (
            f"nothing here lies within {format_distance(within_m)} of {label}; "
            f"the nearest is {format_distance(float(nearest_m[0]))} away"
        )
        nothing_near = NothingNear(within_m=within_m, nearest_m=float(nearest_m[0]))
    scale_m = float(nearest_m[-1]) - decay.offset_m
    if not widens or decay.scale_m is None or scale_m <= decay.scale_m:
        return Nearness(decay, note=note, nothing_near=nothing_near)
    reach = (
        f"{decay.kind} with a scale of {format_distance(scale_m)}, the distance of the "
        f"{len(nearest_m)}. nearest item, instead of {format_distance(decay.scale_m)}"
    )
    return Nearness(replace(decay, scale_m=scale_m), reach, note, nothing_near)
