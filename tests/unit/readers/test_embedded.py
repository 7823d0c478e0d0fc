"""XMP packets and IPTC records inside files of every format."""

import io

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from placelens.readers.discover import read_photos
from placelens.readers.embedded import find_packet
from placelens.readers.iptc import iptc_of_jpeg, read_iptc
from placelens.readers.read import read
from placelens.types import Place

PACKET = (
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'exif:GPSLatitude="50,30N" exif:GPSLongitude="14,15E" dc:description="A dome"/></rdf:RDF>'
    '<?xpacket end="w"?>'
)


def saved(kind, **options):
    out = io.BytesIO()
    Image.new("RGB", (32, 32), "red").save(out, kind, **options)
    return out.getvalue()


def png(compressed):
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", PACKET, zip=compressed)
    return saved("PNG", pnginfo=info)


def heic():
    pillow_heif = pytest.importorskip("pillow_heif")
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (32, 32), "red")).save(out, xmp=PACKET.encode())
    return out.getvalue()


FILES = {
    "a.jpg": lambda: saved("JPEG", xmp=PACKET.encode()),
    "a.webp": lambda: saved("WEBP", xmp=PACKET.encode()),
    "a.avif": lambda: saved("AVIF", xmp=PACKET.encode()),
    "a.png": lambda: png(False),
    "b.png": lambda: png(True),
    "a.tif": lambda: saved("TIFF", tiffinfo={700: PACKET.encode()}),
    # An application extension (GIF 89a, section 26) with the packet and a trailer behind it.
    "a.gif": lambda: saved("GIF")[:-1] + b"\x21\xff\x0bXMP DataXMP" + PACKET.encode() + b"\0;",
    "a.jp2": lambda: saved("JPEG2000") + b"\0\0\0\0uuid" + PACKET.encode(),
    "a.heic": heic,
}


@pytest.mark.parametrize("name", FILES)
def test_the_packet_of_each_format_is_read(write, name):
    [source] = read_photos(write(name, FILES[name]()))
    reading = read(source, None)
    assert (reading.place, reading.text) == (Place(lat=50.5, lon=14.25), "A dome")
    assert reading.place_source == "xmp"


def test_the_packet_of_a_dng_is_read(write, make_dng):
    pytest.importorskip("rawpy")
    # The DNG's own EXIF has a place, which outranks a packet's.
    [source] = read_photos(write("a.dng", make_dng(xmp=PACKET.encode())))
    reading = read(source, None)
    assert (reading.place, reading.text) == (Place(lat=-33.85, lon=151.2), "A dome")


def test_a_packet_is_found_among_other_bytes():
    found = find_packet(b"\xff\0\xd8" * 5 + PACKET.encode() + b"rest")
    assert found.decode() == PACKET[: PACKET.index("<?xpacket end")]
    assert find_packet(b"nothing") is None
    assert find_packet(PACKET.encode()[:-60]) is None


def dataset(number, value, record=2):
    return b"\x1c" + bytes([record, number]) + len(value).to_bytes(2, "big") + value


def test_an_iptc_record_is_read():
    record = b"".join(
        [
            dataset(90, b"\x1b%G", record=1),
            dataset(5, "Dómes".encode()),
            dataset(120, b"A green dome"),
            dataset(25, b"dome"),
            dataset(25, b"green"),
            dataset(90, b"Praha"),
            dataset(101, b"Czechia"),
            dataset(55, b"20190623"),
            dataset(60, b"101112+0200"),
        ]
    )
    facts = read_iptc(record)
    assert facts.text == "Dómes\nA green dome"
    assert facts.time.isoformat() == "2019-06-23T10:11:12+02:00"
    assert facts.attributes == {
        "title": "Dómes", "keywords": ["dome", "green"], "city": "Praha", "country": "Czechia",
    }  # fmt: skip
    assert facts.warnings == ()


@pytest.mark.parametrize(
    ("day", "expected"),
    [(b"19750000", "1975-01-01"), (b"19750700", "1975-07-01"), (b"00000000", None),
     (b"2019-06-23", "2019-06-23"), (b"20191399", None), (b"soon", None)],
)  # fmt: skip
def test_iptc_dates_may_be_partly_known(day, expected):
    facts = read_iptc(dataset(55, day))
    assert (facts.time.date().isoformat() if facts.time else None) == expected
    assert bool(facts.warnings) == (day in (b"20191399", b"soon"))


def test_extended_datasets_are_read():
    long = b"a" * 40_000
    extended = b"\x1c\x02\x78\x80\x04" + len(long).to_bytes(4, "big") + long
    facts = read_iptc(extended + dataset(90, b"Praha"))
    assert (facts.text, facts.attributes) == (long.decode(), {"city": "Praha"})


def test_iptc_texts_without_a_character_set_may_be_latin_1():
    assert read_iptc(dataset(120, b"D\xf3me")).text == "D\xf3me"
    assert read_iptc(dataset(120, "Dóme".encode())).text == "Dóme"


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xed\0", b"\xff\xd8\xff\xed\0\0"])
def test_damaged_jpegs_have_no_record(data):
    assert iptc_of_jpeg(data) is None
