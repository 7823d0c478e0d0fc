"""Who makes a collection's class maps and objects: its encoder, models of its user's, or nobody.

The fingerprint of the feature says which. A collection may come from anybody: it names a segmenter
or a detector by what it is called and by its hash, and only one that was added on this machine is
ever run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from placelens.display import shown
from placelens.encoders.detectors import registry as detectors
from placelens.encoders.detectors.detector import Detector, detector_name
from placelens.encoders.model_store import ModelStore
from placelens.encoders.parts import CLASS_MAP
from placelens.encoders.segmenters import registry as segmenters
from placelens.encoders.segmenters.segmenter import Segmenter, segmenter_name
from placelens.errors import EncoderMismatchError
from placelens.ingest.class_maps import is_given
from placelens.ingest.objects import OBJECTS
from placelens.types import Feature, FeatureName

# What messages call a feature that such a model makes.
_WORDS: Mapping[FeatureName, str] = {CLASS_MAP: "class maps", OBJECTS: "objects"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnModels:
    """Models of a user's that make features; None where there is none."""

    segmenter: Segmenter | None = None
    detector: Detector | None = None

    def with_those_of(self, kept: Mapping[FeatureName, Feature], folder: Path) -> OwnModels:
        """Where there is none here, the ones that made some features of a collection.

        Raises
        ------
        EncoderMismatchError
            If one is not on this machine, or another of the name is.
        EncoderError
            If its files are not what was added.
        """
        return OwnModels(
            segmenter=self.segmenter or segmenter_of(kept.get(CLASS_MAP), folder),
            detector=self.detector or detector_of(kept.get(OBJECTS), folder),
        )


NO_MODELS = OwnModels()


class _Model(Protocol):
    fingerprint: str


_M = TypeVar("_M", bound=_Model)


def segmenter_of(feature: Feature | None, folder: Path) -> Segmenter | None:
    """The segmenter that made a collection's class maps; None where none did.

    Raises as `OwnModels.with_those_of`.
    """
    if feature is None or feature.name != CLASS_MAP:
        return None
    name = segmenter_name(feature.fingerprint)
    return _of(feature, name, segmenters.STORE, segmenters.load_segmenter, folder)


def detector_of(feature: Feature | None, folder: Path) -> Detector | None:
    """The detector that found a collection's objects; None where none did.

    Raises as `OwnModels.with_those_of`.
    """
    if feature is None or feature.name != OBJECTS:
        return None
    name = detector_name(feature.fingerprint)
    return _of(feature, name, detectors.STORE, detectors.load_detector, folder)


def _of(
    feature: Feature, name: str | None, store: ModelStore, load: Callable[[str], _M], folder: Path
) -> _M | None:
    """The model of a name, if it is the one that made a feature."""
    if name is None:
        return None
    kind, what = store.kind, _WORDS[feature.name]
    if name not in store.names():
        raise EncoderMismatchError(
            f"{folder} keeps {what} of {feature.fingerprint}, a {kind} that is not on this "
            f"machine; if you have it, add it with: {store.command(name)}"
        )
    found = load(name)
    if found.fingerprint != feature.fingerprint:
        raise EncoderMismatchError(
            f"{folder} keeps {what} of {feature.fingerprint}, and the {kind} {name} of this "
            f"machine is {found.fingerprint}; remove it and add the one that made them, with its "
            f"labels and settings: placelens models remove {kind} {name}, then "
            f"{store.command(name)}"
        )
    return found


def is_from_elsewhere(feature: Feature | None) -> bool:
    """Whether no encoder made a feature: a model of a user's did, or it was given."""
    if feature is None or feature.fingerprint is None:
        return False
    if feature.name == OBJECTS:
        return True
    is_own = segmenter_name(feature.fingerprint) is not None
    return feature.name == CLASS_MAP and (is_given(feature) or is_own)


def other_maker(kept: Feature, made: Feature, folder: Path) -> EncoderMismatchError:
    """The error that says that a collection's class maps, or objects, are of another maker."""
    what = _WORDS[kept.name]
    how = f" --features {kept.name}"
    if is_given(made):
        how = ", and give it the masks: placelens index NEW.pl --masks FOLDER --labels FILE"
    elif (segmenter := segmenter_name(made.fingerprint)) is not None:
        how += f" --segmenter {segmenter}"
    elif (detector := detector_name(made.fingerprint)) is not None:
        how += f" --detector {detector}"
    shapes = [f" ({shown(each.shape)})" if each.shape else "" for each in (kept, made)]
    return EncoderMismatchError(
        f"{folder} keeps {what} of {shown(kept.fingerprint)}{shapes[0]}, and these "
        f"would be of {shown(made.fingerprint)}{shapes[1]}; a collection keeps those of "
        f"one maker. Make another one: placelens index PHOTOS --to NEW.pl{how}"
    )
