"""Both stages of the paper's training (section 4.5), on arrays that were encoded before.

Stage 1 trains the branches in turn, stage 2 both together by the sum of their losses (Eq. 4). What
differs from the paper:

* its LSTM is pretrained, on what is not said; here it learns from the captions of the training
  part, by Adam, and is kept as it is from then on: a sentence is words, and no loss on its vector
  reaches what chose them. So Eq. 4's terms share no weight, and stage 2 trains on at a lower rate;
* the first half of the fine branch's epochs takes Eq. 1, where all regions of a match are to be
  near, as the work does that the paper has its bags from (A. Karpathy et al., "Deep Fragment
  Embeddings for Bidirectional Image Sentence Mapping", NIPS 2014): which regions of a bag are near
  says nothing while weights are random;
* the rate is not said; it, and the margin, are chosen on the validation part, and after each epoch
  the weights that are best on it are kept.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from placelens.types import Int64Array
from placelens_bench.mcqi.model.material import Material
from placelens_bench.mcqi.model.mil import hinge_loss, sentence_loss
from placelens_bench.mcqi.model.networks import Branches, Captioner
from placelens_bench.mcqi.model.scores import Inputs
from placelens_bench.mcqi.model.sentences import LONGEST, PAD, Said, Vocabulary

Say = Callable[[str], None]
# Of texts and images at once, where nothing is learnt.
_BLOCK = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How the model is trained.

    Attributes
    ----------
    batch, momentum, weight_decay : of SGD, as in the paper.
    epochs : passes over the images, of each branch and of both together.
    rate, joint_rate : of SGD at first, which a cosine brings to 0; for stage 1 and stage 2.
    plain_share : of the fine branch's epochs that take Eq. 1, the first.
    margin : M of Eq. 1 and 2; ``sentence_margin`` that of sentences which do not match.
    captioner_epochs, captioner_batch, captioner_rate : of Adam.
    width : of the layers and of the common spaces.
    """

    batch: int = 32
    momentum: float = 0.9
    weight_decay: float = 5e-5
    epochs: tuple[int, int] = (4, 1)
    rate: float = 0.1
    joint_rate: float = 0.02
    plain_share: float = 0.5
    margin: float = 0.3
    sentence_margin: float = 0.2
    captioner_epochs: int = 10
    captioner_batch: int = 64
    captioner_rate: float = 2e-3
    width: int = 1024


