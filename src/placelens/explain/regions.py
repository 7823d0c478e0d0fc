"""The regions of items: from what is kept of them, or made on the spot from their thumbnails."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from placelens.encoders.base import Encoder
from placelens.encoders.parts import REGIONS
from placelens.encoders.region_code import RegionCode
from placelens.storage.manifest import Manifest
from placelens.storage.version import Version
from placelens.types import Float32Array, Float64Array

# Of a version: the regions (rows, columns, dim) of the images of some rows, which sum to their
# vectors nearly; None where there is no image, or the encoder gives no regions.
RegionsOf = Callable[[Version, Sequence[int]], list[Float32Array | None]]


def common_of(encoder: Encoder) -> Float64Array | None:
    """The unit vector of what texts have in common: the mean of those that show which are hubs."""
    pool = encoder.hub_pools.get(("text", "image"))
    if pool is None:
        return None
    mean = np.asarray(pool.vectors.mean(axis=0), dtype=np.float64)
    length = float(np.sqrt(mean @ mean))
    return mean / length if length > 0.0 else None


def kept_code(encoder: Encoder, manifest: Manifest) -> RegionCode | None:
    """What makes regions of the bytes that a collection keeps; None where it keeps none of the
    encoder's."""
    code = encoder.region_code
    kept = next((each for each in manifest.features if each.name == REGIONS), None)
    if code is None or kept is None:
        return None
    is_own = kept.fingerprint == f"{encoder.fingerprint}:{code.fingerprint}"
    return code if is_own else None


def regions_by(encoder: Encoder, manifest: Manifest) -> RegionsOf:
    """Where an encoder's regions of a collection's items come from.

    What is kept is short, and a thumbnail is smaller than the image: the regions sum to less, or
    more, than the image's vector. Whoever says what they add up to says what they leave over.
    """
    if encoder.grid is None:
        return lambda _version, rows: [None] * len(rows)
    code = kept_code(encoder, manifest)

    def regions_of(version: Version, rows: Sequence[int]) -> list[Float32Array | None]:
        found: list[Float32Array | None] = [None] * len(rows)
        if code is not None:
            stored = version.values_of(rows, REGIONS)
            there = [at for at, codes in enumerate(stored) if codes is not None]
            if there:
                decoded = code.decode(np.stack([stored[at] for at in there]))
                for at, regions in zip(there, decoded, strict=True):
                    found[at] = regions
        lacking = [at for at, regions in enumerate(found) if regions is None]
        made = _from_thumbnails(encoder, version, [rows[at] for at in lacking])
        for at, regions in zip(lacking, made, strict=True):
            found[at] = regions
        return found

    return regions_of


def _from_thumbnails(
    encoder: Encoder, version: Version, rows: Sequence[int]
) -> list[Float32Array | None]:
    """Of the small pictures made when items were added: the files may be gone, or large."""
    from placelens.readers.images import pixels_of

    if not rows or encoder.image_spec is None:
        return [None] * len(rows)
    thumbnails = version.take(rows, ["thumbnail"])["thumbnail"].to_pylist()
    there = [at for at, thumbnail in enumerate(thumbnails) if thumbnail is not None]
    made: list[Float32Array | None] = [None] * len(rows)
    if there:
        pixels = np.stack([pixels_of(thumbnails[at], encoder.image_spec) for at in there])
        regions = encoder.encode_regions(pixels).regions
        for at, own in zip(there, regions, strict=True):
            made[at] = own
    return made
