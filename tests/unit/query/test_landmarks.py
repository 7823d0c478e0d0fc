"""Names of landmarks are found in titles and texts as a scan of every line finds them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import placelens as pl
from placelens.geo.names import fold
from placelens.query import landmarks
from placelens.query.landmarks import MAX_ASKED, CollectionLandmarks

WORDS = st.text(st.sampled_from("ab "), max_size=6)


@given(st.lists(WORDS, min_size=1), WORDS.map(str.strip).filter(bool))
def test_lines_are_found_as_a_scan_finds_them(lines, name):
    fast = landmarks._Lines(lines)
    padded = [f" {fold(line)} " for line in lines]
    name = fold(name)
    wanted = f" {name} "
    assert list(fast.with_(name)) == [i for i, line in enumerate(padded) if wanted in line]
    assert list(fast.that_are(name)) == [i for i, line in enumerate(padded) if wanted == line]
    assert fast.has(name) == any(wanted in line for line in padded)


@pytest.fixture
def snapshot(tmp_path):
    """Three items on the Alhambra's hill, one of its name far away, one without a place."""
    made = pl.Collection.create(tmp_path / "c.pl", dim=2)
    rows = [
        ("Alhambra", 37.177, -3.589),
        ("Alhambra gate", 37.178, -3.590),
        ("Bridge of Sighs", 45.434, 12.341),
        ("Bridge of Sighs", 51.754, -1.254),  # Oxford
        ("Grand Place", None, None),
    ]
    made.add_vectors(
        [f"item-{i}" for i in range(len(rows))],
        np.ones((len(rows), 2)),
        lat=[lat for _, lat, _ in rows],
        lon=[lon for *_, lon in rows],
        attributes=[{"title": title} for title, *_ in rows],
    )
    return made._versions.version


def test_the_first_name_that_items_of_one_place_go_by_is_taken(snapshot):
    find = CollectionLandmarks(snapshot)
    number, choice = find(["Alhambra Gate At", "Alhambra Gate", "Alhambra"])
    assert (number, choice.name) == (1, "Alhambra gate")
    assert find(["Alhambra"])[1].name == "Alhambra"


def test_a_name_of_several_places_or_of_none_means_nothing(snapshot):
    find = CollectionLandmarks(snapshot)
    assert find(["Bridge of Sighs"]) is None
    assert find(["Grand Place"]) is None
    assert find(["Eiffel Tower", "Eiffel"]) is None


def test_so_many_are_looked_up_and_no_more(snapshot):
    """A query of 4,000 characters may name hundreds, and people name one or two."""
    find = CollectionLandmarks(snapshot)
    for number in range(MAX_ASKED):
        assert find([f"Nowhere {number}"]) is None
    assert find(["Alhambra"]) is None
    again = CollectionLandmarks(snapshot)
    for _ in range(MAX_ASKED + 1):
        assert again(["Nowhere"]) is None
    assert again(["Alhambra"]) is not None


def test_lines_are_folded_once_a_version(snapshot, monkeypatch):
    assert CollectionLandmarks(snapshot)(["Alhambra"]) is not None
    monkeypatch.setattr(landmarks, "_Lines", None)
    assert CollectionLandmarks(snapshot)(["Alhambra"]) is not None
