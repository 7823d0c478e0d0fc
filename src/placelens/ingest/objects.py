"""Objects as a feature: what a detector of a user's found in each image."""

from __future__ import annotations

from placelens.encoders.detectors.detector import Detector
from placelens.types import MAX_OBJECTS, Feature

OBJECTS = "objects"


def objects_feature(detector: Detector) -> Feature:
    """The objects that a detector finds; its classes are the blocks."""
    return Feature(
        name=OBJECTS,
        kind="objects",
        length=MAX_OBJECTS,
        fingerprint=detector.fingerprint,
        blocks=tuple((name, 1) for name in detector.classes),
    )
