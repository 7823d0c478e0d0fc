"""A network of a user's own that makes class maps of images."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from pathlib import Path

import numpy as np

from placelens.display import shown
from placelens.encoders.class_map import stored_map
from placelens.encoders.segmenters.forms import Form, cells_of, run
from placelens.encoders.segmenters.labels import Labels
from placelens.encoders.segmenters.networks import Network, open_network
from placelens.errors import EncoderError
from placelens.types import UInt8Array

_FINGERPRINT = re.compile(r"segmenter:(?P<name>[a-z0-9][a-z0-9_-]{0,63}):[0-9a-f]{12}")
# Another one with each change of what placelens makes of the same network's output.
_VERSION = 1


def fingerprint_of(name: str, *, model_sha256: str, labels: Labels, form: Form) -> str:
    """``segmenter:NAME:`` and 12 digits over all that decides a class map."""
    decisive = [_VERSION, model_sha256, labels.names, form.to_dict()]
    digest = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
    return f"segmenter:{name}:{digest[:12]}"


def segmenter_name(fingerprint: str | None) -> str | None:
    """The name in a segmenter's fingerprint; None for that of anything else.

    Examples
    --------
    >>> segmenter_name("segmenter:streets:0123456789ab"), segmenter_name("lite-v2:0123456789ab")
    ('streets', None)
    >>> segmenter_name("segmenter:../../etc:0123456789ab") is None
    True
    """
    match = _FINGERPRINT.fullmatch(fingerprint or "")
    return None if match is None else match["name"]


class Segmenter:
    """Tells, for the cells of a grid over an image, how probably each shows each class.

    The network is loaded when it is first used. Safe for use from several threads.

    Attributes
    ----------
    name : as it is called on this machine.
    classes : what a class map tells, in the order of its channels.
    grid : rows and columns of its class maps.
    size : height and width of the images that it takes, in pixels.
    fingerprint : changes whenever the same image could give another class map.

    Parameters
    ----------
    name
        Small letters, digits, "-" and "_".
    model
        Its file, which is what it was when it was added: see
        `placelens.encoders.segmenters.registry`.
    labels, form, fingerprint
        What was found out then.
    """

    def __init__(
        self, name: str, *, model: Path, labels: Labels, form: Form, fingerprint: str
    ) -> None:
        self.name, self.fingerprint = name, fingerprint
        self.classes, self.grid = labels.classes, form.grid
        self.size = form.size
        self._model, self._labels, self._form = model, labels, form
        self._network: Network | None = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Segmenter({self.fingerprint!r})"

    @property
    def model_file(self) -> str:
        """The name of its model's file."""
        return self._model.name

    @property
    def form(self) -> Form:
        """How its network is run."""
        return self._form

    def class_maps(self, images: UInt8Array) -> UInt8Array:
        """Class maps of whole images: what a collection keeps of them.

        Parameters
        ----------
        images
            (n, height, width, 3) uint8 RGB, of ``size``, each a whole image squashed to it.

        Returns
        -------
        (n, rows, columns, c) uint8
            255 x the probability of each of ``classes``; what is left of 255 is other.

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
                f"segmenter {self.name!r} takes images as an array (n, {self.size[0]}, "
                f"{self.size[1]}, 3) uint8, got {shown(getattr(images, 'shape', images))}"
            )
        channels = list(self._labels.channels)
        made = np.empty((len(images), *self.grid, len(channels)), dtype=np.float32)
        for at, image in enumerate(images):  # one by one: its numbers of an image fill 20 MB
            made[at] = self._cells(image)[..., channels]
        return stored_map(np.clip(made, 0, 1))

    def _cells(self, image: UInt8Array) -> np.ndarray:
        try:
            return cells_of(
                run(self._open(), self._form, image), self._form, len(self._labels.names)
            )
        except EncoderError as error:
            raise EncoderError(f"segmenter {self.name!r}: {error}") from error

    def _open(self) -> Network:
        with self._lock:
            if self._network is None:
                network = open_network(self._model)
                network.prepared(self._form.input_shape)
                self._network = network
        return self._network
