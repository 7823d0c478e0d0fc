"""A collection that somebody made to do harm: it is read or refused, and reaches nothing else.

It has no checksums, or right ones, so that nothing but its content can tell.
"""

import shutil
from contextlib import suppress
from datetime import datetime

import lance
import numpy as np
import pyarrow as pa
import pytest

import placelens as pl
from placelens.engine.indexes.kinds import registered
from placelens.index.gmr_kind import GMRTreeKind
from placelens.index.kind import Thresholds

N = 40


@pytest.fixture
def folder(tmp_path):
    """A collection with a tree."""
    rng = np.random.default_rng(0)
    with registered(GMRTreeKind(Thresholds(grow_from=N))):
        photos = pl.Collection.create(tmp_path / "c.pl", dim=4)
        lat, lon = rng.uniform(-50, 50, N), rng.uniform(-150, 150, N)
        photos.add_vectors([f"a{i}" for i in range(N)], rng.normal(size=(N, 4)), lat=lat, lon=lon)
        photos.compact()
        yield photos.path


def with_column(folder, name, values, kind=None):
    """Put another column into the table, and leave no checksums."""
    table = lance.dataset(str(folder / "items.lance")).to_table()
    at = table.schema.get_field_index(name)
    field = pa.field(name, kind) if kind is not None else table.schema.field(at)
    table = table.set_column(at, field, pa.array(values, field.type))
    shutil.rmtree(folder / "items.lance")
    shutil.rmtree(folder / "index")
    lance.write_dataset(table, str(folder / "items.lance"), enable_v2_manifest_paths=True)
    for each in ("checksums.txt", "manifest.copy.json"):
        (folder / each).unlink()


def use(folder):
    """Everything that a user does with a collection; ends at the first that is refused."""
    photos = pl.Collection.open(folder)
    near = pl.Place(lat=1, lon=2)

    def search():
        for engine in ("scan", "gmrtree"):
            hits = photos.search(vector=[1, 2, 3, 4], near=near, mu=0.5, engine=engine)
            assert [hit.to_dict() for hit in hits]

    for call in (
        lambda: [item.to_dict() for item in photos.items(sort="time")],
        lambda: photos.stats().to_dict(),
        lambda: [photos.values(name) for name in photos.attribute_names()],
        lambda: photos.search(vector=[1, 2, 3, 4], where={"a": {"in": [1, "x"]}}),
        photos.compact,
        search,
        lambda: photos.update("a3", text="z"),
        lambda: photos.delete(["a4"]),
        lambda: photos.add_vectors(["n"], [[1, 2, 3, 4]], lat=[1], lon=[1]),
        photos.compact,
        search,
    ):
        call()


@pytest.mark.parametrize("last", [2**40, 2**62 - 1])
@pytest.mark.parametrize("first", [0, -(2**63)])
def test_internal_ids_may_lie_far_apart(folder, first, last):
    iids = np.arange(N)
    iids[0], iids[-1] = first, last
    with_column(folder, "iid", iids)
    use(folder)
    assert len(pl.Collection.open(folder)) == N


def test_internal_ids_that_are_used_up_are_told_before_anything_is_written(folder):
    iids = np.arange(N)
    iids[0], iids[-1] = -(2**63), 2**63 - 1
    with_column(folder, "iid", iids)
    with pytest.raises(pl.CollectionError, match="no internal ids left"):
        use(folder)
    assert len(pl.Collection.open(folder)) == N


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("iid", pa.float64()),
        ("id", pa.int64()),
        ("vector", pa.list_(pa.float32(), 8)),
        ("vector", pa.string()),
        ("lat", pa.string()),
        ("time", pa.timestamp("ns")),
    ],
)
def test_columns_of_another_type_are_refused(folder, name, kind):
    value = {"vector": [1.0] * 8 if kind != pa.string() else "a", "lat": "a"}.get(name, 1)
    with_column(folder, name, [value] * N, kind)
    with pytest.raises(pl.CollectionError, match=f"columns of a collection.*{name}"):
        pl.Collection.open(folder)


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("{", {}),
        ("[" * 100_000, {}),
        ("[1]", {}),
        ('{"a": ' + "9" * 5_000 + "}", {}),
        ('{"a": "\\ud800"}', {}),
        ('{"a": {"b": 1}, "c": [[1]], "d": NaN, "e": 1e999, "f": [1, "x"]}', {"f": [1, "x"]}),
    ],
)
def test_attributes_that_placelens_does_not_write_are_left_out(folder, text, attributes):
    with_column(folder, "attributes", [text] * N)
    assert pl.Collection.open(folder).get("a3").attributes == attributes
    use(folder)


