"""A network of a user's own that finds objects in images."""

from __future__ import annotations

from placelens.encoders.detectors.boxes import objects_of
from placelens.encoders.detectors.forms import Form, candidates, run
from placelens.encoders.own_networks import OwnNetwork, name_in
from placelens.errors import EncoderError
from placelens.types import Objects, UInt8Array


def detector_name(fingerprint: str | None) -> str | None:
    """The name in a detector's fingerprint; None for that of anything else.

    Examples
    --------
    >>> detector_name("detector:fastest:0123456789ab"), detector_name("lite-v2:0123456789ab")
    ('fastest', None)
    >>> detector_name("detector:../../etc:0123456789ab") is None
    True
    """
    return name_in(fingerprint, Detector.kind)


class Detector(OwnNetwork[Form]):
    """Finds objects in images: boxes, each with a class and how sure it is.

    `OwnNetwork` says what it is made of; ``classes`` are in the order of the numbers in
    `Objects.classes`.
    """

    kind = "detector"
    version = 1

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
        self._check(images)
        return [self._objects(image) for image in images]

    def _objects(self, image: UInt8Array) -> Objects:
        try:
            made = run(self._open(), self._form, image)
            boxes, scores = candidates(made, self._form, len(self._labels.names))
        except EncoderError as error:
            raise self._failed(error) from error
        return objects_of(boxes, scores[:, list(self._labels.channels)])
