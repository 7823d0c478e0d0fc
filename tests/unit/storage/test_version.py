"""What the next version takes over from the one before is what has not changed, and no more."""

import numpy as np

import placelens as pl


def test_other_deletions_of_the_same_number_are_read_anew(tmp_path):
    writer = pl.Collection.create(tmp_path / "c.pl", dim=4)
    writer.add_vectors(list("abcd"), np.eye(4))
    writer.snapshot("all")
    reader = pl.Collection.open(writer.path)

    writer.delete(["a"])
    reader.refresh()
    assert reader.search(vector=[1, 0, 0, 0], k=1)[0].score == 0.0

    writer.restore("all")
    writer.delete(["d"])
    reader.refresh()
    # One row of the same file is missing again, but "a" is back: its cosine with itself is 1.
    best = reader.search(vector=[1, 0, 0, 0], k=1)[0]
    assert (best.id, best.score) == ("a", 1.0)
    np.testing.assert_array_equal(reader.vector("b"), [0, 1, 0, 0])


def test_attributes_that_nothing_has_are_not_kept_in_memory(tmp_path):
    collection = pl.Collection.create(tmp_path / "c.pl", dim=4)
    collection.add_vectors(["a"], np.eye(4)[:1], attributes=[{"rating": 3}])
    for name in ("rating", "x1", "x2"):
        assert len(collection.search(vector=[1, 0, 0, 0], where={name: 3})) == (name == "rating")
    kept = [name for name in collection._versions.version._whole if name.startswith("attribute ")]
    assert kept == ["attribute rating"]
