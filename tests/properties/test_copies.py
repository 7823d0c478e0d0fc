"""Whatever happened to the copies of photos, a collection says what a fresh import would say."""

import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

import placelens as pl
from placelens.ingest.known import Known
from placelens.testing.fakes import HashEncoder

FOLDERS = ["a", "b", "c"]
NAMES = ["x.png", "IMG_20190623_101112.png"]
COLOURS = ["red", "red", "red", "green"]  # mostly copies of one
XMP = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    'xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'exif:GPSLatitude="{n}.5" exif:GPSLongitude="{n}.25" dc:description="text {n}"/></rdf:RDF>'
)

files = st.builds(Path, st.sampled_from(FOLDERS), st.sampled_from(NAMES))
words = st.integers(0, 5)
# Each step is an index of some folders after a change of one file.
changes = st.one_of(
    st.tuples(st.just("put"), files, st.tuples(st.sampled_from(COLOURS), words)),
    st.tuples(st.just("say"), files, words),
    st.tuples(st.just("delete"), files, st.none()),
    st.tuples(st.just("move alone"), files, files),
    st.tuples(st.just("move"), files, files),
)
runs = st.tuples(st.lists(st.sampled_from(FOLDERS), max_size=3), st.booleans())


def beside(file: Path) -> list[Path]:
    return [file.with_name(f"{file.name}.json"), file.with_name(f"{file.name}.xmp")]


def say(file: Path, n: int) -> None:
    """Describe a photo by a Takeout JSON (1 to 3), by a sidecar (4, 5), or not at all (0)."""
    takeout, xmp = beside(file)
    for sidecar in (takeout, xmp):
        sidecar.unlink(missing_ok=True)
    if n > 3:
        xmp.write_text(XMP.format(n=n))
    elif n:
        record = {"geoData": {"latitude": n, "longitude": n}, "description": f"text {n}"}
        if n != 2:
            record["photoTakenTime"] = {"timestamp": f"122469291{n}"}
        takeout.write_text(json.dumps(record))


def change(root: Path, kind: str, name: Path, value: Any) -> None:
    file = root / name
    if kind == "put":
        Image.new("RGB", (24, 24), value[0]).save(file)
        say(file, value[1])
    elif kind == "say":
        say(file, value)
    elif kind == "delete":
        file.unlink(missing_ok=True)
    elif file.exists() and value != name:
        whole = [file, *beside(file)] if kind == "move" else [file]
        for old, new in zip(whole, [root / value, *beside(root / value)], strict=False):
            if old.exists():
                shutil.move(old, new)


def add(collection: pl.Collection, paths: Iterable[Path], *, prune: bool) -> None:
    collection.add(pl.read_photos(list(paths)), workers=0, prune=prune)


def said(collection: pl.Collection) -> dict[frozenset[str], tuple[object, ...]]:
    """What is said of each item, by the files that it has."""
    files = {row.id: frozenset(row.stamps) for row in Known.load(collection._table).rows.values()}
    return {
        files[item.id]: (item.place, item.place_source, item.time, item.text, item.attributes)
        for item in collection.items()
    }


def put(name: str, n: int) -> tuple[str, Path, tuple[str, int]]:
    return "put", Path(name), ("red", n)


@given(st.lists(st.tuples(changes, runs), min_size=1, max_size=10))
@example([(put("a/x.png", 0), (["a"], False)), (put("b/x.png", 1), (["b"], False)),
          (("delete", Path("a/x.png"), None), ([], False))])  # fmt: skip
@example([(put("a/x.png", 1), (["a"], False)), (put("b/x.png", 3), (["b"], False))])
@example([(("put", Path("b/x.png"), ("green", 0)), (["b"], False)),
          (("put", Path("a/x.png"), ("green", 0)), ([], False)),
          (put("b/x.png", 0), ([], False))])  # fmt: skip
@settings(max_examples=60)
def test_a_collection_says_what_a_fresh_import_would(history):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "photos"
        for name in FOLDERS:
            (root / name).mkdir(parents=True)
        collection = pl.Collection.create(Path(folder) / "kept.pl", encoder=HashEncoder())
        for what, (folders, prune) in history:
            change(root, *what)
            add(collection, [root / one for one in folders], prune=prune)
        # Something must be there for a run to drop what is gone.
        change(root, "put", Path("a/always.png"), ("blue", 0))
        add(collection, [root], prune=True)
        fresh = pl.Collection.create(Path(folder) / "fresh.pl", encoder=HashEncoder())
        add(fresh, [root], prune=False)
        assert said(collection) == said(fresh)
