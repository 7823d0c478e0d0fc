"""GeoTIFF: pixels of any kind and what they say of where they lie."""

from __future__ import annotations

import io
import random
import warnings
from functools import cache

import numpy as np
from PIL import Image, TiffImagePlugin
from tests.fuzz.mutations import broken_bytes, broken_text
from tests.fuzz.scratch import scratch

from placelens.errors import ReadError
from placelens.readers.base import Skipped
from placelens.readers.discover import read_photos
from placelens.readers.read import read
from placelens.types import ImageSpec

SPEC = ImageSpec(size=16, thumbnail_size=16)
WORLD = ("0.25\n0\n0\n-0.5\n14.1\n50.7\n", "1e3\n0.1\n0.1\n-1e3\n5e5\n0\n")
CRS = ('GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],'
       'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]',
       "EPSG:32633")  # fmt: skip


def try_geotiff(rng: random.Random) -> bool:
    """A raster, with a world file and a projection beside it now and then."""
    folder = scratch("rasters")
    files = {"a.tif": broken_bytes(rng.choice(_rasters()), rng)}
    if rng.random() < 0.3:
        files["a.tfw"] = broken_text(WORLD, rng).encode("utf-8", "replace")
    if rng.random() < 0.3:
        files["a.prj"] = broken_text(CRS, rng).encode("utf-8", "replace")
    for name, data in files.items():
        (folder / name).write_bytes(data)
    try:
        [source] = read_photos(folder / "a.tif")
        if isinstance(source, Skipped):
            return False
        reading = read(source, SPEC)
    except ReadError as error:
        if not str(error):
            raise AssertionError("an empty reason") from error
        return False
    finally:
        for name in files:
            (folder / name).unlink()
    if reading.pixels is None or reading.pixels.shape != (16, 16, 3):
        raise AssertionError("no square")
    return True


@cache
def _rasters() -> list[bytes]:
    """One band of 8 bits, of 16 and of floats; in degrees and in metres."""
    shades = np.arange(32 * 24, dtype=np.float32).reshape(24, 32)
    files = []
    for kind in (np.uint8, np.uint16, np.float32):
        for crs, code, origin in ((2048, 4326, (14.0, 51.0)), (3072, 32633, (5e5, 5.5e6))):
            tags = TiffImagePlugin.ImageFileDirectory_v2()
            tags.tagtype.update({33550: 12, 33922: 12, 34735: 3})
            tags[33550] = (0.25, 0.5, 0.0)
            tags[33922] = (0.0, 0.0, 0.0, *origin, 0.0)
            tags[34735] = (1, 1, 0, 2, 1024, 0, 1, 2 if code == 4326 else 1, crs, 0, 1, code)
            out = io.BytesIO()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                Image.fromarray(shades.astype(kind)).save(out, "TIFF", tiffinfo=tags)
            files.append(out.getvalue())
    return files
