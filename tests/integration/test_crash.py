"""kill -9 at random moments of an import, or while all vectors are made anew by another encoder.

The collection opens, holds a prefix of the imports, or answers as before, and goes on from there.
"""

import random
import subprocess
import sys
import time

import pytest
from PIL import Image
from tests.effort import RUNS

import placelens as pl
from placelens.testing.fakes import HashEncoder

KILLS = 3 if RUNS == 1 else 6 * RUNS
PHOTOS = 300
BATCH = 8

# Small commits, so that many of the kills hit one; decoding in this process keeps the start short.
# The import tells of each step and waits at the one that it is told to: however slow the machine
# or late the kill, it never gets beyond.
CHILD = f"""
import signal, sys
from placelens.cli.startup import leave_pandas_aside
leave_pandas_aside()  # the import needs none, and would wait for it
import placelens as pl
from placelens.ingest import pipeline
from placelens.testing.fakes import HashEncoder
pipeline.COMMIT_ROWS = pipeline.ENCODE_BATCH = {BATCH}
steps_left = int(sys.argv[3])
def told(at):
    global steps_left
    print(at.n_done, flush=True)
    steps_left -= 1
    if not steps_left:
        signal.pause()
collection = pl.Collection.open(sys.argv[1], encoder=HashEncoder())
collection.add(pl.read_photos(sys.argv[2]), workers=0, progress=told)
"""


# The same of vectors that are made anew: what was told of is beside the table already.
REENCODING = f"""
import signal, sys
import placelens as pl
from placelens.ingest import reencode
from placelens.testing.fakes import HashEncoder
reencode.STAGED_ROWS = {BATCH}
stop_at = int(sys.argv[3])
def told(at):
    print(at.n_done, at.n_unchanged, flush=True)
    if at.n_done == stop_at:
        signal.pause()
collection = pl.Collection.open(sys.argv[1])
collection.reencode(HashEncoder(48, version=2), workers=0, progress=told)
"""


# Searches saved one after the other, each in place of the one before; told of when it is kept.
SAVING = """
import itertools, sys
import placelens as pl
collection = pl.Collection.open(sys.argv[1])
for number in itertools.count(int(sys.argv[2])):
    collection.save_search("mine", f"search {number}")
    print(number, flush=True)
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    rng = random.Random(1)
    for i in range(PHOTOS):
        colour = tuple(rng.randrange(256) for _ in range(3))
        Image.new("RGB", (300, 200), colour).save(folder / f"{i:04}.jpg")
    return folder


def kill_an_import(path, photos, *, steps, after_s):
    """Start an import, and kill it so many seconds after the step; it goes one step further."""
    child = [sys.executable, "-c", CHILD, str(path), str(photos), str(steps + 1)]
    with subprocess.Popen(child, stdout=subprocess.PIPE, text=True) as process:
        for step in range(steps):
            assert process.stdout.readline() == f"{BATCH * step}\n"
        time.sleep(after_s)
        process.kill()


@pytest.mark.slow
@pytest.mark.repeated
@pytest.mark.skipif(sys.platform == "win32", reason="waits for a signal, and is killed by one")
def test_kill_9_at_random_moments(tmp_path, photos):
    files = [source.key for source in pl.read_photos(photos)]
    rng = random.Random(2)
    kept = PHOTOS
    for number in range(KILLS):
        if PHOTOS - kept < 4 * BATCH:
            path, kept = tmp_path / f"{number}.pl", 0
            pl.Collection.create(path, encoder=HashEncoder())
        # Step 1 comes before any work and each later one after a batch; the batch of the step
        # before has been committed then. The kill falls into what comes after, or into the wait.
        steps = rng.randint(1, 3)
        kill_an_import(path, photos, steps=steps, after_s=rng.uniform(0, 0.05))
        collection = pl.Collection.open(path, encoder=HashEncoder())
        items = list(collection.items())
        assert [item.image for item in items] == files[: len(items)]
        for item in items[kept:]:
            assert collection.thumbnail(item.id)
            assert collection.vector(item.id).shape == (64,)
        assert BATCH * max(0, steps - 2) <= len(items) - kept <= BATCH * (steps - 1)
        kept = len(items)

    report = collection.add(pl.read_photos(photos))
    assert report.n_unchanged == kept
    assert [item.image for item in collection.items()] == files
    collection.compact()
    assert len(collection) == PHOTOS


@pytest.mark.repeated
@pytest.mark.skipif(sys.platform == "win32", reason="is killed by a signal")
def test_kill_9_while_searches_are_saved(tmp_path):
    rng = random.Random(3)
    path = tmp_path / "c.pl"
    collection = pl.Collection.create(path, dim=2)
    number = 0
    for _ in range(KILLS):
        child = [sys.executable, "-c", SAVING, str(path), str(number + 1)]
        with subprocess.Popen(child, stdout=subprocess.PIPE, text=True) as process:
            for told in range(number + 1, number + 1 + rng.randint(1, 4)):
                assert process.stdout.readline() == f"{told}\n"
            time.sleep(rng.uniform(0, 0.02))
            process.kill()
            rest = process.stdout.read().split()
        told = int(rest[-1]) if rest else told
        (name,) = collection.saved_searches
        number = int(collection.saved_searches[name]["query"].removeprefix("search "))
        # What was told of is there; what was not yet may be.
        assert number in (told, told + 1)
        assert pl.Collection.check(path).is_sound
    collection.save_search("other", "one more")
    assert list(pl.Collection.open(path).saved_searches) == ["mine", "other"]


def all_of(collection):
    """What is stored of the items, vectors included, in the table's order."""
    return collection._table.dataset.to_table().to_pylist()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="waits for a signal, and is killed by one")
def test_kill_9_while_vectors_are_made_anew(tmp_path, photos):
    path, newer = tmp_path / "photos.pl", HashEncoder(48, version=2)
    collection = pl.Collection.create(path, encoder=HashEncoder())
    collection.add(pl.read_photos(photos), workers=0)
    before, hits = all_of(collection), [(hit.id, hit.score) for hit in collection.search("red")]
    n_done = 0
    for n_batches in (1, 0, 3, 12):
        stop_at = BATCH * n_batches
        child = [sys.executable, "-c", REENCODING, str(path), str(photos), str(stop_at)]
        with subprocess.Popen(child, stdout=subprocess.PIPE, text=True) as process:
            for step in range(n_batches + 1):
                assert process.stdout.readline() == f"{BATCH * step} {n_done}\n"
            process.kill()
        n_done += stop_at
        reader = pl.Collection.open(path, encoder=HashEncoder())
        assert all_of(reader) == before
        assert [(hit.id, hit.score) for hit in reader.search("red")] == hits
        assert reader.reencode(newer, dry_run=True).n_resumed == n_done

    report = collection.reencode(newer, workers=0)
    assert (report.n_resumed, report.n_images) == (n_done, PHOTOS)
    fresh = pl.Collection.create(tmp_path / "fresh.pl", encoder=newer)
    fresh.add(pl.read_photos(photos), workers=0)
    assert all_of(collection) == all_of(fresh)
    assert not collection.reencode(newer, workers=0).is_needed
