"""Phrases, regions and what they leave over add up to the score, whatever else is asked for."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import placelens as pl
from placelens.engine.account import PARTS, accounted
from placelens.testing.parts_encoder import PartsEncoder
from placelens.types import Evidence, ScoreTerm

SKY, GREEN, GREY, RED = (70, 120, 230), (40, 160, 50), (128, 128, 128), (220, 30, 30)
SCENES = {
    "street": (SKY, GREY),
    "meadow": (SKY, GREEN),
    "house": (RED, GREEN),
    "wall": (RED, GREY),
}


def picture(name: str) -> bytes:
    above, below = SCENES[name]
    pixels = np.zeros((56, 84, 3), np.uint8)
    pixels[:28], pixels[28:] = above, below
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module", params=["stored", "on the spot"])
def collection(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes")
    for name in SCENES:
        (folder / f"{name}.png").write_bytes(picture(name))
    features = ["regions"] if request.param == "stored" else []
    made = pl.Collection.create(folder / "s.pl", encoder=PartsEncoder(), features=features)
    made.add(pl.read_photos(folder), workers=0)
    return made


def total(explanation):
    """What baselines, terms without parts, and parts add up to."""
    found = explanation.hit.terms
    whole = [term for term in found if term.baseline is None]
    split = [term for term in found if term.baseline is not None]
    return (
        sum(term.contribution for term in whole)
        + sum(term.weight * term.baseline for term in split)
        + sum(entry.contribution for entry in explanation.evidence if entry.kind in PARTS)
    )


@pytest.mark.parametrize(
    "asked",
    [
        {"like": "meadow"},
        {"like": [("meadow", 1.0), ("wall", -0.5)]},
        {"like": "house", "near": "48,2", "mu": 0.4},
        {"image": picture("street"), "like": ("wall", 0.3)},
    ],
)
def test_contributions_add_up_to_the_score(collection, asked):
    ids = {item.title.removesuffix(".png"): item.id for item in collection.items()}

    def by_id(value):
        if isinstance(value, list):
            return [by_id(each) for each in value]
        if isinstance(value, tuple):
            return (ids[value[0]], value[1])
        return ids[value]

    asked = {name: by_id(v) if name == "like" else v for name, v in asked.items()}
    hits = collection.search(**asked, k=4)
    for hit in hits:
        explanation = hits.explain(hit.rank)
        assert total(explanation) == pytest.approx(hit.score, abs=1e-12)
        again = collection.explain(hit.id, **asked)
        assert again.evidence == explanation.evidence  # nothing of it is drawn by lot


def test_the_region_is_where_it_is(collection):
    """A picture of green alone is like the lower half of a meadow."""
    green = Image.new("RGB", (30, 30), GREEN)
    meadow = next(item.id for item in collection.items() if item.title == "meadow.png")
    found = collection.explain(meadow, image=green).evidence
    (region,) = (entry for entry in found if entry.kind == "region")
    left, top, right, bottom = region.box
    assert (left, right) == (0, 84)
    assert top >= 56 * 3 / 7 - 1
    assert bottom == 56
    heat = np.array(region.heat)
    assert heat.shape == (7, 7)
    assert heat.sum() == pytest.approx(region.share)
    assert heat[4:].sum() > 0.9 * heat.sum()


numbers = st.floats(-1, 1)


@given(st.lists(numbers, max_size=5), numbers, numbers, st.floats(-1, 1), st.floats(-1, 1))
def test_any_parts_add_up(parts, cosine, correction, weight, gained):
    term = ScoreTerm(
        kind="text", label="t", weight=weight, value=0.3 + gained, baseline=0.3,
        contribution=weight * (0.3 + gained), cosine=cosine, correction=correction,
    )  # fmt: skip
    if abs(cosine) < 1e-3 or abs(cosine - correction) < 1e-3:
        return
    evidence = [Evidence(kind="phrase", label="p", share=part, of="t") for part in parts]
    evidence.append(Evidence(kind="rest", label="rest", share=1 - sum(parts), of="t"))
    found = accounted(term, evidence)
    scale = max(1.0, abs(1 / (cosine - correction)))
    assert sum(e.share for e in found) == pytest.approx(1.0, abs=1e-9 * scale * 10)
    assert sum(e.contribution for e in found) == pytest.approx(
        weight * gained, abs=1e-9 * scale * 10
    )


def test_evidence_of_other_kinds_is_left_as_it_is():
    other = Evidence(kind="painted", label="sky", share=0.4, of="t")
    term = ScoreTerm(kind="sketch", label="t", weight=1.0, value=0.5, contribution=0.5)
    assert accounted(term, [other]) == (other,)
