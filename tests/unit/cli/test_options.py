"""What people write in options."""

from pathlib import Path

import pytest

from placelens.cli.options import (
    geojson_file,
    weighted,
    weighted_path,
)
from placelens.errors import FilterError


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("snow", ("snow", 1.0)),
        ("at night^0.5", ("at night", 0.5)),
        ("snow^-1", ("snow", -1.0)),
        ("x^2^3", ("x^2", 3.0)),
        ("2^n", ("2^n", 1.0)),
        ("^2", ("^2", 1.0)),
    ],
)
def test_weights(written: str, meant: tuple[str, float]) -> None:
    assert weighted(written) == meant


def test_a_file_whose_name_looks_weighted_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a^2"
    path.touch()
    assert weighted_path(str(path)) == (str(path), 1.0)
    assert weighted_path(f"{path}^0.5") == (str(path), 0.5)


def test_a_polygon_that_is_not_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "area.geojson"
    path.write_text("{")
    with pytest.raises(FilterError, match=r"area\.geojson is not GeoJSON"):
        geojson_file(path)
