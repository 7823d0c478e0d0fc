"""A served collection whose encoder was upgraded: what is said, and what is made anew meanwhile."""

import shutil
from http import HTTPStatus

import pytest

import placelens as pl
from placelens.encoders import registry
from placelens.encoders.registry import EncoderKind
from placelens.testing.fakes import HashEncoder


@pytest.fixture
def newer(monkeypatch):
    """What ``hash`` has become on this machine."""
    made = HashEncoder(48, version=2)
    kind = EncoderKind(pattern="hash", summary="fake", load=lambda _: made)
    monkeypatch.setattr(registry, "ENCODERS", {**registry.ENCODERS, "hash": kind})
    return made


def test_what_is_of_another_encoder_is_said_and_mended_while_it_is_served(
    squares, make_client, newer, tmp_path
):
    path = shutil.copytree(squares.path, tmp_path / "squares.pl")
    server = make_client(collections={"squares": path})
    assert server.search({"near": {"lat": 45.8, "lon": 4.8}}).status_code == HTTPStatus.OK
    refused = server.search({"text": "red"})
    assert refused.status_code == HTTPStatus.CONFLICT
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json() == {
        "type": "urn:placelens:problem:encoder-mismatch",
        "title": "Encoder mismatch error",
        "status": 409,
        "detail": f"{path} holds vectors of hash (hash-v1:64), and the encoder at hand is hash "
        f"(hash-v2:48); make them anew with: placelens index {path} --reencode",
    }
    hidden = make_client(collections={"squares": path}, show_paths=False).search({"text": "red"})
    assert hidden.json()["detail"].endswith("placelens index squares --reencode")

    pl.Collection.open(path).reencode(workers=0)  # as another process would
    found = server.search({"text": "red", "k": 1})
    assert found.status_code == HTTPStatus.OK
    expected = pl.Collection.open(path).search("red", k=1)[0]
    hit = found.json()["hits"][0]
    assert (hit["id"], hit["score"]) == (expected.id, pytest.approx(expected.score, abs=1e-9))
