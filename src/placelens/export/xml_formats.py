"""KML and GPX: for map programs and GPS devices; they hold places only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import BinaryIO

# Only builds and serialises; nothing is parsed here, so no untrusted XML is read.
from xml.etree.ElementTree import Element, SubElement, tostring

from placelens.errors import InputError
from placelens.export.records import Record, decimal_text, flatten
from placelens.geo.units import format_distance

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_kml(records: Iterable[Record], stream: BinaryIO) -> None:
    """KML 2.2: one Placemark each, every column as ExtendedData."""
    head = '<kml xmlns="http://www.opengis.net/kml/2.2">\n<Document>\n'
    _write(records, stream, head=head, tail="</Document>\n</kml>\n", element=_placemark)


def write_gpx(records: Iterable[Record], stream: BinaryIO) -> None:
    """GPX 1.1: one waypoint each."""
    head = '<gpx version="1.1" creator="placelens" xmlns="http://www.topografix.com/GPX/1/1">\n'
    _write(records, stream, head=head, tail="</gpx>\n", element=_waypoint)


def describe(record: Record) -> str:
    """The record's text, time, distance and the honesty of its position, one a line."""
    lines = [record["text"], record["time"] and f"taken {record['time']} (local time)"]
    if record.get("distance_m") is not None:
        lines.append(f"{format_distance(record['distance_m'])} away")
    if record.get("score") is not None:
        lines.append(f"score {record['score']:.3f}")
    if record.get("place_blur_m"):
        lines.append(f"position blurred to {format_distance(record['place_blur_m'])}")
    if record["place_source"] == "estimated":
        lines.append("position estimated, not measured")
    return "\n".join(line for line in lines if line)


def _write(
    records: Iterable[Record],
    stream: BinaryIO,
    *,
    head: str,
    tail: str,
    element: Callable[[Record], Element],
) -> None:
    stream.write(b'<?xml version="1.0" encoding="UTF-8"?>\n' + head.encode())
    for record in records:
        if "x" in record:
            raise InputError(
                "KML and GPX need latitude and longitude, but this collection lies on a plane "
                "(x, y in metres); use geojson, gpkg, geoparquet or csv"
            )
        stream.write(tostring(element(record), encoding="utf-8") + b"\n")
    stream.write(tail.encode())


def _placemark(record: Record) -> Element:
    mark = Element("Placemark")
    _child(mark, "name", record["title"])
    _child(mark, "description", describe(record))
    if record["time"]:
        _child(SubElement(mark, "TimeStamp"), "when", record["time"])
    data = SubElement(mark, "ExtendedData")
    columns, (row,) = flatten([record])
    for column in columns:
        if row[column] is not None and column not in ("lat", "lon", "title"):
            _child(SubElement(data, "Data", name=_clean(column)), "value", str(row[column]))
    _child(SubElement(mark, "Point"), "coordinates", ",".join(_degrees(record)))
    return mark


def _waypoint(record: Record) -> Element:
    lon, lat = _degrees(record)
    # GPX 1.1: a longitude is less than 180.
    point = Element("wpt", lat=lat, lon=f"-{lon}" if record["lon"] == 180 else lon)
    taken = datetime.fromisoformat(record["time"]) if record["time"] else None
    if taken is not None and taken.tzinfo is not None:
        # GPX times are UTC; a wall-clock time without a zone stands in the description only.
        _child(point, "time", taken.astimezone(UTC).isoformat().replace("+00:00", "Z"))
    _child(point, "name", record["title"])
    _child(point, "desc", describe(record))
    if record["image"]:
        SubElement(point, "link", href=_clean(record["image"]))
    return point


def _degrees(record: Record) -> tuple[str, str]:
    """Longitude and latitude as both formats want them: without an exponent."""
    return decimal_text(float(record["lon"])), decimal_text(float(record["lat"]))


def _child(parent: Element, tag: str, text: str) -> None:
    if text:
        SubElement(parent, tag).text = _clean(text)


def _clean(text: str) -> str:
    """Without the control characters and lone surrogates that XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)
