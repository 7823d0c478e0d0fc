"""Weights are hashed once, and again whenever there is a reason to."""

import os
import shutil
import time

import numpy as np
import pytest

from placelens.encoders import kept_network, trusted_files
from placelens.encoders.kept_network import KeptNetwork
from placelens.encoders.lite import TEXT_FILE, LiteEncoder, text_weights
from placelens.encoders.minilm import MiniLM
from placelens.encoders.trusted_files import DAYS, check_sha256
from placelens.errors import EncoderError

# SHA-256 of b"weights", as `printf weights | sha256sum` gives it.
SHA = "9a129a85b6b57ccc6d66c8bb3564b4d0dae03d0bec6f1b5e4a90afa8af32ca52"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PLACELENS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def hashed(monkeypatch):
    """Names of the files that are hashed."""
    seen = []
    digest = trusted_files.hashlib.file_digest

    def count(file, name):
        seen.append(os.path.basename(file.name))  # noqa: PTH119
        return digest(file, name)

    monkeypatch.setattr(trusted_files.hashlib, "file_digest", count)
    return seen


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.onnx"
    path.write_bytes(b"weights")
    return path


def sha_of(path):
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_is_hashed_once(file, hashed):
    for _ in range(3):
        check_sha256(file, sha_of(file))
    assert hashed == ["a.onnx"]


def test_another_hash_is_refused_each_time(file, hashed):
    for _ in range(2):
        with pytest.raises(EncoderError, match=r"expected 0000.*reinstall: .*pip install"):
            check_sha256(file, "0" * 64)
    check_sha256(file, sha_of(file))
    with pytest.raises(EncoderError):
        check_sha256(file, "0" * 64)


def test_a_change_of_the_same_size_and_time_is_noticed(file):
    sha, before = sha_of(file), file.stat()
    check_sha256(file, sha)
    file.write_bytes(b"WEIGHTS")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(EncoderError, match="damaged or of another version"):
        check_sha256(file, sha)


def test_another_file_in_its_place_is_noticed(file, tmp_path):
    sha = sha_of(file)
    check_sha256(file, sha)
    other = tmp_path / "other"
    other.write_bytes(b"WEIGHTS")
    shutil.copystat(file, other)
    other.replace(file)
    with pytest.raises(EncoderError):
        check_sha256(file, sha)


@pytest.mark.parametrize("age_days", [DAYS + 1, -1])
def test_a_note_is_believed_for_a_week(file, hashed, own_cache, age_days):
    check_sha256(file, sha_of(file))
    (note,) = (own_cache / "checked").iterdir()
    then = time.time() - age_days * 86_400
    os.utime(note, (then, then))
    check_sha256(file, sha_of(file))
    assert hashed == ["a.onnx"] * 2


@pytest.mark.parametrize("damage", [b"", b"[1]", b"{", b"\xff"])
def test_a_note_that_is_damaged_is_made_anew(file, hashed, own_cache, damage):
    check_sha256(file, sha_of(file))
    (note,) = (own_cache / "checked").iterdir()
    note.write_bytes(damage)
    check_sha256(file, sha_of(file))
    check_sha256(file, sha_of(file))
    assert hashed == ["a.onnx"] * 2


def test_a_missing_file(tmp_path):
    with pytest.raises(EncoderError, match="cannot be read"):
        check_sha256(tmp_path / "none", "0" * 64)


@pytest.fixture(scope="module")
def text_network():
    """Opens the text network anew, to be kept by its hash."""
    vocabulary, sha = LiteEncoder()._text._vocabulary, sha_of(text_weights())
    return lambda: MiniLM(text_weights(), vocabulary, threads=1, sha256=sha)


TEXTS = ["a pier at night", "two tennis courts"]


@pytest.fixture(scope="module")
def kept_once(text_network, tmp_path_factory):
    """The folder of a network that was kept, to be copied, and what the network gives."""
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLACELENS_CACHE", str(cache))
        vectors = text_network().encode(TEXTS)
    return cache / "networks", vectors


def test_the_kept_network_gives_the_same_bits(text_network, own_cache):
    plain = MiniLM(text_weights(), text_network()._vocabulary, threads=1).encode(TEXTS)
    assert not (own_cache / "networks").exists()
    made, kept = text_network().encode(TEXTS), text_network().encode(TEXTS)
    np.testing.assert_array_equal(made, plain)
    np.testing.assert_array_equal(kept, plain)
    (folder,) = (own_cache / "networks").iterdir()
    assert {file.name for file in folder.iterdir()} == {
        "network.onnx", "weights.bin", "sha256.json",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["network.onnx", "weights.bin", "sha256.json"])
@pytest.mark.parametrize("harm", ["cut", "flip", "remove"])
def test_a_damaged_kept_network_is_made_anew(text_network, kept_once, own_cache, name, harm):
    networks, expected = kept_once
    (folder,) = shutil.copytree(networks, own_cache / "networks").iterdir()
    file = folder / name
    if harm == "remove":
        file.unlink()
    else:
        with file.open("r+b") as stream:
            size = file.stat().st_size
            if harm == "cut":
                stream.truncate(size // 2)
            else:
                stream.seek(size // 2)
                byte = stream.read(1)
                stream.seek(size // 2)
                stream.write(bytes([byte[0] ^ 0x55]))
    np.testing.assert_array_equal(text_network().encode(TEXTS), expected)
    found = KeptNetwork(sha_of(text_weights()), version=_version()).find()
    assert found is not None
    assert found.stat().st_size > 10_000


def _version():
    from placelens.encoders.onnx_session import onnx_runtime

    return onnx_runtime().__version__


def test_what_others_left_is_tidied(text_network, own_cache, monkeypatch):
    networks = own_cache / "networks"
    sha = sha_of(text_weights())[:16]
    for name in (f"{sha}-0.1-x86_64", "another-0.1-x86_64", "unfinished-old", "unfinished-new"):
        (networks / name).mkdir(parents=True)
    os.utime(networks / "unfinished-old", (0, 0))
    text_network().encode(TEXTS)
    left = {folder.name for folder in networks.iterdir()}
    assert {"another-0.1-x86_64", "unfinished-new"} < left
    assert len(left) == 3


def test_a_disk_that_is_full_costs_time_only(text_network, monkeypatch):
    def full(folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept_network, "_note_sums", full)
    assert text_network().encode(TEXTS).shape == (2, 384)


def test_lite_is_checked_at_each_opening(own_cache, hashed):
    LiteEncoder()
    assert sorted(hashed).count("trunk.onnx") == 1
    assert any(name.endswith(".onnx") for name in hashed)
    n_hashed = len(hashed)
    LiteEncoder()
    assert len(hashed) == n_hashed
    assert TEXT_FILE == "minilm.onnx"
