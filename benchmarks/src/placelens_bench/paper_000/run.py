"""Paper 000, section VII: response time by N and k (Fig. 8 and 9) and confusion (Fig. 10 and 11).

What differs from the paper is said in docs/paper_000.md; above all, features are equal for all
methods, and texts, images and places are real.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from placelens.encoders.base import Encoder
from placelens.encoders.registry import load_encoder
from placelens.errors import InputError
from placelens.evaluation import Splits
from placelens.types import Float64Array
from placelens_bench.engine.data import SEED
from placelens_bench.engine.worker import SPIN_S
from placelens_bench.engine.workloads import K
from placelens_bench.paper_000.data import Scenes, read_named_places, read_scenes
from placelens_bench.paper_000.precision import judge, retrieval
from placelens_bench.paper_000.spaces import LearntSpace, learn
from placelens_bench.paper_000.speed import (
    DECAYS,
    Figures,
    Items,
    curve,
    measure,
    queries_at,
    weigh,
)

ENCODER = "lite:aerial"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is asked of how much.

    Attributes
    ----------
    items : numbers of texts, rising.
    items_by_k : of texts, where k varies; one of ``items``.
    ks : numbers of answers; 10 among them.
    queries : how many are asked.
    images : most of each class and part of the scenes; None for all.
    rest_s : seconds before a line is asked.
    """

    items: tuple[int, ...] = (40_000, 80_000, 120_000, 160_000, 200_000)
    items_by_k: int = 80_000
    ks: tuple[int, ...] = (5, 10, 20, 50, 100)
    queries: int = 100
    images: int | None = None
    rest_s: float = SPIN_S


# To try it out.
QUICK = Sizes(items=(300, 600), items_by_k=600, ks=(5, 10, 20), queries=10, images=2, rest_s=0.0)


def run(
    data: Path,
    *,
    work: Path | None = None,
    quick: bool = False,
    encoder: Encoder | None = None,
    splits: Splits | None = None,
    say: Say = lambda _: None,
) -> dict[str, Any]:
    """Learn the spaces, then measure; plain JSON types.

    Parameters
    ----------
    data
        Folder that holds rsicd and wikipedia_places.
    work
        Keeps encoded vectors for the next time; a temporary folder when None.
    quick
        Small sizes and one setting a method.
    encoder
        Of the features; the built-in one's aerial side when None.
    splits
        Which images are learnt from; the committed ones when None.
    say
        Told of each step.

    Raises
    ------
    InputError
        If a part of the scenes is empty.
    MissingExtraError
        If the list of towns is not installed.
    ReadError
        If the data cannot be read.
    RuntimeError
        If an index does not answer as the exact scan does.
    """
    sizes = QUICK if quick else Sizes()
    encoder = encoder or load_encoder(ENCODER)
    holder = (
        tempfile.TemporaryDirectory(prefix="placelens-bench-")
        if work is None
        else nullcontext(str(work))
    )
    with holder as name:
        folder = Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        scenes, rows = read_scenes(
            data, folder, encoder, splits=splits or Splits.load(), most=sizes.images
        )
        named = read_named_places(data, folder, encoder, sizes.items[-1])
    parts = {part: scenes.rows(chosen) for part, chosen in rows.items()}
    for part, chosen in rows.items():
        if not len(chosen):
            raise InputError(f"no image of rsicd is in part {part!r} of the split")
    say(f"data: {len(named.texts):,} texts at places, {len(scenes.images):,} images")
    spaces = learn(parts["train"], parts["validation"], quick=quick)
    say("spaces learnt")
    test = parts["test"]
    texts = {name: space.texts(named.vectors) for name, space in spaces.items()}
    result = _by_texts(sizes, Items(texts, named.places), spaces, test, say)
    result["images_by_k"] = _by_images(sizes, named.places, spaces, scenes, test)
    say("images by k")
    result["precision"] = judge(spaces, test, named.places) | {"classes": list(scenes.names)}
    result["retrieval"] = retrieval(spaces, test)
    result["settings"] = asdict(sizes) | {
        "k": K,
        "encoder": encoder.fingerprint,
        "n_images": len(scenes.images),
        "n_train": len(parts["train"].images),
        "n_validation": len(parts["validation"].images),
        "n_test": len(test.images),
        "spaces": {name: _told(space, texts[name].shape[1]) for name, space in spaces.items()},
    }
    return result


def _by_texts(
    sizes: Sizes, items: Items, spaces: Mapping[str, LearntSpace], test: Scenes, say: Say
) -> dict[str, Any]:
    """Images ask for texts: by N, by k, and what the indexes over all texts take."""
    rng = np.random.default_rng([SEED, 40])
    asking = rng.permutation(len(test.images))[: sizes.queries]
    vectors = {name: space.images(test.images[asking]) for name, space in spaces.items()}
    # Among the items of every size, so that all sizes are asked the same.
    queries = queries_at(vectors, items.places[: sizes.items[0]], rng)
    by_n: dict[str, list[dict[str, Figures]]] = {workload.kind: [] for workload in DECAYS}
    by_k: dict[str, Any] = {}
    for n in sizes.items:
        ks = sizes.ks if n == sizes.items_by_k else (K,)
        points = [(workload, k) for workload in DECAYS for k in ks]
        measured = measure(items.first(n), queries, points, rest_s=sizes.rest_s)
        found = dict(zip(points, measured, strict=True))
        for workload in DECAYS:
            by_n[workload.kind].append(found[workload, K])
            if n == sizes.items_by_k:
                by_k[workload.kind] = curve(ks, [found[workload, k] for k in ks])
        say(f"{n:,} texts")
    return {
        "by_n": {kind: curve(sizes.items, found) for kind, found in by_n.items()},
        "by_k": by_k,
        "index": weigh(items, queries, K, rest_s=sizes.rest_s),
    }


def _by_images(
    sizes: Sizes,
    places: Float64Array,
    spaces: Mapping[str, LearntSpace],
    scenes: Scenes,
    test: Scenes,
) -> dict[str, Any]:
    """Captions ask for images, which are all there are, at places of texts: by k."""
    rng = np.random.default_rng([SEED, 41])
    vectors = {name: space.images(scenes.images) for name, space in spaces.items()}
    items = Items(vectors, places[rng.integers(len(places), size=len(scenes.images))])
    asking = rng.permutation(len(test.captions))[: sizes.queries]
    asked = {name: space.texts(test.captions[asking]) for name, space in spaces.items()}
    points = [(workload, k) for workload in DECAYS for k in sizes.ks]
    found = measure(items, queries_at(asked, items.places, rng), points, rest_s=sizes.rest_s)
    steps = len(sizes.ks)
    return {
        workload.kind: curve(sizes.ks, found[i * steps : (i + 1) * steps])
        for i, workload in enumerate(DECAYS)
    }


def _told(space: LearntSpace, dim: int) -> dict[str, Any]:
    return {
        "dim": dim,
        "settings": dict(space.settings),
        "validation_map": space.validation_map,
    }
