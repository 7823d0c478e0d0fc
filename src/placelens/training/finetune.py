"""Fine-tune a tail so that images lie near the texts that describe them, and only those.

A symmetric contrastive loss over a batch [1]_. Two captions that read alike are no negatives of
each other: their probability is shared. The text side is an affine map of sentence vectors, which
learns with the tail or stays as it is; so that it stays good for texts of another kind as well, a
second set of images, known by their pooled features only, may be asked for beside the first. Where
images have scene classes, a classifier beside the head adds its loss and is thrown away afterwards.
A loss over whole images asks no region where it looks; words of the captions do: a word must find
the images whose captions hold it by the regions that show it most [2]_.
What is returned is the moving average of the weights over the last steps, which generalises better
than the last of them.

References
----------
.. [1] A. Radford et al., "Learning Transferable Visual Models From Natural Language
   Supervision", ICML 2021, with soft targets for repeated captions.
.. [2] M. Ilse, J. M. Tomczak, M. Welling, "Attention-based Deep Multiple Instance Learning", ICML
   2018, sets out pooling of parts; here it is the smooth maximum of log-sum-exp.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from sklearn.neighbors import NearestNeighbors
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, kl_div, log_softmax, normalize

from placelens.errors import InputError
from placelens.training.backbone import Tail
from placelens.training.heads import N_FEATURES, Conse, LinearHead
from placelens.training.words import Words
from placelens.types import Float32Array, Float64Array, Int64Array

# Cosine from which two captions count as one: equal words, up to rounding.
_SAME_TEXT = 0.9999
# How sharply the best regions stand for an image when a word is looked for.
_SHARPNESS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuning:
    """How a tail is fine-tuned.

    Attributes
    ----------
    epochs, batch : passes over the images, and images at once.
    rate : of AdamW at its highest, for the tail; a cosine brings it to 0.
    head_factor : the head learns so many times faster.
    warm_up : steps until the rate is at its highest.
    weight_decay : of AdamW.
    temperature : of the cosines, at first; it is learnt.
    class_weight : of the classifier's loss; 0 for none.
    distillation : of the divergence from what the tail knew of ImageNet's classes at first, region
        by region; 0 for none.
    n_distilled : images of a batch on which that is taken: each costs a pass of the tail as it was.
    dropout : share of an image's pooled features that is left out each time it is seen.
    learns_text : whether the text map learns too, as fast as the head.
    beside_weight, beside_batch : of the loss on the set beside, and its images at once.
    word_weight : of the loss of words and regions; 0 for none.
    alike : images of a batch come in groups of so many whose captions are alike; 1 for any.
    mixes_captions : whether a text is a random point between two captions of its image.
    decay : of the moving average of the weights, a step.
    """

    epochs: int = 6
    batch: int = 192
    rate: float = 5e-4
    head_factor: float = 3.0
    warm_up: int = 40
    weight_decay: float = 0.05
    temperature: float = 0.05
    class_weight: float = 0.2
    distillation: float = 0.0
    n_distilled: int = 32
    dropout: float = 0.0
    learns_text: bool = False
    beside_weight: float = 0.5
    beside_batch: int = 256
    word_weight: float = 0.0
    alike: int = 1
    mixes_captions: bool = False
    decay: float = 0.99


class Activations(Protocol):
    """Images as the trunk leaves them, in variants (turned, cut out)."""

    def __len__(self) -> int:
        """The number of variants."""

    def __getitem__(self, key: tuple[int, int], /) -> np.ndarray:
        """(112, 14, 14) of a variant and an image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Images of another kind that share the text map, with a head of their own.

    Attributes
    ----------
    pooled : (v, n, 1280) features of n images in v variants; their tail is not trained.
    sentences : for each image, (m, d) vectors of its texts as the text map takes them.
    rows : the images to train on.
    head : where their head starts; it is thrown away.
    """

    pooled: Float32Array
    sentences: Sequence[Float64Array]
    rows: Int64Array
    head: LinearHead


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuned:
    """What training gives.

    Attributes
    ----------
    tail, head : of the images.
    text_map : (d + 1, d) affine map of the texts, its last row the bias.
    """

    tail: Tail
    head: LinearHead
    text_map: Float64Array


class _Model(nn.Module):
    """The tail, its linear head, the text map, the temperature and the classifier."""

    def __init__(
        self,
        tail: Tail,
        head: LinearHead,
        text_map: Float64Array,
        *,
        beside: LinearHead | None,
        n_classes: int,
        settings: FineTuning,
    ) -> None:
        super().__init__()
        self.tail = copy.deepcopy(tail)
        self.linear = _as_layer(head)
        self.beside = _as_layer(beside or head)
        self.text_map = nn.Parameter(
            torch.from_numpy(text_map).float(), requires_grad=settings.learns_text
        )
        start = torch.tensor(-math.log(settings.temperature))
        self.log_scale = nn.Parameter(start)
        self.log_scale_beside = nn.Parameter(start.clone())
        self.log_scale_words = nn.Parameter(start.clone())
        self.classifier = nn.Linear(N_FEATURES, max(1, n_classes))
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, activations: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Unit vectors, logits of the classes, and features of the regions."""
        features = self.tail(activations)  # (n, 7, 7, 1280)
        pooled = self.dropout(features.mean((1, 2)))
        return normalize(self.linear(pooled)), self.classifier(pooled), features

    def best_regions(self, features: Tensor, texts: Tensor) -> Tensor:
        """Of each image and text, (n, m), the smooth maximum of the regions' shares of a cosine."""
        regions = self.linear(features).flatten(1, 2)  # (n, 49, d)
        regions = regions / regions.mean(1, keepdim=True).norm(dim=2, keepdim=True)
        shares = regions @ texts.T * _SHARPNESS  # (n, 49, m)
        return (shares.logsumexp(1) - math.log(shares.shape[1])) / _SHARPNESS

    def vectors_beside(self, pooled: Tensor) -> Tensor:
        """Unit vectors of the images beside."""
        return normalize(self.beside(self.dropout(pooled)))

    def texts(self, sentences: Tensor) -> Tensor:
        """Unit vectors of texts."""
        return normalize(sentences @ self.text_map[:-1] + self.text_map[-1])


