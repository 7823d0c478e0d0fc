"""How nearness falls with distance: every decay is non-increasing, from 1 down to 0.

=============== =========================== ==============================================
written         value at distance d         note
=============== =========================== ==============================================
``linear``      1 - d / d_max               paper 000, Eq. 4: d_max is the distance of the
                                            collection's farthest located item
``linear:5km``  max(0, 1 - d / 5 km)
``gauss:5km``   exp(-d² / (2 · (5 km)²))    the scale is the standard deviation, where the
                                            value is 0.61
``exp:5km``     exp(-d / 5 km)              the value at the scale is 0.37
=============== =========================== ==============================================

A second distance is an offset within which the value stays 1: ``gauss:5km:500m`` uses
max(0, d - 500 m) for d. (Elasticsearch's ``scale`` is where the value is 0.5; to carry a Gaussian
over, multiply its scale by 0.849.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from placelens.display import shown
from placelens.errors import QueryError
from placelens.geo.units import format_distance, parse_distance_m
from placelens.kernels.layout import EXP, GAUSS, LINEAR
from placelens.limits import MAX_NAME, within

DecayKind = Literal["linear", "gauss", "exp"]
KIND_CODES: dict[str, int] = {"linear": LINEAR, "gauss": GAUSS, "exp": EXP}


@dataclass(frozen=True, slots=True)
class Decay:
    """A decay: its kind, its scale in metres (None: d_max, linear only) and its offset."""

    kind: DecayKind
    scale_m: float | None = None
    offset_m: float = 0.0

    @classmethod
    def parse(cls, text: str | Decay) -> Decay:
        """Read ``kind[:scale[:offset]]``.

        Raises
        ------
        QueryError
            If the kind is unknown, the scale is missing or zero, or a distance cannot be read.

        Examples
        --------
        >>> Decay.parse("gauss:5km:500m")
        Decay(kind='gauss', scale_m=5000.0, offset_m=500.0)
        >>> Decay.parse("gauss")
        Traceback (most recent call last):
            ...
        placelens.errors.QueryError: decay 'gauss' needs a scale, like gauss:5km
        """
        if isinstance(text, Decay):
            return text
        if not isinstance(text, str):
            raise QueryError(f"decay {shown(text)} is not a text; write it like gauss:5km")
        kind, *distances = within(text, MAX_NAME, "decay").strip().split(":")
        if kind not in KIND_CODES:
            raise QueryError(
                f"decay {shown(text)} is not known; use {', '.join(KIND_CODES)}, "
                "with a scale like gauss:5km"
            )
        if len(distances) > 2:
            raise QueryError(f"decay {shown(text)} has too many parts; write kind:scale:offset")
        scale = parse_distance_m(distances[0], name="decay scale") if distances else None
        offset = parse_distance_m(distances[1], name="decay offset") if len(distances) > 1 else 0.0
        if scale is None and kind != "linear":
            raise QueryError(f"decay {shown(text)} needs a scale, like {kind}:5km")
        if scale == 0.0:
            raise QueryError(f"decay {shown(text)} needs a scale above 0")
        return cls(kind, scale, offset)  # type: ignore[arg-type]

    def __str__(self) -> str:
        parts: list[str] = [self.kind]
        if self.scale_m is not None:
            parts.append(f"{self.scale_m:g}m")
        if self.offset_m:
            parts.append(f"{self.offset_m:g}m")
        return ":".join(parts)

    def write(self) -> str:
        """The decay as people write it, in kilometres where these are whole enough.

        Examples
        --------
        >>> Decay("gauss", 642_000.0, 8_660.0).write()
        'gauss:642km:8660m'
        """
        distances = [d for d in (self.scale_m, self.offset_m) if d]
        parts = [f"{d / 1000:.0f}km" if d >= 10_000 else f"{d:.0f}m" for d in distances]
        return ":".join([self.kind, *parts])

    def describe(self) -> str:
        """The decay in words."""
        if self.scale_m is None:
            return "falling evenly to the farthest item"
        return f"{self.kind} with a scale of {format_distance(self.scale_m)}"
