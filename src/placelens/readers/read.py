"""One source to its reading: the file opened once, decoded once, its facts ranked.

Where several say where or when a photo was taken, the first of these that does is believed:

1. the table's row, because it was made on purpose for these items;
2. the XMP sidecar, because people and photo managers write corrections there;
3. the file's EXIF, because it is what the camera measured;
4. the XMP packet inside the file, which programs derive from the EXIF;
5. Google Takeout's JSON, whose position may be Google's own estimate.

This module runs in worker processes, so it imports nothing but Pillow, NumPy and xxhash.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import xxhash

from placelens.errors import MissingExtraError, ReadError
from placelens.readers.base import Reading, Source
from placelens.readers.exif import read_exif
from placelens.readers.images import Decoded, decode, read_file
from placelens.readers.metadata import Metadata, merge
from placelens.readers.raw_exif import read_raw_exif
from placelens.readers.takeout import read_takeout
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
    said = Metadata(
        place=source.place,
        place_source=(source.place_source or "given") if source.place else None,
        time=source.time,
        text=source.text,
        attributes=source.attributes,
        warnings=source.warnings,
    )
    if source.image is None:
        if source.text is None:
            raise ReadError("it has neither an image nor a text")
        return _reading(source, said, source.text.encode("utf-8", "replace"), None)
    try:
        data = read_file(source.image)
        decoded = decode(data, spec, name=Path(source.image).name)
    except MissingExtraError as error:
        raise ReadError(str(error)) from error
    with warnings.catch_warnings():
        # Pillow warns of odd EXIF; what matters of it is in Reading.warnings.
        warnings.simplefilter("ignore")
        facts = merge([said, *_facts(source, decoded)])
    return _reading(source, facts, data, decoded)


def _reading(source: Source, facts: Metadata, content: bytes, decoded: Decoded | None) -> Reading:
    return Reading(
        source=source,
        content_hash=xxhash.xxh3_128_hexdigest(content),
        text=facts.text,
        place=facts.place,
        place_source=facts.place_source,
        time=facts.time,
        attributes=facts.attributes,
        width=decoded.width if decoded else None,
        height=decoded.height if decoded else None,
        pixels=decoded.pixels if decoded else None,
        thumbnail=decoded.thumbnail if decoded else None,
        warnings=facts.warnings,
    )


def _facts(source: Source, decoded: Decoded) -> Iterator[Metadata]:
    """What the sidecars and the file say, in the order in which they are believed."""
    takeout = []
    for path in source.sidecars:
        facts = _sidecar(path)
        if path.lower().endswith(".json"):
            takeout.append(facts)
        else:
            yield facts
    if "raw" in decoded.info:
        yield read_raw_exif(decoded.info["raw"])
    yield read_exif(decoded.info["exif"])
    if decoded.info["xmp"]:
        try:
            yield read_xmp(decoded.info["xmp"])
        except ReadError as error:
            yield Metadata(warnings=(f"its embedded XMP is ignored: {error}",))
    yield from takeout


def _sidecar(path: str) -> Metadata:
    """A sidecar's facts; one that cannot be used costs a warning, never the photo."""
    file = Path(path)
    try:
        if file.stat().st_size > _MAX_SIDECAR_BYTES:
            raise ReadError(f"it is larger than {_MAX_SIDECAR_BYTES // 2**20} MiB")
        data = file.read_bytes()
        return read_takeout(data) if path.lower().endswith(".json") else read_xmp(data)
    except OSError as error:
        reason = f"it cannot be opened: {error.strerror or error}"
    except ReadError as error:
        reason = str(error)
    return Metadata(warnings=(f"its sidecar {file.name} is ignored: {reason}",))
