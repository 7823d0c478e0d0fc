"""Every public call with values that nobody should give: it works, or raises a PlacelensError.

The calls are listed from the package itself, so that a new one is tested from its first day.
"""

import inspect
import io
import math
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import placelens as pl
from placelens.testing.fakes import HashEncoder


class Rude:
    """Fails in whatever is asked of it."""

    def __repr__(self) -> str:
        raise RuntimeError("not today")

    def __len__(self) -> int:
        return 3


def deep(levels: int) -> list:
    value: list = []
    for _ in range(levels):
        value = [value]
    return value


def ring_of(n: int) -> dict:
    turn = np.linspace(0, 6, n)
    return {"type": "Polygon", "coordinates": [np.column_stack([turn, np.sin(turn)]).tolist()]}


HOSTILE = (
    None, True, False, 0, -1, 2**63, -(2**63) - 1, 10**400, 10**5000, 0.0, -0.0, 1e308, -1e308,
    5e-324, math.nan, math.inf, -math.inf, 1j, "", " ", "abc", "\x00", "\ud800", "\x1b[2J\u202e",
    "9" * 20_000, "../../etc/passwd", "1e999", "nan", "50,14", "gauss:1e308km", "linear:0",
    "2019-13", "9999-12-31", b"", b"\xff\xd8\xff", [], {}, (), set(), [None], ["a", 1], {"a": 1},
    [math.nan] * 8, [1e308] * 8, [0.0] * 8, ["x"] * 8, [[1.0] * 8], ("red", math.inf),
    ("red", 10**400), [("red", 1e308), ("blue", -1e308)], {"in": deep(50)}, deep(100_000),
    {"a": {"gte": math.nan}}, {"a": {"in": [{}]}}, {"a": {"exists": "yes"}}, {1: 2}, {"a": None},
    {"type": "Polygon", "coordinates": deep(60)}, {"type": "Feature", "geometry": None}, ring_of(9),
    {"type": "Polygon", "coordinates": [[[1e308, 1e308], [-1e308, 1], [math.nan, 2]]]},
    np.nan, np.float32(1), np.int64(7), np.zeros(8), np.full((2, 8), np.nan), np.array(["a"]),
    np.array(None), np.zeros((0, 8)), date.max, datetime.min, datetime.max, timedelta.max,
    datetime.max.replace(tzinfo=UTC), pl.Place(lat=90, lon=180), pl.Place(x=1e15, y=-1e15),
    Path("\x00"), Path("no/such/file"), io.BytesIO(b"x"), object(), Rude(), int, len,
    (value for value in ()), float("1e16"), Ellipsis, frozenset({1}), range(10**9),
)  # fmt: skip

ONE_OF = st.sampled_from(HOSTILE) | st.text(max_size=20) | st.floats() | st.integers()
values = (
    ONE_OF | st.lists(ONE_OF, max_size=3) | st.dictionaries(st.text(max_size=5), ONE_OF, max_size=3)
)


def public_functions() -> dict[str, Any]:
    """What the package exports that can be called, errors and abstract classes left aside."""
    found = {name: getattr(pl, name) for name in pl.__all__ if callable(getattr(pl, name))}
    return {
        name: thing
        for name, thing in found.items()
        if not inspect.isabstract(thing)
        and not (isinstance(thing, type) and issubclass(thing, Exception))
    }


def public_methods(cls: type) -> list[str]:
    return [
        name
        for name, method in inspect.getmembers(cls)
        if not name.startswith("_")
        and callable(method)
        and (getattr(method, "__module__", None) or "").startswith(
            "placelens"
        )  # not inherited ones
    ]