@pytest.mark.parametrize("component", [np.nan, np.inf, -np.inf, 3e38])
def test_a_vector_that_is_none_is_like_nothing(folder, component):
    photos = pl.Collection.open(folder)
    vectors = np.array([photos.vector(f"a{i}") for i in range(N)])
    vectors[3, 1] = component
    with_column(folder, "vector", vectors.tolist())
    changed = pl.Collection.open(folder)
    changed.compact()
    assert changed.vector("a3").tolist() == [0, 0, 0, 0]
    assert all(np.isfinite(hit.score) for hit in changed.search(vector=[1, 2, 3, 4], k=N))


@pytest.mark.parametrize("time", [2**62, -(2**62)])
def test_a_time_of_no_calendar_is_refused(folder, time):
    with_column(folder, "time", [time] * N)
    with pytest.raises(pl.CollectionError, match="not what placelens writes"):
        use(folder)
    assert pl.Collection.open(folder).stats().n_items == N


def test_a_zone_of_no_clock_is_left_out(folder):
    with_column(folder, "utc_offset_s", [2**31 - 1] * N)
    photos = pl.Collection.open(folder)
    photos.update("a3", time=datetime(2020, 5, 1, 12))
    assert photos.get("a3").time == datetime(2020, 5, 1, 12)


@pytest.mark.parametrize("call", ["search", "compact", "check", "repair"])
def test_what_an_index_links_to_is_not_removed(folder, tmp_path, call):
    home = tmp_path / "home"
    for name in ("documents", "photos"):
        (home / name).mkdir(parents=True)
        (home / name / "kept.txt").write_text("kept")
    shutil.rmtree(folder / "index")
    (folder / "index").symlink_to(home)
    with suppress(pl.CollectionError):  # writing is refused, see below
        if call in ("check", "repair"):
            getattr(pl.Collection, call)(folder)
        photos = pl.Collection.open(folder)
        assert len(photos.search(vector=[1, 2, 3, 4], k=3)) == 3
        photos.close()  # waits for the tree
        if call == "compact":
            photos.compact()
    assert sorted(path.name for path in home.iterdir()) == ["documents", "photos"]
    assert (home / "photos" / "kept.txt").read_text() == "kept"


@pytest.mark.parametrize("name", ["write.lock", "checksums.txt", "damaged", "index"])
def test_nothing_is_written_where_a_link_leads(folder, tmp_path, name):
    outside = tmp_path / "outside"
    inside = folder / name
    if inside.is_dir():
        shutil.move(inside, outside)
    elif inside.exists():
        inside.rename(outside)
    else:
        outside.write_text("kept")
    inside.symlink_to(outside)
    before = outside.stat().st_mtime_ns
    photos = pl.Collection.open(folder)
    for write in (lambda: photos.delete(["a4"]), lambda: pl.Collection.repair(folder)):
        with pytest.raises(pl.CollectionError, match=f"{name} is a link"):
            write()
    assert outside.stat().st_mtime_ns == before


def test_the_folder_itself_may_be_a_link(folder, tmp_path, monkeypatch):
    link = tmp_path / "link.pl"
    link.symlink_to(folder)
    pl.Collection.open(link).delete(["a4"])
    monkeypatch.chdir(tmp_path)
    assert len(pl.Collection.open("c.pl/../link.pl")) == N - 1
