"""Versions of a table that are of different encoders, and the manifest that knows them all."""

import json

import numpy as np
import pyarrow as pa
import pytest

import placelens as pl
from placelens.storage.format_v2 import schema
from placelens.storage.manifest import EDITION_KEY, Manifest, edition_of, vector_features
from placelens.storage.manifest_v2 import ManifestV2
from placelens.storage.table import ItemTable

FIRST = Manifest(features=vector_features(["image"], 3, fingerprint="a"), encoder="x")
SECOND = Manifest(features=vector_features(["image"], 2, fingerprint="b"), encoder="y")


@pytest.fixture
def table(tmp_path):
    collection = pl.Collection.create(tmp_path / "c.pl", dim=3, modalities=["image"])
    collection.add_vectors(["a", "b", "c"], np.eye(3), text=["one", "two", None])
    collection.delete(["b"])
    collection.add_vectors(["d"], np.eye(3)[:1])
    return ItemTable.open(tmp_path / "c.pl")


def halved(made):
    """Gives rows their vector's first two numbers."""

    def convert(rows):
        vectors = [vector[:2] for vector in rows["image_vector"].to_pylist()]
        at = rows.column_names.index("image_vector")
        column = pa.array(vectors, pa.list_(pa.float32(), 2))
        return rows.set_column(at, "image_vector", column).select(schema(made).names)

    return convert


def test_one_edition_is_written_as_before():
    data = ManifestV2.to_json(FIRST)
    assert not {"edition", "other_editions"} & set(data)
    assert ManifestV2.from_json(data, where="m") == FIRST


def test_many_come_back_from_json():
    both = FIRST.with_edition(SECOND).with_edition(FIRST)
    assert list(both.editions) == [0, 1, 2]
    assert both.of_edition(0) is both
    second = both.of_edition(1)
    assert (second.features, second.encoder, second.edition) == (SECOND.features, "y", 1)
    assert second.of_edition(0).editions == both.editions
    for each in (both, second):
        data = json.loads(json.dumps(ManifestV2.to_json(each)))
        assert ManifestV2.from_json(data, where="m") == each
    with pytest.raises(KeyError):
        both.of_edition(3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"other_editions": 3}, "other_editions 3 is not a list"),
        ({"other_editions": [3]}, "3 is not an edition"),
        ({"other_editions": [{}]}, "fields missing or unknown"),
        ({"edition": 1}, "two editions have one number"),
        ({"edition": -1}, "edition -1 is not a number"),
        ({"concepts": ["a", "b", "c"]}, "concepts are never of several editions"),
    ],
)
def test_what_is_no_list_of_editions_is_refused(change, said):
    data = ManifestV2.to_json(FIRST.with_edition(SECOND)) | change
    with pytest.raises(pl.CollectionError, match=said):
        ManifestV2.from_json(data, where="m")


def test_the_commit_is_what_changes_the_edition(table):
    reader = ItemTable.open(table.folder)
    before = table.dataset.to_table().to_pylist()
    table_before = table.version
    with table.writing():
        table.snapshot("before")
        table.reform(SECOND, halved(SECOND))
        assert table.version == table_before + 1
    assert table.manifest.dim_of("image") == 2
    assert (reader.manifest.edition, reader.manifest.dim_of("image")) == (0, 3)
    assert reader.refresh()
    assert (reader.manifest.edition, reader.manifest.dim_of("image")) == (1, 2)
    after = table.dataset.to_table().to_pylist()
    assert [row | {"image_vector": row["image_vector"][:2]} for row in before] == after
    assert table.manifest_of_snapshot("before").edition == 0
    assert pl.Collection.check(table.folder).is_sound
    # What the manifest begins with is what the newest version is of.
    data = json.loads((table.folder / "manifest.json").read_text())
    assert (data["edition"], data["encoder"]) == (1, "y")
    with table.writing():
        table.restore("before", next_id=table.next_iid())
    assert table.manifest.edition == 0
    assert json.loads((table.folder / "manifest.json").read_text())["edition"] == 0
    with table.writing():
        table.reform(SECOND, halved(SECOND))
    assert table.manifest.edition == 2


def test_what_is_not_what_was_meant_is_undone(table):
    before, calls = table.dataset.to_table(), []

    def twice(rows):
        calls.append(len(rows))
        made = halved(SECOND)(rows)
        return made if len(calls) < 2 else made.slice(1)

    with table.writing(), pytest.raises(pl.CollectionError, match="nothing was changed"):
        table.reform(SECOND, twice)
    assert len(calls) == 2
    assert table.manifest.edition == 0
    again = ItemTable.open(table.folder)
    assert again.version == table.version
    assert again.dataset.to_table() == before
    assert pl.Collection.check(table.folder).is_sound


def test_a_table_of_an_edition_that_its_manifest_lacks_is_refused(table):
    with table.writing():
        table.reform(SECOND, halved(SECOND))
    data = ManifestV2.to_json(table.manifest)
    del data["edition"], data["other_editions"]
    for name in ("manifest.json", "manifest.copy.json", "checksums.txt"):
        (table.folder / name).unlink(missing_ok=name != "manifest.json")
    (table.folder / "manifest.json").write_text(json.dumps(data))
    with pytest.raises(pl.CollectionError, match="edition 1"):
        ItemTable.open(table.folder)


def test_what_metadata_say():
    assert edition_of(schema(FIRST).metadata) == 0
    assert edition_of(schema(FIRST.with_edition(SECOND).of_edition(1)).metadata) == 1
    assert [edition_of({EDITION_KEY: odd}) for odd in (b"", b"-1", b"x", b"9" * 30)] == [-1] * 4
