"""The regions of items: from what is kept of them, or made on the spot from their thumbnails."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from placelens.encoders.base import Encoder
from placelens.encoders.parts import REGIONS
from placelens.storage.manifest import Manifest
from placelens.storage.version import Version
from placelens.types import Float32Array, Float64Array

# Of a version: the regions (rows, columns, dim) of a row's image, which sum to its vector nearly;
# None where there is no image, or the encoder gives no regions.
RegionsOf = Callable[[Version, int], Float32Array | None]


def common_of(encoder: Encoder) -> Float64Array | None:
    """The unit vector of what texts have in common: the mean of those that show which are hubs."""
    pool = encoder.hub_pools.get(("text", "image"))
    if pool is None:
        return None
    mean = np.asarray(pool.vectors.mean(axis=0), dtype=np.float64)
    length = float(np.sqrt(mean @ mean))
    return mean / length if length > 0.0 else None


def regions_by(encoder: Encoder, manifest: Manifest) -> RegionsOf:
    """Where an encoder's regions of a collection's items come from.

    What is kept is short, and a thumbnail is smaller than the image: the regions sum to less, or
    more, than the image's vector. Whoever says what they add up to says what they leave over.
    """
    if REGIONS not in encoder.parts and encoder.grid is None:
        return lambda _version, _row: None
    code = encoder.region_code
    kept = next((each for each in manifest.features if each.name == REGIONS), None)
    is_kept = (
        kept is not None
        and code is not None
        and kept.fingerprint == f"{encoder.fingerprint}:{code.fingerprint}"
    )

    def regions_of(version: Version, row: int) -> Float32Array | None:
        codes = version.value_of(row, REGIONS) if is_kept else None
        if codes is not None and code is not None:
            return np.asarray(code.decode(codes[None])[0])
        return _from_thumbnail(encoder, version, row)

    return regions_of


def _from_thumbnail(encoder: Encoder, version: Version, row: int) -> Float32Array | None:
    """Of the small picture made when the item was added: its file may be gone, or large."""
    from placelens.readers.images import pixels_of

    thumbnail = version.take([row], ["thumbnail"])["thumbnail"][0].as_py()
    if thumbnail is None or encoder.image_spec is None:
        return None
    pixels = pixels_of(thumbnail, encoder.image_spec)
    return np.asarray(encoder.encode_regions(pixels[None]).regions[0])