def train_captioner(
    train: Material, vocabulary: Vocabulary, *, training: Training, seed: int, say: Say
) -> Captioner:
    """Learn to say a caption of an image, by the cross entropy of its words."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    cells = _cells(train)
    numbers = torch.from_numpy(vocabulary.numbers(train.captions.texts))
    captioner = Captioner(cells.shape[2], len(vocabulary.words))
    optimizer = torch.optim.Adam(captioner.parameters(), training.captioner_rate)
    n_steps = -(-len(train) // training.captioner_batch) * training.captioner_epochs
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    for epoch in range(training.captioner_epochs):
        total = 0.0
        for images, texts in _batches(train, training.captioner_batch, rng):
            wanted = numbers[texts]
            wanted = wanted[:, : int((wanted != PAD).sum(1).max())]
            logits = captioner(_scaled(cells[images]), wanted)
            loss = cross_entropy(logits.flatten(0, 1), wanted[:, 1:].flatten(), ignore_index=PAD)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(captioner.parameters(), 5.0)
            optimizer.step()
            schedule.step()
            total += loss.item() * len(images) / len(train)
        say(f"captioner, epoch {epoch + 1}: {total:.3f}")
    return captioner.eval()


def translate(captioner: Captioner, vocabulary: Vocabulary, material: Material) -> list[Said]:
    """A sentence about each image."""
    said = []
    for cells in _cells(material).split(_BLOCK):
        numbers, weights = captioner.say(_scaled(cells), LONGEST)
        pairs = zip(numbers.numpy(), weights.numpy(), strict=True)
        said += [Said.of(vocabulary, *pair) for pair in pairs]
    return said


def train_branches(
    train: Material,
    inputs: Inputs,
    judges: Sequence[Callable[[Branches], float]],
    *,
    training: Training,
    seed: int,
    say: Say,
) -> Branches:
    """Stage 1, fine and coarse in turn, and stage 2.

    Parameters
    ----------
    train, inputs
        The training part.
    judges
        How good a model is on the validation part: fine, coarse, both.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = Branches(inputs.told.shape[1], training.width)
    nets = {"fine": (model.of_phrases, model.of_regions), "coarse": (model.of_sentences,)}
    nets["both"] = (*nets["fine"], *nets["coarse"])

    def fine(images: Tensor, texts: Tensor, done: float) -> Tensor:
        phrases = inputs.phrases[texts]
        return hinge_loss(
            model.phrases(phrases),
            model.regions(inputs.regions[images]),
            phrases.abs().sum(2) > 0,
            inputs.carries[texts][:, images],
            margin=training.margin,
            in_bags=done >= training.plain_share,
        )

    def coarse(images: Tensor, texts: Tensor, done: float) -> Tensor:
        return sentence_loss(
            model.sentences(inputs.made[images]),
            model.sentences(inputs.told[texts]),
            inputs.carries[texts][:, images],
            margin=training.sentence_margin,
        )

    def both(images: Tensor, texts: Tensor, done: float) -> Tensor:
        return fine(images, texts, 1.0) + coarse(images, texts, done)

    stages = ((0, training.rate), (0, training.rate), (1, training.joint_rate))
    losses = (fine, coarse, both)
    for (name, own), loss, judge, (stage, rate) in zip(
        nets.items(), losses, judges, stages, strict=True
    ):
        parameters = [each for net in own for each in net.parameters()]
        best, kept = (judge(model), copy.deepcopy(model.state_dict())) if stage else (-1.0, {})
        optimizer = torch.optim.SGD(
            parameters, rate, training.momentum, weight_decay=training.weight_decay
        )
        epochs = training.epochs[stage]
        n_steps = -(-len(train) // training.batch) * epochs
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
        for epoch in range(epochs):
            for images, texts in _batches(train, training.batch, rng):
                optimizer.zero_grad()
                loss(images, texts, epoch / epochs).backward()
                optimizer.step()
                schedule.step()
            value = judge(model)
            say(f"{name}, epoch {epoch + 1}: MAP of validation {value:.1f}")
            if value > best:
                best, kept = value, copy.deepcopy(model.state_dict())
        model.load_state_dict(kept)
    return model.eval()


def _batches(
    material: Material, size: int, rng: np.random.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """All images in random order, each with one of its texts."""
    texts = _drawn_texts(material, rng)
    order = rng.permutation(len(material))
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        yield torch.from_numpy(rows), torch.from_numpy(texts[rows])


def _drawn_texts(material: Material, rng: np.random.Generator) -> Int64Array:
    """For each image one of the texts that it carries, repeated ones as likely as they occur."""
    captions = material.captions
    # The largest of u ** (1 / count) is each with a probability that its count is a share of.
    keys = rng.random(len(captions.image)) ** (1.0 / captions.count)
    order = np.lexsort((keys, captions.image))
    last = np.searchsorted(captions.image[order], np.arange(len(material)), side="right") - 1
    return np.asarray(captions.text[order[last]], dtype=np.int64)


def _cells(material: Material) -> Tensor:
    """The feature vectors of each image, (n, cells, dim) float16."""
    return torch.from_numpy(material.grid).flatten(1, 2)


def _scaled(cells: Tensor) -> Tensor:
    """As float32 with entries of about unit variance: a cell gives a 49th of a unit vector."""
    return cells.float() * (cells.shape[1] * cells.shape[2] ** 0.5)
