"""What files say of photos: XMP, Takeout's JSON, EXIF, IPTC, and names."""

from __future__ import annotations

import json
import random
import re
import warnings
from functools import cache
from xml.sax.saxutils import escape

from PIL import Image
from tests.fuzz.mutations import broken_bytes, broken_text, broken_value
from tests.fuzz.pictures import XMP as SHORT_XMP

from placelens.errors import ReadError
from placelens.readers.exif import read_exif
from placelens.readers.iptc import iptc_of_jpeg, read_iptc
from placelens.readers.metadata import Metadata, merge
from placelens.readers.pixels import exif_of, orientation_of
from placelens.readers.raw_exif import read_raw_exif
from placelens.readers.takeout import read_takeout
from placelens.readers.takeout_names import TakeoutMatcher
from placelens.readers.times import time_in_name
from placelens.readers.xmp import read_xmp

XMP = (
    SHORT_XMP,
    b"""<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:mwg="http://www.metadataworkinggroup.com/schemas/regions/"
 xmlns:iptc="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"><rdf:Description rdf:about=""
 xmp:Rating="4" xmp:CreateDate="2019-06-30T12:00:00.25+02:00"><dc:title><rdf:Alt>
 <rdf:li xml:lang="x-default">A bridge</rdf:li></rdf:Alt></dc:title><dc:subject><rdf:Bag>
 <rdf:li>sea</rdf:li><rdf:li>boat</rdf:li></rdf:Bag></dc:subject>
 <iptc:LocationCreated><rdf:Bag><rdf:li rdf:parseType="Resource"><iptc:City>Lyon</iptc:City>
 <exif:GPSLatitude>45,45.84N</exif:GPSLatitude><exif:GPSLongitude>4,50,9E</exif:GPSLongitude>
 </rdf:li></rdf:Bag></iptc:LocationCreated><mwg:Regions rdf:parseType="Resource"><mwg:RegionList>
 <rdf:Seq><rdf:li><rdf:Description mwg:Name="Ada" mwg:Type="Face"/></rdf:li></rdf:Seq>
 </mwg:RegionList></mwg:Regions></rdf:Description></rdf:RDF></x:xmpmeta>""",
)
TAKEOUT = {
    "title": "IMG_1.jpg",
    "description": "A bridge",
    "creationTime": {"timestamp": "1561900000"},
    "photoTakenTime": {"timestamp": "1561890000", "formatted": "30 Jun 2019"},
    "geoData": {"latitude": 50.087, "longitude": 14.421, "altitude": 190.5},
    "geoDataExif": {"latitude": 0.0, "longitude": 0.0, "altitude": 0.0},
    "people": [{"name": "Ada"}, {"name": "Grace"}],
    "favorited": True,
}
NAMES = (
    "IMG_20190630_120000.jpg", "PXL_20210101_235959999.jpg", "2019-06-30 12.00.00.jpg",
    "a very long name of a photograph that Takeout cuts a.jpg.json",
    "IMG_1.jpg.supplemental-metadata.json", "IMG_1(1).jpg",
    "IMG_1.jpg(1).json", "IMG_1-edited.jpg", "Screenshot_2020-02-30.png",
)  # fmt: skip
# What stands in attributes and in elements.
_VALUES = re.compile(rb'(?:="|>)([^"<>]+)(?:"|<)')


def try_xmp(rng: random.Random) -> bool:
    """An XMP packet, in UTF-8 or another encoding."""
    packet = rng.choice(XMP)
    if rng.random() < 0.6:  # well-formed, saying something odd
        place = rng.choice(list(_VALUES.finditer(packet)))
        value = escape(broken_text([place[1].decode()], rng), {'"': "&quot;"})
        packet = (
            packet[: place.start(1)] + value.encode("utf-8", "replace") + packet[place.end(1) :]
        )
    else:
        packet = broken_bytes(packet, rng)
    if rng.random() < 0.2:
        encoding = rng.choice(("utf-16", "utf-16-be", "utf-32", "utf-32-le"))
        packet = packet.decode("utf-8", "replace").encode(encoding)
    try:
        found = read_xmp(packet)
    except ReadError as error:
        return _refused(error)
    return _told(found)


