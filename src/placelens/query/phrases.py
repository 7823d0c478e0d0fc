"""Words by their phrases: each is looked for by itself, in the regions of pictures.

With ``delta`` a text is looked for both ways: ``delta * fine + (1 - delta) * coarse`` (Eq. 5 of the
MCQI paper), which is two terms of the query.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from placelens.display import LONGEST_LABEL, cut
from placelens.encoders.parts import IMAGE, REGIONS
from placelens.errors import QueryError
from placelens.explain.best_regions import PhrasesTerm
from placelens.explain.pointed import MOST_PHRASES, Part
from placelens.explain.regions import kept_code
from placelens.query.kind import Asked, Context, TermKind
from placelens.query.values import number
from placelens.types import PHRASES


def _read(asked: Asked, context: Context) -> PhrasesTerm:
    encoder = context.encoder()
    code = kept_code(encoder, context.manifest)
    if code is None:
        raise QueryError(
            "phrases are compared with regions of pictures, of which the collection keeps none by "
            f"its encoder, {encoder.name}; make them with: placelens index COLLECTION "
            f"--features {REGIONS}; or ask with delta=0"
        )
    parts = _parts(asked.value, context)
    vector, _ = context.encoded[asked.value]
    return PhrasesTerm(
        kind=PHRASES,
        label=cut(f"each of: {', '.join(part.label for part in parts)}", LONGEST_LABEL),
        weight=asked.weight,
        feature=REGIONS,
        code=code,
        parts=parts,
        pointer=context.pointer(asked.value, np.asarray(vector, dtype=np.float64), asked.value),
        calibration=encoder.phrase_calibration,
    )


def _parts(text: str, context: Context) -> tuple[Part, ...]:
    """The phrases of a text that it owes most to, in its order; a text without any is its own."""
    read = context.phrases.get(text)
    if read is None or not read.spans:
        vector, _ = context.encoded[text]
        return (Part(text, (0, len(text)), vector),)
    lengths = np.linalg.norm(read.phrases, axis=1)
    longest = np.sort(np.argsort(-lengths, kind="stable")[:MOST_PHRASES])
    return tuple(
        Part(text[slice(*read.spans[at])], read.spans[at], read.phrases[at])
        for at in longest.tolist()
    )


BY_PHRASES = TermKind(
    name=PHRASES,
    what="words, each phrase by the region of a picture that fits it best",
    example="a red boat on a calm lake",
    read=_read,
    is_text=True,
    texts=lambda text: (text,),
    by_phrases=True,
)


def delta_of(given: object, context: Context) -> float:
    """What the fine half counts for, in [0, 1].

    Where nobody says, what the encoder was found to gain by, in collections that keep regions and
    compare nothing but images: texts of items have no regions.

    Raises
    ------
    QueryError
        If it is no such number.
    """
    if given is None:
        return context.encoder().delta if _is_of_regions(context) else 0.0
    delta = number(given, "delta")
    if not 0.0 <= delta <= 1.0:
        raise QueryError(
            f"delta = {delta:g} is not in [0, 1]; 0 looks for words as a whole, 1 for each of "
            "their phrases"
        )
    return delta


def _is_of_regions(context: Context) -> bool:
    manifest, version = context.manifest, context.version
    if REGIONS not in manifest.names or kept_code(context.encoder(), manifest) is None:
        return False
    others = [name for name in manifest.vector_names if name != IMAGE]
    return not any(len(version.vectors(name)[1]) for name in others)


def in_two_grains(asked: Sequence[Asked], delta: float) -> list[Asked]:
    """What is asked with, its texts shared between both halves.

    >>> [(each.kind, each.weight) for each in in_two_grains([Asked("text", "a boat", 2.0)], 0.25)]
    [('text', 1.5), ('phrases', 0.5)]
    """
    if delta == 0.0:
        return list(asked)
    whole: list[Asked] = []
    for each in asked:
        if each.kind != "text" or not isinstance(each.value, str):
            whole.append(each)
        elif delta < 1.0:
            whole.append(replace(each, weight=(1.0 - delta) * each.weight))
    fine = [
        replace(each, kind=PHRASES, weight=delta * each.weight)
        for each in asked
        if each.kind == "text" and isinstance(each.value, str)
    ]
    return [*whole, *fine]
