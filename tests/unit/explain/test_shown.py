"""Words for what pictures show: found in regions, kept beside them, looked up by an index."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

import placelens as pl
from placelens.encoders import naming
from placelens.encoders.naming import MOST, Namer, read_names
from placelens.encoders.vocabulary import WORDS
from placelens.errors import InputError, QueryError
from placelens.explain.shown import InvertedIndex, Tuples, read_as
from placelens.testing.fakes import HashEncoder
from placelens.testing.parts_encoder import GrainedEncoder
from placelens.types import Objects

SKY, GREEN, GREY, RED = (70, 120, 230), (40, 160, 50), (128, 128, 128), (220, 30, 30)
SCENES = {"street": (SKY, GREY), "meadow": (SKY, GREEN), "wall": (RED, GREY)}
COLOURS = GrainedEncoder.vocabulary


@pytest.fixture
def collection(tmp_path):
    for name, (above, below) in SCENES.items():
        pixels = np.zeros((56, 84, 3), np.uint8)
        pixels[:24], pixels[24:] = above, below
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    made = pl.Collection.create(
        tmp_path / "s.pl", encoder=GrainedEncoder(), features=["regions", "shown"]
    )
    made.add(pl.read_photos(tmp_path), workers=0)
    return made


def titles(collection, found):
    return {collection[item.id].title.removesuffix(".png") for item in found.items}


def test_pictures_show_their_colours(collection):
    counts = {each.word: each.n_items for each in collection.words(least=0.6)}
    assert {word: counts.get(word, 0) for word in COLOURS[:4]} == {
        "blue": 2,
        "green": 1,
        "grey": 2,
        "red": 1,
    }


def test_which_show_a_thing_and_where(collection):
    found = collection.shows("grey", least=0.6)
    assert titles(collection, found) == {"street", "wall"}
    for item in found.items:
        (word,) = item.words
        left, top, right, bottom = word.box
        assert (word.word, right - left, bottom - top) == ("grey", 12, 8)
        assert top >= 24  # it is below
        assert item.weight == word.weight >= 0.6


def test_all_that_is_named_must_be_there(collection):
    found = collection.shows("something grey below the blue", least=0.6)
    assert found.read_as == {"something grey": "grey", "blue": "blue"}
    assert titles(collection, found) == {"street"}
    assert [word.word for word in found.items[0].words] == ["grey", "blue"]
    assert collection.shows("red and green", least=0.6).items == ()


def test_k_cuts_the_list_and_not_the_count(collection):
    found = collection.shows("blue", k=1, least=0.6)
    assert (found.n_items, len(found.items)) == (2, 1)


def test_words_are_made_of_what_is_kept(tmp_path, collection):
    """Filled in from stored regions, without opening a file, they are what an import makes."""
    bare = pl.Collection.create(tmp_path / "b.pl", encoder=GrainedEncoder(), features="regions")
    bare.add(pl.read_photos(tmp_path), workers=0)
    with pytest.raises(QueryError, match=r"keeps no words.*--features regions,shown"):
        bare.words()
    for path in tmp_path.glob("*.png"):
        path.unlink()
    bare.fill("shown")
    assert bare.words() == collection.words()
    with pytest.raises(InputError, match="made from regions"):
        pl.Collection.create(tmp_path / "c.pl", encoder=GrainedEncoder()).fill("shown")
    with pytest.raises(InputError, match="made from regions"):
        pl.Collection.create(tmp_path / "d.pl", encoder=GrainedEncoder(), features="shown")
    assert not (tmp_path / "d.pl").exists()


def test_another_vocabulary_is_said(collection, monkeypatch):
    collection.words()
    monkeypatch.setattr(GrainedEncoder, "vocabulary", ("blue",))
    with pytest.raises(QueryError, match=r"another vocabulary.*--reencode"):
        collection.words()


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ({"text": "bleu"}, "no word for 'bleu'.*did you mean blue"),
        ({"text": "of the"}, "no word for 'of the'"),
        ({"text": ""}, "no word"),
        ({"text": 5}, "give a string"),
        ({"text": "blue", "k": 0}, "k = 0"),
        ({"text": "blue", "k": "many"}, "is not a number"),
        ({"text": "blue", "least": 1.5}, "least = 1.5"),
        ({"text": "blue", "least": float("nan")}, "least = nan"),
    ],
)
def test_what_cannot_be_looked_up_is_named(collection, asked, match, monkeypatch):
    # Of colours, vectors of others are as good as drawn: none stands for another.
    monkeypatch.setattr("placelens.explain.shown.NEAR_ENOUGH", 2.0)
    with pytest.raises(QueryError, match=match):
        collection.shows(**asked)


def test_an_encoder_that_cannot_tell_makes_none(tmp_path):
    with pytest.raises(InputError, match="makes no feature 'shown'"):
        pl.Collection.create(tmp_path / "h.pl", encoder=HashEncoder(), features="shown")


def test_scores_are_of_the_whole_and_the_best_region():
    encoder = GrainedEncoder()
    namer = Namer(encoder)
    rng = np.random.default_rng(0)
    codes = rng.integers(60, 200, (4, 7, 7, encoder.region_code.n_components), dtype=np.uint8)
    scores, where = namer.scores(codes)
    regions = encoder.region_code.decode(codes).reshape(4, 49, -1).astype(np.float64)
    cosines = (regions / np.linalg.norm(regions, axis=-1, keepdims=True)) @ namer.vectors.T
    sums = regions.sum(axis=1)
    whole = (sums / np.linalg.norm(sums, axis=-1, keepdims=True)) @ namer.vectors.T
    np.testing.assert_allclose(scores, whole + cosines.max(axis=1), atol=1e-3)
    at_best = np.take_along_axis(cosines, where[:, None].astype(int), 1)[:, 0]
    np.testing.assert_allclose(at_best, cosines.max(axis=1), atol=1e-3)
    numbers, weights, _ = read_names(namer.names(codes))
    assert numbers.shape == (4, MOST)
    assert (np.diff(weights, axis=1) <= 0).all()
    expected = np.sort(encoder.word_calibration(scores), axis=1)[:, ::-1]
    kept = np.where(expected >= naming.LEAST, expected, 0.0)
    np.testing.assert_allclose(weights[:, : len(COLOURS)], kept, atol=0.5 / 255)


stored = arrays.arrays(np.uint8, st.tuples(st.integers(0, 6), st.just(1), st.just(3), st.just(4)),
                       elements=st.integers(0, 4))  # fmt: skip


@given(stored, st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True), st.data())
def test_the_index_answers_as_a_look_at_every_image(stored, asked, data):
    stored[..., 1] = 0
    vocabulary = tuple("abcd")
    for own in stored:  # an image has a word once
        _, first = np.unique(own[0, :, 0], return_index=True)
        own[0, np.setdiff1d(np.arange(3), first), 2] = 0
    least = data.draw(st.sampled_from([1, 2, 3])) / 255
    rows = np.arange(len(stored)) * 2 + 1
    index = InvertedIndex.over([Tuples.of_names(vocabulary, stored, rows, (1, 5))])
    by_hand = {}
    for row, own in zip(rows.tolist(), stored, strict=True):
        weights = {vocabulary[number]: (w / 255, cell) for number, _, w, cell in own[0].tolist()
                   if number < 4 and w / 255 >= least}  # fmt: skip
        if all(word in weights for word in asked):
            by_hand[row] = [weights[word] for word in asked]
    found = index.showing(asked, least)
    told = {
        row: [(each.weights[at], round(5 * float(each.boxes[at, 0]))) for each in found.words]
        for at, row in enumerate(found.rows.tolist())
    }
    assert told == by_hand
    assert list(told) == sorted(told, key=lambda row: (-min(w for w, _ in told[row]), row))
    counts = index.counts(least)
    assert counts == {
        word: n for word in vocabulary if (n := len(index.showing([word], least).rows))
    }


def test_words_are_read_in_the_plural_and_by_their_ends():
    known, unknown = read_as(
        "two old trams, people, berries and big buses", ["tram", "person", "berry", "bus"], None
    )
    assert unknown == ()
    assert list(known.values()) == ["tram", "person", "berry", "bus"]


def test_the_vocabulary_has_each_word_once_in_small_letters():
    assert len(set(WORDS)) == len(WORDS) > 300
    assert all(word == word.casefold().strip() for word in WORDS)


def objects(*found):
    """Of (class, score, left) the objects, a tenth wide."""
    return Objects(
        np.array([[left, 0.2, left + 0.1, 0.4] for _, _, left in found], np.float32).reshape(-1, 4),
        np.array([number for number, _, _ in found], dtype=np.uint8),
        np.array([score for _, score, _ in found], dtype=np.float32),
    )


def test_objects_are_told_by_their_classes_and_the_surest_counts():
    found = [objects((0, 0.9, 0.0), (1, 0.8, 0.5), (0, 0.4, 0.7)), None, objects((0, 0.95, 0.3))]
    index = InvertedIndex.over([Tuples.of_objects(("dog", "cat"), found, range(3))])
    dogs = index.of("dog")
    assert dogs.rows.tolist() == [2, 0]
    np.testing.assert_allclose(dogs.weights, [0.95, 0.9], rtol=1e-6)
    np.testing.assert_allclose(dogs.boxes[:, 0], [0.3, 0.0], rtol=1e-6)
    assert dogs.is_exact.all()
    assert index.counts(0.5) == {"dog": 2, "cat": 1}
    assert index.showing(["dog", "cat"], 0.5).rows.tolist() == [0]
    assert InvertedIndex.over([Tuples.of_objects(("dog",), [None], range(1))]).counts(0.0) == {}


def test_of_two_sources_the_surer_one_says_where():
    stored = np.uint8([[[[0, 0, 255, 3]]], [[[0, 0, 51, 3]]]])  # dog, by 1 and by .2
    named = Tuples.of_names(("dog", "sea"), stored, np.array([0, 1]), (7, 7))
    found = Tuples.of_objects(("cat", "dog"), [objects((1, 0.9, 0.0))] * 2, range(2))
    index = InvertedIndex.over([named, found])
    assert index.words == ("dog", "sea", "cat")
    dogs = index.of("dog")
    assert (dogs.rows.tolist(), dogs.is_exact.tolist()) == ([0, 1], [False, True])
