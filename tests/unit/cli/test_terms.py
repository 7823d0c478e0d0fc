"""Terms of any kind, and why a hit is there, in a shell."""

import json

import numpy as np
import pytest

import placelens as pl
from placelens.testing.terms import ID_LENGTH, known


@pytest.fixture
def boats(tmp_path):
    collection = pl.Collection.create(tmp_path / "boats.pl", dim=2)
    collection.add_vectors(["a", "bb", "ccc"], np.array([[1, 0], [0.6, 0.8], [0, 1]]))
    return collection.path


def test_a_term_is_a_kind_and_a_value(cli, boats):
    found = cli("search", boats, "--term", "vector=[0, 1]", "--format", "json")
    assert [hit["id"] for hit in json.loads(found.stdout)["hits"]] == ["ccc", "bb", "a"]


def test_weights_are_written_as_those_of_words(cli, boats):
    found = cli(
        "search", boats, "--term", "vector=[0, 1]", "--term", "vector=[1, 0]^-2", "--format", "json"
    )
    (first, *_) = json.loads(found.stdout)["hits"]
    # Of ccc: (1 * 1 - 2 * 0) / (1 + 2).
    assert (first["id"], first["score"]) == ("ccc", pytest.approx(1 / 3))


def test_a_new_kind_needs_nothing_here(cli, boats):
    with known(ID_LENGTH):
        found = cli("search", boats, "--term", "id_length=2", "--format", "json")
    assert json.loads(found.stdout)["hits"][0]["id"] == "bb"


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("boat", "--term 'boat' has no kind; write KIND=VALUE"),
        ("smell=fish", "no term is of the kind 'smell'; there are: text, image, like, vector"),
    ],
)
def test_what_is_no_term_is_named(cli, boats, written, complaint):
    assert complaint in cli("search", boats, "--term", written, code=1).stderr


def test_why_the_third_hit_is_third(cli, boats):
    found = cli("search", boats, "--term", "vector=[1, 0]", "--why", 3)
    assert found.stdout.splitlines() == [
        "3. ccc  0.000",
        "   vector  1.00 x 0.000 = 0.000  how much it fits 'vector', by its vector (cosine 0.000)",
        "   0.600 below 2: vector -0.600",
    ]
    gone = cli("search", boats, "--term", "vector=[1, 0]", "--why", 9, code=1)
    assert "no hit here has the rank 9; there are: 1 to 3" in gone.stderr
