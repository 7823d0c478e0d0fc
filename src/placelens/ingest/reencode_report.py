"""What making all anew by another encoder did, or would do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from placelens.readers.base import Skipped
from placelens.types import FeatureName


@dataclass(slots=True, kw_only=True)
class ReencodeReport:
    """What `reencode` did, or would do.

    Attributes
    ----------
    is_needed : False when all was of the encoder already. Then only what was left, or made from a
        preview, was tried again.
    encoder, fingerprint : of the vectors that there are now.
    encoder_before, fingerprint_before : of those that there were.
    n_items : items of the collection.
    n_images, n_texts : images and texts that were encoded, in earlier calls that were cut off too.
    n_resumed : items that such calls had done.
    n_changed : images whose file is another one than was imported; they were taken as they are.
    previews : images that could not be read again, and were made from the small preview that is
        stored of them, with the reason.
    left : items that are without a vector that they had, or should have, with the reason.
    dropped : features that the encoder does not make, and that are not kept any more.
    snapshots : names of those whose vectors are of the encoder before.
    seconds : what it took.
    """

    is_needed: bool
    encoder: str
    fingerprint: str
    encoder_before: str | None
    fingerprint_before: str | None
    n_items: int = 0
    n_images: int = 0
    n_texts: int = 0
    n_resumed: int = 0
    n_changed: int = 0
    previews: tuple[Skipped, ...] = ()
    left: tuple[Skipped, ...] = ()
    dropped: tuple[FeatureName, ...] = ()
    snapshots: tuple[str, ...] = ()
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        skipped = {
            name: [{"key": each.key, "reason": each.reason} for each in getattr(self, name)]
            for name in ("previews", "left")
        }
        return {**asdict(self), **skipped}