def try_takeout(rng: random.Random) -> bool:
    """Takeout's JSON, broken as a value or as bytes."""
    record = broken_value(TAKEOUT, rng) if rng.random() < 0.7 else TAKEOUT
    data = json.dumps(record).encode()
    try:
        found = read_takeout(broken_bytes(data, rng) if record is TAKEOUT else data)
    except ReadError as error:
        return _refused(error)
    return _told(found)


def try_exif(rng: random.Random) -> bool:
    """EXIF of an image and of a raw file; whatever its bytes are, no reader of them raises."""
    data = broken_bytes(_exif(), rng)
    image = Image.new("L", (1, 1))
    image.info["exif"] = b"Exif\0\0" + data
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of odd EXIF
        orientation_of(image)
        told = _told(read_raw_exif(data))
        return _told(read_exif(exif_of(image))) or told


def try_iptc(rng: random.Random) -> bool:
    """IPTC records, alone and among a JPEG's segments."""
    if rng.random() < 0.5:
        record: bytes | None = broken_bytes(_iptc(), rng)
    else:
        resource = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + len(_iptc()).to_bytes(4, "big") + _iptc()
        size = (len(resource) + 2).to_bytes(2, "big")
        record = iptc_of_jpeg(
            broken_bytes(b"\xff\xd8\xff\xed" + size + resource + b"\xff\xda", rng)
        )
    return record is not None and _told(read_iptc(record))


def try_names(rng: random.Random) -> bool:
    """Names of photos and of Takeout's files beside them."""
    photos = [broken_text(NAMES, rng) for _ in range(rng.randint(1, 3))]
    jsons = [broken_text(NAMES, rng) for _ in range(rng.randint(1, 3))]
    matched = TakeoutMatcher(jsons, lambda _: rng.choice([None, *photos])).match(photos)
    if not set(matched.values()) <= set(jsons):
        raise AssertionError("a sidecar that is not there")
    return any(time_in_name(name) is not None for name in photos) or bool(matched)


def _refused(error: ReadError) -> bool:
    if not str(error):
        raise AssertionError("an empty reason") from error
    return False


def _told(found: Metadata) -> bool:
    """Whether anything was read; and it can be joined with other facts."""
    merge([found, Metadata(origin=found.origin, text="x")])
    return bool(found.place or found.time or found.text or found.attributes)


@cache
def _exif() -> bytes:
    exif = Image.Exif()
    exif.update({270: "A bridge", 271: "Maker", 272: "Model", 274: 6, 306: "2019:06:30 12:00:00"})
    exif.get_ifd(0x8769).update({0x9003: "2019:06:30 12:00:00", 0x9291: "25", 0x9011: "+02:00"})
    exif.get_ifd(0x8825).update(
        {1: "N", 2: (50.0, 5.0, 13.2), 3: "E", 4: (14.0, 25.0, 15.6), 5: b"\0", 6: 190.5,
         7: (10.0, 0.0, 0.5), 18: "WGS-84", 29: "2019:06:30"}
    )  # fmt: skip
    return exif.tobytes().removeprefix(b"Exif\0\0")


@cache
def _iptc() -> bytes:
    sets = (
        (1, 90, b"\x1b%G"), (2, 5, b"A bridge"), (2, 25, b"sea"), (2, 25, b"boat"),
        (2, 55, b"20190630"), (2, 60, b"120000+0200"), (2, 90, b"Lyon"), (2, 120, b"At dusk"),
    )  # fmt: skip
    return b"".join(bytes((0x1C, a, b)) + len(v).to_bytes(2, "big") + v for a, b, v in sets)
