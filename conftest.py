"""What holds for all tests and doctests: threads of BLAS, and what doctests start from."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

# The threads of BLAS and OpenMP go on spinning for a while after each product. Beside a second
# process of tests, or anything else that is busy, they take the processors from the very thread
# that they wait for: products of a few numbers each then last ten times as long, or more. Read
# when NumPy is imported, so set here, before; who sets them sets them for the tests as well.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

_NEED_TORCH = {
    "src/placelens/training": ("backbone", "class_head", "finetune", "quantization", "towers"),
    "benchmarks/src/placelens_bench/mcqi/model": ("kept", "learn", "mil", "networks", "scores"),
}

collect_ignore = (
    []
    if find_spec("torch") and find_spec("onnx")
    else [f"{folder}/{name}.py" for folder, names in _NEED_TORCH.items() for name in names]
)

# Where `photos` stands in the examples; its own docstring tells what it holds.
_WITH_PHOTOS = ("placelens.collection.", "placelens.results.")
_PHOTOS = """id,image,lat,lon,time,city,rating
red,red.png,50.09,14.42,2019-06-01,Praha,5
green,green.png,49.20,16.61,2020-05-01,Brno,4
blue,blue.png,45.76,4.84,2021-07-14,Lyon,3
black,black.png,,,,,
"""


@pytest.fixture(scope="session")
def _example_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four pictures of one colour each, a table that tells of them, and a collection of them."""
    from PIL import Image

    from placelens import Collection, read_photos
    from placelens.testing.fakes import HashEncoder

    folder = tmp_path_factory.mktemp("examples") / "pictures"
    folder.mkdir()
    (folder / "photos.csv").write_text(_PHOTOS, encoding="utf-8")
    for colour in ("red", "green", "blue", "black"):
        Image.new("RGB", (32, 32), colour).save(folder / f"{colour}.png")
    made = Collection.create(folder.parent / "photos.pl", encoder=HashEncoder())
    made.add(read_photos(folder), workers=0)
    return folder


def _scenes(pictures: Path, folder: Path) -> Any:
    """The same pictures in a collection with class maps, and words for what they show."""
    from placelens import Collection, read_photos
    from placelens.testing.parts_encoder import PartsEncoder

    kept = ["class_map", "regions", "shown"]
    made = Collection.create(folder / "s.pl", encoder=PartsEncoder(), features=kept)
    made.add(read_photos(pictures), workers=0)
    return made


@pytest.fixture(autouse=True)
def _photos(request: pytest.FixtureRequest) -> None:
    """A collection of its own for each example of the classes that are about collections."""
    if not request.node.name.startswith(_WITH_PHOTOS):
        return
    from placelens import Collection
    from placelens.testing.fakes import HashEncoder

    pictures: Path = request.getfixturevalue("_example_pictures")
    folder: Path = request.getfixturevalue("tmp_path")
    names: dict[str, Any] = request.getfixturevalue("doctest_namespace")
    copy = shutil.copytree(pictures.parent / "photos.pl", folder / "photos.pl")
    names["photos"] = Collection.open(copy, encoder=HashEncoder())
    names["pictures"], names["folder"] = pictures, folder
    of_scenes = ("placelens.collection.painting.", "placelens.collection.showing.")
    if request.node.name.startswith(of_scenes):
        names["scenes"] = _scenes(pictures, folder)
    names["Collection"] = Collection
