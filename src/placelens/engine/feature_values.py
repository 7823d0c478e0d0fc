"""What an item has of a feature, as plain JSON types."""

from __future__ import annotations

from typing import Any

import numpy as np

from placelens.encoders.class_map import class_of_cells, confidence_of_cells
from placelens.encoders.palette import hex_of, palette
from placelens.encoders.parts import CLASS_MAP
from placelens.types import Feature, Objects, Regions

OTHER, OTHER_COLOUR = "other", "#808080"
LEAST_PROBABLE = 0.5


def feature_to_dict(
    feature: Feature, value: Any, *, minimum: float = LEAST_PROBABLE
) -> dict[str, Any]:
    """A feature of an item with its numbers; of a class map also what each cell shows.

    Parameters
    ----------
    feature, value
        As `placelens.storage.feature_columns` has them.
    minimum
        How probable a class must be for a cell to show it, in [0, 1].

    Examples
    --------
    >>> feature = Feature(
    ...     name="class_map", kind="map", length=4, shape=(1, 2, 2), blocks=(("sky", 1), ("sea", 1))
    ... )
    >>> made = feature_to_dict(feature, np.array([[[255, 0], [0, 51]]], dtype=np.uint8))
    >>> made["classes"], made["cells"], made["confidence"]
    (['sky', 'sea', 'other'], [[0, 2]], [[1.0, 0.8]])
    """
    answer: dict[str, Any] = {
        "name": feature.name,
        "kind": feature.kind,
        "shape": None if feature.shape is None else list(feature.shape),
        "values": _plain(value),
        "classes": None,
        "colours": None,
        "cells": None,
        "confidence": None,
    }
    if feature.kind == "objects":
        answer["classes"] = [name for name, _ in feature.blocks]
    if feature.name == CLASS_MAP and feature.blocks:
        names = [name for name, _ in feature.blocks]
        answer["classes"] = [*names, OTHER]
        answer["colours"] = [*map(hex_of, palette(names)), OTHER_COLOUR]
        answer["cells"] = class_of_cells(value, minimum).tolist()
        answer["confidence"] = confidence_of_cells(value).astype(np.float64).round(3).tolist()
    return answer


def _plain(value: Any) -> Any:
    if isinstance(value, Objects):
        return {name: each.tolist() for name, each in value._asdict().items()}
    if isinstance(value, Regions):
        return {"vectors": value.vectors.tolist(), "boxes": value.boxes.tolist()}
    return value.tolist() if isinstance(value, np.ndarray) else value