def drive(data: st.DataObject, call: Any, name: str) -> Any:
    """Call with drawn values for all parameters without a default and some of the others."""
    parameters = [
        parameter
        for parameter in inspect.signature(call).parameters.values()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    ]
    needed = [p.name for p in parameters if p.default is p.empty]
    others = [p.name for p in parameters if p.default is not p.empty]
    chosen = (
        needed + data.draw(st.lists(st.sampled_from(others), unique=True, max_size=3))
        if others
        else needed
    )
    arguments = {each: data.draw(values, label=f"{name}({each})") for each in chosen}
    try:
        made = call(**arguments)
        if hasattr(made, "__next__"):
            made = list(zip(range(20), made))  # noqa: B905
    except pl.PlacelensError as error:
        if len(str(error)) > 2_000:
            raise
        return None
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def collections(folder):
    """One with an encoder, one of vectors on the sphere, one on a plane."""
    encoder = HashEncoder(8)
    words = pl.Collection.create(folder / "words.pl", encoder=encoder)
    words.add_vectors(
        ["a", "b"], encoder.encode_texts(["red", "blue"]), text=["red", "blue"], lat=[1, 2],
        lon=[3, 4], attributes=[{"a": 1}, {"a": "x"}], modality="text",
    )  # fmt: skip
    plane = pl.Collection.create(folder / "plane.pl", dim=8, space="plane")
    plane.add_vectors(["a"], np.eye(8)[:1], x=[0.0], y=[1.0])
    return [words, plane]


SOME = settings(max_examples=20, suppress_health_check=list(HealthCheck), derandomize=True)


@pytest.mark.parametrize("name", sorted(public_functions()))
@given(data=st.data())
@SOME
def test_functions_and_classes(name, data, folder, monkeypatch_cwd):
    drive(data, public_functions()[name], name)


@pytest.fixture(scope="module")
def monkeypatch_cwd(folder):
    """Whatever is created by accident is created in a folder of ours."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield


@pytest.mark.parametrize("name", public_methods(pl.Collection))
@given(data=st.data())
@SOME
def test_methods_of_a_collection(name, data, collections, monkeypatch_cwd):
    collection = data.draw(st.sampled_from(collections), label="collection")
    drive(data, getattr(collection, name), name)


@pytest.mark.parametrize("name", list(inspect.signature(pl.Collection.search).parameters)[1:])
@given(data=st.data())
@SOME
def test_each_argument_of_a_search(name, data, collections):
    collection = data.draw(st.sampled_from(collections), label="collection")
    asked = {"query": "red"} if collection is collections[0] else {"vector": [1.0] * 8}
    asked["near"] = pl.Place(lat=1, lon=2) if collection.space == "sphere" else "1,2"
    asked[name] = data.draw(values, label=name)
    try:
        collection.search(**asked)
    except pl.PlacelensError as error:
        if len(str(error)) > 2_000:
            raise


@pytest.mark.parametrize("name", list(inspect.signature(pl.Collection.search).parameters)[1:-1])
@given(data=st.data())
@SOME
def test_each_argument_of_what_takes_a_whole_search(name, data, collections):
    collection = data.draw(st.sampled_from(collections), label="collection")
    asked = {"query": "red"} if collection is collections[0] else {"vector": [1.0] * 8}
    asked[name] = data.draw(values, label=name)
    for call in (
        lambda: collection.heat(zoom=2, **asked),
        lambda: collection.save_search("one", **asked),
        lambda: collection.search(**{**collection.saved_searches.get("one", {}), "k": 1}),
    ):
        try:
            call()
        except pl.PlacelensError as error:
            if len(str(error)) > 2_000:
                raise
    collection.forget_search("one")


@pytest.mark.parametrize("name", public_methods(pl.Hits))
@given(data=st.data())
@SOME
def test_methods_of_hits(name, data, collections, monkeypatch_cwd):
    hits = collections[0].search("red")
    drive(data, getattr(hits, name), name)


@pytest.mark.parametrize("name", public_methods(pl.Encoder))
@given(data=st.data())
@SOME
def test_methods_of_an_encoder(name, data):
    drive(data, getattr(HashEncoder(8), name), name)
