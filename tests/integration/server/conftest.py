"""A small collection of coloured squares, and a client that asks the app without a network."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from tests.integration.server.writer import RUN

import placelens as pl
from placelens.server import Settings, create_app
from placelens.testing.fakes import HashEncoder

COLOURS = {"red": (220, 30, 30), "green": (40, 160, 50), "blue": (40, 70, 200)}
TABLE = """image,text,lat,lon,time,city,rating
red.jpg,a red tram,45.76,4.84,2019-06-01T12:00:00,Lyon,3
green.jpg,,48.85,2.35,2020-01-01T10:00:00,Paris,4
blue.jpg,the blue sea,43.7,7.27,,Nice,5
"""


class Client:
    """httpx with the app for a transport: starlette's own client wants another httpx."""

    def __init__(self, settings: Settings) -> None:
        self.app = create_app(settings)

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1:8000"
            ) as client:
                return await client.request(method, url, **options)

        return asyncio.run(ask())

    def get(self, url: str, **options: Any) -> httpx.Response:
        return self.request("GET", url, **options)

    def search(self, body: dict[str, Any], **options: Any) -> httpx.Response:
        return self.request("POST", "/v1/collections/squares/search", json=body, **options)


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three coloured squares with a table that says where and when."""
    folder = tmp_path_factory.mktemp("photos")
    for name, colour in COLOURS.items():
        Image.new("RGB", (64, 48), colour).save(folder / f"{name}.jpg")
    (folder / "photos.csv").write_text(TABLE)
    return folder


@pytest.fixture(scope="session")
def squares(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> pl.Collection:
    """The squares, indexed."""
    path = tmp_path_factory.mktemp("collections") / "squares.pl"
    collection = pl.Collection.create(path, encoder=HashEncoder())
    report = collection.add(pl.read_photos(photos), workers=0)
    assert report.n_added == 3
    return collection


@pytest.fixture(scope="session")
def client(squares: pl.Collection) -> Client:
    """A client of a server of the squares, bound to this machine only."""
    return Client(Settings(collections={"squares": squares}))


@pytest.fixture(scope="session")
def ids(squares: pl.Collection) -> dict[str, str]:
    """Ids by colour."""
    return {Path(item.image or "").stem: item.id for item in squares.items()}


@pytest.fixture(scope="session")
def make_client(squares: pl.Collection) -> Callable[..., Client]:
    """A client of a server of the squares with other settings."""
    return lambda **options: Client(Settings(**{"collections": {"squares": squares}, **options}))


@pytest.fixture
def collection(tiny_collection: Path) -> pl.Collection:
    """One of this test alone, to be changed."""
    return pl.Collection.open(tiny_collection, encoder=HashEncoder())


@pytest.fixture
def server(make_client: Callable[..., Client], collection: pl.Collection, tmp_path: Path) -> Client:
    """A server that writes; its tokens are in a file of its own."""
    return make_client(
        collections={"tiny": collection},
        write=True,
        run_token=RUN,
        token_file=tmp_path / "tokens.json",
    )
