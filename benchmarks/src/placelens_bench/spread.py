"""Whether scores of plain words tell the first hit from the tenth.

Fifty questions of one word are asked of city_photos' 1,522 photos by meaning alone. Where all of
the first ten are near 1, place alone decides among them, and bars say nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from placelens.encoders.base import Calibration, Encoder
from placelens.encoders.binding import as_encoder
from placelens.errors import EncoderError, InputError
from placelens.evaluation import prepared_blocks
from placelens.evaluation.prepared import image_spec_of
from placelens.types import Float64Array

PHOTOS = "city_photos"
K = 10
# Less than this between the first and the tenth cannot be seen in two decimals.
SEEN = 0.01
_WORDS = """
church bridge castle mosque temple tower beach market street river lake mountain snow forest palace
statue fountain harbour boat train tram bus car bicycle garden park square night sunset skyline
museum stadium airport desert waterfall island canal library cathedral fort ruins wall gate hotel
house monument people crowd sky dog
"""
WORDS = _WORDS.split()


def run(data: Path, *, encoder: str | Encoder = "lite") -> dict[str, Any]:
    """Means over the words: cosines and scores of the first and tenth hit, and how far apart.

    Parameters
    ----------
    data
        Folder that holds city_photos.
    encoder
        One with a calibration of texts with images.

    Raises
    ------
    EncoderError
        If it has none.
    InputError
        If the photos are not there.
    """
    loaded = as_encoder(encoder)
    calibration = loaded.calibrations.get(("text", "image"))
    if calibration is None:
        raise EncoderError(
            f"the encoder {loaded.name} has no calibration; make one with: placelens calibrate"
        )
    paths = sorted((data / PHOTOS / "images").glob("*"))
    if not paths:
        raise InputError(f"{data / PHOTOS} is not there; --data is the folder that holds {PHOTOS}")
    blocks = prepared_blocks(paths, image_spec_of(loaded))
    images = np.concatenate([loaded.encode_images(block) for block in blocks])
    cosines = (loaded.encode_texts(WORDS) @ images.T).astype(np.float64)
    out: dict[str, Any] = {
        "encoder": loaded.fingerprint,
        "n_words": len(WORDS),
        "n_photos": len(paths),
        **_spread(cosines, calibration),
    }
    asked = ("text", "image")
    if asked in loaded.hub_pools and asked in loaded.hub_calibrations:
        corrected = cosines - loaded.hub_pools[asked].penalties(images)
        out["hub_corrected"] = _spread(corrected, loaded.hub_calibrations[asked])
    return out


def _spread(cosines: Float64Array, calibration: Calibration) -> dict[str, float]:
    first, tenth = (-np.sort(-cosines, axis=1)[:, place] for place in (0, K - 1))
    scores = calibration(first), calibration(tenth)
    apart = scores[0] - scores[1]
    return {
        "cosine_first": float(first.mean()),
        "cosine_tenth": float(tenth.mean()),
        "score_first": float(scores[0].mean()),
        "score_tenth": float(scores[1].mean()),
        "score_apart": float(apart.mean()),
        "words_less_than_0.01_apart": int((apart < SEEN).sum()),
    }
