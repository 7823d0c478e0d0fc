"""The data sets of ``placelens bench cosmat``, as rounds of pairs to learn from and to ask.

*wikipedia*: the features that Rasiwasia et al. (ACM MM 2010) published; 2,173 pairs to learn from,
inside which settings are chosen by cross-validation, and 693 to ask.

*rsicd*: aerial images of 30 kinds of scene, each with five captions, in the parts of the committed
split. The built-in encoder's aerial side was itself trained on the part to learn from, so its
vectors fit that part closer than the part that is asked.

*travel*: photos of eight countries, in five rounds. Those held out ask texts of World Heritage
sites of the same countries, and are asked for by them; such photos and texts are no pairs.
"""

from __future__ import annotations

import csv
import json
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from placelens.alignment import NetworkFeatures
from placelens.encoders.base import Encoder
from placelens.encoders.binding import as_encoder
from placelens.errors import InputError, ReadError
from placelens.evaluation import read_pairs
from placelens.evaluation.splits import Splits, content_hash
from placelens.types import Float64Array, Int64Array
from placelens_bench.cosmat_features import Source

Features = Literal["equal", "paper"]
View = Literal["images", "texts"]
# What things are described by.
ENCODER, LAYER = "encoder", "layer of a network"
WORDS, BAG, TOPICS = "visual words", "words", "topics"
# How many, of which the choice falls where settings are chosen.
TOPIC_NUMBERS = (10, 30, 60)

WIKIPEDIA = "wikipedia_crossmodal"
CATEGORIES = (
    "art",
    "biology",
    "geography",
    "history",
    "literature",
    "media",
    "music",
    "royalty",
    "sport",
    "warfare",
)
N_FOLDS = 5
SEED = 20261123
# A country of the travel photos takes part with as many photos.
MIN_PHOTOS = 4
# Countries that the table of sites calls by another name.
SITE_NAMES = {
    "United Kingdom": "United Kingdom of Great Britain and Northern Ireland",
    "United States": "United States of America",
}
# What --quick takes of each part of rsicd, at most.
QUICK_PAIRS = 300
# The method that the paper gives vectors of a network and topics; its rivals get visual words and
# words.
OURS = "SCM"
LEARNT = ("CM", "SM", "SCM", "GMLDA", "GMMFA")


@dataclass(frozen=True, kw_only=True, eq=False)
class Views:
    """Images and texts with their classes.

    Attributes
    ----------
    images : (n, p).
    texts : (m, q).
    classes : (n,) numbers from 0, of the images.
    other_classes : (m,) of the texts; None where row i of both is one pair.
    shares : which of "images" and "texts" are shares of a whole, so that roots of them exist.
    """

    images: Float64Array
    texts: Float64Array
    classes: Int64Array
    other_classes: Int64Array | None = None
    shares: tuple[View, ...] = ()

    @property
    def text_classes(self) -> Int64Array:
        """(m,) of the texts."""
        return self.classes if self.other_classes is None else self.other_classes

    def rows(self, chosen: np.ndarray) -> Views:
        """Some of the pairs."""
        return replace(
            self, images=self.images[chosen], texts=self.texts[chosen], classes=self.classes[chosen]
        )

    def roots(self) -> Views:
        """With the square roots of what are shares."""
        return replace(self, **{name: np.sqrt(getattr(self, name)) for name in self.shares})


@dataclass(frozen=True, kw_only=True)
class Round:
    """What a method learns from, what is asked of it once, and what its settings are chosen by.

    Attributes
    ----------
    train, test : the two.
    choosing : pairs to learn from and pairs to ask, none of them from ``test``.
    """

    train: Views
    test: Views
    choosing: Sequence[tuple[Views, Views]]


