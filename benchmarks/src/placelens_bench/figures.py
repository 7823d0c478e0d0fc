"""What all figures of the benchmarks share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Okabe and Ito's, which colour-blind readers tell apart.
BLUE, ORANGE, GREEN, PURPLE, SKY, GREY = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#666666",
)


def save(figures: Mapping[str, Any], folder: Path, **options: Any) -> list[Path]:
    """Write figures as PNG files of their names; ``options`` are those of ``savefig``."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.png" for name in figures]
    for path, figure in zip(paths, figures.values(), strict=True):
        figure.savefig(path, **options)
    return paths
