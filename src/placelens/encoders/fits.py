"""Calibrations as JSON: those that ship with an encoder, and those that a user fitted.

An encoder of the hub has none of its own. ``placelens calibrate`` fits them to a user's images and
captions and keeps them under the encoder's fingerprint, where loading the encoder finds them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from placelens.encoders.base import Answerability, Calibration
from placelens.errors import EncoderError
from placelens.folders import data_folder
from placelens.types import FeatureName

Pair = tuple[FeatureName, FeatureName]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fits:
    """What turns an encoder's cosines into probabilities.

    Attributes
    ----------
    calibrations, answerabilities : by (query modality, item modality).
    """

    calibrations: Mapping[Pair, Calibration] = field(default_factory=lambda: MappingProxyType({}))
    answerabilities: Mapping[Pair, Answerability] = field(
        default_factory=lambda: MappingProxyType({})
    )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Fits:
        """From lists of plain dicts under ``calibrations`` and ``answerabilities``."""
        return cls(
            calibrations=MappingProxyType(
                {
                    (fit["query"], fit["item"]): Calibration(
                        slope=fit["slope"], intercept=fit["intercept"]
                    )
                    for fit in data["calibrations"]
                }
            ),
            answerabilities=MappingProxyType(
                {
                    (fit["query"], fit["item"]): Answerability(
                        slope=fit["slope"],
                        size_slope=fit["size_slope"],
                        intercept=fit["intercept"],
                        largest=fit["largest"],
                    )
                    for fit in data["answerabilities"]
                }
            ),
        )

    def to_json(self) -> dict[str, list[dict[str, Any]]]:
        """Plain JSON types; what ``from_json`` reads."""
        return {
            "calibrations": [
                {
                    "query": query,
                    "item": item,
                    "slope": round(fit.slope, 4),
                    "intercept": round(fit.intercept, 4),
                }
                for (query, item), fit in self.calibrations.items()
            ],
            "answerabilities": [
                {
                    "query": query,
                    "item": item,
                    "slope": round(fit.slope, 4),
                    "size_slope": round(fit.size_slope, 4),
                    "intercept": round(fit.intercept, 4),
                    "largest": fit.largest,
                }
                for (query, item), fit in self.answerabilities.items()
            ],
        }


def fits_file(fingerprint: str) -> Path:
    """Where the fits of a user are kept for an encoder."""
    return data_folder() / "calibrations" / f"{fingerprint.replace(':', '-')}.json"


def load_fits(fingerprint: str) -> Fits:
    """What a user fitted for an encoder; empty when nothing was.

    Raises
    ------
    EncoderError
        If the file is there and is not what ``save_fits`` writes.
    """
    path = fits_file(fingerprint)
    try:
        return Fits.from_json(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Fits()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EncoderError(
            f"the calibrations {path} cannot be read ({error!r}); delete the file, or fit them "
            "anew: placelens calibrate"
        ) from error


def save_fits(fingerprint: str, fits: Fits) -> Path:
    """Keep fits for an encoder; the file's path."""
    path = fits_file(fingerprint)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(fits.to_json(), indent=1) + "\n", encoding="utf-8")
    return path
