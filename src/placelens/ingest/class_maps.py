"""Who makes a collection's class maps: its encoder, a segmenter of its user's, or nobody.

The fingerprint of the feature says which. A collection may come from anybody: it names a segmenter
by what it is called and by its hash, and only one that was added on this machine is ever run.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from placelens.display import shown
from placelens.encoders.parts import CLASS_MAP
from placelens.encoders.segmenters.cells import Grid
from placelens.encoders.segmenters.labels import Labels
from placelens.encoders.segmenters.registry import STORE, load_segmenter
from placelens.encoders.segmenters.segmenter import Segmenter, segmenter_name
from placelens.errors import EncoderMismatchError
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


def is_from_elsewhere(feature: Feature | None) -> bool:
    """Whether a feature is class maps that no encoder made: a segmenter did, or they were given."""
    if feature is None or feature.name != CLASS_MAP or feature.fingerprint is None:
        return False
    return is_given(feature) or segmenter_name(feature.fingerprint) is not None


def is_given(feature: Feature) -> bool:
    """Whether a feature is class maps that were given as masks."""
    return feature.name == CLASS_MAP and (feature.fingerprint or "").startswith(_MASKS)


def segmenter_of(feature: Feature | None, folder: Path) -> Segmenter | None:
    """The segmenter that made a collection's class maps; None where none did.

    ``folder`` is the collection's.

    Raises
    ------
    EncoderMismatchError
        If it is not on this machine, or another of the name is.
    EncoderError
        If its files are not what was added.
    """
    name = None if feature is None else segmenter_name(feature.fingerprint)
    if feature is None or feature.name != CLASS_MAP or name is None:
        return None
    if name not in STORE.names():
        raise EncoderMismatchError(
            f"{folder} keeps class maps of {feature.fingerprint}, a segmenter that is not on this "
            f"machine; if you have it, add it with: {STORE.command(name)}"
        )
    found = load_segmenter(name)
    if found.fingerprint != feature.fingerprint:
        raise EncoderMismatchError(
            f"{folder} keeps class maps of {feature.fingerprint}, and the segmenter {name} of this "
            f"machine is {found.fingerprint}; remove it and add the one that made them, with its "
            f"labels and settings: placelens models remove segmenter {name}, then "
            f"{STORE.command(name)}"
        )
    return found


def other_maker(kept: Feature, made: Feature, folder: Path) -> EncoderMismatchError:
    """The error that says that a collection's class maps are of another maker."""
    name = segmenter_name(made.fingerprint)

    how = f" --features {CLASS_MAP} --segmenter {name}" if name is not None else ""
    if is_given(made):
        how = ", and give it the masks: placelens index NEW.pl --masks FOLDER --labels FILE"
    elif name is None:
        how = f" --features {CLASS_MAP}"
    return EncoderMismatchError(
        f"{folder} keeps class maps of {shown(kept.fingerprint)} ({shown(kept.shape)}), and these "
        f"would be of {shown(made.fingerprint)} ({shown(made.shape)}); a collection keeps those of "
        f"one maker. Make another one: placelens index PHOTOS --to NEW.pl{how}"
    )
