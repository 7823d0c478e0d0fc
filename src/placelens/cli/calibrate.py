"""``placelens calibrate``: make an encoder's scores probabilities, on images of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from placelens.cli import options
from placelens.cli.console import print_json, say
from placelens.cli.eval import encoding_progress

SEED = 20261122
# Fewer images than this say more about luck than about an encoder.
FEWEST = 50


def command(
    *,
    pairs: Annotated[
        Path,
        typer.Argument(
            metavar="PAIRS.jsonl", help='Lines of {"image": path, "captions": \\[text, ...]}.'
        ),
    ],
    encoder: Annotated[
        str, typer.Option(help="One of the hub; lite comes calibrated.", show_default=False)
    ],
    as_json: options.JsonOption = False,
) -> None:
    """Fit what turns an encoder's cosines into probabilities; new collections use it.

    Measure it on other images than these with: placelens eval.
    """
    from placelens.encoders.fits import save_fits
    from placelens.encoders.registry import load_encoder
    from placelens.errors import InputError
    from placelens.evaluation import encode_pairs, read_pairs
    from placelens.evaluation.calibration import Described, fit

    if encoder.partition(":")[0] == "lite":
        raise InputError("lite comes calibrated; calibrate is for encoders of the hub")
    chosen = read_pairs(pairs)
    if len(chosen) < FEWEST:
        raise InputError(
            f"{pairs} holds {len(chosen)} images, and a calibration needs {FEWEST} or more"
        )
    loaded = load_encoder(encoder)
    with encoding_progress() as progress:
        images = encode_pairs(chosen, loaded, progress=progress)
    described = Described.of(images, [pair.captions for pair in chosen], loaded)
    fits = fit([described], seed=SEED)
    path = save_fits(loaded.fingerprint, fits)
    if as_json:
        print_json({"encoder": loaded.fingerprint, "file": str(path), **fits.to_json()})
    else:
        say(f"calibrated {encoder} on {len(chosen):,} images; kept in {path}")
