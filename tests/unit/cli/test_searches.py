"""Saved searches in a shell: kept, asked again with more, listed, forgotten."""

import json

import numpy as np
import pytest

import placelens as pl


@pytest.fixture
def boats(tmp_path):
    collection = pl.Collection.create(tmp_path / "boats.pl", dim=2)
    collection.add_vectors(
        ["a", "b", "c"],
        np.array([[1, 0], [0.6, 0.8], [0, 1]]),
        lat=[45.7, 48.8, 43.7],
        lon=[4.8, 2.3, 7.3],
        attributes=[{"city": "Lyon"}, {"city": "Paris"}, {"city": "Nice"}],
    )
    return collection.path


def ids(found):
    return [hit["id"] for hit in json.loads(found.stdout)["hits"]]


def test_one_is_saved_when_it_was_answered_and_asked_again_with_more(cli, boats):
    asked = (
        "--vector",
        "0,1",
        "--near",
        "Nice",
        "--decay",
        "gauss:500km",
        "--mu",
        "0.2",
        "-k",
        "2",
    )
    first = cli("search", boats, *asked, "--save", "southern", "--format", "json")
    assert "saved as southern" in first.stderr
    again = cli("search", boats, "--saved", "southern", "--format", "json")
    assert ids(again) == ids(first) == ["c", "b"]
    kept = json.loads(cli("searches", boats, "--json").stdout)
    assert kept == {
        "southern": {
            "query": [{"kind": "vector", "value": [0.0, 1.0]}],
            "near": "Nice",
            "decay": "gauss:500km",
            "mu": 0.2,
            "k": 2,
        }
    }
    wider = cli("search", boats, "--saved", "southern", "-k", "9", "--format", "json")
    assert ids(wider) == ["c", "b", "a"]
    here = cli("search", boats, "--saved", "southern", "--where", "city=Lyon", "--format", "json")
    assert ids(here) == ["a"]
    # What was asked with more can be saved in its turn.
    cli("search", boats, "--saved", "southern", "--where", "city=Lyon", "--save", "Lyon")
    assert list(json.loads(cli("searches", boats, "--json").stdout)) == ["southern", "Lyon"]


def test_they_are_listed_and_forgotten(cli, boats):
    assert "no searches yet" in cli("searches", boats).stderr
    cli("search", boats, "--where", "city=Paris", "--sort", "name", "--save", "in Paris")
    listed = cli("searches", boats).stdout
    assert "in Paris" in listed
    assert 'where={"city": {"in": ["Paris"]}}  sort=name' in listed
    assert "forgot in Paris" in cli("searches", boats, "--forget", "in Paris").stderr
    assert pl.Collection.open(boats).saved_searches == {}


def test_what_is_not_there_or_cannot_be_kept_is_named(cli, boats, tmp_path):
    for arguments in (("search", boats, "--saved", "x"), ("searches", boats, "--forget", "x")):
        complaint = cli(*arguments, code=1).stderr
        assert "has no search 'x'; placelens searches" in complaint
    refused = cli("search", boats, "--vector", "0,1", "--save", " ", code=1)
    assert "the name of a search" in refused.stderr
    assert pl.Collection.open(boats).saved_searches == {}
