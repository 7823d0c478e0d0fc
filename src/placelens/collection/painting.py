"""Searching by what is painted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from placelens.collection.searching import Searching
from placelens.encoders.palette import Colour, cells_of_colours, hex_of, palette
from placelens.errors import InputError, ReadError
from placelens.ingest.extractor import Extractor, extract, extractors_for
from placelens.query.sketches import class_maps_of
from placelens.sketch.painting import ANYTHING, Form, Sketch
from placelens.sketch.term import words_of
from placelens.storage.faults import naming_faults
from placelens.types import Feature, FeatureName, ImageSpec, UInt8Array

if TYPE_CHECKING:
    from placelens.ingest.codes import QuantizeReport
    from placelens.results import Hits


@dataclass(frozen=True, slots=True)
class Palette:
    """What may be painted.

    Attributes
    ----------
    feature : the class maps that a sketch is compared with.
    classes : what they tell, by name.
    colours : red, green and blue of each class, in [0, 255]; a painted picture is read by them.
    grid : rows and columns of the maps.
    n_items : how many items have one.
    """

    feature: FeatureName
    classes: tuple[str, ...]
    colours: tuple[Colour, ...]
    grid: tuple[int, int]
    n_items: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        pairs = zip(self.classes, self.colours, strict=True)
        return {
            "feature": self.feature,
            "classes": [{"name": name, "colour": hex_of(colour)} for name, colour in pairs],
            "rows": self.grid[0],
            "columns": self.grid[1],
            "n_items": self.n_items,
        }


@contextmanager
def _named(image: Any) -> Iterator[None]:
    """Name the file that cannot be used."""
    try:
        yield
    except (ReadError, InputError) as error:
        if not isinstance(image, str | os.PathLike):
            raise
        raise type(error)(f"{os.fspath(image)}: {error}") from error


@naming_faults
class Painting(Searching):
    """Searches by a painted class map, by a photo's, or by a photo's that was painted over.

    In the examples ``scenes`` holds the same as ``photos``, with class maps: to its encoder, the
    other fake one of `placelens.testing`, blue is sky, green vegetation, and red a building.
    """

    @property
    def palette(self) -> Palette:
        """What may be painted here: the classes of the class maps, and their colours.

        Raises
        ------
        QueryError
            If the collection keeps no class maps; `fill` makes them.

        Examples
        --------
        >>> scenes.palette.classes, scenes.palette.grid
        (('sky', 'vegetation', 'road', 'building'), (14, 14))
        """
        feature, names = self._class_maps()
        rows, columns = (feature.shape or (0, 0))[:2]
        _, there = self._versions.version.maps(feature.name)
        return Palette(feature.name, names, palette(names), (rows, columns), len(there))

    def class_map(self, image: Any) -> UInt8Array:
        """What the cells of a picture show, as the collection's class maps have it.

        Parameters
        ----------
        image
            A path, bytes, or a PIL image.

        Returns
        -------
        (rows, columns, classes) uint8, 255 times the probability of each of `palette`'s classes.

        Raises
        ------
        QueryError
            If the collection keeps no class maps.
        ReadError
            If it is no picture.

        Examples
        --------
        >>> scenes.class_map(pictures / "blue.png")[0, 0].argmax()  # as the sky is
        np.int64(0)
        """
        maker = self._map_maker()
        from placelens.readers.images import pixels_of, whole_of

        with _named(image):
            if maker.size is not None:
                made = extract([maker], wholes=[{maker.size: whole_of(image, maker.size)}])
            else:
                made = extract([maker], pixels=[pixels_of(image, self.class_map_spec)])
        found: UInt8Array = made[0][maker.feature.name]
        return found

    @property
    def class_map_spec(self) -> ImageSpec:
        """How pictures are prepared for what makes the class maps: the encoder, or a segmenter.

        Raises
        ------
        QueryError, InputError
            If the collection keeps none, or only masks that were given.

        Examples
        --------
        >>> scenes.class_map_spec.size, scenes.class_map_spec.fit
        (28, 'squash')
        """
        maker = self._map_maker()
        if maker.size is None:
            return self.encoder.image_spec or ImageSpec(size=1)
        height, width = maker.size
        return ImageSpec(size=max(height, width), fit="squash")

    def _map_maker(self) -> Extractor:
        """What makes the class maps of new pictures."""
        feature, _ = self._class_maps()
        encoder = None if self.encoder_name is None else self.encoder
        found = extractors_for(self._table.manifest, encoder, self.path, [feature.name])
        if not found:
            raise InputError(
                f"{self.path} holds class maps of masks that were given, and nothing makes them of "
                "other pictures; paint over an item"
            )
        return found[0]

    def read_sketch(self, image: Any) -> Sketch:
        """A painted picture in the colours of `palette` as a sketch.

        Parameters
        ----------
        image
            Path of a PNG, say, or a PIL image; transparent, black or white may be anything.

        Raises
        ------
        InputError
            If more than a fifth of what is painted is in other colours.
        ReadError
            If it is no picture.

        Examples
        --------
        >>> from PIL import Image
        >>> sky = Image.new("RGB", (28, 14), scenes.palette.colours[0])
        >>> scenes.read_sketch(sky).cells.shape
        (14, 28)
        """
        from placelens.readers.images import read_image
        from placelens.readers.pixels import to_rgb

        _, names = self._class_maps()
        with _named(image):
            rgb = to_rgb(image) if hasattr(image, "convert") else read_image(image)
            cells = cells_of_colours(np.asarray(rgb, dtype=np.uint8), names)
        return Sketch(cells=cells, classes=names)

    def sketch(
        self,
        painting: Any = None,
        *,
        over: Any = None,
        form: Form | None = None,
        words_first: str | None = None,
        codes: bool | None = None,
        weight: float = 1.0,
        query: Any = None,
        **search: Any,
    ) -> Hits:
        """`search` by a painted class map: what is to be seen, and where in the picture.

        Parameters
        ----------
        painting
            A `Sketch`, or a picture as `read_sketch` takes it; None to look for the layout of
            ``over`` alone.
        over
            The photo that it was painted over: the id of an item, or a picture as `class_map`
            takes it.
        form
            "paper" (Eq. 5) or "mask"; see `Sketch`. None for that of the painting, else "paper".
        words_first
            Words that items' texts are to have; more of them come first, and the map decides among
            equals.
        codes
            Whether codes are compared instead of the maps, as `quantize` made them: the answer is
            approximate then. None for what the painting says, else the maps.
        weight
            What the sketch counts for beside ``query``, whose words count for 1.
        query, search
            The arguments of `search`.

        Raises
        ------
        QueryError, InputError, ReadError
            Naming what cannot be used.

        Examples
        --------
        >>> from placelens.sketch.painting import Sketch
        >>> hits = scenes.sketch(Sketch(cells=[[0]], classes=["sky"]), k=2)
        >>> [hit.id for hit in hits]
        ['blue', 'black']
        >>> scenes.sketch(over="red", near="Lyon", mu=0.1, k=1)[0].id
        'red'
        """
        _, names = self._class_maps()
        if painting is None:
            if over is None:
                raise InputError("there is nothing to look for; give a painting, a photo, or both")
            sketch = Sketch(cells=np.array([[ANYTHING]]), classes=names, over=self._map_of(over))
        else:
            sketch = painting if isinstance(painting, Sketch) else self.read_sketch(painting)
            sketch = sketch if over is None else replace(sketch, over=self._map_of(over))
        if form is not None:
            sketch = replace(sketch, form=form)
        if codes is not None:
            sketch = replace(sketch, codes=codes)
        if words_first is not None:
            sketch = replace(sketch, words=words_of(words_first))
        term = ({"kind": "sketch", "value": sketch}, weight)
        others = query if isinstance(query, list) else [] if query is None else [query]
        return self.search([*others, term], **search)

    def quantize(
        self, *, n_centroids: int = 256, parts: tuple[int, int] = (2, 2)
    ) -> QuantizeReport:
        """Keep codes of the class maps: a few bytes an image, by product quantization.

        Learnt from the maps that are there; what comes later gets codes as it comes. Calling it
        again learns anew. A search uses them where it is told to (``codes=True``).

        Parameters
        ----------
        n_centroids
            The paper's K, in 2 to 256: how many maps of a class are told apart.
        parts
            Rows and columns of parts that the map of each class is cut into: (2, 2) takes four
            bytes a class, and keeps 99.7% of what maps find; (1, 1) is the paper's setting, one
            byte a class, and keeps 96.7% (docs/sketch-bench.md).

        Raises
        ------
        QueryError, InputError
            If the collection keeps no class maps, or fewer than centroids.
        CollectionLockedError
            If another process is writing.

        Examples
        --------
        >>> report = scenes.quantize(n_centroids=2)
        >>> report.n_items, report.bytes_before, report.bytes_per_image
        (4, 784, 16)
        >>> scenes.sketch(over="red", codes=True, k=1).certificate.kind
        'approximate'
        """
        from placelens.ingest.codes import quantize

        self._class_maps()
        with self._table.writing():
            report = quantize(self._table, n_centroids=n_centroids, parts=parts)
        self._versions.settle()
        return report

    def _map_of(self, photo: Any) -> UInt8Array:
        """The class map of an item or of a picture."""
        if not isinstance(photo, str) or (photo not in self and Path(photo).is_file()):
            return self.class_map(photo)
        feature, _ = self._class_maps()
        kept: UInt8Array = self.feature(photo, feature.name)
        return kept

    def _class_maps(self) -> tuple[Feature, tuple[str, ...]]:
        feature = class_maps_of(self._table.manifest)
        return feature, tuple(name for name, _ in feature.blocks)
