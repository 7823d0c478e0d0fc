"""One source to its reading: the file opened once, decoded once, its facts ranked.

Where several say where or when a photo was taken, ``placelens.readers.metadata`` says who is
believed. This module runs in worker processes, so it imports nothing but Pillow, NumPy and xxhash.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import xxhash

from placelens.errors import MissingExtraError, ReadError
from placelens.files import read_regular
from placelens.readers.base import Reading, Source
from placelens.readers.embedded import embedded_metadata
from placelens.readers.geotiff import read_georeference
from placelens.readers.images import Decoded, decode, read_file
from placelens.readers.metadata import Metadata, Origin, TimeKind, merge
from placelens.readers.takeout import read_takeout
from placelens.readers.times import time_in_name
from placelens.readers.xmp import read_xmp
from placelens.types import ImageSpec

_MAX_SIDECAR_BYTES = 2**24


def read(source: Source, spec: ImageSpec | None) -> Reading:
    """Read a source.

    Parameters
    ----------
    source : a photo or a table's row, as ``discover`` gives it.
    spec : how the encoder wants its images; None when it takes none (the thumbnail is made
        all the same).

    Returns
    -------
    Reading
        ``content_hash`` is the XXH3-128 of the image file's bytes, or of the text where there is
        no image. ``warnings`` name what was ignored.

    Raises
    ------
    ReadError
        With the reason in words, for the list of skipped files.
    """
    if source.image is None:
        if source.text is None:
            raise ReadError("it has neither an image nor a text")
        content = source.text.encode("utf-8", "replace")
        return _reading(source, _said(source), content, None)
    try:
        data = read_file(source.image)
        decoded = decode(data, spec, name=Path(source.image).name)
    except MissingExtraError as error:
        raise ReadError(str(error)) from error
    with warnings.catch_warnings():
        # Pillow warns of odd EXIF; what matters of it is in Reading.warnings.
        warnings.simplefilter("ignore")
        statements = [
            Metadata(origin=Origin.EXIF, warnings=decoded.warnings),
            *_georeference(source, decoded),
            *embedded_metadata(data, decoded.info),
            *read_beside(source),
        ]
    return _reading(source, statements, data, decoded)


def read_beside(source: Source) -> list[Metadata]:
    """What is said of a photo outside its file: by a table's row, sidecars, and its name."""
    name = Path(source.image or source.key).name
    time = time_in_name(name) if source.image is not None else None
    return [
        *_said(source),
        *(_sidecar(path, name) for path in source.sidecars),
        Metadata(origin=Origin.NAME, time=time, time_kind=TimeKind.NAMED),
    ]


def _said(source: Source) -> list[Metadata]:
    """What a row or the caller says; a position that was estimated yields to measured ones."""
    estimated = source.place is not None and source.place_source == "estimated"
    place = Metadata(
        origin=Origin.ESTIMATE if estimated else Origin.ROW,
        place=source.place,
        place_source=(source.place_source or "given") if source.place else None,
        place_radius_m=source.place_radius_m if source.place else None,
    )
    rest = Metadata(
        origin=Origin.ROW,
        time=source.time,
        text=source.text,
        attributes=source.attributes,
        warnings=source.warnings,
    )
    return [place, rest]


def _reading(
    source: Source, statements: Sequence[Metadata], content: bytes, decoded: Decoded | None
) -> Reading:
    facts = merge(statements)
    return Reading(
        source=source,
        content_hash=xxhash.xxh3_128_hexdigest(content),
        statements=tuple(statements),
        text=facts.text,
        place=facts.place,
        place_source=facts.place_source,
        place_radius_m=facts.place_radius_m,
        time=facts.time,
        attributes=facts.attributes,
        width=decoded.width if decoded else None,
        height=decoded.height if decoded else None,
        pixels=decoded.pixels if decoded else None,
        wholes=decoded.wholes if decoded else {},
        thumbnail=decoded.thumbnail if decoded else None,
        warnings=facts.warnings,
    )


def _georeference(source: Source, decoded: Decoded) -> list[Metadata]:
    """Where a raster lies; a camera's raw file is none."""
    if source.image is None or "raw" in decoded.info:
        return []
    size = (decoded.width, decoded.height)
    return [read_georeference(source.image, decoded.info["exif"], size)]


def _sidecar(path: str, photo: str) -> Metadata:
    """A sidecar's facts; one that cannot be used costs a warning, never the photo."""
    file = Path(path)
    is_takeout = path.lower().endswith(".json")
    if is_takeout:
        origin = Origin.TAKEOUT
    else:
        own = file.stem.casefold() == photo.casefold()
        origin = Origin.SIDECAR if own else Origin.SIDECAR_OF_STEM
    try:
        data = read_regular(path, _MAX_SIDECAR_BYTES)
        return read_takeout(data) if is_takeout else read_xmp(data, origin)
    except ReadError as error:
        text = f"its sidecar {file.name} is ignored: {error}"
        return Metadata(origin=origin, warnings=(text,))
