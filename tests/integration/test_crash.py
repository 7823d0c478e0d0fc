"""kill -9 at random moments of an import: the collection opens and holds a prefix of the work."""

import random
import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

import placelens as pl
from placelens.testing.fakes import HashEncoder

KILLS = 20
PHOTOS = 300

# Small commits, so that many of the kills hit one; decoding in this process keeps the start short.
CHILD = """
import sys
import placelens as pl
from placelens.ingest import pipeline
from placelens.testing.fakes import HashEncoder
pipeline.COMMIT_ROWS = 32
collection = pl.Collection.open(sys.argv[1], encoder=HashEncoder())
print("ready", flush=True)
collection.add(
    pl.read_photos(sys.argv[2]), workers=0, progress=lambda at: print(at.n_done, flush=True)
)
print("done", flush=True)
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    rng = random.Random(1)
    for i in range(PHOTOS):
        colour = tuple(rng.randrange(256) for _ in range(3))
        Image.new("RGB", (300, 200), colour).save(folder / f"{i:04}.jpg")
    return folder


def start(path, photos):
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), str(photos)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "ready\n"
    return child


@pytest.mark.slow
def test_kill_9_at_random_moments(tmp_path, photos):
    path = tmp_path / "c.pl"
    pl.Collection.create(path, encoder=HashEncoder())
    files = [source.key for source in pl.read_photos(photos)]
    rng = random.Random(2)
    sizes = [0]
    for _ in range(KILLS):
        child = start(path, photos)
        # After one, two or three batches, the first of which are those before any is done; and
        # then somewhere in the next one, which takes some hundredths of a second.
        for _ in range(rng.randint(1, 3)):
            child.stdout.readline()
        time.sleep(rng.uniform(0, 0.05))
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        collection = pl.Collection.open(path, encoder=HashEncoder())
        items = list(collection.items())
        assert [item.image for item in items] == files[: len(items)]
        for item in items[sizes[-1] :]:
            assert collection.thumbnail(item.id)
            assert collection.vector(item.id).shape == (64,)
        assert len(items) >= sizes[-1]
        sizes.append(len(items))
    assert len(set(sizes)) > 2, f"all kills came too early or too late: {sizes}"

    report = collection.add(pl.read_photos(photos))
    assert report.n_unchanged == sizes[-1]
    assert [item.image for item in collection.items()] == files
    collection.compact()
    assert len(collection) == PHOTOS
