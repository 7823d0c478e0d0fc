"""What an import tells while it runs and when it has finished."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from placelens.readers.base import Skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an import is: sources done and in all, unchanged ones not counted.

    ``skipped`` are those since the last time.
    """

    n_done: int
    n_total: int
    n_skipped: int
    n_unchanged: int
    skipped: tuple[Skipped, ...] = ()


ProgressCallback = Callable[[Progress], None]


@dataclass(slots=True, kw_only=True)
class IngestReport:
    """What an import did. ``n_images`` are the images encoded in ``seconds``."""

    n_added: int = 0
    n_updated: int = 0
    n_moved: int = 0
    n_unchanged: int = 0
    n_duplicates: int = 0
    n_removed: int = 0
    n_images: int = 0
    seconds: float = 0.0
    skipped: tuple[Skipped, ...] = ()
    warnings: tuple[tuple[str, str], ...] = ()

    @property
    def images_per_s(self) -> float:
        """Images decoded and encoded in a second."""
        return self.n_images / self.seconds if self.seconds > 0 else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "n_added": self.n_added,
            "n_updated": self.n_updated,
            "n_moved": self.n_moved,
            "n_unchanged": self.n_unchanged,
            "n_duplicates": self.n_duplicates,
            "n_removed": self.n_removed,
            "n_images": self.n_images,
            "seconds": self.seconds,
            "images_per_s": self.images_per_s,
            "skipped": [{"key": s.key, "reason": s.reason} for s in self.skipped],
            "warnings": [{"key": key, "message": text} for key, text in self.warnings],
        }
