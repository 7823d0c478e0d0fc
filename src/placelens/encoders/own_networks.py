"""What segmenters and detectors have in common: networks of a user's own, kept and run by a form.

A kind of network is a subclass of `OwnNetwork`, which says what it makes of images, and a
`NetworkShelf`, which adds such networks and finds them again by their names.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np

from placelens.arguments import as_path
from placelens.display import shown
from placelens.encoders.model_store import ModelStore
from placelens.encoders.segmenters.labels import Labels, labels_of, parsed_labels
from placelens.encoders.segmenters.networks import (
    ONNX,
    TFLITE,
    Network,
    check_installed,
    kind_of,
    open_network,
)
from placelens.encoders.trials import name_after, read_model, tried
from placelens.errors import EncoderError, PlacelensError, ReadError
from placelens.files import read_regular
from placelens.limits import MAX_LABELS_BYTES
from placelens.types import UInt8Array

_LABELS = "labels.txt"
_FINGERPRINT = re.compile(r"(?P<kind>[a-z]+):(?P<name>[a-z0-9][a-z0-9_-]{0,63}):[0-9a-f]{12}")


class NetworkForm(Protocol):
    """How a network is run, as was found out when it was added."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of its images."""
        ...

    @property
    def input_shape(self) -> tuple[int, int, int, int]:
        """Of the array that it takes."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        ...


F = TypeVar("F", bound=NetworkForm)
N = TypeVar("N", bound="OwnNetwork[Any]")


def fingerprint_of(
    kind: str, name: str, *, version: int, model_sha256: str, labels: Labels, form: NetworkForm
) -> str:
    """``KIND:NAME:`` and 12 digits over all that decides what such a network makes of an image."""
    decisive = [version, model_sha256, labels.names, form.to_dict()]
    digest = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
    return f"{kind}:{name}:{digest[:12]}"


def name_in(fingerprint: str | None, kind: str) -> str | None:
    """The name in the fingerprint of a network of a kind; None for that of anything else."""
    match = _FINGERPRINT.fullmatch(fingerprint or "")
    return match["name"] if match is not None and match["kind"] == kind else None


class OwnNetwork(Generic[F]):
    """A network that is loaded when it is first used. Safe for use from several threads.

    Attributes
    ----------
    kind : of such networks, as "segmenter".
    version : another one with each change of what placelens makes of the same network's output.
    name : as it is called on this machine.
    classes : what it tells apart.
    size : height and width of the images that it takes, in pixels.
    fingerprint : changes whenever the same image could give something else.

    Parameters
    ----------
    name
        Small letters, digits, "-" and "_".
    model
        Its file, which is what it was when it was added: see `NetworkShelf`.
    labels, form, fingerprint
        What was found out then.
    """

    kind: ClassVar[str]
    version: ClassVar[int]

    def __init__(
        self, name: str, *, model: Path, labels: Labels, form: F, fingerprint: str
    ) -> None:
        self.name, self.fingerprint = name, fingerprint
        self.classes, self.size = labels.classes, form.size
        self._model, self._labels, self._form = model, labels, form
        self._network: Network | None = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.fingerprint!r})"

    @property
    def model_file(self) -> str:
        """The name of its model's file."""
        return self._model.name

    @property
    def form(self) -> F:
        """How its network is run."""
        return self._form

    def _check(self, images: UInt8Array) -> None:
        """Raise EncoderError unless these are images as it takes them."""
        expected = (*self.size, 3)
        if (
            not isinstance(images, np.ndarray)
            or images.dtype != np.uint8
            or images.ndim != 4
            or images.shape[1:] != expected
        ):
            raise EncoderError(
                f"{self.kind} {self.name!r} takes images as an array (n, {self.size[0]}, "
                f"{self.size[1]}, 3) uint8, got {shown(getattr(images, 'shape', images))}"
            )

    def _failed(self, error: EncoderError) -> EncoderError:
        """The error with the network's name."""
        return EncoderError(f"{self.kind} {self.name!r}: {error}")

    def _open(self) -> Network:
        with self._lock:
            if self._network is None:
                network = open_network(self._model)
                network.prepared(self._form.input_shape)
                self._network = network
        return self._network


@dataclass(frozen=True, slots=True)
class NetworkShelf(Generic[N]):
    """The networks of a kind on this machine.

    Attributes
    ----------
    make : the kind's class.
    read_form : what a form's `to_dict` gave, to the form.
    find_form : from the path of a model, how many labels it has and what is wanted of it, the form;
        run in a process of its own, so a function of a module.
    told : of a form, what `facts` tells beside what all kinds have.
    """

    make: type[N]
    read_form: Callable[[Any], Any]
    find_form: Callable[[str, int, Any], Any]
    told: Callable[[Any], Mapping[str, Any]]

    @property
    def store(self) -> ModelStore:
        """Where they are."""
        return ModelStore(self.make.kind)

    def add(
        self,
        path: str | os.PathLike[str],
        *,
        labels: str | os.PathLike[str] | Sequence[str],
        name: str | None,
        wanted: Any,
    ) -> N:
        """Copy a model's file, and try it in a process of its own before it is kept."""
        store = self.store
        named = labels_of(labels)
        file = as_path(path, "the model")
        content = read_model(file)
        kind = kind_of(content)
        check_installed(kind)
        chosen = name if name is not None else name_after(file, store.kind)
        with store.adding(chosen) as folder:
            (folder / kind).write_bytes(content)
            del content  # half a gigabyte, perhaps
            (folder / _LABELS).write_text("\n".join(named.names) + "\n", encoding="utf-8")
            form = tried(
                *(self.find_form, str(folder / kind), len(named.names), wanted),
                name=file.name,
                kind=store.kind,
            )
            store.write_facts(folder, {"model": kind, "form": form.to_dict()})
        return self.load(chosen)

    def load(self, name: str) -> N:
        """One that was added, by its name; its files are checked, and its network waits.

        Raises
        ------
        EncoderError
            If there is none of the name (the message says how to add it), or its files are not
            what was added.
        """
        store = self.store
        facts = store.read(name)
        folder = store.path(name)
        try:
            model = facts["model"]
            if model not in (ONNX, TFLITE):
                raise ValueError(f"no model file: {model}")
            digest = facts["sha256"][model]
            content = read_regular(folder / _LABELS, MAX_LABELS_BYTES)
            labels = parsed_labels(content, where=_LABELS)
            form = self.read_form(facts["form"])
        except (KeyError, TypeError, ValueError, ReadError) as error:
            raise store.damaged(name, str(error)) from error
        fingerprint = fingerprint_of(
            *(store.kind, name),
            **{
                "version": self.make.version,
                "model_sha256": digest,
                "labels": labels,
                "form": form,
            },
        )
        return self.make(
            name, model=folder / model, labels=labels, form=form, fingerprint=fingerprint
        )

    def facts(self, name: str) -> dict[str, Any]:
        """A row about one of them, of plain JSON types; with ``error`` where it is damaged."""
        store = self.store
        row: dict[str, Any] = {"kind": store.kind, "name": name}
        try:
            found = self.load(name)
            size_bytes = (store.path(name) / found.model_file).stat().st_size
        except (PlacelensError, OSError) as error:
            return {**row, "error": str(error)}
        return {
            **row,
            "fingerprint": found.fingerprint,
            "classes": list(found.classes),
            "size": list(found.size),
            "scale": found.form.scale or "as they are",
            **self.told(found.form),
            "file": found.model_file,
            "size_bytes": size_bytes,
        }
