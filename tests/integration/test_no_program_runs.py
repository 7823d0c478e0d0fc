"""Bytes that hold PostScript never start Ghostscript, whatever way they come in."""

import asyncio
import base64
import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from PIL import EpsImagePlugin, Image

import placelens as pl
from placelens.demo.blue_marble import cut_tiles
from placelens.errors import ReadError
from placelens.evaluation import prepared_blocks
from placelens.readers.images import decode, read_image
from placelens.server import Settings, create_app
from placelens.testing.fakes import HashEncoder
from placelens.types import ImageSpec

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake program is a shell script")

POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"
# The header that some programs put before it: where the PostScript starts, and its length.
WITH_PREVIEW = (
    b"\xc5\xd0\xd3\xc6" + (32).to_bytes(4, "little") + len(POSTSCRIPT).to_bytes(4, "little")
    + bytes(20) + POSTSCRIPT
)  # fmt: skip
FORMS = {"plain": POSTSCRIPT, "with a preview": WITH_PREVIEW}
NAMES = ("a.jpg", "a.png", "a.tif", "a.eps", "a.psd", "a.webp", "a.heic", "a.tga", "a.dng", "a.jp2")
SPEC = ImageSpec(size=16)


@pytest.fixture
def marker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that appears when a program called gs is started."""
    programs = tmp_path / "programs"
    programs.mkdir()
    marker = tmp_path / "gs was started"
    for name in ("gs", "gsc", "gswin32c", "gswin64c"):
        program = programs / name
        program.write_text(f"#!/bin/sh\ntouch '{marker}'\necho 10.0\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)
    return marker


def test_pillow_alone_would_start_it(marker):
    # What makes the tests below worth something.
    with pytest.raises(OSError):
        Image.open(io.BytesIO(POSTSCRIPT)).load()
    assert marker.exists()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_no_reader_starts_it(marker, tmp_path, form, name):
    path = tmp_path / name
    path.write_bytes(FORMS[form])
    for read in (
        lambda: decode(path, SPEC),
        lambda: decode(FORMS[form], SPEC, name=name),
        lambda: read_image(path),
        lambda: list(prepared_blocks([path], SPEC)),
        lambda: cut_tiles(tmp_path / "tiles", picture=path),
    ):
        with pytest.raises(ReadError):
            read()
    assert not marker.exists()


@pytest.mark.parametrize("form", FORMS)
def test_no_import_starts_it(marker, tmp_path, form):
    photos = tmp_path / "photos"
    photos.mkdir()
    with (photos / "photos.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(("image", "text"))
        for name in NAMES:
            (photos / name).write_bytes(FORMS[form])
            rows.writerow((name, f"what {name} shows"))
    collection = pl.Collection.create(tmp_path / "photos.pl", encoder=HashEncoder())
    report = collection.add(pl.read_photos(photos), workers=0)
    assert len(report.skipped) == len(NAMES)
    assert not marker.exists()


def test_no_query_starts_it(marker, tmp_path):
    collection = pl.Collection.create(tmp_path / "empty.pl", encoder=HashEncoder())
    path = tmp_path / "query.jpg"
    path.write_bytes(POSTSCRIPT)
    for image in (path, str(path), POSTSCRIPT):
        with pytest.raises(ReadError):
            collection.search(image=image)
    assert not marker.exists()


def test_the_command_does_not_start_it(marker, tmp_path):
    pl.Collection.create(tmp_path / "empty.pl", encoder=HashEncoder())
    path = tmp_path / "query.jpg"
    path.write_bytes(POSTSCRIPT)
    driver = (
        "from placelens.encoders import registry\n"
        "from placelens.testing.fakes import HashEncoder\n"
        "registry.load_encoder = lambda name, **_: HashEncoder()\n"
        "from placelens.cli.main import run\nrun()\n"
    )
    command = [sys.executable, "-c", driver, "search", str(tmp_path / "empty.pl")]
    command += ["--image", str(path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert "not an image of a kind" in run.stderr.replace("\n", " ")
    assert not marker.exists()


@pytest.mark.parametrize("form", FORMS)
def test_the_server_does_not_start_it(marker, tmp_path, form):
    # The item was a picture when it was added.
    photo = tmp_path / "photo.jpg"
    Image.new("RGB", (32, 32), "red").save(photo)
    collection = pl.Collection.create(tmp_path / "one.pl", encoder=HashEncoder())
    collection.add(pl.read_photos(photo), workers=0)
    [item] = collection.items()
    photo.write_bytes(FORMS[form])
    app = create_app(Settings(collections={"one": collection}))
    data = base64.b64encode(FORMS[form]).decode()

    async def ask() -> list[int]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answers = [await client.get(f"/v1/collections/one/items/{item.id}/image")]
            for text in (data, f"data:image/jpeg;base64,{data}", f"data:image/x-eps;base64,{data}"):
                body = {"images": [{"data": text}]}
                answers.append(await client.post("/v1/collections/one/search", json=body))
        return [answer.status_code for answer in answers]

    assert asyncio.run(ask()) == [404, 422, 422, 422]
    assert not marker.exists()
