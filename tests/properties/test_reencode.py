"""Whatever became of a collection before: made anew, it is as if it had been made so at first."""

import math
import shutil
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import placelens as pl
from placelens.testing.fakes import HashEncoder

COLOURS = ("red", "green", "blue", "grey", "pink", "white")
TEXTS = ("a red roof", "the blue sea", "", "snow on green hills")
HUBNESS = "image_hubness_number"
HUBS = ("a house", "a blue sky", "people")

# What a table says of items: a text, whether there is an image, a latitude.
rows = st.dictionaries(
    st.sampled_from(COLOURS),
    st.tuples(st.sampled_from(TEXTS), st.booleans(), st.integers(-80, 80)),
    max_size=len(COLOURS),
)
lives = st.lists(
    st.one_of(
        rows.map(lambda table: ("import", table)),
        st.sampled_from(COLOURS).map(lambda name: ("delete", name)),
        st.just(("compact", None)),
        st.sampled_from([(16, 1), (16, 2), (24, 2)]).map(lambda made: ("reencode", made)),
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for colour in COLOURS:
        Image.new("RGB", (24, 16), colour).save(folder / f"{colour}.png")
    return folder


def encoder(dim, version):
    return HashEncoder(dim, hub_texts=HUBS if version > 1 else (), version=version)


def imported(collection, pictures, table):
    lines = ["id,image,text,lat,lon"]
    for name, (text, has_image, lat) in sorted(table.items()):
        if has_image or text:
            lines.append(f"{name},{name}.png,{text},{lat},10" if has_image else f"{name},,{text},,")
    file = pictures / "table.csv"
    file.write_text("\n".join(lines))
    collection.add(pl.read_photos(file), workers=0, prune=True)


def all_of(collection):
    """All that is stored of the items, in the table's order, but for their hubness."""
    return collection._table.dataset.to_table().drop_columns([HUBNESS]).to_pylist()


def hubness_of(collection):
    """A product of matrices, whose last bits depend on how many items are in a batch."""
    stored = collection._table.dataset.to_table()[HUBNESS].to_pylist()
    return [math.nan if each is None else each for each in stored]


def answers(collection, asked):
    queries = [*asked, {"query": asked[0], "near": "40,12", "mu": 0.3}]
    found = collection.search_many(queries, hubs=False)
    return [[(hit.id, hit.score, hit.terms) for hit in hits] for hits in found]


@settings(max_examples=15)
@given(life=lives, last=st.sampled_from([(16, 3), (40, 2)]))
def test_it_is_as_if_made_so_from_the_first(tmp_path_factory, pictures, life, last):
    folder = tmp_path_factory.mktemp("life")
    collection = pl.Collection.create(folder / "c.pl", encoder=encoder(16, 1))
    fresh = pl.Collection.create(folder / "fresh.pl", encoder=encoder(*last))
    for step, value in life:
        if step == "reencode":
            collection.reencode(encoder(*value), workers=0)
            continue
        for each in (collection, fresh):
            if step == "import":
                imported(each, pictures, value)
            elif step == "delete":
                each.delete(value)
            else:
                each.compact(keep=timedelta(0))
    report = collection.reencode(encoder(*last), workers=0)
    assert (report.previews, report.left, report.n_items) == ((), (), len(collection))

    assert all_of(collection) == all_of(fresh)
    assert hubness_of(collection) == pytest.approx(hubness_of(fresh), abs=1e-6, nan_ok=True)
    assert collection.features == fresh.features
    assert answers(collection, TEXTS[:2]) == answers(fresh, TEXTS[:2])
    again = pl.Collection.open(collection.path, encoder=encoder(*last))
    assert answers(again, TEXTS[:2]) == answers(fresh, TEXTS[:2])
    shutil.rmtree(folder)
