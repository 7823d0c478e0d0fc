"""The MCQI paper's model: its losses against slow ones, and its training on a tiny data set."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.benchmarks.unit.test_mcqi import COLOURS, GrainedEncoder, write_pairs  # noqa: E402
from tests.benchmarks.unit.test_mcqi_model import material  # noqa: E402

from placelens.evaluation import Splits, content_hash  # noqa: E402
from placelens_bench.mcqi.model.learn import (  # noqa: E402
    Training,
    train_branches,
    train_captioner,
    translate,
)
from placelens_bench.mcqi.model.measure import METHODS, QUICK, measure  # noqa: E402
from placelens_bench.mcqi.model.mil import bag_signs, hinge_loss, sentence_loss  # noqa: E402
from placelens_bench.mcqi.model.networks import Branches, three_layers  # noqa: E402
from placelens_bench.mcqi.model.scores import (  # noqa: E402
    Inputs,
    coarse_scores,
    fine_scores,
)
from placelens_bench.mcqi.model.sentences import PAD, START, UNKNOWN, Vocabulary  # noqa: E402
from placelens_bench.mcqi.report import tables  # noqa: E402

N_TEXTS, N_PHRASES, N_IMAGES, N_REGIONS, DIM = 4, 3, 4, 5, 6


def units(rng: np.random.Generator, *shape: int) -> torch.Tensor:
    vectors = torch.from_numpy(rng.normal(size=shape))
    return vectors / vectors.norm(dim=-1, keepdim=True)


@pytest.mark.parametrize("margin", [0.1, 0.5, 1.0])
def test_the_loss_is_eq_2_with_the_least_over_all_signs(margin: float) -> None:
    """A reference that tries all signs in each bag, and knows no closed form."""
    rng = np.random.default_rng(0)
    phrases, regions = units(rng, N_TEXTS, N_PHRASES, DIM), units(rng, N_IMAGES, N_REGIONS, DIM)
    regions[1] = -phrases[1, 0]  # a bag in which no cosine is positive
    match = torch.eye(N_TEXTS, dtype=torch.bool)
    match[0, 2] = True  # two images carry the first text
    is_phrase = torch.ones(N_TEXTS, N_PHRASES, dtype=torch.bool)
    is_phrase[2, 1:] = False
    costs: dict[int, list[float]] = {1: [], -1: []}  # by the sign
    for p, q, u in itertools.product(range(N_TEXTS), range(N_PHRASES), range(N_IMAGES)):
        if not is_phrase[p, q]:
            continue
        cosines = [float(phrases[p, q] @ region) for region in regions[u]]
        choices = itertools.product((-1, 1), repeat=N_REGIONS) if match[p, u] else [(-1,) * 5]
        tried = [
            [(k, max(0.0, margin - k * c)) for k, c in zip(signs, cosines, strict=True)]
            for signs in choices
            if 1 in signs or not match[p, u]
        ]
        for sign, cost in min(tried, key=lambda each: sum(cost for _, cost in each)):
            costs[sign].append(cost)
    # Weighed by 1 - P/A and P/A, both kinds count the same in all.
    expected = (np.mean(costs[1]) + np.mean(costs[-1])) / 2
    found = hinge_loss(phrases, regions, is_phrase, match, margin=margin)
    assert float(found) == pytest.approx(expected, rel=1e-6)


def test_signs_hold_one_region_at_least() -> None:
    cosines = torch.tensor([[[[-0.9, -0.1], [0.3, 0.2]]]])  # one phrase, two images
    assert bag_signs(cosines, torch.tensor([[True, False]])).tolist() == [[[[-1, 1], [-1, -1]]]]
    assert bag_signs(cosines, torch.tensor([[True, True]])).tolist() == [[[[-1, 1], [1, 1]]]]


def test_sentences_that_match_come_nearer_and_others_apart() -> None:
    same, other = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    both, match = torch.cat([same, other]), torch.eye(2, dtype=torch.bool)
    assert float(sentence_loss(both, both, match, margin=0.2)) == 0.0
    # All at one point: matches cost nothing, others 1 - 0.2, and both kinds weigh the same.
    point = torch.cat([same, same])
    assert float(sentence_loss(point, point, match, margin=0.2)) == pytest.approx(0.4)
    # The wrong way round: 1 for a match, 0.8 for the others.
    swapped = sentence_loss(both, both.flip(0), match, margin=0.2)
    assert float(swapped) == pytest.approx((1 + 0.8) / 2)


def test_layers_start_by_xavier() -> None:
    torch.manual_seed(0)
    net = three_layers(100, 50)
    linear = [each for each in net if isinstance(each, torch.nn.Linear)]
    assert [tuple(each.weight.shape) for each in linear] == [(50, 100), (50, 50), (50, 50)]
    for layer in linear:
        assert layer.weight.abs().max() <= (6 / sum(layer.weight.shape)) ** 0.5
        assert layer.bias.abs().max() == 0


def test_pooling_by_hand() -> None:
    """Two regions and two phrases, in a space that leaves vectors as they are."""
    model = Branches(2, 2)
    model.of_phrases = model.of_regions = torch.nn.Identity()
    inputs = Inputs(
        regions=torch.tensor([[[1.0, 0.0], [0.0, 1.0]]]),
        phrases=torch.tensor([[[0.6, 0.8], [1.0, 0.0], [0.0, 0.0]]]),
        told=torch.zeros(1, 2),
        made=torch.zeros(1, 2),
        carries=torch.ones(1, 1, dtype=torch.bool),
    )
    assert fine_scores(model, inputs, "best")[0, 0] == pytest.approx((0.8 + 1.0) / 2)
    mean = (1.6 + 0.8) / (1.6**2 + 0.8**2) ** 0.5 / 2**0.5
    assert fine_scores(model, inputs, "mean")[0, 0] == pytest.approx(mean)


def test_training_learns_what_there_is_to_learn() -> None:
    """Three kinds of images, each with its own caption."""
    kinds = ["a red square", "a green circle", "some blue lines"] * 20
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(3, 12))
    grid = 0.1 * rng.normal(size=(60, 7, 7, 12)) + np.tile(directions, (20, 1))[:, None, None]
    given = material([[kind] for kind in kinds], grid / 49)
    training = Training(
        epochs=(20, 1), rate=0.5, batch=20, width=16,
        captioner_epochs=30, captioner_batch=20, captioner_rate=1e-2,
    )  # fmt: skip
    told: list[str] = []
    vocabulary = Vocabulary.of(kinds, least=1)
    captioner = train_captioner(given, vocabulary, training=training, seed=0, say=told.append)
    said = translate(captioner, vocabulary, given)
    assert [own.text for own in said] == kinds
    for own in said:
        np.testing.assert_allclose(own.weights.sum(axis=1), 1.0, rtol=1e-5)
    numbers, _ = captioner.say(torch.zeros(2, 49, 12), 4)
    assert not set(numbers.flatten().tolist()) & {PAD, START, UNKNOWN}
    made = given.vectors[given.captions.text]
    inputs = Inputs.of(given, made)
    own = inputs.carries.T.numpy()

    def gap(scores: np.ndarray) -> float:
        return float(scores[own].mean() - scores[~own].mean())

    judges = (
        lambda model: gap(fine_scores(model, inputs, "best")),
        lambda model: gap(coarse_scores(model, inputs)),
        lambda model: gap(fine_scores(model, inputs, "best") + coarse_scores(model, inputs)),
    )
    model = train_branches(given, inputs, judges, training=training, seed=0, say=told.append)
    assert len(told) == 30 + 20 + 20 + 1
    assert judges[0](model) > 0.4
    assert judges[1](model) > 0.6


def test_all_of_it_on_a_tiny_data_set(tmp_path: Path) -> None:
    data, work = tmp_path / "data", tmp_path / "work"
    work.mkdir()
    write_pairs(data / "rsicd", 6, np.random.default_rng(0))
    parts = {
        part: frozenset(
            content_hash(data / "rsicd" / "images" / f"{colour}_{number}.png")
            for colour in COLOURS
            for number in (2 * at, 2 * at + 1)
        )
        for at, part in enumerate(("train", "validation", "test"))
    }
    encoder, said = GrainedEncoder(64), []
    options = {"splits": Splits(parts={"rsicd": parts}), "amount": QUICK, "seed": 0}
    found, told = measure(data, work, encoder, "rsicd", **options, say=said.append)
    json.dumps([found, told])
    assert tuple(found) == METHODS
    for name, figures in found.items():
        assert 0 <= figures["map30_printed"]["mean"] <= figures["map30"]["mean"] <= 100
        assert set(figures["gain_over"]) == {"lite", "both"} - {name}
    assert told["images"] == {"train": 8, "validation": 8, "test": 8}
    rows = (work / "mcqi-tu-rsicd.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(rows) == told["tuples"] > 0
    assert set(json.loads(rows[0])) == {"word", "position", "image", "weight", "box", "centre"}
    (table,) = tables({"map30": {"rsicd": found}, "model": {"rsicd": told}})
    assert [row[0] for row in table.rows] == list(METHODS)
    assert all(len(row) == len(table.head) + 1 for row in table.rows)
    # The second time all is kept, and nothing differs but the time.
    passes = encoder.n_passes
    again, told_again = measure(data, work, encoder, "rsicd", **options, say=said.append)
    assert encoder.n_passes == passes
    assert again == found
    assert told_again["stages"] == told["stages"]
