"""What is kept of a feature: its columns by kind, what comes back, and what a stranger wrote."""

import shutil

import lance
import numpy as np
import pyarrow as pa
import pytest

import placelens as pl
from placelens.storage.feature_columns import fields_of, from_columns, to_columns
from placelens.storage.rows import Row, rows_from, table_from_rows
from placelens.storage.version import Version
from placelens.types import Feature, Regions

UNIT = np.eye(3, dtype=np.float32)
BOXES = np.array([[0, 0, 4, 4], [2, 1, 8, 6]], dtype=np.int32)
PAINTED = np.arange(6, dtype=np.uint8).reshape(2, 3)
CLASSES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
KINDS = {
    "vector": (Feature(name="whole", length=3), [UNIT[0], None, UNIT[2]]),
    "vectors": (
        Feature(name="parts", kind="vectors", length=3),
        [Regions(UNIT[:2], BOXES), None, Regions(UNIT[:0], BOXES[:0])],
    ),
    "map": (Feature(name="painted", kind="map", length=6, shape=(2, 3)), [None, PAINTED, PAINTED]),
    "map of channels": (
        Feature(name="classes", kind="map", length=24, shape=(2, 3, 4)),
        [CLASSES, None, CLASSES[::-1]],
    ),
    "number": (Feature(name="hubness", kind="number"), [0.25, None, -1.5]),
}
FEATURES = tuple(feature for feature, _ in KINDS.values())


def plain(value):
    """Arrays as lists, to compare."""
    if isinstance(value, Regions):
        return [part.tolist() for part in value]
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_kept_comes_back(kind):
    feature, values = KINDS[kind]
    columns = to_columns(feature, values)
    assert {name: column.type for name, column in columns.items()} == {
        field.name: field.type for field in fields_of(feature)
    }
    back = from_columns(feature, pa.table(columns))
    assert [plain(value) for value in back] == [plain(value) for value in values]


@pytest.fixture
def collection(tmp_path):
    return pl.Collection.create(tmp_path / "c.pl", dim=3)


@pytest.fixture
def filled(collection):
    """Items with a feature of each kind, in two files, after one that has nothing."""
    collection.add_vectors(["bare"], [[1, 0, 0]])
    table = collection._table
    with table.writing():
        table.add_features(FEATURES)
        for at in range(3):
            own = {feature.name: values[at] for feature, values in KINDS.values()}
            features = {name: value for name, value in own.items() if value is not None}
            row = Row(item=pl.Item(id=f"i{at}"), features=features)
            table.append(table_from_rows([row], [table.next_iid()], table.manifest))
    collection.refresh()
    return collection


def test_a_version_gives_arrays_by_row(filled):
    snapshot = filled._versions.version
    vectors, rows = snapshot.vectors("whole")
    assert (vectors.tolist(), rows.tolist()) == (UNIT[[0, 2]].tolist(), [1, 3])
    numbers = snapshot.numbers("hubness")
    np.testing.assert_array_equal(numbers, np.float32([np.nan, 0.25, np.nan, -1.5]))
    maps, rows = snapshot.maps("painted")
    assert (maps.tolist(), rows.tolist()) == ([PAINTED.tolist()] * 2, [2, 3])
    maps, rows = snapshot.maps("classes")
    assert (maps.tolist(), rows.tolist()) == ([CLASSES.tolist(), CLASSES[::-1].tolist()], [1, 3])
    for feature, values in KINDS.values():
        own = [snapshot.value_of(row, feature.name) for row in (1, 2, 3)]
        assert [plain(value) for value in own] == [plain(value) for value in values]
        assert snapshot.value_of(0, feature.name) is None
    found = snapshot.regions_at([3, 1, 0], "parts")
    assert [plain(each) for each in found] == [[[], []], [UNIT[:2].tolist(), BOXES.tolist()], None]
    assert snapshot.radius_m is None


def test_later_versions_read_only_what_is_new(filled, monkeypatch):
    before = filled._versions.version
    before.numbers("hubness"), before.maps("painted")
    filled.add_vectors(["new"], [[0, 1, 0]], modality="vector")
    filled.delete(["i1"])
    read = []
    monkeypatch.setattr(
        Version, "_read", lambda self, fragment, names, original=Version._read: (
            read.append((fragment.fragment_id, names)), original(self, fragment, names)
        )[1],
    )  # fmt: skip
    after = filled._versions.version
    np.testing.assert_array_equal(
        after.numbers("hubness"), np.float32([np.nan, 0.25, -1.5, np.nan])
    )
    assert after.maps("painted")[1].tolist() == [2]
    newest = max(fragment for fragment, _ in read)
    assert {fragment for fragment, names in read if names != ["iid"]} == {newest}


def test_merging_files_keeps_every_kind(filled):
    before = filled._table.dataset.to_table().to_pylist()
    filled.compact()
    names = before[0].keys()
    after = filled._table.dataset.to_table().select(list(names)).to_pylist()
    assert after == before
    rows = rows_from(filled._table.rows([1]), filled._table.manifest)
    assert [plain(rows[0].features[name]) for name in ("hubness", "parts")] == [
        0.25,
        [UNIT[:2].tolist(), BOXES.tolist()],
    ]


