"""Fixtures that every test may use."""

import csv
import os
import shutil
from pathlib import Path

import pytest

from placelens.testing.fakes import HashEncoder

REPO = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real data, named by PLACELENS_DATA or lying beside the repository."""
    folder = Path(os.environ.get("PLACELENS_DATA", REPO.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("real data not at hand: set PLACELENS_DATA")
    return folder


@pytest.fixture(scope="session")
def repo() -> Path:
    """Root of the repository."""
    return REPO


# Six photos of one colour each: what a fake encoder can tell apart, at places people know.
TINY_PHOTOS = (
    ("prague", "red", 50.087, 14.421, "Praha", 5),
    ("brno", "green", 49.195, 16.608, "Brno", 4),
    ("lyon", "blue", 45.764, 4.836, "Lyon", 3),
    ("sydney", "yellow", -33.860, 151.210, "Sydney", 2),
    ("suva", "white", -18.141, 178.442, "Suva", 1),
    ("nowhere", "black", None, None, None, None),
)


@pytest.fixture(scope="session")
def tiny_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of six PNG photos, a table that says where they are, and one broken photo."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("tiny") / "photos"
    folder.mkdir()
    with (folder / "photos.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("id", "image", "lat", "lon", "city", "rating"))
        for name, colour, *facts in TINY_PHOTOS:
            Image.new("RGB", (64, 48), colour).save(folder / f"{name}.png")
            writer.writerow((name, f"{name}.png", *facts))
    (folder / "broken.jpg").write_bytes(b"not a picture")
    return folder


@pytest.fixture(scope="session")
def tiny_source(tiny_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The six photos as a collection with the encoder ``hash``; not to be written to."""
    from placelens.collection import Collection
    from placelens.readers.discover import read_photos

    path = tmp_path_factory.mktemp("tiny") / "tiny.pl"
    Collection.create(path, encoder=HashEncoder()).add(read_photos(tiny_photos), workers=0)
    return path


@pytest.fixture
def tiny_collection(tiny_source: Path, tmp_path: Path) -> Path:
    """A copy of that collection, to do with as one likes."""
    return Path(shutil.copytree(tiny_source, tmp_path / "tiny.pl"))
