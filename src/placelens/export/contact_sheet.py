"""A contact sheet: one HTML file with the small pictures in it, that needs nothing else."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable
from html import escape
from pathlib import PurePosixPath, PureWindowsPath
from typing import BinaryIO

from placelens.export.records import Record
from placelens.geo.units import format_distance

Thumbnails = Callable[[str], bytes | None]

_STYLE = """
:root{color-scheme:light dark}
body{margin:24px;font:14px/1.4 system-ui,sans-serif;background:Canvas;color:CanvasText}
ul{list-style:none;margin:0;padding:0;display:grid;gap:16px;
  grid-template-columns:repeat(auto-fill,minmax(180px,1fr))}
li{break-inside:avoid}
img,.text{width:100%;height:150px;object-fit:contain;border-radius:4px;display:block;
  background:color-mix(in srgb,CanvasText 8%,Canvas)}
.text{overflow:hidden;padding:8px;box-sizing:border-box}
p{margin:4px 0 0;overflow-wrap:anywhere}
small{opacity:.7}
a{color:inherit;text-decoration:none}
a:hover p,a:focus p{text-decoration:underline}
"""


def write_contact_sheet(
    records: Iterable[Record], stream: BinaryIO, thumbnails: Thumbnails | None = None
) -> None:
    """A grid of small pictures with title, time and distance; each opens its original.

    ``thumbnails`` gives the JPEG of an id; what has none is shown by its text.
    """
    _write(
        stream,
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        # Nothing is fetched and nothing runs, whatever a title holds.
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "img-src data:; style-src 'unsafe-inline'\">\n"
        f"<title>placelens</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<ul>\n",
    )
    for record in records:
        jpeg = thumbnails(record["id"]) if thumbnails and record["image"] else None
        _write(stream, f"<li>{_figure(record, jpeg)}</li>\n")
    _write(stream, "</ul>\n</body>\n</html>\n")


def _figure(record: Record, jpeg: bytes | None) -> str:
    title = escape(record["title"])
    if jpeg:
        source = f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"
        shown = f'<img alt="" src="{source}" loading="lazy">'
    else:
        shown = f'<div class="text">{escape((record["text"] or record["title"])[:300])}</div>'
    inside = f"{shown}<p>{title}{_facts(record)}</p>"
    address = _address(record["image"])
    return f'<a href="{escape(address)}">{inside}</a>' if address else inside


def _facts(record: Record) -> str:
    """When and how far, and how well it fits, in small print."""
    facts = [(record["time"] or "")[:16].replace("T", " ")]
    if record.get("distance_m") is not None:
        facts.append(format_distance(record["distance_m"]))
    if record.get("score") is not None:
        facts.append(f"{record['score']:.3f}")
    if record["place_source"] == "estimated":
        facts.append("position estimated")
    said = " · ".join(filter(None, facts))
    return f"<br><small>{escape(said)}</small>" if said else ""


def _address(image: str | None) -> str | None:
    """The original as a link; None for a path that leads nowhere from another folder."""
    for kind in (PurePosixPath, PureWindowsPath):
        if image and kind(image).is_absolute():
            return kind(image).as_uri()
    return None


def _write(stream: BinaryIO, text: str) -> None:
    # A title may hold half a surrogate pair, which UTF-8 has no form for.
    stream.write(text.encode("utf-8", errors="replace"))
