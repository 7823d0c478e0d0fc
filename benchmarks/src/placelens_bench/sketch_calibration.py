"""How probable a fit of a painting is that of what was painted: the constants of `SketchTerm`.

Paintings are made of the labels of camvid's drives, each told by a head that has not seen it (see
`sketch_data`). A match is a painting with the class map of its own photo; against each stand ten
random ones, half of them of other drives, half of photos of anything (flickr8k_more). What is
fitted there is tried on labelmefacade's part test, against the same photos of anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from placelens.encoders.base import Encoder
from placelens.errors import InputError
from placelens.evaluation import prepared_blocks
from placelens.evaluation.calibration import fit_calibration
from placelens.evaluation.prepared import image_spec_of
from placelens.sketch.distance import mass, squared_distances
from placelens.sketch.painting import query_of
from placelens.sketch.term import CALIBRATION
from placelens.types import Float64Array, UInt8Array
from placelens_bench.sketch_data import Photos, painting

ANYTHING_AT_ALL = "flickr8k_more"
_N_PHOTOS, _N_RANDOM = 400, 5
_SEED = 20180613
_N_BINS = 10


def calibration(
    data: Path, fitted_on: Photos, tried_on: Photos, encoder: Encoder
) -> dict[str, Any]:
    """What is fitted, what `placelens.sketch.term` holds, and how right that is elsewhere.

    Raises
    ------
    InputError
        If the photos of anything are not there.
    """
    paths = sorted((data / ANYTHING_AT_ALL / "images").glob("*.jpg"))[::15][:_N_PHOTOS]
    if not paths:
        raise InputError(f"{data / ANYTHING_AT_ALL} holds no images")
    blocks = prepared_blocks(paths, image_spec_of(encoder))
    anything = np.concatenate([encoder.encode_parts(b, ["class_map"])["class_map"] for b in blocks])
    own, near, far = _fits(fitted_on, anything, encoder.class_names)
    fit = fit_calibration([own, own], [near, far])
    slope, intercept = CALIBRATION
    tried, _, others = _fits(tried_on, anything, encoder.class_names)
    values = np.concatenate([tried, others])
    weights = np.concatenate([np.full(len(tried), 1.0), np.full(len(others), 10 / _N_RANDOM)])
    told = 1.0 / (1.0 + np.exp(-(slope * values + intercept)))
    is_match = np.arange(len(values)) < len(tried)
    return {
        "fitted": {"slope": fit.slope, "intercept": fit.intercept},
        "shipped": {"slope": slope, "intercept": intercept},
        "error_elsewhere": _error(told, is_match, weights),
        "mean_of_matches": float(told[is_match].mean()),
        "mean_of_others": float(told[~is_match].mean()),
    }


def _fits(
    photos: Photos, anything: UInt8Array, names: Sequence[str]
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """``1 - d / m`` of paintings with their own photos, with others of these, and with any."""
    rng = np.random.default_rng(_SEED)
    grid = (photos.maps.shape[1], photos.maps.shape[2])
    own, near, far = [], [], []
    for row, labels in enumerate(photos.labels):
        sketch = painting(labels, names, rng)
        if sketch is None:
            continue
        query, counts = query_of(sketch, names, grid)
        others = np.flatnonzero(photos.groups != photos.groups[row])
        chosen = photos.maps[rng.choice(others, _N_RANDOM)]
        strange = anything[rng.choice(len(anything), _N_RANDOM)]
        maps = np.concatenate([photos.maps[row][None], chosen, strange])
        fits = 1.0 - squared_distances(query, counts, maps) / mass(query, counts)
        own.append(fits[0])
        near += fits[1 : 1 + _N_RANDOM].tolist()
        far += fits[1 + _N_RANDOM :].tolist()
    return np.array(own), np.array(near), np.array(far)


def _error(told: Float64Array, is_match: np.ndarray, weights: Float64Array) -> float:
    """Expected calibration error over ten bins of equal width, with weights."""
    bins = np.minimum((told * _N_BINS).astype(int), _N_BINS - 1)
    total = 0.0
    for at in range(_N_BINS):
        own = bins == at
        if own.any():
            weight = weights[own].sum()
            gap = (weights[own] * (told[own] - is_match[own])).sum() / weight
            total += weight * abs(gap)
    return float(total / weights.sum())
