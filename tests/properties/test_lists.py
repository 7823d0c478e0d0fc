"""Lists: every order is that of Python's own sort, and pages of any size hold it once."""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import placelens as pl
from placelens.engine.filters import OPERATORS, conditions
from placelens.engine.sorting import natural_key

facts = st.fixed_dictionaries(
    {
        "title": st.sampled_from(["a", "A2", "a10", "b", "é", "東"]),
        "day": st.none() | st.integers(-800_000, 800_000),
        "lat": st.none() | st.sampled_from([0.0, 1.0, -1.0, 90.0]),
        "tags": st.lists(st.sampled_from(["sea", "Sea", "boat", 1, True]), max_size=3),
    }
)
EPOCH = datetime(1970, 1, 1)


def collection(folder: str, rows: list[dict]) -> pl.Collection:
    made = pl.Collection.create(Path(folder) / "c.pl", dim=2)
    made.add_vectors(
        [f"i{n}" for n in range(len(rows))],
        np.ones((len(rows), 2)),
        lat=[row["lat"] for row in rows],
        lon=[None if row["lat"] is None else 0.0 for row in rows],
        time=[
            None if row["day"] is None else EPOCH + timedelta(days=row["day"] % 700_000)
            for row in rows
        ],
        attributes=[{"title": row["title"], "tags": row["tags"]} for row in rows],
    )
    return made


def key(sort: str, item: pl.Item):
    """What Python would sort the items by, in the order in which they were added."""
    by_name = (1, natural_key(item.title))
    if sort == "distance":
        return by_name if item.place is None else (0, abs(item.place.lat or 0.0))
    if sort == "name" or item.time is None:
        return by_name
    age = item.time - EPOCH
    return (0, -age if sort == "time" else age)


@settings(max_examples=20)
@given(st.lists(facts, min_size=1, max_size=12), st.integers(1, 5), st.data())
def test_pages_put_together_are_the_sorted_items(rows, k, data):
    sort = data.draw(st.sampled_from(["time", "oldest", "name", "distance"]))
    with tempfile.TemporaryDirectory() as folder:
        made = collection(folder, rows)
        where = data.draw(st.sampled_from([None, {"tags": "sea"}, {"tags": {"all": [True, 1]}}]))
        passing = [
            item
            for item in made.items()
            if where is None or conditions("tags", where["tags"])(item.attributes["tags"])
        ]
        expected = [item.id for item in sorted(passing, key=lambda item: key(sort, item))]
        listed, cursor = [], None
        while True:
            hits = made.search(sort=sort, near="0,0", where=where, k=k, cursor=cursor)
            listed += [hit.id for hit in hits]
            assert hits.plan.n_allowed == len(expected)
            cursor = hits.cursor
            if cursor is None:
                break
        assert listed == expected
        assert [item.id for item in made.items(sort=sort, near="0,0", where=where)] == expected


values = (
    st.none() | st.text(max_size=6) | st.integers() | st.floats(allow_nan=False) | st.booleans()
)


@given(values | st.lists(values, max_size=4), values.filter(lambda value: value is not None))
def test_operators_keep_to_their_meaning(stored, wanted):
    """A list passes when a member does; what is denied is what does not pass."""
    many = stored if isinstance(stored, list) else [stored]
    members = [member for member in many if member is not None]
    for name in ("eq", "contains", "starts", "ends", "gt", "lte"):
        try:
            test = conditions("a", {name: wanted})
        except pl.FilterError:
            continue  # an empty part of a text, a range of truth values
        assert test(members) == any(test(member) for member in members)
        assert conditions("a", {"not": {name: wanted}})(members) != test(members)
    equal = conditions("a", wanted)(members)
    assert conditions("a", {"ne": wanted})(members) != equal
    assert conditions("a", [wanted])(members) == equal
    assert conditions("a", {"all": [wanted]})(members) == equal
    assert conditions("a", {"exists": True})(members) == bool(members)
    assert set(OPERATORS) >= {"eq", "ne", "in", "all", "not", "exists"}