def fine_tune(
    tail: Tail,
    head: LinearHead,
    activations: Activations,
    sentences: Sequence[Float64Array],
    *,
    text_map: Float64Array,
    rows: Int64Array,
    beside: Beside | None = None,
    words: Words | None = None,
    classes: Int64Array | None = None,
    conse: Conse | None = None,
    settings: FineTuning,
    seed: int,
    progress: Callable[[int, float], None] | None = None,
) -> FineTuned:
    """Train copies of a tail, its head and, where the settings say so, of the text map.

    Parameters
    ----------
    tail, head, text_map
        Where to start.
    activations
        (v, n, 112, 14, 14) of n images in v variants (turned, cut out); each time an image is seen,
        one of its variants is drawn. An array, a memory map, or what is read like one.
    sentences
        For each of the n images, (m, d) vectors of its texts as the text map takes them; one is
        drawn each time.
    rows
        The images to train on.
    beside
        A second set that shares the text map.
    words
        Words that the captions of the n images hold.
    classes
        (n,) number of each image's class; None for no classifier.
    conse
        Holds ImageNet's classifier, for distillation.
    settings, seed
        The same seed gives the same weights on the same machine, up to the order of sums.
    progress
        Called after each epoch with its number from 1 and its mean loss.

    Raises
    ------
    InputError
        If there are fewer images than a batch has.
    """
    if len(rows) < settings.batch:
        raise InputError(
            f"fine-tuning takes batches of {settings.batch} images, and there are {len(rows)}; "
            "give a smaller batch"
        )
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    draws = _Draws(activations, sentences, rows, settings, rng)
    model = _Model(
        tail,
        head,
        text_map,
        beside=None if beside is None else beside.head,
        n_classes=0 if classes is None else int(classes.max()) + 1,
        settings=settings,
    )
    model = model.to(memory_format=torch.channels_last)
    averaged = copy.deepcopy(model)
    teacher = copy.deepcopy(model.tail)
    objective = _Objective(model, teacher, conse, beside, words, settings, rng)
    n_batches = len(rows) // settings.batch
    optimizer, scheduler = _optimizer(model, settings, settings.epochs * n_batches)
    step = 0
    for epoch in range(settings.epochs):
        total = 0.0
        for images, inputs, texts in draws.epoch():
            answers = None if classes is None else torch.from_numpy(classes[images])
            loss = objective(images, inputs, texts, answers)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            step += 1
            total += loss.item()
            # Short at first, so that the start is soon forgotten.
            decay = min(settings.decay, (1 + step) / (10 + step))
            _move(averaged.parameters(), model.parameters(), 1 - decay)
        if progress is not None:
            progress(epoch + 1, total / n_batches)
    return FineTuned(
        tail=averaged.tail,
        head=LinearHead(
            weights=averaged.linear.weight.detach().numpy().T.astype(np.float64),
            bias=averaged.linear.bias.detach().numpy().astype(np.float64),
        ),
        text_map=averaged.text_map.detach().numpy().astype(np.float64),
    )


