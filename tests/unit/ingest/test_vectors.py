"""Vectors of one's own, in the forms people have them; bad ones are named by row."""

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import placelens as pl


@pytest.fixture
def collection(tmp_path):
    return pl.Collection.create(tmp_path / "c.pl", dim=3)


MATRIX = np.array([[3.0, 0.0, 0.0], [0.0, 0.0, -1e-30]])


@pytest.mark.parametrize(
    "vectors",
    [
        MATRIX,
        MATRIX.tolist(),
        pa.FixedSizeListArray.from_arrays(MATRIX.ravel(), 3),
        pa.chunked_array([pa.FixedSizeListArray.from_arrays(MATRIX.ravel(), 3)]),
        pa.array(MATRIX.tolist()),
        pd.Series(list(MATRIX)),
    ],
    ids=["numpy", "lists", "arrow fixed", "arrow chunked", "arrow list", "pandas"],
)
def test_forms_of_vectors(collection, vectors):
    collection.add_vectors(["a", "b"], vectors, lat=[0, None], lon=[10, None])
    np.testing.assert_array_equal(collection.vector("a"), [1, 0, 0])
    np.testing.assert_array_equal(collection.vector("b"), [0, 0, -1])
    assert collection.get("a").place == pl.Place(lat=0, lon=10)
    assert collection.get("b").place is None


@pytest.mark.parametrize(
    "column", [list, np.array, pd.Series, pa.array, lambda v: pa.chunked_array([v])]
)
def test_forms_of_columns(collection, column):
    collection.add_vectors(
        column(["a", "b"]),
        MATRIX,
        lat=column([1.5, 2.5]),
        lon=column([3.5, 4.5]),
        text=column(["first", "second"]),
        attributes={"n": column([1, 2])},
    )
    item = collection.get("b")
    assert (item.place, item.text) == (pl.Place(lat=2.5, lon=4.5), "second")
    assert dict(item.attributes) == {"n": 2}


@pytest.mark.parametrize(
    "attributes",
    [
        [{"city": "Lyon", "n": 1}, {"city": None, "n": 2}],
        {"city": ["Lyon", None], "n": [1, 2]},
        pd.DataFrame({"city": ["Lyon", None], "n": [1, 2]}),
        pa.table({"city": ["Lyon", None], "n": [1, 2]}),
    ],
    ids=["rows", "columns", "pandas", "arrow"],
)
def test_forms_of_attributes(collection, attributes):
    collection.add_vectors(["a", "b"], np.eye(3)[:2], attributes=attributes)
    assert dict(collection.get("a").attributes) == {"city": "Lyon", "n": 1}
    assert [h.id for h in collection.search(vector=[1, 1, 1], where={"n": {"gt": 1}})] == ["b"]


@pytest.mark.parametrize(
    "tags",
    [["sea", "boat"], ("sea", "boat"), np.array(["sea", "boat"]), {"boat", "sea"},
     ["sea", None, float("nan"), "boat"]],
    ids=["list", "tuple", "numpy", "set", "with gaps"],
)  # fmt: skip
def test_attributes_may_be_lists(collection, tags):
    collection.add_vectors(["a"], [[1, 0, 0]], attributes=[{"tags": tags}])
    assert sorted(collection.get("a").attributes["tags"]) == ["boat", "sea"]
    collection.update("a", attributes={"tags": np.array([1, 2])})
    assert collection.get("a").attributes["tags"] == [1, 2]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"vectors": [[1, 2, np.nan]]}, pl.VectorError, "row 0 holds NaN"),
        ({"vectors": [[0, 0, 0]]}, pl.VectorError, "row 0 is all zeros"),
        ({"vectors": [[1, 2]]}, pl.VectorError, r"shape \(1, 2\)"),
        ({"vectors": [["x", 1, 2]]}, pl.VectorError, "the matrix of vectors holds texts"),
        ({"vectors": [["1", "2", "3"]]}, pl.VectorError, "holds texts; give real numbers"),
        ({"vectors": [[1 + 2j, 2, 3]]}, pl.VectorError, "complex numbers; give real numbers"),
        ({"vectors": pa.array([["1", "2", "3"]])}, pl.VectorError, "holds texts"),
        ({"vectors": pd.Series([[1j, 2, 3]])}, pl.VectorError, "holds complex numbers"),
        ({"vectors": [[1, 2, 3], [1]]}, pl.VectorError, "rows of different lengths"),
        ({"ids": ["a", "b"]}, pl.InputError, "2 ids and 1 vectors"),
        ({"ids": [""]}, pl.InputError, "id of row 0 is empty"),
        ({"ids": "a"}, pl.InputError, "ids 'a' is one text"),
        ({"text": "x"}, pl.InputError, "text 'x' is one text; give a list of 1 values"),
        ({"lat": [91], "lon": [0]}, pl.CoordinateError, "row 0: latitude 91.0.*swapped"),
        ({"lat": [1], "lon": [181]}, pl.CoordinateError, "row 0: longitude 181.0"),
        ({"lat": [1], "lon": [np.nan]}, pl.CoordinateError, "row 0 has only one"),
        ({"lat": [1]}, pl.CoordinateError, "lat and lon belong together"),
        ({"x": [1], "y": [1]}, pl.CoordinateError, "is a sphere: give lat and lon"),
        ({"lat": [1, 2], "lon": [1, 2]}, pl.CoordinateError, r"\(2,\)"),
        ({"text": ["a", "b"]}, pl.InputError, "text has 2 values for 1 items"),
        ({"attributes": [{"a": {"b": 1}}]}, pl.InputError, "row 0: attribute 'a' holds a dict"),
        ({"attributes": [{"a": [[1]]}]}, pl.InputError, "row 0: attribute 'a' holds a list"),
        ({"modality": "image"}, pl.InputError, "modality 'image' is not one of"),
        ({"on_conflict": "ignore"}, pl.InputError, "on_conflict 'ignore'"),
    ],
)
def test_bad_input_is_named_and_nothing_is_written(collection, arguments, error, message):
    with pytest.raises(error, match=message):
        collection.add_vectors(**{"ids": ["a"], "vectors": [[1, 2, 3]], **arguments})
    collection.refresh()
    assert len(collection) == 0


