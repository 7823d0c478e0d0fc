"""The segmenters of a user: added from a file, and found again by their names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from placelens.arguments import as_path
from placelens.encoders.model_store import ModelStore
from placelens.encoders.segmenters.forms import Form, Output, Wanted, find_form
from placelens.encoders.segmenters.inputs import Scale
from placelens.encoders.segmenters.labels import labels_of, parsed_labels
from placelens.encoders.segmenters.networks import (
    ONNX,
    TFLITE,
    check_installed,
    kind_of,
    open_network,
)
from placelens.encoders.segmenters.segmenter import Segmenter, fingerprint_of
from placelens.encoders.trials import name_after, read_model, tried
from placelens.errors import PlacelensError, ReadError
from placelens.files import read_regular
from placelens.limits import MAX_LABELS_BYTES

STORE = ModelStore("segmenter")
_LABELS = "labels.txt"


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
    named = labels_of(labels)
    file = as_path(path, "the model")
    content = read_model(file)
    kind = kind_of(content)
    check_installed(kind)
    chosen = name if name is not None else name_after(file, STORE.kind)
    with STORE.adding(chosen) as folder:
        (folder / kind).write_bytes(content)
        del content  # half a gigabyte, perhaps
        (folder / _LABELS).write_text("\n".join(named.names) + "\n", encoding="utf-8")
        form = tried(
            _find_form,
            str(folder / kind),
            len(named.names),
            wanted,
            name=file.name,
            kind=STORE.kind,
        )
        STORE.write_facts(folder, {"model": kind, "form": form.to_dict()})
    return load_segmenter(chosen)


def load_segmenter(name: str) -> Segmenter:
    """A segmenter that was added, by its name; its files are checked, and its network waits.

    Raises
    ------
    EncoderError
        If there is none of the name (the message says how to add it), or its files are not what
        was added.
    """
    facts = STORE.read(name)
    folder = STORE.path(name)
    try:
        model = facts["model"]
        if model not in (ONNX, TFLITE):
            raise ValueError(f"no model file: {model}")
        digest = facts["sha256"][model]
        content = read_regular(folder / _LABELS, MAX_LABELS_BYTES)
        labels = parsed_labels(content, where=_LABELS)
        form = Form.from_dict(facts["form"])
    except (KeyError, TypeError, ValueError, ReadError) as error:
        raise STORE.damaged(name, str(error)) from error
    fingerprint = fingerprint_of(name, model_sha256=digest, labels=labels, form=form)
    return Segmenter(name, model=folder / model, labels=labels, form=form, fingerprint=fingerprint)


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
    row: dict[str, Any] = {"kind": STORE.kind, "name": name}
    try:
        found = load_segmenter(name)
        size_bytes = (STORE.path(name) / found.model_file).stat().st_size
    except (PlacelensError, OSError) as error:
        return {**row, "error": str(error)}
    form = found.form
    return {
        **row,
        "fingerprint": found.fingerprint,
        "classes": list(found.classes),
        "grid": list(found.grid),
        "size": list(found.size),
        "scale": form.scale or "as they are",
        "output": form.output,
        "file": found.model_file,
        "size_bytes": size_bytes,
    }


def _find_form(model: str, n_labels: int, wanted: Wanted) -> Form:
    return find_form(open_network(Path(model)), n_labels, wanted)
