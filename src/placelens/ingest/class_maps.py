"""Class maps as a feature: of an encoder, of a segmenter of a user's, or given as masks.

The fingerprint of the feature says which; `placelens.ingest.own_models` reads it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from placelens.encoders.parts import CLASS_MAP
from placelens.encoders.segmenters.cells import Grid
from placelens.encoders.segmenters.labels import Labels
from placelens.encoders.segmenters.segmenter import Segmenter
from placelens.types import Feature, FeatureName

_MASKS = "masks:"


def map_feature(
    name: FeatureName,
    shape: tuple[int, int, int],
    fingerprint: str,
    classes: Sequence[str] = (),
) -> Feature:
    """A map of so many rows, columns and channels, each of a class where these are named."""
    return Feature(
        name=name,
        kind="map",
        length=math.prod(shape),
        shape=shape,
        fingerprint=fingerprint,
        blocks=tuple((name, 1) for name in classes),
    )


def segmenter_feature(segmenter: Segmenter) -> Feature:
    """The class maps that a segmenter makes."""
    shape = (*segmenter.grid, len(segmenter.classes))
    return map_feature(CLASS_MAP, shape, segmenter.fingerprint, segmenter.classes)


def given_feature(labels: Labels, grid: Grid) -> Feature:
    """Class maps of masks that were given.

    Examples
    --------
    >>> made = given_feature(Labels(("void", "sky", "sea")), (14, 14))
    >>> made.shape, made.blocks, made.fingerprint
    ((14, 14, 2), (('sky', 1), ('sea', 1)), 'masks:5a866082326f')
    """
    classes = labels.classes
    fingerprint = f"{_MASKS}{labels.sha256[:12]}"
    return map_feature(CLASS_MAP, (*grid, len(classes)), fingerprint, classes)


def is_given(feature: Feature) -> bool:
    """Whether a feature is class maps that were given as masks."""
    return feature.name == CLASS_MAP and (feature.fingerprint or "").startswith(_MASKS)
