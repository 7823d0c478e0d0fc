"""A network of a user's own that makes class maps of images."""

from __future__ import annotations

import numpy as np

from placelens.encoders.class_map import stored_map
from placelens.encoders.own_networks import OwnNetwork, name_in
from placelens.encoders.segmenters.forms import Form, cells_of, run
from placelens.errors import EncoderError
from placelens.types import UInt8Array


def segmenter_name(fingerprint: str | None) -> str | None:
    """The name in a segmenter's fingerprint; None for that of anything else.

    Examples
    --------
    >>> segmenter_name("segmenter:streets:0123456789ab"), segmenter_name("lite-v2:0123456789ab")
    ('streets', None)
    >>> segmenter_name("segmenter:../../etc:0123456789ab") is None
    True
    """
    return name_in(fingerprint, Segmenter.kind)


class Segmenter(OwnNetwork[Form]):
    """Tells, for the cells of a grid over an image, how probably each shows each class.

    `OwnNetwork` says what it is made of; ``classes`` are in the order of a class map's channels.

    Attributes
    ----------
    grid : rows and columns of its class maps.
    """

    kind = "segmenter"
    version = 1

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of its class maps."""
        return self.form.grid

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
        self._check(images)
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
            raise self._failed(error) from error
