"""``POST .../originals``: a zip made while it is sent; names, what is not in it, who leaves."""

import asyncio
import io
import json
import os
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest
from fastapi import HTTPException
from PIL import Image
from PIL.ExifTags import IFD, Base
from PIL.TiffImagePlugin import IFDRational

import placelens as pl
from placelens.errors import InputError
from placelens.limits import MAX_ORIGINALS
from placelens.server import Settings, archive, create_app
from placelens.server.archive import NOT_INCLUDED, archived
from placelens.testing.fakes import HashEncoder
from placelens.types import Item

URL = "/v1/collections/{}/originals"
PACKET = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    b'xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="50,5.2N" '
    b'exif:GPSLongitude="14,25.3E"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)


def ask(client: Any, ids: list[str], name: str = "squares", **options: Any) -> Any:
    return client.request("POST", URL.format(name), json={"ids": ids, **options})


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.testzip() is None
        assert all(entry.compress_type == zipfile.ZIP_STORED for entry in packed.infolist())
        return {name: packed.read(name) for name in packed.namelist()}


def written(items: list[Item], **options: Any) -> dict[str, bytes]:
    return unpacked(b"".join(archived(items, **options)))


def photo(path: Path, colour: str = "red", **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (32, 24), colour).save(path, **options)
    return path


def items_of(*paths: Path) -> list[Item]:
    return [Item(id=f"item-{n}", image=str(path)) for n, path in enumerate(paths)]


def test_files_come_as_they_are(client, photos, ids):
    response = ask(client, [ids["blue"], ids["red"]])
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/zip"
    assert response.headers["content-disposition"] == 'attachment; filename="squares.zip"'
    files = {f"{name}.jpg": (photos / f"{name}.jpg").read_bytes() for name in ("blue", "red")}
    assert unpacked(response.content) == files
    assert list(unpacked(response.content)) == ["blue.jpg", "red.jpg"]


def test_an_item_without_a_file_is_told(make_client, tmp_path):
    folder = tmp_path / "secret"
    kept, gone = photo(folder / "kept.jpg"), photo(folder / "gone.jpg", "blue")
    (folder / "t.csv").write_text(
        "id,image,text\nk,kept.jpg,\ng,gone.jpg,\nw\u202e/s,,only words\n"
    )
    made = pl.Collection.create(tmp_path / "c.pl", encoder=HashEncoder())
    made.add(pl.read_table(folder / "t.csv"), workers=0)
    gone.unlink()
    packed = unpacked(ask(make_client(collections={"c": made}), list(made), "c").content)
    assert packed.pop("kept.jpg") == kept.read_bytes()
    said = packed.pop(NOT_INCLUDED).decode()
    assert not packed
    assert "gone.jpg (g): there is no such file\n" in said
    assert "w\\u202e/s: it is a text and has no image\n" in said
    assert "secret" not in said


def test_only_pictures_are_sent(tmp_path):
    """A stranger's collection may name any file, under any name."""
    secret = tmp_path / "id_rsa.nef"
    secret.write_bytes(b"-----BEGIN OPENSSH PRIVATE KEY-----" * 40)
    targa = tmp_path / "shadow.tga"
    targa.write_bytes(b"root:x" * 200)
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    link = tmp_path / "link.jpg"
    link.symlink_to("/dev/zero")
    packed = written(items_of(secret, targa, pipe, link, tmp_path))
    assert list(packed) == [NOT_INCLUDED]
    reasons = [line.partition(": ")[2] for line in packed[NOT_INCLUDED].decode().splitlines()]
    no_picture = "its first bytes are not those of a picture"
    assert reasons == [
        no_picture, no_picture, "it is a pipe, not a file", "it is a device, not a file",
        "it is a folder, not a file",
    ]  # fmt: skip


@pytest.mark.parametrize("suffix", ["png", "tiff", "gif", "webp", "bmp", "avif", "jp2"])
def test_all_formats_of_pictures_are_sent(tmp_path, suffix):
    path = photo(tmp_path / f"a.{suffix}")
    assert written(items_of(path)) == {f"a.{suffix}": path.read_bytes()}


def test_names_are_safe_and_each_its_own(tmp_path):
    paths = [
        photo(tmp_path / folder / name, colour)
        for folder, name, colour in (
            ("1", "a.jpg", "red"),
            ("2", "A.JPG", "blue"),
            ("3", "a.jpg", "lime"),
            ("4", "photo\u202egpj.jpg", "red"),
            ("5", "line\nbreak\x1b[2J.jpg", "red"),
            ("6", "nul.jpg", "red"),
            ("7", 'a<b>:"c|d?*\\e.jpg', "red"),
            ("8", "..jpg.jpg", "red"),
        )
    ]
    liar = photo(tmp_path / "9" / "x.jpg").rename(tmp_path / "9" / NOT_INCLUDED)
    missing = Item(id="m", image=str(tmp_path / "gone" / ".." / "x"))
    packed = written([*items_of(*paths, liar), missing])
    assert list(packed) == [
        "a.jpg", "A (2).JPG", "a (3).jpg", "photo_u202egpj.jpg", "line_nbreak_x1b[2J.jpg",
        "_nul.jpg", "e.jpg", "_jpg.jpg", "not-included (2).txt", NOT_INCLUDED,
    ]  # fmt: skip
    assert packed["A (2).JPG"] == paths[1].read_bytes()
    assert packed["not-included (2).txt"] == liar.read_bytes()
    assert packed[NOT_INCLUDED] == b"x (m): there is no such file\n"


