"""Whatever happened to the copies of photos, a collection says what a fresh import would say."""

import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

import placelens as pl
from placelens.ingest.known import Known
from placelens.testing.fakes import HashEncoder

FOLDERS = ["a", "b", "c"]
NAMES = ["x.png", "y.png", "IMG_20190623_101112.png"]
COLOURS = ["red", "green"]
XMP = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    'xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'exif:GPSLatitude="{n}.5" exif:GPSLongitude="{n}.25" dc:description="text {n}"/></rdf:RDF>'
)

files = st.builds(Path, st.sampled_from(FOLDERS), st.sampled_from(NAMES))
operations = st.one_of(
    st.tuples(st.just("paint"), files, st.sampled_from(COLOURS)),
    st.tuples(st.just("json"), files, st.integers(1, 3)),
    st.tuples(st.just("xmp"), files, st.integers(4, 5)),
    st.tuples(st.just("bare"), files, st.none()),
    st.tuples(st.just("delete"), files, st.none()),
    st.tuples(st.just("move alone"), files, files),
    st.tuples(st.just("move"), files, files),
    st.tuples(st.just("index"), st.lists(st.sampled_from(FOLDERS), min_size=1), st.booleans()),
)


def beside(file: Path) -> list[Path]:
    return [file.with_name(f"{file.name}.json"), file.with_name(f"{file.name}.xmp")]


def change(root: Path, kind: str, name: Path, value: object) -> None:
    file = root / name
    takeout, xmp = beside(file)
    if kind == "paint":
        Image.new("RGB", (24, 24), str(value)).save(file)
    elif kind == "json":
        record = {
            "geoData": {"latitude": value, "longitude": value},
            "description": f"text {value}",
        }
        if value != 2:
            record["photoTakenTime"] = {"timestamp": f"122469291{value}"}
        takeout.write_text(json.dumps(record))
    elif kind == "xmp":
        xmp.write_text(XMP.format(n=value))
    elif kind == "bare":
        for sidecar in beside(file):
            sidecar.unlink(missing_ok=True)
    elif kind == "delete":
        file.unlink(missing_ok=True)
    elif file.exists() and isinstance(value, Path) and value != name:
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


@given(st.lists(operations, min_size=2, max_size=14))
@example([("paint", Path("a/x.png"), "red"), ("index", ["a"], False),
          ("paint", Path("b/x.png"), "red"), ("json", Path("b/x.png"), 1), ("index", ["b"], False),
          ("delete", Path("a/x.png"), None)])  # fmt: skip
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_a_collection_says_what_a_fresh_import_would(history):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "photos"
        for name in FOLDERS:
            (root / name).mkdir(parents=True)
        collection = pl.Collection.create(Path(folder) / "kept.pl", encoder=HashEncoder())
        for kind, name, value in history:
            if kind == "index":
                add(collection, [root / one for one in name], prune=value)
            else:
                change(root, kind, name, value)
        # Something must be there for a run to drop what is gone.
        change(root, "paint", Path("a/always.png"), "blue")
        add(collection, [root], prune=True)
        fresh = pl.Collection.create(Path(folder) / "fresh.pl", encoder=HashEncoder())
        add(fresh, [root], prune=False)
        assert said(collection) == said(fresh)
