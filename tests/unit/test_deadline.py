"""A search stops at its next step when its time is over or nobody waits for it."""

import numpy as np
import pytest

import placelens as pl
from placelens.deadline import NEVER, Deadline
from placelens.testing.fakes import HashEncoder


class Counting(Deadline):
    """Passes at the n-th check."""

    __slots__ = ("n_left",)

    def __init__(self, n_left: float) -> None:
        super().__init__()
        self.n_left = n_left

    def check(self) -> None:
        self.n_left -= 1
        if self.n_left < 0:
            self.cancel()
        super().check()


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    encoder = HashEncoder()
    made = pl.Collection.create(tmp_path_factory.mktemp("late") / "c.pl", encoder=encoder)
    words = [f"word {i}" for i in range(300)]
    made.add_vectors(
        words, encoder.encode_texts(words), text=words, lat=np.linspace(-60, 60, 300),
        lon=np.linspace(-170, 170, 300), attributes=[{"n": i} for i in range(300)],
        modality="text",
    )  # fmt: skip
    return made


@pytest.mark.parametrize("engine", ["scan", "gmrtree", "filter", "rtree", "mtree"])
def test_every_step_of_a_search_asks(collection, engine):
    asked = {
        "query": ["red", "blue"], "like": "word 1", "near": "0,0", "where": {"n": {"gt": 5}},
        "bbox": (-100, -50, 100, 50), "engine": engine, "parse": False,
    }  # fmt: skip
    counting = Counting(float("inf"))
    counting.n_left = 10**9
    expected = [hit.id for hit in collection.search(**asked, deadline=counting)]
    n_checks = 10**9 - counting.n_left
    assert n_checks >= 5  # terms, the filter, before and within the index
    for n in range(n_checks):
        with pytest.raises(pl.SearchStoppedError):
            collection.search(**asked, deadline=Counting(n))
    assert [hit.id for hit in collection.search(**asked, deadline=Counting(n_checks))] == expected


def test_a_deadline_that_has_passed(collection):
    with pytest.raises(pl.SearchStoppedError, match="stopped after 1e-09 s; ask for less"):
        collection.search("red", deadline=Deadline(1e-9))


def test_the_shared_one_cannot_be_cancelled():
    with pytest.raises(pl.InputError, match="shared"):
        NEVER.cancel()
    for seconds in (0, -1, float("nan"), float("inf")):
        with pytest.raises(pl.InputError, match="not a positive number"):
            Deadline(seconds)