def with_gps() -> Image.Exif:
    exif = Image.Exif()
    degrees = tuple(IFDRational(value) for value in (50, 5, 12))
    exif.get_ifd(IFD.GPSInfo).update({1: "N", 2: degrees, 3: "E", 4: degrees})
    exif[Base.Orientation] = 6  # is to be turned by a quarter
    return exif


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff", "mpo"])
def test_no_place_leaves_where_it_is_to_be_stripped(tmp_path, make_client, suffix):
    path = tmp_path / f"a.{suffix}"
    options = {"xmp": PACKET} if suffix in ("jpg", "webp") else {}
    Image.new("RGB", (32, 24), "red").save(path, exif=with_gps().tobytes(), **options)
    if suffix == "jpg":
        path.write_bytes(path.read_bytes() + PACKET)  # behind the picture, as in motion photos
    made = pl.Collection.create(tmp_path / "c.pl", encoder=HashEncoder())
    made.add(pl.read_photos(path), workers=0)
    assert next(made.items(located_only=True)).place.lon == pytest.approx(50 + 5 / 60 + 12 / 3600)
    client = make_client(collections={"c": made})
    as_it_is = unpacked(ask(client, list(made), "c").content)
    assert as_it_is == {f"a.{suffix}": path.read_bytes()}
    stripped = unpacked(ask(client, list(made), "c", strip_location=True).content)
    client.app.state.decoders.stop()
    assert list(stripped) == ["a.jpg"]
    with Image.open(io.BytesIO(stripped["a.jpg"])) as image:
        assert not image.getexif()
        assert image.size == (24, 32)
        red, green, _ = image.getpixel((5, 5))
        assert (red > 200, green < 50) == (True, True)
    for mark in (b"Exif", b"GPS", b"xpacket", b"50,5.2N"):
        assert mark not in stripped["a.jpg"]


def test_what_cannot_be_made_anew_is_left_out(tmp_path):
    """Rather than sent as it is."""
    path = tmp_path / "broken.jpg"
    path.write_bytes(photo(tmp_path / "whole.jpg", exif=with_gps()).read_bytes()[:300])

    errors = iter([pl.ReadError("broken"), HTTPException(503, "busy"), pl.MissingExtraError("x")])

    def fail(_: str) -> bytes:
        raise next(errors)

    packed = written(items_of(path, path, path), remake=fail)
    assert list(packed) == [NOT_INCLUDED]
    assert packed[NOT_INCLUDED].decode().splitlines() == [
        "broken.jpg (item-0): broken",
        "broken.jpg (item-1): busy",
        "broken.jpg (item-2): the server lacks what decodes it",
    ]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({}, 422, "ids: is required"),
        ({"ids": []}, 422, "at least 1"),
        ({"ids": ["a"] * (MAX_ORIGINALS + 1)}, 422, "at most 1000 items"),
        ({"ids": [f"../{n}" for n in range(MAX_ORIGINALS)]}, 404, "'../0'"),
        ({"ids": ["a/b/c"]}, 404, "'a/b/c', of 1 asked for"),
        ({"ids": ["a"], "blur": 1000}, 422, "known fields are ids, strip_location"),
        ({"ids": ["a"], "strip_location": "perhaps"}, 422, "strip_location"),
    ],
)
def test_what_cannot_be_sent_is_named(client, body, status, said):
    response = client.request("POST", URL.format("squares"), json=body)
    assert response.status_code == status, response.text
    assert said in response.json()["detail"]
    assert len(response.content) < 8_000


def test_too_many_bytes_are_refused_before_any_is_sent(client, photos, ids, monkeypatch):
    sizes = sum((photos / f"{name}.jpg").stat().st_size for name in ids)
    monkeypatch.setattr(archive, "MAX_ORIGINALS_BYTES", sizes - 1)
    response = ask(client, list(ids.values()))
    assert response.status_code == 422
    assert f"{sizes:,} bytes together, and {sizes - 1:,} is the most" in response.json()["detail"]
    monkeypatch.setattr(archive, "MAX_ORIGINALS_BYTES", sizes)
    assert ask(client, list(ids.values())).status_code == 200


def large(path: Path, n_bytes: int) -> Path:
    """A picture by its first bytes, mostly a hole."""
    with path.open("wb") as file:
        file.write(b"\xff\xd8\xff" + bytes(range(200)))
        file.truncate(n_bytes)
    return path


def test_no_more_is_in_memory_than_a_piece(tmp_path):
    path = large(tmp_path / "a.jpg", 20 * 2**20 + 7)
    pieces = list(archived(items_of(path, path)))
    assert max(map(len, pieces)) < 2 * archive._PIECE_BYTES
    packed = unpacked(b"".join(pieces))
    assert packed == {"a.jpg": path.read_bytes(), "a (2).jpg": path.read_bytes()}


