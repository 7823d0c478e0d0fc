"""The detectors of a user: added from a file, and found again by their names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from placelens.encoders.detectors.detector import Detector
from placelens.encoders.detectors.forms import Colours, Corners, Form, Wanted, find_form
from placelens.encoders.own_networks import NetworkShelf
from placelens.encoders.segmenters.inputs import Scale
from placelens.encoders.segmenters.networks import open_network


def add_detector(
    path: str | os.PathLike[str],
    *,
    labels: str | os.PathLike[str] | Sequence[str],
    name: str | None = None,
    scale: Scale | None = None,
    colours: Colours | None = None,
    corners: Corners | None = None,
    side: int | None = None,
) -> Detector:
    """Add a network that finds objects in images, to keep their boxes and explain hits by them.

    Its file is copied into placelens's data folder, and tried on two images in a process of its
    own before it is kept: what is no detector, or ends that process, is refused.

    Parameters
    ----------
    path
        An ONNX or TFLite file that takes one image, (1, height, width, 3) or (1, 3, height, width),
        and gives boxes as FastestDet, YOLOv5, YOLOv8 or an SSD with its postprocessing do.
    labels
        The names of its classes in the order of their numbers, or a file with a name a line.
        Background, other, void and the like are no classes, and are never found.
    name
        Small letters, digits, "-" and "_"; by default after the file.
    scale
        What it takes for a pixel's bytes: "unit" for [0, 1], "signed" for [-1, 1], "imagenet" for
        the mean and deviation of ImageNet, "bytes" for 0 to 255. By default "signed" for
        (height, width, 3) and "unit" for (3, height, width); one of whole numbers gets the bytes
        as they are.
    colours
        "rgb" or "bgr", for networks that were trained on what OpenCV reads; by default "bgr" for
        those of FastestDet's form, else "rgb".
    corners
        What the four numbers of a box are: "cxcywh" (middle, width, height), "xyxy" (left, top,
        right, bottom) or "yxyx". By default "cxcywh" of YOLO's, of an SSD's "xyxy" where classes
        are whole numbers, as PyTorch has them, else "yxyx", as TensorFlow does.
    side
        Pixels a side of the images, for a network that takes any; 512 by default.

    Raises
    ------
    InputError
        If the file or the labels cannot be read, or there is a detector of the name.
    EncoderError
        If the file is no network of this kind.
    MissingExtraError
        If it is a TFLite file, and what runs these is not installed.
    """
    wanted = Wanted(scale=scale, colours=colours, corners=corners, side=side)
    return _SHELF.add(path, labels=labels, name=name, wanted=wanted)


def load_detector(name: str) -> Detector:
    """A detector that was added, by its name; its files are checked, and its network waits.

    Raises
    ------
    EncoderError
        If there is none of the name (the message says how to add it), or its files are not what
        was added.
    """
    return _SHELF.load(name)


def detectors() -> list[dict[str, Any]]:
    """Facts about the detectors of this machine.

    Returns
    -------
    rows
        Dicts of plain JSON types: ``kind``, ``name`` and, where its files are what was added,
        ``fingerprint``, ``classes``, ``size``, ``scale``, ``colours``, ``output``, ``corners``,
        ``file`` and ``size_bytes``; else ``error``.
    """
    return [facts_of(name) for name in STORE.names()]


def remove_detector(name: str) -> None:
    """Forget a detector. What it found stays in its collections; new items get none.

    Raises
    ------
    EncoderError
        If there is none of the name.
    """
    STORE.remove(name)


def facts_of(name: str) -> dict[str, Any]:
    """The row of `detectors` of one of them."""
    return _SHELF.facts(name)


def _find_form(model: str, n_labels: int, wanted: Wanted) -> Form:
    return find_form(open_network(Path(model)), n_labels, wanted)


def _told(form: Form) -> dict[str, Any]:
    return {
        "colours": form.colours,
        "output": form.output,
        "corners": form.corners,
    }


_SHELF = NetworkShelf(Detector, Form.from_dict, _find_form, _told)
STORE = _SHELF.store
