"""An encoder of concepts over another one, and the file that it is kept in."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from placelens.encoders.base import Calibration, Encoder
from placelens.encoders.concept_map import ConceptMap, ViewMap, read_arrays
from placelens.encoders.concepts import ConceptEncoder
from placelens.encoders.registry import load_encoder
from placelens.errors import EncoderError, EncoderMismatchError, ReadError
from placelens.testing.encoder_contract import EncoderContract
from placelens.testing.fakes import HashEncoder

NAMES = ("beach", "church", "harbour", "old town")
CALIBRATION = Calibration(slope=5.0, intercept=-1.23456)


def made(base: Encoder | None = None, *, seed: int = 0) -> ConceptEncoder:
    base = base or HashEncoder()
    rng = np.random.default_rng(seed)

    def view() -> ViewMap:
        return ViewMap(
            weights=2 * rng.normal(size=(base.dim, 4)),
            bias=rng.normal(size=4),
            mean=np.full(4, 0.25),
        )

    concepts = ConceptMap(names=NAMES, image=view(), text=view())
    return ConceptEncoder(base, concepts, calibrations={("text", "image"): CALIBRATION})


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return made()


class TestConcepts(EncoderContract):
    pass


def test_a_file_gives_the_same_encoder(tmp_path: Path) -> None:
    first = made()
    ((name, content),) = first.files.items()
    (tmp_path / name).write_bytes(content)
    for path in (tmp_path, tmp_path / name):
        again = ConceptEncoder.load(path, base=HashEncoder())
        assert (again.fingerprint, again.name) == (first.fingerprint, first.name)
        assert again.concepts == NAMES
        assert again.calibrations == first.calibrations
        texts = ["a church", "the sea"]
        np.testing.assert_array_equal(again.encode_texts(texts), first.encode_texts(texts))


def test_it_says_how_it_reads_texts_and_images() -> None:
    encoder = made()
    texts = ["a church", "the sea"]
    posteriors = encoder.concept_map.text.posteriors(HashEncoder().encode_texts(texts))
    for row, read in zip(posteriors, encoder.describe_texts(texts, k=4), strict=True):
        assert [name for name, _ in read] == [NAMES[i] for i in np.argsort(-row)]
        assert sum(share for _, share in read) == pytest.approx(1)
    size = encoder.image_spec.size
    (read,) = encoder.describe_images(np.zeros((1, size, size, 3), dtype=np.uint8), k=2)
    assert len(read) == 2
    assert read[0][1] >= read[1][1]


def test_other_concepts_or_another_base_have_another_fingerprint() -> None:
    prints = {made().fingerprint, made(seed=1).fingerprint, made(HashEncoder(dim=32)).fingerprint}
    assert len(prints) == 3


def test_another_base_is_refused(tmp_path: Path) -> None:
    (tmp_path / "concepts.npz").write_bytes(made().files["concepts.npz"])
    with pytest.raises(EncoderMismatchError, match=r"learnt over hash \(hash-v1:64\)"):
        ConceptEncoder.load(tmp_path, base=HashEncoder(dim=32))
    with pytest.raises(EncoderError, match="read from 64 numbers, and 'hash' gives 32"):
        ConceptEncoder(HashEncoder(dim=32), made().concept_map)


def test_what_is_no_file_of_concepts_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="placelens train cosmat COLLECTION --labels FIELD"):
        load_encoder(f"concepts:{tmp_path / 'none.npz'}")
    made().concept_map.save(tmp_path / "map.npz")  # concepts, but of no encoder
    with pytest.raises(EncoderError, match="holds no concepts of an encoder"):
        load_encoder("concepts:map.npz", folder=tmp_path)


def npz(tmp_path: Path, **other: object) -> Path:
    """What an encoder's file holds, with some of it exchanged."""
    path = tmp_path / "concepts.npz"
    path.write_bytes(made().files["concepts.npz"])
    np.savez(path, **{**read_arrays(path), **other})
    return path


@pytest.mark.parametrize(
    "other",
    [
        {"names": np.array([])},
        {"names": np.array(["a"] * 7)},
        {"image_weights": np.zeros((64, 5))},
        {"image_weights": np.zeros(3)},
        {"text_bias": np.array(["a", "b", "c"])},
        {"text_mean": np.full(3, np.nan)},
        {"format": np.array([1, 2])},
        {"format": np.array("x")},
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path: Path, other: dict[str, object]) -> None:
    path = npz(tmp_path, **other)
    with pytest.raises(EncoderError, match="holds no concepts"):
        ConceptEncoder.load(path, base=HashEncoder())


def test_what_claims_more_numbers_than_fit_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "concepts.npz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as members,
        members.open("image_weights.npy", "w") as member,
    ):
        for _ in range(520):
            member.write(bytes(2**20))
    assert path.stat().st_size < 2**20
    with pytest.raises(ReadError, match="520 MiB of numbers"):
        read_arrays(path)


@pytest.mark.parametrize("shape", [(2**40,), (2**62, 4), (-1,)])
def test_a_header_that_claims_numbers_that_are_not_there_is_refused(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<f8", "fortran_order": False, "shape": shape}
    )
    path = tmp_path / "concepts.npz"
    with zipfile.ZipFile(path, "w") as members:
        members.writestr("names.npy", head.getvalue())
    with pytest.raises(ReadError):
        read_arrays(path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "concepts.npz")
    with pytest.raises(ReadError, match="a pipe"):
        read_arrays(tmp_path / "concepts.npz")
