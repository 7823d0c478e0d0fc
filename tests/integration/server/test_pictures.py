"""Pictures that the server is given, or told to show: within a budget, a few at a time."""

import base64
import os
import struct
import sys
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest
from fastapi import HTTPException
from PIL import Image
from tests import hostile_jobs

import placelens as pl
from placelens.processes import Limits, Worker
from placelens.server import decoding
from placelens.server.decoding import Decoders
from placelens.server.originals import open_original
from placelens.server.pictures import Pictures
from placelens.testing.fakes import HashEncoder
from placelens.types import ImageSpec, Item

SPEC = ImageSpec(size=32)


def claiming(width: int, height: int) -> bytes:
    """A PNG of 12,500 x 12,500 black dots: 20 KB that would take a gigabyte."""

    def chunk(name: bytes, content: bytes) -> bytes:
        crc = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc)

    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_an_uploaded_picture_that_would_fill_the_memory_is_refused(client):
    data = claiming(12_500, 12_500)
    assert len(data) < 64 * 1024
    response = client.search({"images": [{"data": base64.b64encode(data).decode()}]})
    assert response.status_code == 422
    assert "it claims 12500 x 12500 pixels, too many" in response.json()["detail"]


def test_an_uploaded_picture_is_prepared_as_a_file_is(client, squares, photos):
    for photo in photos.glob("*.jpg"):
        body = {"images": [{"data": base64.b64encode(photo.read_bytes()).decode()}]}
        by_bytes = [hit["score"] for hit in client.search(body).json()["hits"]]
        assert by_bytes == [hit.score for hit in squares.search(image=photo)]


def test_a_picture_is_sent_once_and_asked_with_by_its_handle(client, photos):
    data = (photos / "red.jpg").read_bytes()
    sent = client.request("POST", "/v1/pictures", content=data)
    handle = sent.json()["handle"]
    assert client.request("POST", "/v1/pictures", content=data).json()["handle"] == handle
    inline = client.search({"images": [{"data": base64.b64encode(data).decode(), "weight": 2}]})
    for _ in range(2):  # the second time it is prepared already
        by_handle = client.search({"images": [{"handle": handle, "weight": 2}]})
        assert by_handle.json()["hits"] == inline.json()["hits"]


@pytest.mark.parametrize(
    ("content", "said"), [(b"not a picture", "not an image"), (b"", "the body is empty")]
)
def test_what_is_no_picture_gets_no_handle(client, content, said):
    response = client.request("POST", "/v1/pictures", content=content)
    assert response.status_code == 422
    assert said in response.json()["detail"]


def test_a_handle_of_nothing_is_gone(client):
    response = client.search({"images": [{"handle": "0" * 32}]})
    assert response.status_code == 410
    assert "send it to /v1/pictures again" in response.json()["detail"]
    for body in ({"handle": "../x"}, {"handle": "0" * 32, "id": "a"}):
        assert client.search({"images": [body]}).status_code == 422


def test_pictures_that_nobody_asked_with_for_longest_go_first():
    kept = Pictures(kept_bytes=250)
    first, second = (kept.keep(bytes([n]) * 100) for n in range(2))
    kept.get(first)
    third = kept.keep(bytes([2]) * 100)
    assert [kept.get(handle).content[0] for handle in (first, third)] == [0, 2]
    with pytest.raises(HTTPException, match="not kept"):
        kept.get(second)
    # What its pixels take counts too, and the last one stays however large it is.
    kept.get(third).prepared[SPEC] = np.zeros((32, 32, 3), dtype=np.uint8)
    kept.get(third)
    with pytest.raises(HTTPException, match="not kept"):
        kept.get(first)
    assert kept.get(third).n_bytes == 100 + 32 * 32 * 3


def test_a_cut_off_picture_can_be_asked_with(client, photos):
    data = (photos / "red.jpg").read_bytes()[:-2]
    response = client.search({"images": [{"data": base64.b64encode(data).decode()}]})
    assert response.status_code == 200


