"""How far "near" reaches, worked by hand."""

import numpy as np
import pytest

from placelens.engine.nearness import reached
from placelens.geo.decay import Decay
from placelens.types import NothingNear

KM = 1_000.0


def ask(decay, nearest_km, *, widens=True, within_m=None):
    nearest_m = np.array(nearest_km, float) * KM
    return reached(Decay.parse(decay), nearest_m, widens=widens, label="Lyon", within_m=within_m)


def test_a_dense_place_keeps_its_scale():
    found = ask("gauss:25km", [1, 2, 20])
    assert (found.decay, found.reach, found.note) == (Decay.parse("gauss:25km"), None, None)
    assert found.nothing_near is None


def test_a_sparse_place_reaches_to_its_last_of_the_nearest():
    found = ask("gauss:25km", [1, 2, 200])
    assert found.decay == Decay.parse("gauss:200km")
    assert "the 3. nearest item" in found.reach.replace("distance of ", "")
    assert found.note is None


def test_an_offset_is_taken_off():
    # Beyond the 100 km within which all is 1, the farthest lies 400 km away.
    assert ask("gauss:50km:100km", [300, 500]).decay == Decay.parse("gauss:400km:100km")


def test_a_given_scale_stays_and_nothing_near_is_said():
    found = ask("gauss:5km", [7_764], widens=False)
    assert found.decay == Decay.parse("gauss:5km")
    assert found.note == "nothing here lies within 5.0 km of Lyon; the nearest is 7,764 km away"
    assert found.nothing_near == NothingNear(within_m=5 * KM, nearest_m=7_764 * KM)


@pytest.mark.parametrize(("nearest_km", "said"), [([9], False), ([11], True)])
def test_the_reach_that_counts_can_be_given(nearest_km, said):
    found = ask("linear", nearest_km, within_m=10 * KM)
    assert (found.note is not None) == (found.nothing_near is not None) == said


def test_no_item_with_a_place():
    found = ask("gauss:25km", [])
    assert "has a place" in found.note
    assert found.nothing_near == NothingNear(within_m=25 * KM, nearest_m=None)
    assert ask("linear", []).nothing_near == NothingNear(within_m=None, nearest_m=None)
