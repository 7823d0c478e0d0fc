"""Regions as bytes: what is lost, and what a file of it must hold."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from placelens.encoders.region_code import RegionCode
from placelens.errors import EncoderError
from placelens.types import Float32Array


def regions_of(n: int, dim: int, rank: int, seed: int = 0) -> Float32Array:
    """Regions that vary along so many directions, each half as much as the one before."""
    rng = np.random.default_rng(seed)
    strengths = 0.5 ** np.arange(rank)
    values = rng.uniform(-1, 1, (n, 2, 3, rank)) * strengths
    axes = np.linalg.qr(rng.normal(size=(dim, rank)))[0].T
    return (values @ axes + rng.normal(size=dim)).astype(np.float32)


@given(st.integers(1, 6), st.integers(0, 5), st.integers(0, 3))
def test_an_error_is_half_a_step_of_each_component(rank: int, n: int, seed: int) -> None:
    fitted = regions_of(40, 12, rank, seed)
    # Inside of what the scales hold nothing is cut off.
    code = RegionCode.fit(fitted, n_components=rank)
    inside = fitted[:n].mean(axis=(0, 1, 2)) if n else code.mean
    regions = (inside + 0.5 * (fitted[:n] - inside)).astype(np.float32)
    codes = code.encode(regions)
    assert (codes.shape, codes.dtype) == ((n, 2, 3, rank), np.uint8)
    error = (code.decode(codes) - regions) @ code.basis.T
    assert np.abs(error).max(initial=0) <= (code.scale / 127 / 2).max() * 1.01
    np.testing.assert_array_equal(code.encode(code.decode(codes)), codes)


def test_the_components_are_those_that_vary_most() -> None:
    regions = regions_of(50, 12, 6)
    errors = []
    for k in (1, 3, 6):
        code = RegionCode.fit(regions, n_components=k)
        errors.append(float(np.abs(code.decode(code.encode(regions)) - regions).mean()))
    assert errors[0] > errors[1] > errors[2]
    # The part that three of six directions, each of a quarter of the variance before, leave over.
    left = np.sqrt(sum(0.25**i for i in (3, 4, 5)) / sum(0.25**i for i in range(6)))
    centred = regions - regions.mean(axis=(0, 1, 2))
    code = RegionCode.fit(regions, n_components=3)
    lost = np.linalg.norm(code.decode(code.encode(regions)) - regions) / np.linalg.norm(centred)
    assert lost == pytest.approx(left, rel=0.1)


def test_what_is_beyond_the_scale_is_cut_off() -> None:
    code = RegionCode.fit(regions_of(20, 12, 3), n_components=2)
    far = code.mean + 10 * code.scale[0] * code.basis[0]
    assert code.encode(far[None, None, None])[0, 0, 0].tolist() == [255, 128]
    assert code.encode(2 * code.mean[None, None, None] - far)[0, 0, 0].tolist() == [1, 128]


def test_the_same_regions_give_the_same_code() -> None:
    regions = regions_of(20, 12, 3)
    first, again = RegionCode.fit(regions, 3), RegionCode.fit(regions.copy(), 3)
    assert first.fingerprint == again.fingerprint
    assert first.fingerprint != RegionCode.fit(regions, 2).fingerprint
    assert first.to_bytes() == again.to_bytes()


def test_a_component_that_does_not_vary_is_told_as_its_mean() -> None:
    flat = np.ones((3, 1, 1, 4), dtype=np.float32)
    code = RegionCode.fit(flat, n_components=2)
    assert np.isfinite(code.scale).all()
    np.testing.assert_allclose(code.decode(code.encode(flat)), flat, atol=1e-6)


def test_a_file_gives_the_code_back(tmp_path: Path) -> None:
    code = RegionCode.fit(regions_of(20, 12, 3), n_components=3)
    file = tmp_path / "region_code.npz"
    file.write_bytes(code.to_bytes())
    again = RegionCode.read(file)
    assert again.fingerprint == code.fingerprint
    assert (again.dim, again.n_components) == (12, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mean": np.zeros(5, np.float32)}, r"got \(5,\), \(2, 4\), \(2,\)"),
        ({"scale": np.zeros(2, np.float32)}, "above 0, got 0.0"),
        ({"scale": np.array([1, np.nan], np.float32)}, "scale is a finite float32 array"),
        ({"basis": np.ones((2, 4), np.float32)}, "not orthonormal"),
        ({"basis": np.eye(4)[:2]}, "basis is a finite float32 array of 2 axes, and got float64"),
        ({"mean": None}, "holds no region code"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, change: dict, message: str) -> None:
    arrays = {
        "mean": np.zeros(4, np.float32),
        "basis": np.eye(4, dtype=np.float32)[:2],
        "scale": np.ones(2, np.float32),
        **change,
    }
    file = tmp_path / "region_code.npz"
    buffer = io.BytesIO()
    np.savez(buffer, **{name: array for name, array in arrays.items() if array is not None})
    file.write_bytes(buffer.getvalue())
    with pytest.raises(EncoderError, match=message):
        RegionCode.read(file)


def test_pickles_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "region_code.npz"
    np.savez(file, mean=np.array([{}], dtype=object), basis=0, scale=0)
    with pytest.raises(EncoderError, match=r"region_code\.npz holds no region code"):
        RegionCode.read(file)


def test_wrong_shapes_are_refused() -> None:
    code = RegionCode.fit(regions_of(20, 12, 3), n_components=3)
    with pytest.raises(EncoderError, match=r"takes \(n, rows, columns, 12\), got \(2, 3, 12\)"):
        code.encode(np.zeros((2, 3, 12), np.float32))
    with pytest.raises(EncoderError, match=r"gives \(n, rows, columns, 3\), got \(1, 2, 3, 4\)"):
        code.decode(np.zeros((1, 2, 3, 4), np.uint8))
    with pytest.raises(EncoderError, match="needs that many regions"):
        RegionCode.fit(np.zeros((1, 1, 1, 12), np.float32), n_components=2)
