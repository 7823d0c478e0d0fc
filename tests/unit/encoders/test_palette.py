"""Each class has a colour of its own, and a painting in these colours says which classes it has."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from placelens.encoders.palette import cells_of_colours, palette
from placelens.errors import InputError

KNOWN = ("sky", "building", "vegetation", "road", "pavement", "water", "car", "person")
names = st.lists(
    st.one_of(st.sampled_from([*KNOWN, "tree", "trees"]), st.text(max_size=4)),
    min_size=1,
    max_size=80,
    unique=True,
)


@given(names)
def test_no_two_classes_have_one_colour(classes):
    colours = palette(classes)
    assert len(set(colours)) == len(classes)
    drawn = np.array([colours], dtype=np.uint8)
    assert cells_of_colours(drawn, classes).tolist() == [list(range(len(classes)))]


def test_the_colours_of_lite_are_far_apart():
    colours = np.array(palette(KNOWN), dtype=float)
    apart = np.linalg.norm(colours[:, None] - colours[None], axis=2)
    assert apart[~np.eye(len(KNOWN), dtype=bool)].min() > 60


def test_a_class_keeps_its_colour_beside_others():
    assert palette(["tree"]) == palette(["vegetation"])
    assert palette(["vegetation", "tree"])[0] == palette(["vegetation"])[0]
    assert palette(["road", "sky"])[1] == palette(KNOWN)[0]


def test_black_white_and_soft_edges_stand_for_nothing():
    sky = palette(["sky"])[0]
    edge = tuple((c + 255) // 2 for c in sky)
    drawn = np.array([[sky] * 9 + [(0, 0, 0), (255, 255, 255), edge]], dtype=np.uint8)
    assert cells_of_colours(drawn, ["sky"]).tolist() == [[0] * 9 + [-1] * 3]


def test_other_colours_are_told():
    drawn = np.array([[(255, 0, 255)] * 3 + [palette(["sky"])[0]]], dtype=np.uint8)
    with pytest.raises(
        InputError, match=r"75% of what is painted .* #ff00ff; the classes are sky #"
    ):
        cells_of_colours(drawn, ["sky"])
