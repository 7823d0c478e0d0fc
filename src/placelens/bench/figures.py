"""What all figures of the benchmarks share."""

from __future__ import annotations

import importlib.util

from placelens.errors import MissingExtraError

# Okabe and Ito's, which colour-blind readers tell apart.
BLUE, ORANGE, GREEN, PURPLE, SKY, GREY = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#666666",
)


def check() -> None:
    """Raise MissingExtraError unless figures can be drawn here."""
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingExtraError("drawing figures", "bench")