@dataclass(frozen=True, slots=True)
class _Objective:
    """What is made small: the contrastive losses, and those of the classes and of forgetting."""

    model: _Model
    teacher: Tail
    conse: Conse | None
    beside: Beside | None
    words: Words | None
    settings: FineTuning
    rng: np.random.Generator

    def __call__(
        self, images: Int64Array, inputs: Tensor, sentences: Tensor, answers: Tensor | None
    ) -> Tensor:
        """The loss of a batch of these images, a scalar; ``answers`` are their classes."""
        settings = self.settings
        vectors, logits, features = self.model(inputs)
        texts = self.model.texts(sentences)
        loss = contrastive_loss(vectors, texts, self.model.log_scale.exp())
        if answers is not None and settings.class_weight:
            loss = loss + settings.class_weight * cross_entropy(logits, answers)
        if self.conse is not None and settings.distillation:
            some = self.rng.permutation(len(inputs))[: settings.n_distilled]
            with torch.no_grad():
                before = self.teacher(inputs[some])
            loss = loss + settings.distillation * forgetting(features[some], before, self.conse)
        if self.beside is not None and settings.beside_weight:
            loss = loss + settings.beside_weight * self._loss_beside(self.beside)
        if self.words is not None and settings.word_weight:
            vectors_of_words, holds = self.words.drawn(images, self.rng)
            texts = self.model.texts(torch.from_numpy(vectors_of_words).float())
            found = self.model.log_scale_words.exp() * self.model.best_regions(features, texts)
            loss = loss + settings.word_weight * shared_loss(found, torch.from_numpy(holds))
        return loss

    def _loss_beside(self, beside: Beside) -> Tensor:
        size = min(self.settings.beside_batch, len(beside.rows))
        images = self.rng.choice(beside.rows, size, replace=False)
        variants = self.rng.integers(len(beside.pooled), size=size)
        vectors = self.model.vectors_beside(torch.from_numpy(beside.pooled[variants, images]))
        texts = self.model.texts(_drawn(beside.sentences, images, self.rng))
        return contrastive_loss(vectors, texts, self.model.log_scale_beside.exp())


@dataclass(frozen=True, slots=True)
class _Draws:
    """Batches of images, each in one of its variants and with one of its captions."""

    activations: Activations
    sentences: Sequence[Float64Array]
    rows: Int64Array
    settings: FineTuning
    rng: np.random.Generator

    def epoch(self) -> Iterator[tuple[Int64Array, Tensor, Tensor]]:
        """Numbers of the images, their activations and texts; every image at most once."""
        order = self._order()
        n_batches = len(order) // self.settings.batch
        for batch in np.split(order[: n_batches * self.settings.batch], n_batches):
            images = np.sort(batch)  # near each other in the memory map
            variants = self.rng.integers(len(self.activations), size=len(images))
            seen = [self.activations[v, i] for v, i in zip(variants, images, strict=True)]
            texts = _drawn(self.sentences, images, self.rng, mixed=self.settings.mixes_captions)
            yield images, as_tensor(np.stack(seen)), texts

    def _order(self) -> Int64Array:
        """The images in the order of an epoch: groups that are alike, the groups at random."""
        order = self.rng.permutation(self.rows)
        if self.settings.alike == 1:
            return order
        means = np.stack([self.sentences[image].mean(axis=0) for image in order])
        means -= means.mean(axis=0)
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        nearest = NearestNeighbors(n_neighbors=4 * self.settings.alike).fit(means)
        left = np.ones(len(order), dtype=np.bool_)
        groups = []
        for own in nearest.kneighbors(means, return_distance=False):
            # The image itself comes first; one that is in a group already starts no other.
            if left[own[0]]:
                group = own[left[own]][: self.settings.alike]
                left[group] = False
                groups.append(order[group])
        return np.concatenate([groups[number] for number in self.rng.permutation(len(groups))])


