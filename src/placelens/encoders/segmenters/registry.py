"""The segmenters of a user: added from a file, and found again by their names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from placelens.encoders.own_networks import NetworkShelf
from placelens.encoders.segmenters.forms import Form, Output, Wanted, find_form
from placelens.encoders.segmenters.inputs import Scale
from placelens.encoders.segmenters.networks import open_network
from placelens.encoders.segmenters.segmenter import Segmenter


def add_segmenter(
    path: str | os.PathLike[str],
    *,
    labels: str | os.PathLike[str] | Sequence[str],
    name: str | None = None,
    grid: int = 14,
    scale: Scale | None = None,
    output: Output | None = None,
    side: int | None = None,
) -> Segmenter:
    """Add a network that tells the classes of an image's pixels, to make class maps with.

    Its file is copied into placelens's data folder, and tried on two images in a process of its
    own before it is kept: what is no such network, or ends that process, is refused.

    Parameters
    ----------
    path
        An ONNX or TFLite file that takes one image, (1, height, width, 3) or (1, 3, height, width),
        and gives of each pixel the number of a class, or of each class its logit or probability.
        Of several outputs the first counts.
    labels
        The names of its classes in the order of their numbers, or a file with a name a line.
        Background, other, void and the like are no classes: they are what is left.
    name
        Small letters, digits, "-" and "_"; by default after the file.
    grid
        Rows, and columns, of the class maps.
    scale
        What it takes for a pixel's bytes: "unit" for [0, 1], "signed" for [-1, 1], "imagenet" for
        the mean and deviation of ImageNet, "bytes" for 0 to 255. By default "signed" for
        (height, width, 3), as TensorFlow's have it, "imagenet" for (3, height, width), as
        PyTorch's do; one of whole numbers gets the bytes as they are.
    output
        "logits", "probabilities" or "numbers"; by default what its values look like.
    side
        Pixels a side of the images, for a network that takes any; 512 by default.

    Raises
    ------
    InputError
        If the file or the labels cannot be read, or there is a segmenter of the name.
    EncoderError
        If the file is no network of this kind.
    MissingExtraError
        If it is a TFLite file, and what runs these is not installed.
    """
    wanted = Wanted(scale=scale, output=output, side=side, grid=grid)
    return _SHELF.add(path, labels=labels, name=name, wanted=wanted)


def load_segmenter(name: str) -> Segmenter:
    """A segmenter that was added, by its name; its files are checked, and its network waits.

    Raises
    ------
    EncoderError
        If there is none of the name (the message says how to add it), or its files are not what
        was added.
    """
    return _SHELF.load(name)


def segmenters() -> list[dict[str, Any]]:
    """Facts about the segmenters of this machine.

    Returns
    -------
    rows
        Dicts of plain JSON types: ``kind``, ``name`` and, where its files are what was added,
        ``fingerprint``, ``classes``, ``grid``, ``size``, ``scale``, ``output``, ``file`` and
        ``size_bytes``; else ``error``.
    """
    return [facts_of(name) for name in STORE.names()]


def remove_segmenter(name: str) -> None:
    """Forget a segmenter. What it made stays in its collections; new items get none.

    Raises
    ------
    EncoderError
        If there is none of the name.
    """
    STORE.remove(name)


def facts_of(name: str) -> dict[str, Any]:
    """The row of `segmenters` of one of them."""
    return _SHELF.facts(name)


def _find_form(model: str, n_labels: int, wanted: Wanted) -> Form:
    return find_form(open_network(Path(model)), n_labels, wanted)


def _told(form: Form) -> dict[str, Any]:
    return {
        "grid": list(form.grid),
        "output": form.output,
    }


_SHELF = NetworkShelf(Segmenter, Form.from_dict, _find_form, _told)
STORE = _SHELF.store
