"""Every kind of index that collections keep passes the suite of kinds, alone and side by side."""

import numpy as np
import pytest
from tests.effort import RUNS

import placelens as pl
from placelens.engine.indexes.kinds import registered
from placelens.index.gmr_kind import GMRTreeKind
from placelens.index.m_kind import MTreeKind
from placelens.testing.blocks import BlocksKind
from placelens.testing.index_kind_contract import IndexKindContract
from placelens.testing.lives import EARLY, Life


class Lives(IndexKindContract):
    """Two lives of each kind, and with more runs twice as many each."""

    @pytest.mark.repeated
    @pytest.mark.parametrize("seed", range(2 if RUNS == 1 else 4 * RUNS))
    def test_a_life(self, life, seed):
        super().test_a_life(life, seed)


class TestGMRTree(Lives):
    make = GMRTreeKind


class TestMTree(Lives):
    make = MTreeKind


class TestBlocks(Lives):
    make = BlocksKind


def test_two_kinds_live_side_by_side(tmp_path):
    with registered(GMRTreeKind(EARLY), BlocksKind(EARLY)):
        life = Life(tmp_path / "c.pl", "blocks")
        life.delete()
        life.add_many()
        life.settle()
        life.check()
        shelf = life.collection._versions.indexes.shelf
        trees, blocks = shelf.of("gmrtree"), shelf.of("blocks")
        assert len(trees) == len(blocks) == 2
        largest = max(blocks.values(), key=lambda part: part.n_items)
        (largest.folder / "meta.json").write_text("{}")
        life.reopen()
        life.check()
        # The other kind has all of its parts still.
        hits = life.collection.search(vector=[1, 0, 0, 0, 0, 0], engine="gmrtree", k=1)
        assert hits.plan.tree.n_items == len(life.ids)
        assert hits.plan.tree.n_trees == 2
        life.settle()
        (anew,) = life.collection._versions.indexes.shelf.of("blocks").values()
        assert anew.n_items == len(life.ids)
        assert life.collection._versions.indexes.shelf.of("gmrtree").keys() == trees.keys()


class OfImages(BlocksKind):
    """Grown over images alone."""

    def needs(self, features):
        return [feature for feature in features if feature == "image"]


def test_a_kind_of_some_features_answers_for_these_and_others_are_built_when_asked_for(tmp_path):
    rng, n = np.random.default_rng(0), 100
    with registered(OfImages(EARLY)):
        photos = pl.Collection.create(tmp_path / "c.pl", dim=6, modalities=("image", "text"))
        for feature in photos.modalities:
            ids = [f"{feature}-{i}" for i in range(n)]
            photos.add_vectors(ids, rng.normal(size=(n, 6)), modality=feature)
        photos.compact()
        (part,) = photos._versions.indexes.shelf.of("blocks").values()
        assert part.n_items == 2 * n
        assert set(part.grown.corpus.vectors) == {"image"}
        for features in ("image", "text", ("image", "text")):
            query = {"vector": rng.normal(size=6), "modality": features, "similarity": "raw"}
            found = photos.search(engine="blocks", **query)
            true = photos.search(engine="scan", **query)
            assert [(hit.id, hit.score) for hit in found] == [(hit.id, hit.score) for hit in true]
