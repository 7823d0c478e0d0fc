"""Shapes that take a second or two to draw, kept in placelens's cache folder from one process on.

A shape that was kept is the one that was drawn, corner by corner. It is drawn anew where the file
is damaged, or was drawn by other code, from other data or by another version of GEOS.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from placelens.folders import cache_folder, written_whole
from placelens.geo.names import fold
from placelens.geo.towns import town_table

if TYPE_CHECKING:
    from shapely import Geometry

__all__ = ["kept"]

_DIGEST_BYTES = 32


def kept(code: str, draw: Callable[[], Geometry]) -> Geometry:
    """The shape of an area, from the cache folder or drawn and kept there if that can be.

    Parameters
    ----------
    code : the area's.
    draw : draws it.
    """
    import shapely

    path = cache_folder() / "areas" / f"{fold(code)}.wkb"
    with contextlib.suppress(OSError):
        content = path.read_bytes()
        if content[:_DIGEST_BYTES] == _digest(code, content[_DIGEST_BYTES:]):
            return shapely.from_wkb(content[_DIGEST_BYTES:])
    shape = draw()
    drawn: bytes = shapely.to_wkb(shape)
    with contextlib.suppress(OSError), written_whole(path) as stream:
        stream.write(_digest(code, drawn) + drawn)
    return shape


def _digest(code: str, drawn: bytes) -> bytes:
    return hashlib.sha256(_made_of() + code.encode() + b"\0" + drawn).digest()


@cache
def _made_of() -> bytes:
    """What shapes follow from: this package's code, its outlines, the towns, and GEOS."""
    import shapely

    made_of = hashlib.sha256(shapely.geos_version_string.encode())
    here = files("placelens.geo")
    sources = [*here.iterdir(), *here.joinpath("data").iterdir()]
    for source in sorted(sources, key=lambda source: source.name):
        if source.name.endswith((".py", ".json")):
            made_of.update(source.read_bytes())
    towns = town_table()
    made_of.update(towns.lon.tobytes() + towns.lat.tobytes())
    made_of.update("\n".join((*towns.countries, *towns.admin1)).encode())
    return made_of.digest()