def test_sizes_beyond_32_bits_are_written_so(tmp_path, monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1_000)
    path = large(tmp_path / "a.jpg", 5_000)
    assert written(items_of(path)) == {"a.jpg": path.read_bytes()}


def test_what_goes_or_breaks_meanwhile_is_told(tmp_path):
    first, gone, cut = (large(tmp_path / f"{name}.jpg", 10**6) for name in ("1", "gone", "cut"))
    pieces = archived(items_of(first, gone, cut))
    sent = [next(pieces)]
    gone.unlink()
    while b"cut.jpg" not in sent[-1]:
        sent.append(next(pieces))
    os.truncate(cut, 300_000)
    packed = unpacked(b"".join([*sent, *pieces]))
    assert list(packed) == ["1.jpg", "cut.jpg", NOT_INCLUDED]
    assert len(packed["cut.jpg"]) < 10**6
    told = packed[NOT_INCLUDED].decode().splitlines()
    assert told[0] == "gone.jpg (item-1): there is no such file"
    assert told[1].startswith("cut.jpg (item-2): it was cut off while it was sent: its last ")


class Slow:
    """A client that reads the first piece of a zip and no more, until it goes on or leaves."""

    def __init__(self) -> None:
        self.has_begun, self.left, self.goes_on = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.received = b""
        self._asked = False

    async def fetch(self, app: Any, ids: list[str]) -> None:
        body = json.dumps({"ids": ids}).encode()
        scope = {
            "type": "http", "method": "POST", "path": URL.format("squares"), "query_string": b"",
            "raw_path": URL.format("squares").encode(), "http_version": "1.1", "scheme": "http",
            "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")],
            "asgi": {"version": "3.0", "spec_version": "2.3"},
        }  # fmt: skip

        async def receive() -> dict[str, Any]:
            if not self._asked:
                self._asked = True
                return {"type": "http.request", "body": body}
            await self.left.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            self.received += message.get("body", b"")
            if message.get("body"):
                self.has_begun.set()
                await self.goes_on.wait()

        await app(scope, receive, send)


@pytest.fixture
def opened(monkeypatch):
    """The files that zips have opened."""
    files: list[Any] = []
    original = archive.open_picture

    def noted(item: Item) -> Any:
        files.append(original(item))
        return files[-1]

    monkeypatch.setattr(archive, "open_picture", noted)
    return files


def test_nothing_stays_open_when_a_client_leaves(squares, ids, opened):
    async def leave() -> None:
        client = Slow()
        app = create_app(Settings(collections={"squares": squares}))
        fetching = asyncio.create_task(client.fetch(app, list(ids.values())))
        await client.has_begun.wait()
        assert [file.closed for file in opened].count(False) == 1
        client.left.set()
        await fetching

    asyncio.run(leave())
    assert all(file.closed for file in opened)


def test_clients_that_do_not_read_hold_no_thread(squares, ids):
    """More of them than there are turns, and as many as there are threads."""

    async def crowd() -> None:
        app = create_app(Settings(collections={"squares": squares}))
        clients = [Slow() for _ in range(50)]
        fetching = [asyncio.create_task(each.fetch(app, list(ids.values()))) for each in clients]
        for each in clients:
            await each.has_begun.wait()
        last = Slow()
        last.goes_on.set()
        await last.fetch(app, list(ids.values()))
        assert set(unpacked(last.received)) == {"red.jpg", "green.jpg", "blue.jpg"}
        for each in clients:
            each.goes_on.set()
        await asyncio.gather(*fetching)
        assert {each.received for each in clients} == {last.received}

    asyncio.run(crowd())


def test_two_zips_at_most_are_worked_on(squares, ids, monkeypatch):
    """A third waits for its turn, and holds no thread meanwhile."""
    inside, go_on = threading.Semaphore(0), threading.Event()
    copied = archive._copied

    def waiting(*arguments: Any) -> Any:
        inside.release()
        assert go_on.wait(60)
        yield from copied(*arguments)

    monkeypatch.setattr(archive, "_copied", waiting)

    async def crowd() -> None:
        app = create_app(Settings(collections={"squares": squares}))
        clients = [Slow() for _ in range(5)]
        for each in clients:
            each.goes_on.set()
        fetching = [asyncio.create_task(each.fetch(app, [ids["red"]])) for each in clients]
        for _ in range(2):
            assert await asyncio.to_thread(inside.acquire, timeout=60)
        assert app.state.turns_of_zips.locked()
        assert not inside.acquire(blocking=False)
        go_on.set()
        await asyncio.gather(*fetching)
        assert all(list(unpacked(each.received)) == ["red.jpg"] for each in clients)

    asyncio.run(crowd())


def test_a_zip_is_given_up_with_its_time(make_client, ids):
    assert ask(make_client(timeout_s=1e-9), list(ids.values())).status_code == 503


def test_too_much_is_a_refusal_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_ORIGINALS_BYTES", 1)
    with pytest.raises(InputError, match="ask for fewer at once"):
        archived(items_of(photo(tmp_path / "a.jpg")))
