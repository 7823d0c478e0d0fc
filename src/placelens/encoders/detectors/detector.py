"""A network of a user's own that finds objects in images."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from pathlib import Path

import numpy as np

from placelens.display import shown
from placelens.encoders.detectors.boxes import objects_of
from placelens.encoders.detectors.forms import Form, candidates, run
from placelens.encoders.segmenters.labels import Labels
from placelens.encoders.segmenters.networks import Network, open_network
from placelens.errors import EncoderError
from placelens.types import Objects, UInt8Array

_FINGERPRINT = re.compile(r"detector:(?P<name>[a-z0-9][a-z0-9_-]{0,63}):[0-9a-f]{12}")
# Another one with each change of what placelens makes of the same network's output.
_VERSION = 1


def fingerprint_of(name: str, *, model_sha256: str, labels: Labels, form: Form) -> str:
    """``detector:NAME:`` and 12 digits over all that decides what is found."""
    decisive = [_VERSION, model_sha256, labels.names, form.to_dict()]
    digest = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
    return f"detector:{name}:{digest[:12]}"


def detector_name(fingerprint: str | None) -> str | None:
    """The name in a detector's fingerprint; None for that of anything else.

    Examples
    --------
    >>> detector_name("detector:fastest:0123456789ab"), detector_name("lite-v2:0123456789ab")
    ('fastest', None)
    >>> detector_name("detector:../../etc:0123456789ab") is None
    True
    """
    match = _FINGERPRINT.fullmatch(fingerprint or "")
    return None if match is None else match["name"]


class Detector:
    """Finds objects in images: boxes, each with a class and how sure it is.

    The network is loaded when it is first used. Safe for use from several threads.

    Attributes
    ----------
    name : as it is called on this machine.
    classes : what it tells, in the order of the numbers in `Objects.classes`.
    size : height and width of the images that it takes, in pixels.
    fingerprint : changes whenever the same image could give other objects.

    Parameters
    ----------
    name
        Small letters, digits, "-" and "_".
    model
        Its file, which is what it was when it was added: see
        `placelens.encoders.detectors.registry`.
    labels, form, fingerprint
        What was found out then.
    """

    def __init__(
        self, name: str, *, model: Path, labels: Labels, form: Form, fingerprint: str
    ) -> None:
        self.name, self.fingerprint = name, fingerprint
        self.classes, self.size = labels.classes, form.size
        self._model, self._labels, self._form = model, labels, form
        self._network: Network | None = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Detector({self.fingerprint!r})"

    @property
    def model_file(self) -> str:
        """The name of its model's file."""
        return self._model.name

    @property
    def form(self) -> Form:
        """How its network is run."""
        return self._form

    def objects(self, images: UInt8Array) -> list[Objects]:
        """What is in whole images: what a collection keeps of them.

        Parameters
        ----------
        images
            (n, height, width, 3) uint8 RGB, of ``size``, each a whole image squashed to it.

        Raises
        ------
        EncoderError
            If the images are of another size, or the network fails or gives what it did not when
            it was added.
        """
        expected = (*self.size, 3)
        if (
            not isinstance(images, np.ndarray)
            or images.dtype != np.uint8
            or images.ndim != 4
            or images.shape[1:] != expected
        ):
            raise EncoderError(
                f"detector {self.name!r} takes images as an array (n, {self.size[0]}, "
                f"{self.size[1]}, 3) uint8, got {shown(getattr(images, 'shape', images))}"
            )
        return [self._objects(image) for image in images]

    def _objects(self, image: UInt8Array) -> Objects:
        try:
            made = run(self._open(), self._form, image)
            boxes, scores = candidates(made, self._form, len(self._labels.names))
        except EncoderError as error:
            raise EncoderError(f"detector {self.name!r}: {error}") from error
        return objects_of(boxes, scores[:, list(self._labels.channels)])

    def _open(self) -> Network:
        with self._lock:
            if self._network is None:
                network = open_network(self._model)
                network.prepared(self._form.input_shape)
                self._network = network
        return self._network
