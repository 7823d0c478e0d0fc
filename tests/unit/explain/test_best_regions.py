"""Phrases find the regions that fit them best, exactly, whichever index is asked, and say which."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import placelens as pl
from placelens.encoders.base import Calibration
from placelens.encoders.region_code import RegionCode
from placelens.encoders.region_match import AskedPhrases, StoredRegions, shrink_of
from placelens.errors import QueryError
from placelens.explain import best_regions
from placelens.explain.best_regions import PhrasesTerm
from placelens.explain.pointed import Part
from placelens.kernels import best_regions as kernel
from placelens.kernels import plain
from placelens.query.request import SearchRequest
from placelens.testing.parts_encoder import GrainedEncoder
from placelens.testing.term_contract import TermContract

COLOURS = {
    "blue": (70, 120, 230),
    "green": (40, 160, 50),
    "grey": (128, 128, 128),
    "red": (220, 30, 30),
}
N = 90
ENGINES = ["scan", "gmrtree", "filter", "rtree", "mtree"]


class Calibrated(GrainedEncoder):
    phrase_calibration = Calibration(slope=12.0, intercept=-8.0)


def paint(folder, rng):
    """Pictures of 7 x 7 squares in two to four of the colours."""
    names = sorted(COLOURS)
    for at in range(N):
        own = rng.choice(len(names), int(rng.integers(2, 5)), replace=False)
        cells = own[rng.integers(0, len(own), (7, 7))]
        pixels = np.array([COLOURS[name] for name in names], dtype=np.uint8)[cells]
        Image.fromarray(pixels.repeat(8, axis=0).repeat(12, axis=1)).save(folder / f"{at:03}.png")


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mosaics")
    rng = np.random.default_rng(3)
    paint(folder, rng)
    rows = ["image,lat,lon"]
    rows += [
        f"{at:03}.png,{lat:.3f},{lon:.3f}"
        for at, (lat, lon) in enumerate(rng.uniform(-60, 60, (N, 2)).tolist())
    ]
    (folder / "where.csv").write_text("\n".join(rows))
    made = pl.Collection.create(folder / "m.pl", encoder=Calibrated(), features="regions")
    made.add(pl.read_photos(folder), workers=0)
    return made


@pytest.fixture
def version(collection):
    return collection._versions.version


@pytest.fixture
def asked_in_rounds(monkeypatch):
    """As of a collection too large to look at all of it."""
    monkeypatch.setattr(best_regions, "LOOKED_AT", 0)


def term_of(text, encoder=None, **instead):
    encoder = encoder or Calibrated()
    (read,) = encoder.encode_phrases([text])
    parts = tuple(
        Part(text[start:end], (start, end), vector)
        for (start, end), vector in zip(read.spans, read.phrases, strict=True)
    )
    made = PhrasesTerm(
        kind="phrases",
        label=text,
        feature="regions",
        code=encoder.region_code,
        parts=parts,
        pointer=lambda: None,
        calibration=encoder.phrase_calibration,
    )
    return replace(made, **instead)


class TestPhrases(TermContract):
    def terms(self, version):
        return [term_of("a red and a blue"), term_of("green"), term_of("green", calibration=None)]


@pytest.mark.usefixtures("asked_in_rounds")
class TestPhrasesInRounds(TestPhrases):
    pass


def by_definition(code, codes, phrases):
    """The best cosine of each phrase with a decoded region, (n, p)."""
    regions = code.decode(codes).reshape(len(codes), -1, code.dim).astype(np.float64)
    regions /= np.linalg.norm(regions, axis=-1, keepdims=True)
    vectors = np.array(phrases, dtype=np.float64)
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (regions @ vectors.T).max(axis=1)


@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 12))
def test_it_is_the_mean_of_the_best_cosines(seed, k):
    rng = np.random.default_rng(seed)
    code = RegionCode.fit(rng.normal(size=(5, 3, 2, 12)).astype(np.float32), n_components=k)
    codes = rng.integers(0, 256, (6, 3, 2, k), dtype=np.uint8)
    phrases = rng.normal(size=(3, 12))
    stored = StoredRegions.of(codes, code)
    asked = AskedPhrases.of(phrases / np.linalg.norm(phrases, axis=1, keepdims=True), code)
    at = np.array([5, 0, 3, 3])
    answers = []
    for function in (plain._best_regions, kernel._best_regions):
        best, where = np.empty((4, 3)), np.empty((4, 3), dtype=np.int64)
        function(stored.codes, stored.shrink, at, *asked, best, where)
        answers.append((best.tolist(), where.tolist()))
    assert answers[0] == answers[1]  # to the bit
    # 16 bits of a phrase are worth some 1e-4 of a cosine.
    np.testing.assert_allclose(answers[0][0], by_definition(code, codes[at], phrases), atol=5e-4)


@pytest.mark.usefixtures("asked_in_rounds")
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("delta", [0.3, 0.9])
def test_every_index_gives_the_same_answer(collection, engine, delta):
    options = {"near": "10,20", "decay": "gauss:2000km", "k": 7, "mu": 0.3, "delta": delta}
    whole = collection.search("a red and a blue", engine="scan", **{**options, "k": 1000})
    found = collection.search("a red and a blue", engine=engine, **options)
    assert [(hit.id, hit.score) for hit in found] == [(hit.id, hit.score) for hit in whole][:7]
    assert found.certificate.kind in ("proven", "probability")
    more = collection.search("a red and a blue", engine=engine, cursor=found.cursor, **options)
    assert [hit.id for hit in more] == [hit.id for hit in whole][7:14]


def test_delta_shares_a_text_between_the_whole_and_its_phrases(collection):
    hits = collection.search("a red and a blue", delta=0.25, k=N, parse=False)
    for hit in hits:
        terms = {term.kind: term for term in hit.terms}
        assert terms["text"].weight == pytest.approx(0.75)
        assert terms["phrases"].weight == pytest.approx(0.25)
        assert sum(term.contribution for term in hit.terms) == pytest.approx(hit.score)
    alone = collection.search("a red and a blue", delta=1, k=3, parse=False)
    assert [{term.kind for term in hit.terms} for hit in alone] == [{"phrases"}] * 3


def test_both_named_colours_count_not_the_stronger_one(collection):
    """A picture all of one colour fits the words as a whole as well as one with a spot of both."""
    best = collection.search("red and blue", delta=1, parse=False, k=20)
    code = collection.encoder.region_code
    phrases = collection.encoder.encode_texts(["red", "blue"])
    version = collection._versions.version
    for hit in best:
        codes = version.value_of(version.row_of(hit.id), "regions")[None]
        (cosines,) = by_definition(code, codes, phrases)
        assert cosines.min() > 0.9, hit.id
        assert hit.terms[0].cosine == pytest.approx(cosines.mean(), abs=5e-4)


@given(st.sampled_from([0.0, 0.2, 0.7, 1.0]), st.sampled_from([0.0, 0.4]))
def test_what_phrases_give_adds_up(collection, delta, mu):
    hits = collection.search("a red or a green", delta=delta, near="10,20", mu=mu, k=4)
    for why in hits.explain_all():
        total = sum(
            term.contribution if term.baseline is None else term.weight * term.baseline
            for term in why.hit.terms
        ) + sum(entry.contribution or 0.0 for entry in why.evidence)
        assert total == pytest.approx(why.hit.score, abs=1e-9)
        own = [each for each in why.evidence if each.of and each.of.startswith("each of")]
        assert len(own) == (2 if delta else 0)
        for each in own:
            left, top, right, bottom = each.box
            assert 0 <= left < right <= 84
            assert 0 <= top < bottom <= 56


def test_where_nobody_says_it_is_what_the_encoder_gains_by(collection, monkeypatch):
    def kinds():
        return {term.kind for term in collection.search("red", k=1)[0].terms}

    assert kinds() == {"text"}
    monkeypatch.setattr(Calibrated, "delta", 0.2)
    assert kinds() == {"text", "phrases"}
    assert {t.kind for t in collection.search("red", k=1, delta=0)[0].terms} == {"text"}
    assert {t.kind for t in collection.search(like=next(iter(collection)), k=1)[0].terms} == {
        "image"
    }


def test_items_of_words_alone_have_no_regions(tmp_path, monkeypatch):
    monkeypatch.setattr(Calibrated, "delta", 0.2)
    Image.new("RGB", (32, 32), COLOURS["red"]).save(tmp_path / "red.png")
    (tmp_path / "t.csv").write_text("id,image,text\nred,red.png,\nwords,,a red square")
    mixed = pl.Collection.create(tmp_path / "m.pl", encoder=Calibrated(), features="regions")
    mixed.add(pl.read_photos(tmp_path), workers=0)
    hits = {hit.id: hit for hit in mixed.search("red", delta=0.5)}
    assert hits["words"].terms[-1].value == 0.0
    assert hits["red"].terms[-1].value > 0.9
    assert len(mixed.search("red")[0].terms) == 1  # what fits by its words would fall behind
    assert [why.evidence for why in mixed.search("red", delta=1).explain_all()][-1] == ()


def test_without_regions_it_says_how_to_make_them(tmp_path):
    empty = pl.Collection.create(tmp_path / "e.pl", encoder=Calibrated())
    with pytest.raises(QueryError, match=r"keeps none.*--features regions.*delta=0"):
        empty.search("red", delta=0.5)
    assert list(empty.search("red", delta=0)) == []


def test_what_is_added_later_is_all_that_is_made_then(tmp_path, monkeypatch):
    made = []

    def counted(codes, code):
        made.append(len(codes))
        return shrink_of(codes, code)

    monkeypatch.setattr(best_regions, "shrink_of", counted)
    kept = pl.Collection.create(tmp_path / "k.pl", encoder=Calibrated(), features="regions")
    for name in ("red", "blue", "green"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (32, 32), COLOURS[name]).save(tmp_path / name / f"{name}.png")
        kept.add(pl.read_photos(tmp_path / name), workers=0)
        assert kept.search(name, delta=1)[0].item.title == f"{name}.png"
    assert [n for n in made if n] == [1, 1, 1]
    kept.delete([hit.id for hit in kept.search("blue", delta=1, k=1)])
    assert [hit.item.title for hit in kept.search("blue green", delta=1)] == [
        "green.png",
        "red.png",
    ]
    assert [n for n in made if n] == [1, 1, 1]


def test_of_nothing_nothing_is_found(tmp_path):
    features = ["regions", "shown"]
    empty = pl.Collection.create(tmp_path / "e.pl", encoder=Calibrated(), features=features)
    assert list(empty.search("red", delta=0.5)) == []
    assert empty.words() == []
    assert empty.shows("red").n_items == 0


@pytest.mark.parametrize("delta", [-0.1, 1.5, float("nan")])
def test_a_delta_out_of_range_is_refused(collection, delta):
    with pytest.raises(QueryError, match="delta"):
        collection.search("red", delta=delta)


def test_it_is_a_term_by_its_name_too(collection):
    asked = {"kind": "phrases", "value": "a red and a blue", "weight": -1.0}
    (hit,) = collection.search(asked, k=1)
    assert hit.terms[0].weight == -1.0
    assert SearchRequest(query="red", delta=0.3).to_dict()["delta"] == 0.3
