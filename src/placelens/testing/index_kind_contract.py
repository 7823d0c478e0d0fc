"""The suite that every kind of index passes; its author inherits it in a test module.

::

    class TestMine(IndexKindContract):
        make = MyKind

``make`` takes `Thresholds`. The suite asks the kind alone first, over small corpora, then has a
collection keep its index through a life of changes, beside all other kinds.

``placelens.testing`` needs pytest and hypothesis, which placelens itself does not install.
"""

# ruff: noqa: D102 - a test's name is its sentence

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from placelens.collection import Collection
from placelens.engine.indexes import kept, parts
from placelens.engine.indexes.kinds import KINDS, UNNAMED, registered
from placelens.geo.distance import positions_of
from placelens.index.base import Corpus, Index, MeaningTask, Task, VectorColumn
from placelens.index.kind import Grown, IndexKind, Thresholds, over
from placelens.storage.arrays import (
    NOT_SOUND,
    folders_of_arrays,
    open_arrays,
    write_arrays,
)
from placelens.storage.versioned_table import INDEX_NAME
from placelens.testing.index_contract import check_index
from placelens.testing.lives import EARLY, N_FIRST, Life
from placelens.testing.strategies import DIM, corpora, tasks, unit
from placelens.types import FeatureName

EXAMPLES = 60


