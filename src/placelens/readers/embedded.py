"""All that an image file says of itself: EXIF, XMP packets, IPTC records, in any format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from PIL import Image

from placelens.errors import ReadError
from placelens.readers.exif import read_exif
from placelens.readers.formats import is_jpeg
from placelens.readers.iptc import iptc_of_jpeg, read_iptc
from placelens.readers.metadata import Metadata, Origin
from placelens.readers.raw_exif import raw_tags, read_raw_exif
from placelens.readers.xmp import read_xmp

# Tags of a TIFF: XMP specification part 3, 3.3.
_XMP_TAG, _IPTC_TAG = 0x02BC, 0x83BB
# Formats in which the decoder finds the packet; in others it is looked for, as the specification
# (part 3, 1.1) means packets to be found.
_KNOWN_TO_HOLD_XMP = frozenset({"JPEG", "MPO", "PNG", "WEBP", "AVIF", "HEIF", "TIFF"})
_PACKET_BEGINS, _PACKET_ENDS = b"<?xpacket begin", b"<?xpacket end"
_MAX_PACKET_BYTES = 2**24


def embedded_metadata(data: bytes, info: Mapping[str, Any]) -> Iterator[Metadata]:
    """What a file says; a raw file's own words come before those of its preview.

    Parameters
    ----------
    data : the file.
    info : what decoding it gave besides pixels; see ``placelens.readers.images.Decoded``.
    """
    packets, records = [info["xmp"]], [iptc_of_jpeg(data) if is_jpeg(data) else None]
    tags = [info["exif"]]
    if "raw" in info:
        yield read_raw_exif(data)
        raw = raw_tags(data)
        tags = [] if raw is None else [raw]
        packets.insert(0, None if raw is None else _tag(raw, _XMP_TAG))
    if not any(packets) and ("raw" in info or info["format"] not in _KNOWN_TO_HOLD_XMP):
        packets = [find_packet(data)]
    yield read_exif(info["exif"])
    for packet in dict.fromkeys(packet for packet in packets if packet):
        try:
            yield read_xmp(packet)
        except ReadError as error:
            warning = f"its embedded XMP is ignored: {error}"
            yield Metadata(origin=Origin.PACKET, warnings=(warning,))
    records += [_tag(exif, _IPTC_TAG) for exif in tags]
    yield from (read_iptc(record) for record in records if record)


def find_packet(data: bytes) -> bytes | None:
    """The first XMP packet among a file's bytes, which is in UTF-8; None when there is none."""
    start = data.find(_PACKET_BEGINS)
    end = data.find(_PACKET_ENDS, start, start + _MAX_PACKET_BYTES) if start >= 0 else -1
    return data[start:end] if end >= 0 else None


def _tag(exif: Image.Exif, tag: int) -> bytes | None:
    try:
        value = exif.get(tag)
    except Exception:  # Pillow raises whatever the broken bytes lead it to
        return None
    return value if isinstance(value, bytes) else None
