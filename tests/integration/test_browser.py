"""The page in headless Chromium, on a real server of a small collection; see web/e2e."""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from PIL import Image, ImageDraw

import placelens as pl
from placelens.server import Settings, create_app
from placelens.server.routes.pages import STATIC
from placelens.server.tokens import new_secret
from placelens.testing.fakes import HashEncoder
from placelens.testing.parts_encoder import GrainedEncoder

E2E = Path(__file__).resolve().parents[2] / "web" / "e2e"
CHROMIUM = os.environ.get("PLACELENS_CHROMIUM") or shutil.which("chromium")
TOKEN = new_secret()
COLOURS = {
    "red": (220, 30, 30),
    "green": (40, 160, 50),
    "blue": (40, 70, 200),
    "yellow": (240, 220, 40),
    "orange": (240, 140, 30),
    "purple": (130, 50, 160),
    "cyan": (60, 200, 220),
}
CITIES = {
    "Lyon": (45.76, 4.84),
    "Paris": (48.85, 2.35),
    "Nice": (43.70, 7.27),
    "Oslo": (59.9, 10.7),
}
# Above and below, in the colours that the encoder of parts takes for sky, road and so on.
_SKY, _GREEN, _GREY, _RED = (70, 120, 230), (40, 160, 50), (128, 128, 128), (220, 30, 30)
SCENES = {
    "street": (_SKY, _GREY),
    "meadow": (_SKY, _GREEN),
    "upside down": (_GREY, _SKY),
    "wall": (_RED, _GREY),
}

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def why_not() -> str | None:
    """What is missing for a browser test, in words."""
    if CHROMIUM is None:
        return "no chromium: apt-get install chromium, or set PLACELENS_CHROMIUM"
    if shutil.which("node") is None:
        return "no node"
    if not (E2E.parent / "node_modules" / "playwright-core").is_dir():
        return "no node modules: cd web && npm ci"
    if not (STATIC / "index.html").is_file():
        return "the page is not built: cd web && npm run build"
    return None


def draw_squares(folder: Path) -> None:
    """Four pictures of each colour, one in each city, and a table that says so."""
    rows = ["image,title,text,lat,lon,time,city"]
    for i, (colour, rgb) in enumerate(COLOURS.items()):
        for j, (city, (lat, lon)) in enumerate(CITIES.items()):
            name = f"{colour}_{city}.jpg"
            image = Image.new("RGB", (400, 300), rgb)
            # A line tells the four apart: pictures of the same bytes are taken for duplicates.
            ImageDraw.Draw(image).line((0, 40 * j, 399, 10 * i), fill=(255, 255, 255))
            image.save(folder / name)
            where = f"{lat + 0.01 * i:.4f},{lon + 0.01 * i:.4f}"
            text = f"a {colour} square in {city}"
            rows.append(f"{name},{colour} square,{text},{where},20{15 + i}-06-0{j + 1},{city}")
    (folder / "squares.csv").write_text("\n".join(rows))


def draw_years(folder: Path) -> pl.Collection:
    """600 small pictures over five years, ten a month, most of them around one town."""
    rows = ["image,title,lat,lon,time,country"]
    for n in range(600):
        name, month = f"{n:03}.jpg", n // 10
        image = Image.new("RGB", (32, 24), (n % 256, 255 - n % 256, 40 * (n % 7)))
        image.putpixel((n % 32, n // 32), (255, 255, 255))  # no two are the same file
        image.save(folder / name)
        far = n % 4 == 0
        lat, lon = (-33.0, 151.0 + n / 1000) if far else (35.0 + n % 10 / 100, 135.7 + n % 7 / 100)
        time = f"{2015 + month // 12}-{month % 12 + 1:02}-{n % 10 * 3 + 1:02}T12:00:00"
        rows.append(f"{name},number {n},{lat},{lon},{time},{'AU' if far else 'JP'}")
    (folder / "years.csv").write_text("\n".join(rows))
    collection = pl.Collection.create(folder / "years.pl", encoder=HashEncoder())
    assert collection.add(pl.read_photos(folder), workers=0).n_added == 600
    return collection


def draw_scenes(folder: Path) -> pl.Collection:
    """Three of each scene, one above the other, with all that an encoder of parts keeps of them."""
    rows = ["image,title,lat,lon"]
    for i, (name, (above, below)) in enumerate(SCENES.items()):
        for j in range(3):
            image = Image.new("RGB", (280, 210), above)
            draw = ImageDraw.Draw(image)
            draw.rectangle((0, 105 + 4 * j, 280, 210), fill=below)  # no two are the same file
            image.save(folder / f"{i}{j}.png")
            rows.append(f"{i}{j}.png,{name} {j},{45 + i},{4 + j}")
    (folder / "scenes.csv").write_text("\n".join(rows))
    features = ["class_map", "regions", "shown"]
    made = pl.Collection.create(folder / "scenes.pl", encoder=GrainedEncoder(), features=features)
    assert made.add(pl.read_photos(folder), workers=0).n_added == 12
    return made


def draw_lost(folder: Path) -> pl.Collection:
    """Six pictures that nobody has said the place of, and one that somebody has, for proposals."""
    rows = ["id,image,title,lat,lon"]
    names = ["placed", *(f"lost {n}" for n in range(6))]
    for n, name in enumerate(names):
        Image.new("RGB", (300, 200), (30 * n, 200 - 30 * n, 90)).save(folder / f"{n}.png")
        rows.append(f"{name},{n}.png,{name},{'45.76,4.84' if n == 0 else ','}")
    (folder / "lost.csv").write_text("\n".join(rows))
    made = pl.Collection.create(folder / "lost.pl", encoder=HashEncoder())
    assert made.add(pl.read_photos(folder), workers=0).n_added == 7
    return made


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server on a free port."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("squares")
    draw_squares(folder)
    collection = pl.Collection.create(folder / "squares.pl", encoder=HashEncoder())
    assert collection.add(pl.read_photos(folder), workers=0).n_added == 28
    dated = draw_years(tmp_path_factory.mktemp("years"))
    # One more that is written to, so that the others stay what they are.
    mine = pl.Collection.create(folder / "mine.pl", encoder=HashEncoder())
    scenes = draw_scenes(tmp_path_factory.mktemp("scenes"))
    lost = draw_lost(tmp_path_factory.mktemp("lost"))
    settings = Settings(
        collections={
            "squares": collection,
            "years": dated,
            "mine": mine,
            "scenes": scenes,
            "lost": lost,
        },
        write=True,
        run_token=TOKEN,
        token_file=folder / "tokens.json",
    )
    app = create_app(settings)
    listening = socket.create_server(("127.0.0.1", 0))  # takes connections from now on
    running = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    running.should_exit = True
    thread.join(timeout=120)
    assert not thread.is_alive()


@pytest.mark.parametrize("name", sorted(path.name for path in E2E.glob("*.test.mjs")))
def test_in_chromium(server: str, name: str) -> None:
    done = subprocess.run(
        ["node", "--test", "--test-concurrency=1", str(E2E / name)],
        env={
            **os.environ,
            "PLACELENS_URL": server,
            "PLACELENS_TOKEN": TOKEN,
            "PLACELENS_CHROMIUM": CHROMIUM or "",
        },
        capture_output=True,
        text=True,
        timeout=3600,  # only against hanging
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
