"""A trained model with what it says of each part; its weights are kept as plain arrays."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from torch import nn

from placelens.encoders.base import Encoder
from placelens.evaluation.splits import Part
from placelens.types import Float32Array
from placelens_bench.mcqi.model.judge import Judge
from placelens_bench.mcqi.model.learn import (
    Training,
    train_branches,
    train_captioner,
    translate,
)
from placelens_bench.mcqi.model.material import Material
from placelens_bench.mcqi.model.networks import Branches, Captioner
from placelens_bench.mcqi.model.relevance import labels_of
from placelens_bench.mcqi.model.scores import Inputs, coarse_scores, fine_scores
from placelens_bench.mcqi.model.sentences import Said, Vocabulary

if TYPE_CHECKING:
    from placelens_bench.mcqi.model.measure import Amount

Say = Callable[[str], None]
Net = TypeVar("Net", bound=nn.Module)
# What decides what is learnt, beside settings and data: of another number, it is learnt anew.
_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What was learnt.

    Attributes
    ----------
    branches : the networks.
    inputs : of the parts that are judged.
    said, made : of the same, sentences and their vectors (n, dim).
    training : the settings.
    told : what was said of each stage while it was trained.
    """

    branches: Branches
    inputs: Mapping[Part, Inputs]
    said: Mapping[Part, list[Said]]
    made: Mapping[Part, Float32Array]
    training: Mapping[str, Any]
    told: list[str]

    def fine(self, part: Part, pooling: str) -> Float32Array:
        """See `fine_scores`."""
        return fine_scores(self.branches, self.inputs[part], pooling)

    def coarse(self, part: Part) -> Float32Array:
        """See `coarse_scores`."""
        return coarse_scores(self.branches, self.inputs[part])


def trained(
    parts: Mapping[Part, Material],
    work: Path,
    encoder: Encoder,
    dataset: str,
    *,
    amount: Amount,
    seed: int,
    say: Say,
) -> Model:
    """Train the captioner, then the branches; or take what a folder keeps of them."""
    training = Training(**amount.training)
    train = parts["train"]
    vocabulary = Vocabulary.of([text for texts in train.texts_of for text in texts])
    told: list[str] = []
    decisive = (train.names, train.texts_of, encoder.fingerprint, seed)
    settings = asdict(training)
    of_captioner = {key: settings[key] for key in settings if key.startswith("captioner")}
    captioner = _kept(
        _path(work, f"{dataset}-captioner", *decisive, of_captioner),
        empty=lambda: Captioner(train.vectors.shape[1], len(vocabulary.words)),
        train=lambda note: train_captioner(
            train, vocabulary, training=training, seed=seed, say=note
        ),
        told=told,
        say=say,
    )

    def of_part(part: Part) -> tuple[list[Said], Float32Array, Inputs]:
        said = translate(captioner, vocabulary, parts[part])
        made = _vectors(said, encoder)
        return said, made, Inputs.of(parts[part], made)

    judged: dict[Part, tuple[list[Said], Float32Array, Inputs]] = {
        part: of_part(part) for part in parts if part != "train"
    }
    inputs: dict[Part, Inputs] = {part: own[2] for part, own in judged.items()}
    dev, validation = inputs["validation"], parts["validation"]
    judge = Judge.of(validation, labels_of(train.texts_of, validation.texts_of))

    def fine(model: Branches) -> float:
        return judge.value(fine_scores(model, dev, "best"))

    def coarse(model: Branches) -> float:
        return judge.value(coarse_scores(model, dev))

    def both(model: Branches) -> float:
        scores = fine_scores(model, dev, "best") + coarse_scores(model, dev)
        return judge.value(scores)

    branches = _kept(
        _path(work, f"{dataset}-branches", *decisive, settings),
        empty=lambda: Branches(train.vectors.shape[1], training.width),
        train=lambda note: train_branches(
            *(train, of_part("train")[2], (fine, coarse, both)),
            training=training,
            seed=seed,
            say=note,
        ),
        told=told,
        say=say,
    )
    return Model(
        branches=branches, inputs=inputs,
        said={part: own[0] for part, own in judged.items()},
        made={part: own[1] for part, own in judged.items()},
        training=settings, told=told,
    )  # fmt: skip


def _vectors(said: list[Said], encoder: Encoder) -> Float32Array:
    """Vectors of sentences, of which each is encoded once."""
    texts, which = np.unique([own.text for own in said], return_inverse=True)
    return np.asarray(encoder.encode_texts(texts.tolist())[which])


def _path(work: Path, name: str, *decisive: object) -> Path:
    """A file named by what decides its content."""
    import xxhash

    digest = xxhash.xxh3_64_hexdigest(repr((_VERSION, *decisive)).encode())
    return work / f"mcqi-{name}-{digest}.npz"


def _kept(
    path: Path,
    *,
    empty: Callable[[], Net],
    train: Callable[[Say], Net],
    told: list[str],
    say: Say,
) -> Net:
    """A network from its file, trained and written where there is none.

    Parameters
    ----------
    path
        Of its weights, beside which stands what was said while it was trained.
    empty, train
        Give it untrained, and trained; the latter is given what to tell its steps.
    told
        Gets the steps.
    """
    notes = path.with_suffix(".json")
    if not (path.exists() and notes.exists()):
        own: list[str] = []

        def note(line: str) -> None:
            own.append(line)
            say(line)

        started = time.perf_counter()
        weights = train(note).state_dict()
        note(f"trained in {time.perf_counter() - started:.0f} s")
        np.savez(path, **{name: value.numpy() for name, value in weights.items()})
        notes.write_text(json.dumps(own), encoding="utf-8")
    network = empty()
    with np.load(path) as arrays:
        network.load_state_dict({name: torch.from_numpy(arrays[name]) for name in arrays.files})
    told += json.loads(notes.read_text(encoding="utf-8"))
    return network.eval()
