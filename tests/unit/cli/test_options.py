"""What people write in options."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest

from placelens.cli.options import (
    geojson_file,
    weighted,
    weighted_path,
)
from placelens.cli.vectors import weighted_vector
from placelens.errors import FilterError, InputError


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


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0.6,-0.8", ([0.6, -0.8], 1.0)),
        ("[1, 0]^-0.5", ([1.0, 0.0], -0.5)),
        ("-1e-3 2", ([-0.001, 2.0], 1.0)),
        # Longer than the name of a file may be.
        (",".join(["0.25"] * 384), ([0.25] * 384, 1.0)),
    ],
)
def test_a_vector_as_numbers(written: str, meant: tuple[list[float], float]) -> None:
    assert weighted_vector(written) == meant


def test_a_vector_in_a_file(tmp_path: Path) -> None:
    numpy_file, text = tmp_path / "a.npy", tmp_path / "b^2"
    np.save(numpy_file, np.array([0.6, 0.8], np.float32))
    text.write_text("[0.6, 0.8]\n", encoding="utf-8")
    vector, weight = weighted_vector(f"{numpy_file}^0.5")
    assert (vector.tolist(), weight) == ([np.float32(0.6), np.float32(0.8)], 0.5)
    assert weighted_vector(str(text)) == ([0.6, 0.8], 1.0)


def test_a_vector_from_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = io.BytesIO()
    np.save(sent, np.array([3, 4]))
    for content, meant in ((sent.getvalue(), [3, 4]), (b"3 4\n", [3.0, 4.0])):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        vector, weight = weighted_vector("-^2")
        assert (list(vector), weight) == (meant, 2.0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is neither numbers like 0.1,0.7 nor a file"),
        (b"", "holds neither numbers nor an array"),
        (b"\xff\xd8 a photo", "holds neither numbers nor an array"),
        (b"\x93NUMPY\x01", "is not an array that can be read"),
    ],
)
def test_what_is_no_vector_is_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "a.npy"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        weighted_vector(str(path))


def test_an_array_of_objects_is_not_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="allow_pickle"):
        weighted_vector(str(tmp_path / "a.npy"))
