"""EXIF of a camera's raw file: most are TIFF under another name, CR3 is a box file."""

from __future__ import annotations

from PIL import Image

from placelens.readers.exif import read_exif, read_tags
from placelens.readers.metadata import Metadata, Origin

# A CR3's metadata boxes lie at its start, before the pictures.
_CR3_SEARCH_BYTES = 2**20


def read_raw_exif(data: bytes) -> Metadata:
    """What a raw file's own EXIF says; nothing for formats that keep it in the preview (RAF)."""
    if data[4:12] == b"ftypcrx ":
        # Canon's boxes CMT1, CMT2 and CMT4 each hold a TIFF: image, EXIF and GPS tags.
        main, photo, gps = (_tags(_cr3_box(data, name)) for name in (b"CMT1", b"CMT2", b"CMT4"))
        return read_tags(main, photo, gps)
    exif = raw_tags(data)
    return Metadata(origin=Origin.EXIF) if exif is None else read_exif(exif)


def raw_tags(data: bytes) -> Image.Exif | None:
    """The tags of a raw file that is a TIFF: all but the newest Canon and the oldest Fuji."""
    if data[:2] not in (b"II", b"MM"):
        return None
    # ORF and RW2 differ from TIFF in the two bytes after the byte order alone.
    return _load((b"II*\0" if data[:2] == b"II" else b"MM\0*") + data[4:])


def _cr3_box(data: bytes, name: bytes) -> bytes:
    at = data.find(name, 0, _CR3_SEARCH_BYTES)
    if at < 4:
        return b""
    return data[at + 4 : at - 4 + int.from_bytes(data[at - 4 : at], "big")]


def _tags(tiff: bytes) -> dict[int, object]:
    exif = _load(tiff) if tiff else None
    return dict(exif) if exif is not None else {}


def _load(tiff: bytes) -> Image.Exif | None:
    exif = Image.Exif()
    try:
        exif.load(b"Exif\0\0" + tiff)
        # Values are decoded on first use, and that is where broken ones raise.
        dict(exif)
    except Exception:  # Pillow raises whatever the broken bytes lead it to
        return None
    return exif