def contrastive_loss(images: Tensor, texts: Tensor, scale: Tensor) -> Tensor:
    """Cross-entropy of each image's texts among the batch's, and of each text's images.

    Parameters
    ----------
    images, texts
        (n, d) unit vectors that belong together row by row.
    scale
        Multiplies the cosines.
    """
    return shared_loss(scale * images @ texts.T, texts @ texts.T > _SAME_TEXT)


def shared_loss(logits: Tensor, belong: Tensor) -> Tensor:
    """Cross-entropy both ways, where several may be right and share their probability.

    Parameters
    ----------
    logits
        (n, m) of images and texts.
    belong
        (n, m) whether they belong together; those that belong to none are not asked.
    """
    ways = []
    for given, right in ((logits, belong.float()), (logits.T, belong.T.float())):
        counts = right.sum(1)
        losses = -(right * log_softmax(given, 1)).sum(1) / counts.clamp_min(1)
        ways.append(losses.sum() / (counts > 0).sum().clamp_min(1))
    return (ways[0] + ways[1]) / 2


def forgetting(features: Tensor, before: Tensor, conse: Conse) -> Tensor:
    """Divergence of ImageNet's posteriors, region by region, from what they were before.

    Parameters
    ----------
    features, before
        (n, 7, 7, 1280) of the tail in training, and of the tail that training started from.
    conse
        Its classifier and temperature.

    Source: G. Hinton, O. Vinyals, J. Dean, "Distilling the Knowledge in a Neural Network", 2015.
    """
    weights = torch.from_numpy(conse.classifier).float()
    bias = torch.from_numpy(conse.bias).float()
    now, then = (
        log_softmax((given @ weights + bias) / conse.temperature, -1).flatten(0, 2)
        for given in (features, before)
    )
    return kl_div(now, then, reduction="batchmean", log_target=True)


def as_tensor(activations: np.ndarray) -> Tensor:
    """Activations (n, 112, 14, 14) as float32, in the memory layout that convolves fastest."""
    tensor = torch.from_numpy(np.ascontiguousarray(activations, dtype=np.float32))
    return tensor.contiguous(memory_format=torch.channels_last)


def _drawn(
    sentences: Sequence[Float64Array],
    images: Int64Array,
    rng: np.random.Generator,
    *,
    mixed: bool = False,
) -> Tensor:
    """One of the texts of each image or, where they are mixed, a point between two of them."""
    drawn = np.stack([sentences[i][rng.integers(len(sentences[i]))] for i in images])
    if mixed:
        others = np.stack([sentences[i][rng.integers(len(sentences[i]))] for i in images])
        shares = rng.random((len(images), 1))
        drawn = shares * drawn + (1 - shares) * others
    return torch.from_numpy(drawn).float()


def _as_layer(head: LinearHead) -> nn.Linear:
    layer = nn.Linear(*head.weights.shape)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(head.weights.T))
        layer.bias.copy_(torch.from_numpy(head.bias))
    return layer


def _optimizer(
    model: _Model, settings: FineTuning, n_steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """AdamW with a warm-up and a cosine."""
    layers = model.linear, model.beside, model.classifier
    fast = [parameter for layer in layers for parameter in layer.parameters()]
    scales = [model.log_scale, model.log_scale_beside, model.log_scale_words]
    optimizer = torch.optim.AdamW(
        [
            {"params": list(model.tail.parameters()), "lr": settings.rate},
            {"params": fast, "lr": settings.rate * settings.head_factor},
            # Not shrunk towards nothing: it starts as a map that is good already.
            {
                "params": [model.text_map],
                "lr": settings.rate * settings.head_factor,
                "weight_decay": 0.0,
            },
            {"params": scales, "lr": 1e-3, "weight_decay": 0.0},
        ],
        weight_decay=settings.weight_decay,
    )

    def factor(step: int) -> float:
        warm = min(1.0, (step + 1) / settings.warm_up)
        return warm * 0.5 * (1 + math.cos(math.pi * step / max(1, n_steps)))

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


@torch.no_grad()
def _move(targets: Iterable[nn.Parameter], sources: Iterable[nn.Parameter], share: float) -> None:
    """Move each target the share of its way to the source."""
    for target, source in zip(targets, sources, strict=True):
        target.lerp_(source, share)
