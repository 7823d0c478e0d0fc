"""XMP: sidecar files and embedded packets.

Names and forms: XMP specification part 2 (Adobe, 2016), sections 2 and 3; GPS coordinates
"DDD,MM,SSk" or "DDD,MM.mmk" in its table of EXIF types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from placelens.errors import CoordinateError, ReadError
from placelens.readers.coordinates import measured_place, parse_angle
from placelens.readers.lists import distinct
from placelens.readers.metadata import Metadata
from placelens.readers.values import clean_text, join_texts, parse_time
from placelens.types import Attribute, Place

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_EXIF = "{http://ns.adobe.com/exif/1.0/}"
_PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"
_XMP = "{http://ns.adobe.com/xap/1.0/}"
_IPTC_EXT = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

_TIMES = (f"{_EXIF}DateTimeOriginal", f"{_PHOTOSHOP}DateCreated", f"{_XMP}CreateDate")
_ATTRIBUTES = {
    "title": f"{_DC}title",
    "keywords": f"{_DC}subject",
    "people": f"{_IPTC_EXT}PersonInImage",
    "city": f"{_PHOTOSHOP}City",
    "state": f"{_PHOTOSHOP}State",
    "country": f"{_PHOTOSHOP}Country",
}
_LISTS = ("keywords", "people")


def read_xmp(packet: bytes) -> Metadata:
    """What an XMP packet or sidecar says.

    Raises
    ------
    ReadError
        If it is not XMP. Facts that cannot be used do not raise; they are named in ``warnings``.
    """
    facts = _facts(packet)
    warnings: list[str] = []
    place = _place(facts, warnings)
    attributes: dict[str, Attribute] = {
        name: distinct(facts[key]) if name in _LISTS else ", ".join(facts[key])
        for name, key in _ATTRIBUTES.items()
        if facts.get(key)
    }
    rating = _rating(facts)
    if rating is not None:
        attributes["rating"] = rating
    title, description = facts.get(f"{_DC}title", ()), facts.get(f"{_DC}description", ())
    return Metadata(
        place=place,
        place_source="xmp" if place else None,
        time=next(_times(facts, warnings), None),
        text=join_texts([*title, *description]),
        attributes=attributes,
        warnings=tuple(warnings),
    )


def _facts(packet: bytes) -> dict[str, list[str]]:
    """Every property of the packet's descriptions, as texts by qualified name."""
    try:
        # Packets are padded with blanks and sometimes NULs; what follows the end is not XML.
        root = fromstring(packet.strip(b" \t\r\n\0"))
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise ReadError(f"it is not XMP: {error}") from error
    facts: dict[str, list[str]] = {}
    for description in root.iter(f"{_RDF}Description"):
        for name, value in description.attrib.items():
            _keep(facts, name, [value])
        for child in description:
            _keep(facts, child.tag, _texts(child))
    return facts


def _keep(facts: dict[str, list[str]], name: str, values: list[str]) -> None:
    kept = [text for value in values if (text := clean_text(value))]
    if kept:
        facts.setdefault(name, kept)


def _texts(element: Element) -> list[str]:
    """A property's value: its text, the members of a list, or of alternatives the default one."""
    alternatives = element.find(f"{_RDF}Alt")
    if alternatives is not None:
        members = alternatives.findall(f"{_RDF}li")
        members.sort(key=lambda li: li.get(_XML_LANG) != "x-default")
        return [members[0].text or ""] if members else []
    members = [li for kind in ("Bag", "Seq") for li in element.findall(f"{_RDF}{kind}/{_RDF}li")]
    if members:
        return [li.text or "" for li in members]
    return [element.text or ""]


def _place(facts: dict[str, list[str]], warnings: list[str]) -> Place | None:
    lat, lon = facts.get(f"{_EXIF}GPSLatitude"), facts.get(f"{_EXIF}GPSLongitude")
    if lat is None and lon is None:
        return None
    try:
        if lat is None or lon is None:
            raise CoordinateError(f"the {'latitude' if lat is None else 'longitude'} is missing")
        place = measured_place(
            parse_angle(_with_ref(lat[0], facts.get(f"{_EXIF}GPSLatitudeRef")), "latitude"),
            parse_angle(_with_ref(lon[0], facts.get(f"{_EXIF}GPSLongitudeRef")), "longitude"),
        )
    except CoordinateError as error:
        warnings.append(f"its XMP position is ignored: {error}")
        return None
    if place is None:
        warnings.append("its XMP position is ignored: 0, 0 is what devices write without a fix")
    return place


def _with_ref(value: str, ref: list[str] | None) -> str:
    """Add the hemisphere that some programs write apart, unless the value carries one."""
    if ref and not re.search(r"[NSEWnsew]\s*$|^\s*-", value):
        return f"{value}{ref[0][:1]}"
    return value


def _times(facts: dict[str, list[str]], warnings: list[str]) -> Iterator[datetime]:
    for name in _TIMES:
        for text in facts.get(name, ())[:1]:
            try:
                yield parse_time(text)
            except ValueError as error:
                warnings.append(f"its XMP time is ignored: {error}")


def _rating(facts: dict[str, list[str]]) -> int | None:
    """Stars, 1 to 5, or -1 for a rejected photo; 0 stands for "not rated"."""
    try:
        rating = round(float(facts[f"{_XMP}Rating"][0]))
    except (KeyError, ValueError, OverflowError):
        return None
    return rating if rating != 0 and -1 <= rating <= 5 else None
