"""Whatever is written: a negation never keeps only what it takes out, and reading never fails."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placelens.geo.gazetteer import Gazetteer
from placelens.geo.place_names import parse_query

GAZETTEER = Gazetteer()
# A name, and a point that lies there.
PLACES = {
    "Lyon": (45.757, 4.832), "Paris": (48.857, 2.352), "Tokyo": (35.68, 139.7),
    "Spain": (40.4, -3.7), "Peru": (-12.0, -76.9), "Texas": (31.0, -99.0),
    "Africa": (9.0, 20.0), "Bavaria": (48.14, 11.58), "the Alps": (46.5, 9.8),
    "Paris, Texas": (33.66, -95.55), "Frankfurt am Main": (50.11, 8.68), "Iceland": (64.9, -18.5),
}  # fmt: skip
NEGATORS = [
    "not", "never", "isn't", "aren't", "wasn't", "don't", "not taken", "not located", "not really",
    "not anywhere", "nicht", "pas", "niet", "não", "not at all", "neither",
]  # fmt: skip
NEGATIVE = [
    "outside", "outside of", "except", "except in", "excluding", "other than", "anywhere but",
    "everywhere except", "everything but", "far from", "away from", "nowhere near",
    "more than 40 km from", "at least 40 km from", "over 40 km away from", "> 40 km from",
    "farther than 40 km from", "40 km or more from", "not within 40 km of", "beyond 40 km from",
]  # fmt: skip
POSITIVE = [
    "in",
    "near",
    "inside",
    "close to",
    "around",
    "within 40 km of",
    "less than 3 miles from",
]
HEADS = ["", "church ", "old photos of a church ", "photos that are ", "A big red dog ", "dogs, "]
TAILS = ["", " at night", ", in snow", " with people"]


def holds(area, point):
    if area is None:
        return False
    lat, lon = point
    return bool(area.contains(np.array([lon]), np.array([lat]))[0])


def is_asked_for(understood):
    return understood.area is not None or understood.near is not None


@settings(max_examples=200)
@given(
    head=st.sampled_from(HEADS),
    negative=st.one_of(
        st.sampled_from(NEGATIVE),
        st.tuples(st.sampled_from(NEGATORS), st.sampled_from(POSITIVE)).map(" ".join),
    ),
    name=st.sampled_from(sorted(PLACES)),
    tail=st.sampled_from(TAILS),
)
def test_a_negated_place_is_left_out_or_left_to_the_words(head, negative, name, tail):
    query = f"{head}{negative} {name}{tail}"
    understood = parse_query(query, GAZETTEER)
    assert not is_asked_for(understood), query
    if understood.outside is not None:
        assert holds(understood.outside, PLACES[name]), query
    else:
        # Not read: the words still have it, and somebody says so.
        assert name in understood.text, query
        assert understood.unread, query


@settings(max_examples=100)
@given(
    first=st.sampled_from(["Spain", "Peru", "Iceland", "Texas"]),
    second=st.sampled_from(["Lyon", "Tokyo", "Africa", "Bavaria"]),
    joint=st.sampled_from([", not in {}", " but not in {}", " except {}", " but not {}", ", not {}",
                           " excluding {}", " and not in {}", " without {}", " outside {}"]),
)  # fmt: skip
def test_in_one_but_not_in_another(first, second, joint):
    query = f"church in {first}{joint.format(second)}"
    understood = parse_query(query, GAZETTEER)
    assert holds(understood.area, PLACES[first]), query
    assert holds(understood.outside, PLACES[second]), query
    assert not holds(understood.outside, PLACES[first]), query
    swapped = parse_query(f"church not in {second} but in {first}", GAZETTEER)
    assert holds(swapped.area, PLACES[first])
    assert holds(swapped.outside, PLACES[second])


WORDS = st.sampled_from(
    ["not", "in", "near", "Lyon", "Spain", "of", "the", "state", ",", "(", ")", '"', "but", "and",
     "or", "north", "5", "km", "from", "more", "than", "within", "Texas", "old", "except", "New",
     "York", "CA", "2019", "May", "at", "京都", "ʻ", "-", "1.5,2.5", "no", "photos"]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(WORDS, max_size=12).map(" ".join))
def test_any_words_can_be_read(query):
    understood = parse_query(query, GAZETTEER)
    for mention in understood.mentions:
        assert mention.phrase in query
        assert mention.describe()
    assert understood.to_dict()["description"] == understood.describe()
    if not understood.mentions:
        kept = query.replace('"', "").strip(" ,;")
        assert understood.text.replace(" ", "") == kept.replace(" ", "")


@settings(max_examples=100)
@given(st.text(max_size=60))
def test_any_text_can_be_read(query):
    parse_query(query, GAZETTEER)


@pytest.mark.parametrize("name", sorted(PLACES))
def test_twice_negated_is_asked_for_again(name):
    understood = parse_query(f"church not outside {name}", GAZETTEER)
    assert holds(understood.area, PLACES[name])
    assert understood.outside is None
