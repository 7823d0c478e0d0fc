"""Fine-tune a tail so that images lie near the texts that describe them, and only those.

A symmetric contrastive loss over a batch [1]_, with the text side fixed. Two captions that read
alike are no negatives of each other: their probability is shared. Where images have scene classes,
a classifier beside the head adds its loss and is thrown away afterwards. What is returned is the
moving average of the weights over the last steps, which generalises better than the last of them.

References
----------
.. [1] A. Radford et al., "Learning Transferable Visual Models From Natural Language
   Supervision", ICML 2021, with soft targets for repeated captions.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, kl_div, log_softmax, normalize

from placelens.errors import InputError
from placelens.training.backbone import Tail
from placelens.training.heads import N_FEATURES, Conse, LinearHead
from placelens.types import Float32Array, Int64Array

# Cosine from which two captions count as one: equal words, up to rounding.
_SAME_TEXT = 0.9999


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
    decay: float = 0.99


class _Model(nn.Module):
    """The tail, its linear head, the temperature and the classifier."""

    def __init__(self, tail: Tail, head: LinearHead, n_classes: int, temperature: float) -> None:
        super().__init__()
        self.tail = copy.deepcopy(tail)
        self.linear = nn.Linear(N_FEATURES, len(head.bias))
        with torch.no_grad():
            self.linear.weight.copy_(torch.from_numpy(head.weights.T))
            self.linear.bias.copy_(torch.from_numpy(head.bias))
        self.log_scale = nn.Parameter(torch.tensor(-math.log(temperature)))
        self.classifier = nn.Linear(N_FEATURES, max(1, n_classes))

    def forward(self, activations: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Unit vectors, logits of the classes, and features of the regions."""
        features = self.tail(activations)  # (n, 7, 7, 1280)
        pooled = features.mean((1, 2))
        return normalize(self.linear(pooled)), self.classifier(pooled), features


def fine_tune(
    tail: Tail,
    head: LinearHead,
    activations: np.ndarray,
    captions: Sequence[Float32Array],
    *,
    rows: Int64Array,
    classes: Int64Array | None = None,
    conse: Conse | None = None,
    settings: FineTuning,
    seed: int,
    progress: Callable[[int, float], None] | None = None,
) -> tuple[Tail, LinearHead]:
    """Train copies of a tail and its head.

    Parameters
    ----------
    tail, head
        Where to start.
    activations
        (v, n, 112, 14, 14) of n images in v variants (turned, cut out); each time an image is seen,
        one of its variants is drawn. May be a memory map.
    captions
        For each of the n images, (m, d) unit vectors of its texts; one is drawn each time.
    rows
        The images to train on.
    classes
        (n,) number of each image's class; None for no classifier.
    conse
        Holds ImageNet's classifier, for distillation.
    settings, seed
        The same seed gives the same weights on the same machine, up to the order of sums.
    progress
        Called after each epoch with its number from 1 and its mean loss.

    Returns
    -------
    tail, head

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
    draws = _Draws(activations, captions, rows, settings.batch, np.random.default_rng(seed))
    n_classes = 0 if classes is None else int(classes.max()) + 1
    model = _Model(tail, head, n_classes, settings.temperature)
    model = model.to(memory_format=torch.channels_last)
    averaged = copy.deepcopy(model)
    objective = _Objective(model, copy.deepcopy(model.tail), conse, settings)
    n_batches = len(rows) // settings.batch
    optimizer, scheduler = _optimizer(model, settings, settings.epochs * n_batches)
    step = 0
    for epoch in range(settings.epochs):
        total = 0.0
        for images, inputs, texts in draws.epoch():
            answers = None if classes is None else torch.from_numpy(classes[images])
            loss = objective(inputs, texts, answers)
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
    return averaged.tail, LinearHead(
        weights=averaged.linear.weight.detach().numpy().T.astype(np.float64),
        bias=averaged.linear.bias.detach().numpy().astype(np.float64),
    )


@dataclass(frozen=True, slots=True)
class _Objective:
    """What is made small: the contrastive loss, and those of the classes and of forgetting."""

    model: _Model
    teacher: Tail
    conse: Conse | None
    settings: FineTuning

    def __call__(self, inputs: Tensor, texts: Tensor, answers: Tensor | None) -> Tensor:
        """The loss of a batch, a scalar; ``answers`` are the images' classes."""
        vectors, logits, features = self.model(inputs)
        loss = contrastive_loss(vectors, texts, self.model.log_scale.exp())
        if answers is not None and self.settings.class_weight:
            loss = loss + self.settings.class_weight * cross_entropy(logits, answers)
        if self.conse is not None and self.settings.distillation:
            with torch.no_grad():
                before = self.teacher(inputs)
            loss = loss + self.settings.distillation * forgetting(features, before, self.conse)
        return loss


@dataclass(frozen=True, slots=True)
class _Draws:
    """Batches of images, each in one of its variants and with one of its captions."""

    activations: np.ndarray
    captions: Sequence[Float32Array]
    rows: Int64Array
    batch: int
    rng: np.random.Generator

    def epoch(self) -> Iterator[tuple[Int64Array, Tensor, Tensor]]:
        """Numbers of the images, their activations and texts; every image at most once."""
        order = self.rng.permutation(self.rows)
        n_batches = len(order) // self.batch
        for batch in np.split(order[: n_batches * self.batch], n_batches):
            images = np.sort(batch)  # near each other in the memory map
            variants = self.rng.integers(len(self.activations), size=len(images))
            texts = [self.captions[i][self.rng.integers(len(self.captions[i]))] for i in images]
            seen = [self.activations[v, i] for v, i in zip(variants, images, strict=True)]
            yield images, as_tensor(np.stack(seen)), torch.from_numpy(np.stack(texts))


def contrastive_loss(images: Tensor, texts: Tensor, scale: Tensor) -> Tensor:
    """Cross-entropy of each image's texts among the batch's, and of each text's images.

    Parameters
    ----------
    images, texts
        (n, d) unit vectors that belong together row by row.
    scale
        Multiplies the cosines.
    """
    logits = scale * images @ texts.T
    same = (texts @ texts.T > _SAME_TEXT).float()
    targets = same / same.sum(1, keepdim=True)
    to_texts = -(targets * log_softmax(logits, 1)).sum(1).mean()
    to_images = -(targets * log_softmax(logits.T, 1)).sum(1).mean()
    return (to_texts + to_images) / 2


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


def _optimizer(
    model: _Model, settings: FineTuning, n_steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """AdamW with a warm-up and a cosine."""
    fast = [*model.linear.parameters(), *model.classifier.parameters()]
    optimizer = torch.optim.AdamW(
        [
            {"params": list(model.tail.parameters()), "lr": settings.rate},
            {"params": fast, "lr": settings.rate * settings.head_factor},
            {"params": [model.log_scale], "lr": 1e-3, "weight_decay": 0.0},
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
