"""Kinds of models that a user may add, in one table: for ``placelens models``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from placelens.display import shown
from placelens.encoders.detectors.registry import detectors, remove_detector
from placelens.encoders.segmenters.registry import remove_segmenter, segmenters
from placelens.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelKind:
    """A kind of models.

    Attributes
    ----------
    summary : one line on what they are for.
    facts : rows of plain JSON types of those that are there, each with ``kind`` and ``name``.
    remove : forgets the one of a name.
    """

    summary: str
    facts: Callable[[], list[dict[str, Any]]]
    remove: Callable[[str], None]


MODEL_KINDS: Mapping[str, ModelKind] = MappingProxyType(
    {
        "segmenter": ModelKind(
            summary="tells the classes of an image's pixels, for class maps",
            facts=segmenters,
            remove=remove_segmenter,
        ),
        "detector": ModelKind(
            summary="finds objects in images, for explanations",
            facts=detectors,
            remove=remove_detector,
        ),
    }
)


def user_models() -> list[dict[str, Any]]:
    """Facts about the models of all kinds on this machine."""
    return [row for kind in MODEL_KINDS.values() for row in kind.facts()]


def remove_model(kind: str, name: str) -> None:
    """Forget a model.

    Raises
    ------
    InputError
        If there is no such kind; the message lists those there are.
    EncoderError
        If there is none of the name.
    """
    if kind not in MODEL_KINDS:
        raise InputError(
            f"there is no kind {shown(kind)} of models; there are: {', '.join(MODEL_KINDS)}"
        )
    MODEL_KINDS[kind].remove(name)
