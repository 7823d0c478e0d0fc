"""Every limit holds at the door of a search, in Python as over HTTP, and its message is short."""

import numpy as np
import pytest

import placelens as pl
from placelens import limits
from placelens.display import LONGEST_VALUE
from placelens.server.schemas import SearchRequest
from placelens.testing.fakes import HashEncoder


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    made = pl.Collection.create(tmp_path_factory.mktemp("limits") / "c.pl", encoder=HashEncoder())
    vectors = HashEncoder().encode_texts(["red", "blue"])
    made.add_vectors(
        ["a", "b"], vectors, text=["red", "blue"], lat=[1, 2], lon=[3, 4], modality="text"
    )
    return made


@pytest.mark.parametrize(
    "arguments",
    [
        {"query": "x" * (limits.MAX_TEXT + 1)},
        {"query": ["x" * (limits.MAX_TEXT // 2)] * 3},
        {"query": ["x"] * (limits.MAX_TERMS + 1)},
        {"query": ["x"] * limits.MAX_TERMS, "like": "a"},
        {"image": [b""] * 100_000},
        {"like": "a" * (limits.MAX_ID + 1)},
        {"vector": [([1.0], 1.0)] * 100_000},
        {"query": "x", "near": "x" * 100_000},
        {"query": "x", "near": "1,2", "radius": "9" * 100_000},
        {"query": "x", "near": "1,2", "decay": "gauss:" + "9" * 100_000},
        {"query": "x", "time": "2" * 100_000},
        {"query": "x", "where": {str(i): i for i in range(limits.MAX_CONDITIONS + 1)}},
        {"query": "x", "where": {"a": list(range(limits.MAX_VALUES + 1))}},
        {"query": "x", "where": {"a" * 100_000: 1}},
        {"query": "x", "where": {"a": 10**5000}},
        {"query": "x", "modality": ["text"] * 60_000},
        {"query": "x", "cursor": "A" * 100_000},
        {"query": "x", "engine": "A" * 100_000},
        {"query": "x", "k": 10**400},
        {"query": [("x", 10**400)]},
    ],
    ids="-".join,
)
def test_too_much_is_refused_in_few_words(collection, arguments):
    with pytest.raises(pl.InputError) as caught:
        collection.search(**arguments)
    assert len(str(caught.value)) < 200 + LONGEST_VALUE


def test_as_much_as_is_allowed_is_answered(collection):
    words = ["x" * (limits.MAX_TEXT // limits.MAX_TERMS)] * limits.MAX_TERMS
    where = {str(i): {"ne": 1} for i in range(limits.MAX_CONDITIONS)}
    assert len(collection.search(words, where=where, modality=["text", "text"])) == 2


def test_huge_weights_count_by_their_ratio(collection):
    alike = [
        collection.search([("red", scale), ("blue", 3 * scale)])[0].score for scale in (1.0, 5e307)
    ]
    assert alike[0] == pytest.approx(alike[1], rel=1e-12)


def test_a_label_is_no_longer_than_a_title(collection):
    hits = collection.search("red " * 900, parse=False)
    assert {len(term.label) <= 80 for hit in hits for term in hit.terms} == {True}


def test_the_openapi_states_the_limits():
    schema = str(SearchRequest.model_json_schema())
    for limit in ("MAX_TEXT", "MAX_NAME", "MAX_TERMS", "MAX_ID", "MAX_DIM", "MAX_CURSOR"):
        number = getattr(limits, limit)
        assert f"'maxLength': {number}" in schema or f"'maxItems': {number}" in schema, limit
    assert f"'maxProperties': {limits.MAX_CONDITIONS}" in schema
    assert f"{limits.MAX_VALUES:,} values" in schema
    assert f"{limits.MAX_POSITIONS:,} corners" in schema


def test_a_vector_of_anything_but_numbers_is_named(collection):
    for vector in ("abc", {"a": 1}, [["x"]], [None], [10**400], np.array(["a", "b"]), object()):
        with pytest.raises(pl.VectorError):
            collection.search(vector=vector)


def test_the_docs_state_the_limits(repo):
    page = (repo / "docs" / "server.md").read_text(encoding="utf-8")
    section = page.partition("## Limits")[2].partition("\n## ")[0]
    names = ("TEXT", "TERMS", "NAME", "CONDITIONS", "VALUES", "POSITIONS", "CROSSINGS")
    for name in names:
        assert f"| {getattr(limits, f'MAX_{name}'):,}" in section, name
