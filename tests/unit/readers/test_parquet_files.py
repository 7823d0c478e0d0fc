"""Parquet within a budget: the same tables as Arrow reads, and no bombs."""

import datetime
import decimal
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests import hostile_jobs

from placelens.errors import ReadError
from placelens.readers import parquet_files
from placelens.readers.discover import read_photos
from placelens.readers.parquet_files import parquet_names, read_parquet


def table() -> pa.Table:
    return pa.table(
        {
            "text": ["a", None, "b"],
            "bytes": [b"x", b"y", None],
            "list": [["a", "b"], None, []],
            "struct": [{"a": "x", "b": 1}, None, {"a": None, "b": 2}],
            "map": pa.array([[("k", "v")], None, []], pa.map_(pa.string(), pa.string())),
            "whole": [1, 2, 3],
            "time": [datetime.datetime(2020, 1, 1)] * 3,
            "large": pa.array([["a"]] * 3, pa.large_list(pa.large_string())),
            "categories": pa.array(["x", "y", "x"]).dictionary_encode(),
            "decimal": [decimal.Decimal("1.25"), None, decimal.Decimal("2")],
            "fixed": pa.array([b"ab"] * 3, pa.binary(2)),
            "nothing": pa.nulls(3),
            "structs": [[{"a": "x"}], None, []],
        }
    )


@pytest.mark.parametrize("rows_a_group", [1, 2, 100])
def test_it_reads_what_arrow_reads(tmp_path, rows_a_group):
    path = tmp_path / "t.parquet"
    pq.write_table(table(), path, row_group_size=rows_a_group)
    found = read_parquet(str(path))
    assert found.schema.equals(pq.read_schema(path))
    assert found.to_pylist() == table().to_pylist()
    assert parquet_names(str(path)) == table().column_names


def test_an_empty_table(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(table().slice(0, 0), path)
    assert read_parquet(str(path)).to_pylist() == []


LONG = "x" * 100_000
BOMBS = {
    "one text": lambda n: {"text": pa.DictionaryArray.from_arrays(pa.array([0] * n), [LONG])},
    "lists of it": lambda n: {
        "text": pa.ListArray.from_arrays(
            list(range(n + 1)), pa.DictionaryArray.from_arrays(pa.array([0] * n), [LONG])
        )
    },
    "structs of it": lambda n: {
        "text": pa.StructArray.from_arrays(
            [pa.DictionaryArray.from_arrays(pa.array([0] * n), [LONG])], ["a"]
        )
    },
    "zeros": lambda n: {f"c{i}": pa.array([0] * n) for i in range(1, 2100)},
}


@pytest.mark.parametrize("what", BOMBS)
def test_a_small_file_that_unpacks_to_gigabytes_is_refused(tmp_path, what, monkeypatch):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table(BOMBS[what](10_000)), path, store_schema=False, write_statistics=False)
    assert path.stat().st_size < 600_000
    before = pa.total_allocated_bytes()
    [skipped] = read_photos(path)
    assert "it unpacks to" in skipped.reason
    assert "the limit is" in skipped.reason
    assert pa.total_allocated_bytes() - before < 100_000_000


def test_what_is_within_the_limits_is_not(tmp_path, monkeypatch):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"text": ["abcd"] * 100}), path, store_schema=False)
    # Eight bytes a value beside the four of its text; the page itself has some more.
    monkeypatch.setattr(parquet_files, "MAX_VALUE_BYTES", 100 * 12)
    assert read_parquet(str(path)).num_rows == 100
    monkeypatch.setattr(parquet_files, "MAX_VALUE_BYTES", 100 * 12 - 1)
    with pytest.raises(ReadError, match="it unpacks to 1,200 bytes; the limit is 1,199"):
        read_parquet(str(path))
    monkeypatch.setattr(parquet_files, "MAX_ROWS", 99)
    with pytest.raises(ReadError, match="it unpacks to 100 rows"):
        read_parquet(str(path))


def test_a_column_whose_name_is_not_utf8_costs_this_file_alone(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"text": ["a"], "NAMEX": [1]}), path, store_schema=False)
    path.write_bytes(path.read_bytes().replace(b"NAMEX", b"NAM\xff\xfe"))
    (tmp_path / "u.csv").write_text("text,lat,lon\na,1,2\n")
    found = list(read_photos(tmp_path))
    [skipped] = [f for f in found if hasattr(f, "reason")]
    assert skipped.reason.startswith("it is not Parquet")
    assert [f.text for f in found if hasattr(f, "text")] == ["a"]


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX alone")
@pytest.mark.parametrize("suffix", ["parquet", "csv", "json", "jsonl", "geojson"])
def test_a_file_whose_name_is_not_utf8_costs_this_file_alone(tmp_path, suffix):
    path = Path(os.fsdecode(os.fsencode(tmp_path / "caf") + b"\xe9." + suffix.encode()))
    pq.write_table(pa.table({"text": ["a"], "lat": [1.0], "lon": [2.0]}), tmp_path / "t")
    contents = {
        "parquet": (tmp_path / "t").read_bytes(),
        "csv": b"text,lat,lon\na,1,2\n",
        "json": b'[{"text": "a", "lat": 1, "lon": 2}]',
        "jsonl": b'{"text": "a", "lat": 1, "lon": 2}\n',
        "geojson": b'{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry":'
        b' {"type": "Point", "coordinates": [2, 1]}, "properties": {"text": "a"}}]}',
    }
    path.write_bytes(contents[suffix])
    (tmp_path / "u.csv").write_text("text,lat,lon\nb,1,2\n")
    for paths in (tmp_path, [path, tmp_path / "u.csv"]):
        found = list(read_photos(paths))
        assert [f.text for f in found if hasattr(f, "text")] == ["b"]
        [skipped] = [f for f in found if hasattr(f, "reason")]
        assert skipped.reason == "its name is not valid UTF-8; rename it to have it taken"
        skipped.key.encode("utf-8")


def test_a_footer_that_ends_the_process_is_told(tmp_path, monkeypatch):
    """As pyarrow does where sizes of lists do not fit: it throws what nobody catches."""
    pq.write_table(table(), tmp_path / "a.parquet")
    monkeypatch.setattr(parquet_files, "n_members", hostile_jobs.crash)
    with pytest.raises(ReadError, match="its footer ended the process that looked at it"):
        read_parquet(str(tmp_path / "a.parquet"))
    monkeypatch.undo()
    assert read_parquet(str(tmp_path / "a.parquet")).num_rows == 3


def test_columns_without_lists_need_no_other_process(tmp_path, monkeypatch):
    pq.write_table(table().select(["text", "whole"]), tmp_path / "a.parquet")
    monkeypatch.setattr(parquet_files, "n_members", hostile_jobs.crash)
    assert read_parquet(str(tmp_path / "a.parquet")).num_rows == 3
