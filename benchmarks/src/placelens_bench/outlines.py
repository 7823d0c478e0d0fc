"""How many towns lie in the area of their own country, and how many in a foreign one.

    python -m placelens_bench.outlines

The towns are GeoNames' above 5,000 people. Where a town that is on no map has a disc of its own
it lies in it by construction; the bare outlines and those with their strips are counted as well.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass

import numpy as np

from placelens.geo import named_areas
from placelens.geo.areas import Polygon
from placelens.geo.outlines import outline, outline_codes
from placelens.geo.towns import TownTable, town_table

__all__ = ["Inside", "count_inside", "main"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """Towns that lie in their own country's area, and towns that lie in a foreign one."""

    n_towns: int
    n_own: int
    n_foreign: int
    missed: tuple[str, ...]

    @property
    def own_percent(self) -> float:
        """Of all towns, those in their own country's area."""
        return 100.0 * self.n_own / self.n_towns


def count_inside(towns: TownTable, *, bare: bool = False) -> Inside:
    """Count over all countries; ``bare`` outlines have no strips and discs."""
    codes = np.array(towns.countries)
    own, foreign = np.zeros(len(codes), np.bool_), np.zeros(len(codes), np.bool_)
    for code in sorted(code for code in outline_codes() if "-" not in code):
        area = Polygon.from_geojson(outline(code)) if bare else named_areas.shape_of(code)
        inside = area.contains(towns.lon, towns.lat)
        own |= inside & (codes == code)
        foreign |= inside & (codes != code)
    missed = Counter(codes[~own].tolist()).most_common()
    return Inside(
        n_towns=len(codes),
        n_own=int(own.sum()),
        n_foreign=int(foreign.sum()),
        missed=tuple(f"{code} {n}" for code, n in missed),
    )


def main() -> None:
    """Count and print."""
    towns = town_table()
    for name, bare in (("bare outlines", True), ("areas", False)):
        found = count_inside(towns, bare=bare)
        foreign = 100.0 * found.n_foreign / found.n_towns
        sys.stdout.write(
            f"{name:14} {found.own_percent:.3f} % of {found.n_towns:,} towns in their own country "
            f"({found.n_towns - found.n_own} not: {', '.join(found.missed[:6])}); "
            f"{foreign:.2f} % in a foreign one\n"
        )


if __name__ == "__main__":
    main()