class IndexKindContract:
    """Inherit, and give ``make``."""

    make: Callable[[Thresholds], IndexKind[Any]]

    @pytest.fixture
    def kind(self) -> IndexKind[Any]:
        return type(self).make(EARLY)

    @pytest.fixture
    def life(
        self, kind: IndexKind[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[Life]:
        for module in (kept, parts):  # few items in a loose part, so that there are several
            monkeypatch.setattr(module, "GROUP", 16)
        with registered(kind):
            yield Life(tmp_path / "c.pl", kind.name)

    # The kind alone

    def test_describes_itself(self, kind: IndexKind[Any]) -> None:
        assert kind.name.isidentifier()
        assert kind.noun
        assert kind.format >= 1
        assert kind.thresholds == EARLY
        assert set(kind.needs(("image", "text"))) <= {"image", "text"}

    def test_what_is_grown_answers_like_the_scan(self, kind: IndexKind[Any]) -> None:
        _check_drawn(over(kind))

    def test_what_is_loose_answers_like_the_scan(self, kind: IndexKind[Any]) -> None:
        _check_drawn(lambda corpus: _joined(kind, corpus, [kind.loose(corpus)]))

    def test_what_was_written_answers_like_the_scan(
        self, kind: IndexKind[Any], tmp_path: Path
    ) -> None:
        def build(corpus: Corpus) -> Index:
            return _joined(kind, corpus, [_reopened(kind, corpus, tmp_path)])

        _check_drawn(build, max_examples=EXAMPLES // 3)

    def test_parts_answer_together(self, kind: IndexKind[Any], tmp_path: Path) -> None:
        """One from the disk, one grown like it, one that is loose; each item is in one of them."""

        def build(corpus: Corpus) -> Index:
            thirds = [corpus.take(np.arange(i, len(corpus), 3)) for i in range(3)]
            first = _reopened(kind, thirds[0], tmp_path)
            return _joined(
                kind, corpus, [first, kind.grow(thirds[1], first), kind.loose(thirds[2])]
            )

        _check_drawn(build, max_examples=EXAMPLES // 3, min_items=3)

    def test_what_a_version_lacks_is_not_found(self, kind: IndexKind[Any]) -> None:
        """Grown over more than there is now, and in another order."""
        made: dict[int, Grown] = {}

        def build(corpus: Corpus) -> Index:
            return kind.join(corpus.space, corpus.iids, [made[id(corpus)]])

        @settings(max_examples=EXAMPLES, deadline=None)
        @given(data=st.data())
        def check(data: Any) -> None:
            whole = data.draw(corpora(max_items=200).filter(len))
            rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
            left = rng.permutation(len(whole))[: data.draw(st.integers(0, len(whole)))]
            now = whole.take(left)
            before = kind.grow(whole, None)
            made[id(now)] = after = before.bound(np.arange(len(now)), now.iids)
            assert sorted(after.iids) == sorted(now.iids)
            # The version before may still be searched.
            assert sorted(before.iids) == sorted(whole.iids)
            check_index(build, now, data.draw(tasks(now)))

        check()

    def test_arrays_of_another_form_are_refused(self, kind: IndexKind[Any], tmp_path: Path) -> None:
        """One that is missing may be done without, if answers stay right."""
        rng, n = np.random.default_rng(0), 200
        column = VectorColumn.of(
            unit(rng.normal(size=(n, DIM))).astype(np.float32), np.arange(n), n
        )
        lat, lon = rng.uniform(-80, 80, n), rng.uniform(-170, 170, n)
        positions = positions_of("sphere", lat, lon)
        corpus = Corpus("sphere", np.arange(n), positions, {"vector": column}, (lon, lat))
        one, none = np.ones(1), np.zeros(1)
        task = Task(5, 0.0, None, {"vector": MeaningTask(np.eye(DIM)[:1], one, none, none)})
        arrays, meta = _written(kind, corpus, tmp_path)

        def reopen(changed: Mapping[str, np.ndarray]) -> Any:
            return kind.open(changed, meta["parameters"], dims=_dims(corpus), others=[])

        for name, array in arrays.items():
            for changed in (np.zeros(array.shape, np.float16), array[..., None]):
                with pytest.raises(NOT_SOUND):
                    reopen({**arrays, name: changed})
            try:
                part = reopen({key: each for key, each in arrays.items() if key != name})
            except NOT_SOUND:
                continue
            check_index(lambda _: _joined(kind, corpus, [part]), corpus, task)  # noqa: B023

    # Its index in a collection

    @pytest.mark.parametrize("seed", range(2))
    def test_a_life(self, life: Life, seed: int) -> None:
        life.rng = np.random.default_rng(seed)
        changes = [life.add, life.add_many, life.delete, life.replace, life.keep]
        changes += [life.restore, life.compact, life.reopen]
        for change in life.rng.choice(len(changes), 30, p=np.array([4, 2, 4, 3, 1, 1, 2, 1]) / 18):
            changes[change]()
            life.check()
        life.settle()
        assert life.is_kept
        life.check()

    def test_parts_are_joined_and_removed_when_needless(self, life: Life) -> None:
        first = life.folders()
        for _ in range(3):  # what is small is joined each time
            assert first <= life.folders()
            life.add_many()
            life.settle()
            assert len(life.folders()) == 2
            life.check()
        life.add(5 * N_FIRST)  # more than 0.6 of all: everything is grown anew
        life.settle()
        assert len(life.folders()) == 1
        assert not first & life.folders()
        life.check()

    def test_it_is_carried_over_a_merge(self, life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
        life.add()
        life.delete()
        before = life.folders()
        monkeypatch.setattr(type(life.kind), "grow", _never)
        monkeypatch.setattr(type(life.kind), "loose", _never)
        with life.collection._versions._merging():
            life.collection._table.merge()
        life.check()
        assert life.folders() == before

    def test_what_was_deleted_comes_back_with_a_restore(self, life: Life) -> None:
        life.keep()
        life.delete()
        life.collection.compact()
        life.restore()
        life.check()

    def test_what_is_damaged_is_passed_over_and_built_anew(
        self, life: Life, caplog: pytest.LogCaptureFixture
    ) -> None:
        (damaged,) = life.folders()
        for file in sorted(damaged.iterdir()):
            content = file.read_bytes()
            file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
            with caplog.at_level(logging.WARNING):
                life.reopen()
            assert f"{damaged} is damaged" in caplog.text
            assert damaged.name not in life.collection._versions.indexes.shelf.stored
            assert Collection.check(life.collection.path).damage
            assert not life.is_kept
            life.check()
            file.write_bytes(content)
            caplog.clear()
        (damaged / "meta.json").write_text("{}")
        life.reopen()
        life.settle()
        (anew,) = life.folders()
        assert anew != damaged
        assert Collection.check(life.collection.path).is_sound
        life.check()

    def test_where_it_is_not_known_it_is_left_alone_until_a_restore(self, life: Life) -> None:
        if life.name == UNNAMED:
            pytest.skip("is always known")
        kind, before = KINDS.pop(life.name), life.folders()
        life.reopen()
        life.add_many()
        life.settle()
        KINDS[life.name] = kind
        life.reopen()
        assert life.folders() == before
        life.check()
        life.keep()
        del KINDS[life.name]
        life.reopen()
        life.restore()
        assert not before & set(folders_of_arrays(life.collection.path / INDEX_NAME))

    def test_a_failing_build_leaves_searches_and_other_kinds(
        self, life: Life, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        tries: list[int] = []

        def fail(*_: object) -> None:
            tries.append(1)
            raise MemoryError("no room")

        with monkeypatch.context() as patch:
            patch.setattr(type(life.kind), "grow", fail)
            for _ in range(3):
                life.add_many()
                life.collection._versions.indexes.wait()
            life.check()
        assert tries == [1]
        assert "placelens compact tries again" in caplog.text
        life.settle()
        life.check()


def _check_drawn(
    build: Callable[[Corpus], Index], *, max_examples: int = EXAMPLES, min_items: int = 1
) -> None:
    @settings(max_examples=max_examples, deadline=None)
    @given(data=st.data())
    def check(data: Any) -> None:
        corpus = data.draw(corpora(max_items=200).filter(lambda each: len(each) >= min_items))
        check_index(build, corpus, data.draw(tasks(corpus)))

    check()


def _joined(kind: IndexKind[Any], corpus: Corpus, parts: list[Any]) -> Index:
    """The index of parts whose items are those of a corpus, wherever they were grown."""
    rows = np.arange(len(corpus))
    bound = [part.bound(rows, corpus.iids) for part in parts]
    return kind.join(corpus.space, corpus.iids, bound)


def _dims(corpus: Corpus) -> dict[FeatureName, int]:
    return {feature: column.matrix.shape[1] for feature, column in corpus.vectors.items()}


def _written(
    kind: IndexKind[Any], corpus: Corpus, folder: Path
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """What is read back of a part over a corpus: arrays, and parameters after JSON had them."""
    arrays, parameters = kind.write(kind.grow(corpus, None))
    return open_arrays(write_arrays(folder, arrays, {"parameters": parameters}))


def _reopened(kind: IndexKind[Any], corpus: Corpus, folder: Path) -> Any:
    arrays, meta = _written(kind, corpus, folder)
    return kind.open(arrays, meta["parameters"], dims=_dims(corpus), others=[])


def _never(*_: object) -> None:
    raise AssertionError("nothing is to be grown")