@dataclass(frozen=True, kw_only=True)
class Described:
    """A data set by one kind of features.

    Attributes
    ----------
    images, texts : what they are described by.
    rounds : one or several; figures are means over them.
    """

    images: str
    texts: str
    rounds: Sequence[Round]


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A data set as each method sees it.

    Attributes
    ----------
    name : of its folder.
    categories : names of the classes.
    methods : what each method gets, and what else its choice is from; rounds are the same.
    one_space : whether images and texts are vectors of one space before anything is learnt.
    n_first : results whose categories a confusion matrix counts.
    """

    name: str
    categories: Sequence[str]
    methods: Mapping[str, Sequence[Described]]
    one_space: bool = False
    n_first: int = 20


def load(
    name: str,
    data: Path,
    *,
    features: str,
    encoder: str | Encoder,
    network: NetworkFeatures | None = None,
    work: Path | None = None,
    quick: bool = False,
) -> Dataset:
    """Read a data set and describe it.

    Parameters
    ----------
    name
        Of ``DATASETS``.
    data
        Folder of the data sets.
    features
        "equal": all methods get the same; "paper": each what the GMR-tree's paper gives it.
    encoder
        Of the vectors; of "lite", the side that the data set is for.
    network
        Gives SCM its features of images in place of the encoder, with features "paper".
    work
        Folder to keep features in.
    quick
        At most ``QUICK_PAIRS`` of rsicd's pairs in each part; the others are small as they are.

    Raises
    ------
    InputError
        If the data set or the kind of features is not known, or the data set lacks it.
    ReadError
        If the data set is not there, or not what it should be.
    """
    if name not in DATASETS:
        raise InputError(f"no data set {name!r}; there are: {', '.join(DATASETS)}")
    if features not in get_args(Features):
        raise InputError(f"no features {features!r}; there are: {', '.join(get_args(Features))}")
    if network is not None and features != "paper":
        raise InputError(
            f"a network is what the paper gives to SCM; with features {features!r} it has no use"
        )
    if network is not None:
        network.fit([])  # a file that does not fit is told of before the work
    if name == "wikipedia":
        if features != "equal":
            raise InputError(
                "data set 'wikipedia' comes as features, the same for all methods, without its "
                f"images; features {features!r} need --dataset rsicd or travel"
            )
        return _wikipedia(data / WIKIPEDIA)
    album = _ALBUMS[name]
    encoder = f"lite:{album.side}" if encoder == "lite" else encoder
    source = Source(encoder=as_encoder(encoder), work=work, network=network)
    categories, rounds = album.read(data, quick)
    methods: Mapping[str, Sequence[Described]]
    if features == "equal":
        methods = dict.fromkeys(LEARNT, (_described(rounds, ENCODER, ENCODER, source),))
    else:
        # Words first: they fail at once where OpenCV is missing.
        rivals = [_described(rounds, WORDS, BAG, source)]
        images = ENCODER if network is None else LAYER
        ours = [_described(rounds, images, f"{n} {TOPICS}", source) for n in TOPIC_NUMBERS]
        methods = {method: ours if method == OURS else rivals for method in LEARNT}
    return Dataset(
        name=album.folder,
        categories=categories,
        methods=methods,
        one_space=features == "equal",
        n_first=album.n_first,
    )


def _wikipedia(folder: Path) -> Dataset:
    train, test = read_wikipedia(folder)
    rounds = [Round(train=train, test=test, choosing=_folds(train))]
    described = Described(images=WORDS, texts=TOPICS, rounds=rounds)
    return Dataset(
        name=WIKIPEDIA, categories=CATEGORIES, methods=dict.fromkeys(LEARNT, (described,))
    )


def read_wikipedia(folder: Path) -> tuple[Views, Views]:
    """The Wikipedia benchmark's pairs to learn from and to ask with.

    Parameters
    ----------
    folder
        Holds ``raw_features.mat`` and the lists of training and test pairs.

    Raises
    ------
    ReadError
        If a file is missing, or its arrays do not fit the lists.
    """
    from scipy.io import loadmat

    path = folder / "raw_features.mat"
    try:
        arrays = loadmat(path)
    except (OSError, ValueError) as error:
        raise ReadError(
            f"{path} cannot be read ({error}); it is the benchmark's own file"
        ) from error
    parts = []
    for suffix, name in (("tr", "trainset"), ("te", "testset")):
        table = folder / f"{name}_txt_img_cat.list"
        if not table.is_file():
            raise ReadError(f"{table} does not exist")
        lines = [
            line.split("\t") for line in table.read_text(encoding="utf-8").splitlines() if line
        ]
        classes = np.array([int(line[2]) - 1 for line in lines])
        try:
            images, texts = arrays[f"I_{suffix}"], arrays[f"T_{suffix}"]
        except KeyError as error:
            raise ReadError(f"{path} holds no array {error}") from error
        if not len(images) == len(texts) == len(classes):
            raise ReadError(
                f"{path} holds {len(images)} images and {len(texts)} texts, {table} "
                f"{len(classes)} lines"
            )
        shares = Views(images=images, texts=texts, classes=classes, shares=("images", "texts"))
        parts.append(shares)
    return parts[0], parts[1]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Raw:
    """What becomes ``Views``: image files and, for each thing, its texts."""

    images: Sequence[Path]
    texts: Sequence[tuple[str, ...]]
    classes: Int64Array
    other_classes: Int64Array | None = None


# Train, test and, where settings are not chosen by folds of train, validation.
_RawRound = Sequence[_Raw]


def _described(rounds: Sequence[_RawRound], images: str, texts: str, source: Source) -> Described:
    """The rounds with features in place of files and texts."""
    image_features = _image_features(rounds, images, source)
    text_features = _text_features(rounds, texts, source)
    shares: list[View] = []
    if images == WORDS:
        shares.append("images")
    if texts == BAG or texts.endswith(TOPICS):
        shares.append("texts")
    made = []
    for raws, of_images, of_texts in zip(rounds, image_features, text_features, strict=True):
        train, test, *validation = (
            Views(
                images=image,
                texts=text,
                classes=raw.classes,
                other_classes=raw.other_classes,
                shares=tuple(shares),
            )
            for raw, image, text in zip(raws, of_images, of_texts, strict=True)
        )
        choosing = [(train, held) for held in validation] or _folds(train)
        made.append(Round(train=train, test=test, choosing=choosing))
    return Described(images=images, texts=texts, rounds=made)


def _image_features(
    rounds: Sequence[_RawRound], kind: str, source: Source
) -> list[list[Float64Array]]:
    """By round and part, (n, p)."""
    if kind == WORDS:
        return [source.visual_words(*(raw.images for raw in raws)) for raws in rounds]
    paths = sorted({path for raws in rounds for raw in raws for path in raw.images})
    features = source.layer(paths) if kind == LAYER else source.image_vectors(paths)
    vectors = dict(zip(paths, features, strict=True))
    return [[np.stack([vectors[path] for path in raw.images]) for raw in raws] for raws in rounds]


def _text_features(
    rounds: Sequence[_RawRound], kind: str, source: Source
) -> list[list[Float64Array]]:
    """By round and part, (m, q)."""
    if kind == BAG or kind.endswith(TOPICS):
        # All texts of a thing are one.
        joined = [
            [["\n".join(several) for several in raw.texts] for raw in raws] for raws in rounds
        ]
        if kind == BAG:
            return [source.words(*parts) for parts in joined]
        return [source.topics(int(kind.removesuffix(TOPICS)), *parts) for parts in joined]
    texts = sorted({several for raws in rounds for raw in raws for several in raw.texts})
    vectors = dict(zip(texts, source.text_vectors(texts), strict=True))
    return [[np.stack([vectors[each] for each in raw.texts]) for raw in raws] for raws in rounds]


def _read_rsicd(data: Path, quick: bool) -> tuple[list[str], list[_RawRound]]:
    """Scene classes, and one round in the committed parts."""
    table = data / "rsicd" / "pairs.jsonl"
    pairs = read_pairs(table)
    lines = table.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    for row in rows:
        if not isinstance(row.get("class"), str):
            raise InputError(f'{table}: image {row["image"]} has no "class", its kind of scene')
    names = [row["class"] for row in rows]
    categories, numbers = np.unique(names, return_inverse=True)
    hashes = np.array([content_hash(pair.image) for pair in pairs])
    raws = []
    for part in ("train", "test", "validation"):
        chosen = np.flatnonzero(np.isin(hashes, list(Splits.load().of("rsicd", part))))
        if not len(chosen):
            raise InputError(
                f"none of the {len(pairs)} images of {table} is in part {part!r} of split 'rsicd'; "
                "are they the original files? A split knows images by their bytes"
            )
        if quick:
            chosen = chosen[:: -(-len(chosen) // QUICK_PAIRS)]
        raws.append(
            _Raw(
                images=[pairs[row].image for row in chosen],
                texts=[pairs[row].captions for row in chosen],
                classes=numbers[chosen],
            )
        )
    return categories.tolist(), [raws]


def _read_travel(data: Path, _quick: bool) -> tuple[list[str], list[_RawRound]]:
    """Countries, and a round for each fold of the photos, which are few anyway."""
    folder = data / "travel_photos"
    photos = _table(folder / "photos.csv", ("image", "title", "description", "country"))
    sites = _table(data / "unesco_sites" / "sites.csv", ("name_en", "description_en", "country"))
    for photo in photos:
        photo["country"] = SITE_NAMES.get(photo["country"], photo["country"])
    taken = Counter(photo["country"] for photo in photos)
    # A site of several countries names them all, so it belongs to none of these.
    known = {site["country"] for site in sites}
    categories = sorted(name for name in known if taken[name] >= MIN_PHOTOS)
    if len(categories) < 2:
        raise InputError(
            f"{folder} has {len(categories)} countries with {MIN_PHOTOS} photos and a site, and "
            "telling countries apart needs two or more"
        )
    number = {name: position for position, name in enumerate(categories)}
    photos = [photo for photo in photos if photo["country"] in number]
    sites = [site for site in sites if site["country"] in number]
    pairs = _Raw(
        images=[folder / "images" / photo["image"] for photo in photos],
        texts=[(f"{photo['title']}. {photo['description']}",) for photo in photos],
        classes=np.array([number[photo["country"]] for photo in photos]),
    )
    site_texts = [(f"{site['name_en']}. {site['description_en']}",) for site in sites]
    site_classes = np.array([number[site["country"]] for site in sites])
    rounds: list[_RawRound] = []
    for kept, held in _split(pairs.classes):
        train = _Raw(
            images=[pairs.images[row] for row in kept],
            texts=[pairs.texts[row] for row in kept],
            classes=pairs.classes[kept],
        )
        test = _Raw(
            images=[pairs.images[row] for row in held],
            texts=site_texts,
            classes=pairs.classes[held],
            other_classes=site_classes,
        )
        rounds.append((train, test))
    # As the photos name them, which is shorter.
    short = {site: photo for photo, site in SITE_NAMES.items()}
    return [short.get(name, name) for name in categories], rounds


@dataclass(frozen=True, kw_only=True)
class _Album:
    """A data set that has its images: where, for which side of the encoder, and how it is read."""

    folder: str
    side: str
    n_first: int
    read: Callable[[Path, bool], tuple[list[str], list[_RawRound]]]


_ALBUMS: Mapping[str, _Album] = {
    "rsicd": _Album(folder="rsicd", side="aerial", n_first=20, read=_read_rsicd),
    # A round holds 17 photos or fewer.
    "travel": _Album(folder="travel_photos", side="photo", n_first=5, read=_read_travel),
}
DATASETS = ("wikipedia", *_ALBUMS)


def _table(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Rows of a CSV file that has these columns."""
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            missing = sorted(set(columns) - set(reader.fieldnames or ()))
            rows = list(reader)
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(
            f"cannot read {path}: {getattr(error, 'strerror', None) or error}"
        ) from error
    if missing:
        raise ReadError(f"{path} lacks the columns {', '.join(missing)}")
    return rows


def _folds(train: Views) -> list[tuple[Views, Views]]:
    """Pairs to learn from and pairs to ask, inside those to learn from."""
    return [(train.rows(kept), train.rows(held)) for kept, held in _split(train.classes)]


def _split(classes: Int64Array) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows kept and rows held of each fold, each class spread over the folds."""
    from sklearn.model_selection import StratifiedKFold

    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=SEED)
    with warnings.catch_warnings():
        # A class with fewer members than there are folds is in some of them only, and may be.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        return list(folds.split(classes[:, None], classes))
