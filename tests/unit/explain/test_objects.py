"""Which object a phrase means: by the words first, then by vectors, and by where its heat is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import placelens as pl
from placelens.encoders.parts import TextPhrases, phrase_spans
from placelens.explain.objects import LEAST_COSINE, LEAST_SURE, Named, best_object, words_fit
from placelens.explain.pointed import MOST_PHRASES
from placelens.testing.fakes import HashEncoder
from placelens.testing.parts_encoder import PartsEncoder
from placelens.types import Float32Array, Objects

CLASSES = ("person", "dog", "hot dog", "sports ball", "orange", "bus", "car", "knife", "skis")


class PhrasesEncoder(PartsEncoder):
    """Reads texts as sums of their words, and tells the phrases."""

    def encode_phrases(self, texts: list[str]) -> list[TextPhrases]:  # type: ignore[override]
        made = []
        for text in texts:
            spans = phrase_spans(text)
            whole = self.encode_texts([text])[0]
            share = whole / max(1, len(spans))
            phrases = np.stack([share] * len(spans)) if spans else np.zeros((0, self.dim))
            made.append(
                TextPhrases(
                    vector=whole,
                    spans=spans,
                    phrases=np.asarray(phrases, dtype=np.float32),
                    rest=np.asarray(whole - phrases.sum(axis=0), dtype=np.float32),
                )
            )
        return made


class Nearness(HashEncoder):
    """A bike is near a bicycle, and a red one no nearer an orange."""

    def encode_texts(self, texts: list[str]) -> Float32Array:  # type: ignore[override]
        known = {"bicycle": (1, 0, 0), "old bike": (0.5, 0, 0.87), "bike": (0.8, 0, 0.6)}
        return np.array([known.get(text, (0, 1, 0)) for text in texts], dtype=np.float32)


@pytest.mark.parametrize(
    ("phrase", "fits"),
    [
        ("old dogs", {"dog": 1.0}),
        ("hot dog", {"hot dog": 1.0}),
        ("two hot dogs", {"hot dog": 1.0}),
        ("young woman", {"person": 1.0}),
        ("kids", {"person": 1.0}),
        ("red ball", {"sports ball": 0.9}),
        ("buses", {"bus": 1.0}),
        ("busy street", {}),
        ("sharp knives", {"knife": 1.0}),
        ("orange shirt", {"orange": 0.5}),
        ("an old taxi", {"car": 1.0}),
        ("dog collar", {"dog": 0.5}),
        ("skis", {"skis": 1.0}),
        ("carpet", {}),
        ("", {}),
        ("...", {}),
    ],
)
def test_words_decide(phrase: str, fits: dict[str, float]) -> None:
    found = dict(zip(CLASSES, words_fit(phrase, CLASSES).tolist(), strict=True))
    assert {name: fit for name, fit in found.items() if fit} == fits


def test_vectors_decide_where_words_do_not_and_only_when_near() -> None:
    named = Named(("bicycle", "orange"), Nearness())
    fits = named.fits("old bike")  # by its last word, which is nearer
    assert fits[0] == pytest.approx(0.8)
    assert fits[0] >= LEAST_COSINE
    assert named.fits("tree")[0] == 0.0
    assert Named(("bicycle",), None).fits("old bike").tolist() == [0.0]
    assert Named((), Nearness()).fits("bike").tolist() == []


def objects(*rows: tuple[float, ...]) -> Objects:
    drawn = np.array(rows, dtype=np.float32).reshape(-1, 6)
    return Objects(drawn[:, :4], drawn[:, 4].astype(np.uint8), drawn[:, 5])


def chosen(found: Objects, fits: list[float], heat: np.ndarray) -> int | None:
    return best_object(found, np.array(fits), found.boxes.astype(np.float64), heat)


LEFT, RIGHT = (0, 0, 0.5, 1), (0.5, 0, 1, 1)


def test_heat_tells_two_of_a_kind_apart_but_not_against_the_detector() -> None:
    heat = np.array([[0.0, 0.0, 1.0, 1.0]])
    assert chosen(objects((*LEFT, 0, 0.8), (*RIGHT, 0, 0.7)), [1.0], heat) == 1
    # Where none of the heat is counts half: twice as sure is as good.
    assert chosen(objects((*LEFT, 0, 0.8), (*RIGHT, 0, 0.39)), [1.0], heat) == 0
    assert chosen(objects((*LEFT, 0, 0.8), (*RIGHT, 0, 0.7)), [1.0], -heat) == 0


def test_what_is_not_sure_or_does_not_fit_is_not_meant() -> None:
    heat = np.ones((7, 7))
    assert chosen(objects((*LEFT, 0, LEAST_SURE / 2)), [1.0], heat) is None
    assert chosen(objects((*LEFT, 0, 0.9)), [0.0], heat) is None
    assert chosen(objects(), [1.0], heat) is None
    assert chosen(objects((*LEFT, 1, 0.3), (*RIGHT, 0, 0.9)), [0.0, 1.0], heat) == 0


@pytest.fixture
def house(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_detector: Callable[..., Path]
) -> pl.Collection:
    """A red house in the left upper corner of a wide meadow, with what a detector saw in it."""
    monkeypatch.setenv("PLACELENS_HOME", str(tmp_path / "home"))
    labels = ("house", "meadow", "lake")
    pl.add_detector(make_detector(tmp_path / "a.onnx"), labels=labels, name="seen")
    picture = Image.new("RGB", (200, 100), (40, 160, 50))
    picture.paste((220, 30, 30), (0, 0, 100, 50))
    folder = tmp_path / "photos"
    folder.mkdir()
    picture.save(folder / "house.png")
    made = pl.Collection.create(
        tmp_path / "c.pl", encoder=PhrasesEncoder(), features=["objects"], detector="seen"
    )
    made.add(pl.read_photos(folder), workers=0)
    return made


def test_a_phrase_has_the_box_of_the_object_and_its_share_stays(house: pl.Collection) -> None:
    (item,) = house.items()
    words = "a red house by some fir forest"
    explanation = house.explain(item.id, words, parse=False)
    by_label = {each.label: each for each in explanation.evidence}
    found = by_label["red house"].detected
    assert found is not None
    assert (found.label, found.box) == ("house", (0, 0, 100, 50))
    assert found.score > 0.8
    assert by_label["red house"].box == found.box
    other = by_label["fir forest"]
    assert other.detected is None  # no class fits: the box is that of the cells
    assert other.box is not None
    assert "house, " in str(explanation)
    assert by_label["red house"].to_dict()["detected"]["label"] == "house"
    without = pl.Collection.create(house.path.with_name("d.pl"), encoder=PhrasesEncoder())
    without.add(pl.read_photos(house.path.with_name("photos")), workers=0)
    (same,) = without.items()
    plain = without.explain(same.id, words, parse=False)
    assert [(e.label, e.share, e.contribution, e.heat) for e in plain.evidence] == [
        (e.label, e.share, e.contribution, e.heat) for e in explanation.evidence
    ]
    assert all(each.detected is None for each in plain.evidence)


def test_of_many_phrases_some_are_told_and_all_still_adds_up(house: pl.Collection) -> None:
    (item,) = house.items()
    words = ", ".join(f"red house {chr(97 + at) * 3}" for at in range(MOST_PHRASES + 4))
    explanation = house.explain(item.id, words, parse=False)
    phrases = [each for each in explanation.evidence if each.kind == "phrase"]
    assert len(phrases) == MOST_PHRASES
    assert all(words[each.span[0] : each.span[1]] == each.label for each in phrases)  # type: ignore[index]
    assert sum(each.share or 0.0 for each in explanation.evidence) == pytest.approx(1.0)
    (term,) = explanation.hit.terms
    if term.baseline is not None:
        total = sum(each.contribution or 0.0 for each in explanation.evidence)
        assert term.weight * term.baseline + total == pytest.approx(explanation.hit.score)