def test_a_snapshot_from_before_a_feature_can_be_restored(collection):
    collection.add_vectors(["a"], [[1, 0, 0]])
    collection.snapshot("before")
    table = collection._table
    with table.writing():
        table.add_features(FEATURES)
    collection.restore("before")
    reopened = pl.Collection.open(collection.path)
    assert np.isnan(reopened._versions.version.numbers("hubness")).all()
    assert reopened._versions.version.regions_at([0], "parts") == [None]
    reopened.add_vectors(["b"], [[0, 1, 0]], modality="vector")
    assert set(reopened._table.dataset.schema.names) >= {"hubness_number", "parts_boxes"}
    assert pl.Collection.check(collection.path).is_sound


def test_features_of_a_collection_without_items(collection):
    with collection._table.writing():
        collection._table.add_features(FEATURES)
    collection.refresh()
    snapshot = collection._versions.version
    assert snapshot.numbers("hubness").dtype == np.float32
    assert (len(snapshot.numbers("hubness")), snapshot.maps("painted")[0].shape) == (0, (0, 2, 3))
    assert (snapshot.radius_m, snapshot.regions_at([], "parts")) == (None, [])


def test_one_feature_may_be_longer_than_another(collection):
    with collection._table.writing():
        collection._table.add_features([Feature(name="text", length=5)])
    collection.refresh()
    collection.add_vectors(["t"], [np.ones(5)], modality="text")
    assert collection.vector("t", "text").shape == (5,)
    collection.add_vectors(["v"], [np.ones(3)], modality="vector")
    assert collection.vector("v", "vector").shape == (3,)


def put(folder, table):
    """Put another table in the place of a collection's, and leave no checksums."""
    shutil.rmtree(folder / "items.lance")
    lance.write_dataset(table, str(folder / "items.lance"), enable_v2_manifest_paths=True)
    for each in ("checksums.txt", "manifest.copy.json"):
        (folder / each).unlink(missing_ok=True)


def rewritten(folder, name, values):
    """The version with other values in a column."""
    table = lance.dataset(str(folder / "items.lance")).to_table()
    at = table.schema.get_field_index(name)
    field = table.schema.field(at)
    put(folder, table.set_column(at, field, pa.array(values, field.type)))
    return pl.Collection.open(folder)._versions.version


def test_numbers_of_a_stranger(filled):
    odd = [float("inf"), float("nan"), -float("inf"), 1.0]
    numbers = rewritten(filled.path, "hubness_number", odd).numbers("hubness")
    np.testing.assert_array_equal(numbers, np.float32([np.nan, np.nan, np.nan, 1]))


def test_radii_of_a_stranger(filled):
    snapshot = rewritten(filled.path, "place_radius_m", [float("inf"), -5.0, float("nan"), 7.0])
    assert snapshot.radius_m.tolist() == [0, 0, 0, 7]
    assert [item.place_radius_m for item in snapshot.items(range(4))] == [None, None, None, 7]


def test_regions_of_a_stranger(filled):
    box = [0, 0, 1, 1]
    snapshot = rewritten(filled.path, "parts_boxes", [[box], [box], [box] * 2, [box] * 3])
    # None, then two vectors and a box, then none, then none of three.
    assert snapshot.regions_at([0, 1, 2, 3], "parts") == [None] * 4
    long = [9e9, 0.0, 0.0]
    snapshot = rewritten(filled.path, "parts_vectors", [[long], [None], None, []])
    zeros, *rest = snapshot.regions_at([0], "parts")
    assert (zeros.vectors.tolist(), rest) == ([[0, 0, 0]], [])
    assert snapshot.regions_at([1], "parts") == [None]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("hubness_number", pa.string()),
        ("painted_map", pa.binary(7)),
        ("parts_boxes", pa.list_(pa.int32())),
        ("proposals", pa.string()),
        ("place_radius_m", pa.float64()),
        ("more", pa.int8()),
    ],
)
def test_columns_that_the_manifest_does_not_name_are_refused(filled, name, kind):
    folder = filled.path
    table = lance.dataset(str(folder / "items.lance")).to_table()
    if name in table.schema.names:
        table = table.drop_columns([name])
    put(folder, table.append_column(name, pa.nulls(len(table), kind)))
    with pytest.raises(pl.CollectionError, match=f"columns of a collection.*{name}"):
        pl.Collection.open(folder)


@pytest.mark.parametrize("name", ["iid", "text", "attributes"])
def test_columns_that_every_version_has_may_not_be_missing(filled, name):
    folder = filled.path
    put(folder, lance.dataset(str(folder / "items.lance")).to_table().drop_columns([name]))
    with pytest.raises(pl.CollectionError, match=f"columns of a collection.*{name}"):
        pl.Collection.open(folder)