def test_conflicts(collection):
    collection.add_vectors(["a"], [[1, 0, 0]], text=["first"])
    with pytest.raises(pl.InputError, match="1 of 2 ids are in the collection already"):
        collection.add_vectors(["a", "b"], np.eye(3)[:2])
    assert collection.add_vectors(["a", "b"], np.eye(3)[1:], on_conflict="skip") == 1
    assert collection.get("a").text == "first"
    assert collection.add_vectors(["a"], [[0, 1, 0]], text=["new"], on_conflict="replace") == 1
    assert collection.get("a").text == "new"
    assert len(collection) == 2


def test_times_keep_their_zone(collection):
    zone = datetime.timezone(datetime.timedelta(hours=-3, minutes=-30))
    times = [datetime.datetime(2019, 6, 1, 23, 30, tzinfo=zone), datetime.datetime(2020, 1, 1)]
    collection.add_vectors(["a", "b"], np.eye(3)[:2], time=times)
    assert [collection.get(i).time for i in "ab"] == times
    # Filters compare the wall clock: it was still the first of June there.
    assert [h.id for h in collection.search(vector=[1, 1, 1], time="2019-06-01")] == ["a"]


@pytest.mark.parametrize(
    "times",
    [
        [datetime.datetime(2020, 2, 3), None],
        np.array(["2020-02-03", "NaT"], dtype="datetime64[ns]"),
        pd.Series([pd.Timestamp("2020-02-03"), pd.NaT]),
        pa.array([datetime.datetime(2020, 2, 3), None]),
    ],
    ids=["python", "numpy", "pandas", "arrow"],
)
def test_forms_of_times(collection, times):
    collection.add_vectors(["a", "b"], np.eye(3)[:2], time=times)
    assert collection.get("a").time == datetime.datetime(2020, 2, 3)
    assert collection.get("b").time is None


def test_a_time_that_is_none_is_named(collection):
    with pytest.raises(pl.InputError, match="the time of row 1 is '2020'"):
        collection.add_vectors(
            ["a", "b"], np.eye(3)[:2], time=[datetime.datetime(2020, 1, 1), "2020"]
        )


def test_a_plane_takes_metres(tmp_path):
    plane = pl.Collection.create(tmp_path / "plane.pl", dim=2, space="plane")
    plane.add_vectors(["a", "b"], np.eye(2), x=[0, 3e9], y=[0, 4e9])
    hits = plane.search(near=pl.Place(x=0, y=0), decay="linear")
    assert [(h.id, h.distance_m, h.score) for h in hits] == [("a", 0.0, 1.0), ("b", 5e9, 0.0)]
    with pytest.raises(pl.CoordinateError, match="give x= and y="):
        plane.search(near=pl.Place(lat=0, lon=0))


def test_internal_ids_are_never_used_again(collection):
    collection.add_vectors(["a", "b"], np.eye(3)[:2])
    collection.delete(["b"])
    collection.add_vectors(["c"], [[0, 0, 1]])
    assert sorted(collection._versions.version.iids.tolist()) == [0, 2]