def test_only_so_many_are_decoded_at_a_time(photos, monkeypatch):
    data = (photos / "red.jpg").read_bytes()
    decoders = Decoders(at_a_time=2, patience_s=0.0)
    inside, go_on = threading.Semaphore(0), threading.Event()

    call = Worker.call

    def waiting(worker, *asked):
        inside.release()
        assert go_on.wait(60)
        return call(worker, *asked)

    monkeypatch.setattr(Worker, "call", waiting)
    threads = [threading.Thread(target=decoders.decode, args=(data, SPEC)) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert all(inside.acquire(timeout=60) for _ in threads)
    with pytest.raises(HTTPException) as caught:
        decoders.decode(data, SPEC)
    assert caught.value.status_code == 503
    go_on.set()
    for thread in threads:
        thread.join()
    # Free again, also after one that failed.
    with pytest.raises(pl.ReadError):
        decoders.decode(b"no picture", SPEC)
    for _ in range(3):
        assert decoders.decode(data, SPEC).width == 64


@pytest.fixture
def alone(make_client):
    """A client of a server that has one decoder."""
    client = make_client()
    client.app.state.decoders = decoders = Decoders(at_a_time=1)
    yield client
    decoders.stop()


def asked_with_red(client, photos):
    data = base64.b64encode((photos / "red.jpg").read_bytes()).decode()
    return client.search({"images": [{"data": data}]})


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (hostile_jobs.be_killed, "crashed the decoder: the process ended with SIGKILL"),
        (hostile_jobs.crash, "crashed the decoder: the process ended with SIGSEGV"),
        pytest.param(
            hostile_jobs.eat,
            "more memory than it may",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts it"),
        ),
    ],
)
def test_a_decoder_that_ends_costs_one_request(alone, photos, monkeypatch, job, said):
    with monkeypatch.context() as patch:
        patch.setattr(decoding, "decode_upload", job)
        answer = asked_with_red(alone, photos)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert asked_with_red(alone, photos).status_code == 200


@pytest.mark.parametrize("job", [hostile_jobs.hang, hostile_jobs.spin])
def test_a_decoder_that_hangs_is_ended(alone, photos, monkeypatch, job):
    # No time at all is enough for what never ends, and too little for nothing else that is asked.
    alone.app.state.decoders = hasty = Decoders(at_a_time=1, limits=Limits(longest_s=0.0))
    with monkeypatch.context() as patch:
        patch.setattr(decoding, "decode_upload", job)
        answer = asked_with_red(alone, photos)
    assert answer.status_code == 422
    assert "took too long, and was given up" in answer.json()["detail"]
    assert hasty._workers[0]._process is None
    alone.app.state.decoders = Decoders(at_a_time=1)
    assert asked_with_red(alone, photos).status_code == 200


def test_a_picture_is_decoded_in_another_process(alone, photos, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("decoded in the server's process")

    monkeypatch.setattr("placelens.readers.images.decode", refuse)
    assert asked_with_red(alone, photos).status_code == 200


def test_an_item_whose_file_became_something_else_hangs_nothing(tmp_path, make_client):
    photo = tmp_path / "photo.jpg"
    Image.new("RGB", (32, 32), "red").save(photo)
    collection = pl.Collection.create(tmp_path / "one.pl", encoder=HashEncoder())
    collection.add(pl.read_photos(photo), workers=0)
    [item] = collection.items()
    server = make_client(collections={"one": collection})
    url = f"/v1/collections/one/items/{item.id}/image"
    assert server.get(url).status_code == 200
    for exchange in (
        lambda: os.mkfifo(photo),
        lambda: photo.symlink_to("/dev/zero"),
        lambda: photo.symlink_to("/proc/self/mem"),
        photo.mkdir,
        lambda: photo.write_bytes(b"root:x:0:0"),
    ):
        photo.unlink()
        exchange()
        response = server.get(url)
        assert response.status_code == 404
        assert str(tmp_path) not in response.json()["detail"]
        if photo.is_dir():
            photo.rmdir()
            photo.touch()


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp"), ("GIF", "image/gif"),
     ("AVIF", "image/avif"), ("MPO", "image/jpeg"), ("TIFF", None), ("BMP", None)],
)  # fmt: skip
def test_what_browsers_show_is_told_by_the_first_bytes(tmp_path: Path, kind, media_type):
    path = tmp_path / "photo"
    Image.new("RGB", (32, 32), "red").save(path, kind)
    assert open_original(Item(id="a", image=str(path))).media_type == media_type
