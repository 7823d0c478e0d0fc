"""Every kind of index that collections keep passes the suite of kinds, alone and side by side."""

from placelens.engine.indexes.kinds import registered
from placelens.index.gmr_kind import GMRTreeKind
from placelens.testing.blocks import BlocksKind
from placelens.testing.index_kind_contract import EARLY, IndexKindContract, Life


class TestGMRTree(IndexKindContract):
    make = GMRTreeKind


class TestBlocks(IndexKindContract):
    make = BlocksKind


def test_two_kinds_live_side_by_side(tmp_path):
    with registered(GMRTreeKind(EARLY), BlocksKind(EARLY)):
        life = Life(tmp_path / "c.pl", "blocks")
        life.delete()
        life.add_many()
        life.settle()
        life.check()
        trees = life.collection._versions.indexes.shelf.of("gmrtree")
        assert len(trees) == len(life.folders()) == 2
        damaged = min(life.folders())
        (damaged / "meta.json").write_text("{}")
        life.reopen()
        life.check()
        # The other kind has all of its parts still.
        hits = life.collection.search(vector=[1, 0, 0, 0, 0, 0], engine="gmrtree", k=1)
        assert hits.plan.tree.n_items == len(life.ids)
        assert hits.plan.tree.n_trees == 2
        life.settle()
        assert len(life.folders()) == 2
        assert life.collection._versions.indexes.shelf.of("gmrtree").keys() == trees.keys()
