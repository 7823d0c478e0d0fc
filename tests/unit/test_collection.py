"""A collection's life: created whole, opened lightly, changed item by item, taken back."""

import datetime
import json

import numpy as np
import pytest
from PIL import Image

import placelens as pl
from placelens.testing.fakes import HashEncoder


@pytest.fixture
def collection(tmp_path):
    return pl.Collection.create(tmp_path / "c.pl", encoder=HashEncoder())


@pytest.fixture
def texts(collection):
    words = ["a red boat", "a green hill"]
    collection.add_vectors(
        ["boat", "hill"],
        HashEncoder().encode_texts(words),
        text=words,
        modality="text",
        lat=[10, None],
        lon=[179.5, None],
        time=[datetime.datetime(2019, 5, 1), None],
        attributes=[{"rating": 3, "city": "Suva"}, {"rating": 5}],
    )
    return collection


def test_create_refuses_what_exists(tmp_path, collection):
    with pytest.raises(pl.CollectionExistsError, match="exists already"):
        pl.Collection.create(collection.path, dim=3)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["c.pl"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"encoder": "lite", "dim": 3}, "not both"),
        ({"dim": 0}, "dim = 0"),
        ({"dim": 3, "space": "torus"}, "space 'torus'"),
        ({"dim": 3, "modalities": ("sound",)}, "must be different ones of"),
    ],
)
def test_create_names_what_is_wrong(tmp_path, arguments, message):
    with pytest.raises(pl.InputError, match=message):
        pl.Collection.create(tmp_path / "c.pl", **arguments)
    assert not (tmp_path / "c.pl").exists()


def test_open_says_how_to_make_one(tmp_path):
    with pytest.raises(pl.CollectionNotFoundError, match="placelens index"):
        pl.Collection.open(tmp_path / "none.pl")
    (tmp_path / "folder").mkdir()
    with pytest.raises(pl.CollectionNotFoundError, match="is not a placelens collection"):
        pl.Collection.open(tmp_path / "folder")


def test_a_newer_format_is_refused_and_left_alone(collection):
    file = collection.path / "manifest.json"
    manifest = json.loads(file.read_text()) | {"format_version": 3}
    file.write_text(json.dumps(manifest))
    with pytest.raises(pl.FormatVersionError, match=r"format version 3.*install a newer"):
        pl.Collection.open(collection.path)
    assert json.loads(file.read_text()) == manifest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "zip"}, "not the manifest"),
        ({"extra": 1}, "missing or unknown: extra"),
        ({"next_id": -1}, "next_id -1"),
        ({"space": "torus"}, "space 'torus'"),
        ({"features": ["smell"]}, "'smell' is not a feature"),
    ],
)
def test_a_manifest_is_parsed_strictly(collection, change, message):
    file = collection.path / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    (collection.path / "checksums.txt").unlink()  # which would say no more than that it changed
    with pytest.raises(pl.CollectionError, match=message):
        pl.Collection.open(collection.path)


def test_a_torn_manifest_is_named(collection):
    (collection.path / "manifest.json").write_text('{"format":')
    with pytest.raises(pl.CollectionError, match=r"manifest\.json cannot be read"):
        pl.Collection.open(collection.path)


def test_another_encoder_is_refused(collection):
    class Other(HashEncoder):
        def __init__(self):
            super().__init__()
            self.fingerprint = "other-v1"

    with pytest.raises(pl.EncoderMismatchError, match=r"hash-v1:64.*other-v1"):
        pl.Collection.open(collection.path, encoder=Other())
    with pytest.raises(pl.EncoderMismatchError):
        pl.Collection.open(collection.path, encoder=HashEncoder(dim=32))


def test_items_come_back_as_they_went_in(texts):
    boat = texts.get("boat")
    assert boat.place == pl.Place(lat=10, lon=179.5)
    assert boat.time == datetime.datetime(2019, 5, 1)
    assert dict(boat.attributes) == {"rating": 3, "city": "Suva"}
    assert texts.get("hill").place is None
    with pytest.raises(pl.ItemNotFoundError, match="no item with id 'sea'"):
        texts.get("sea")


def test_a_new_text_is_encoded_anew(texts):
    assert texts.search("blue", k=1, modality="text")[0].score < 0.5
    texts.update("hill", text="a blue bay")
    top = texts.search("blue bay a", k=1, modality="text")[0]
    assert (top.id, top.item.text) == ("hill", "a blue bay")
    assert top.terms[0].cosine == pytest.approx(1, abs=1e-6)
    texts.update("hill", text=None)
    assert [hit.id for hit in texts.search("blue", modality="text")] == ["boat"]


def test_update_merges_attributes_and_moves(texts):
    before = texts.search(near="10,179.5", k=1)[0].id
    item = texts.update(
        "hill",
        attributes={"rating": None, "name": "Hill"},
        place=pl.Place(lat=10, lon=-179.5),
        time=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
    )
    assert before == "boat"
    assert dict(item.attributes) == {"name": "Hill"}
    assert (item.place_source, item.time.utcoffset()) == ("given", datetime.timedelta(0))
    # One degree of longitude over the antimeridian, at 10 degrees north: 109.5 km.
    distances = {h.id: h.distance_m for h in texts.search(near="10,179.5")}
    assert distances["hill"] == pytest.approx(109_500, rel=1e-3)
    with pytest.raises(pl.InputError, match="does not lie on the collection's sphere"):
        texts.update("hill", place=pl.Place(x=1, y=2))


def test_delete_counts_what_was_there(texts):
    assert texts.delete(["boat", "nobody"]) == 1
    assert texts.delete("boat") == 0
    assert [item.id for item in texts.items()] == ["hill"]


def test_snapshots_keep_a_state_through_compaction(texts):
    texts.snapshot("before")
    texts.delete(["boat"])
    texts.compact(keep=datetime.timedelta(0))
    assert texts.snapshots().keys() == {"before"}
    texts.restore("before")
    assert {item.id for item in texts.items()} == {"boat", "hill"}
    with pytest.raises(pl.CollectionExistsError, match="'before' exists already"):
        texts.snapshot("before")
    with pytest.raises(pl.CollectionError, match="no snapshot 'after'; there are: before"):
        texts.restore("after")
    with pytest.raises(pl.CollectionError, match="letters, digits"):
        texts.snapshot("../escape")
    texts.drop_snapshot("before")
    assert texts.snapshots() == {}


def test_compaction_frees_what_was_deleted(tmp_path):
    made = pl.Collection.create(tmp_path / "c.pl", dim=256)
    rng = np.random.default_rng(0)
    for part in range(4):
        made.add_vectors([f"{part}-{i}" for i in range(200)], rng.normal(size=(200, 256)))
    made.delete([f"0-{i}" for i in range(200)])
    before = made.stats().size_bytes
    freed = made.compact(keep=datetime.timedelta(0))
    after = made.stats().size_bytes
    assert freed > 0
    assert after < 0.85 * before  # a quarter of the vectors, and four fragments' overhead
    assert len(made) == 600


def test_stats(texts):
    stats = texts.stats()
    assert (stats.n_items, stats.n_texts, stats.n_images) == (2, 2, 0)
    assert (stats.n_located, stats.n_with_time) == (1, 1)
    assert stats.bounds == (179.5, 10.0, 179.5, 10.0)
    assert stats.attributes == {"rating": 2, "city": 1}
    json.dumps(stats.to_dict())
    texts.update("hill", place=pl.Place(lat=-5, lon=-170))
    # Over the antimeridian: ten and a half degrees wide and not 350.
    assert texts.stats().bounds == (179.5, -5.0, -170.0, 10.0)


def test_a_thumbnail_is_a_small_jpeg(collection, tmp_path):
    Image.new("RGB", (400, 100), (220, 30, 30)).save(tmp_path / "wide.png")
    collection.add(pl.read_photos(tmp_path / "wide.png"))
    item = next(collection.items())
    assert collection.thumbnail(item.id)[:2] == b"\xff\xd8"
    assert (item.width, item.height) == (400, 100)


def test_a_vector_of_the_wrong_modality_is_an_error(texts):
    with pytest.raises(pl.ItemNotFoundError, match="no vector for image"):
        texts.vector("boat", "image")


def test_it_is_a_mapping_of_ids_to_items(texts):
    assert "boat" in texts
    assert "ship" not in texts
    assert 5 not in texts
    assert texts["boat"] == texts.get("boat")
    assert list(texts) == ["boat", "hill"]
    with pytest.raises(pl.ItemNotFoundError, match="no item with id 'ship'") as caught:
        texts["ship"]
    assert isinstance(caught.value, KeyError)  # as of any mapping, and with no quotes around it
    assert str(caught.value).startswith(str(texts.path))


def test_a_with_block_closes_it_and_it_opens_again(texts):
    with pl.Collection.open(texts.path, encoder=HashEncoder()) as opened:
        assert len(opened) == 2
        opened.update("boat", attributes={"rating": 4})
    assert opened.get("boat").attributes["rating"] == 4


def test_the_attributes_there_are(texts):
    assert texts.attribute_names() == ["rating", "city", "folder", "file"]
    assert texts.mistyped({"ciy": "Suva"}) == [
        "no item has an attribute 'ciy'; did you mean 'city'?"
    ]


def test_many_searches_answer_as_one_by_one(texts):
    queries = [
        "a red boat",
        {"query": "a green hill", "k": 1},
        {"near": "10,179", "query": None},
        {"where": {"rating": 5}},
        {"vector": texts.vector("hill", "text")},
        "a red boat",
    ]
    many = texts.search_many(queries, parse=False, k=2)
    for query, hits in zip(queries, many, strict=True):
        asked = {"parse": False, "k": 2} | (query if isinstance(query, dict) else {"query": query})
        one = texts.search(**asked)
        assert [(hit.id, hit.score, hit.terms) for hit in hits] == [
            (hit.id, hit.score, hit.terms) for hit in one
        ]
        assert hits.query == one.query
        assert hits.cursor == one.cursor
    assert texts.search_many([]) == []


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ("one", "takes a list of queries"),
        ({"query": "one"}, "takes a list of queries"),
        (None, "takes a list of queries"),
        ([5], "a query is a int; give a text, or a mapping"),
        ([{"qurey": "x"}], "search has no argument 'qurey'; it takes query, image"),
        (["fine", {"query": "x", "mu": 7}], "mu = 7"),
    ],
)
def test_many_searches_name_what_is_wrong(texts, queries, message):
    with pytest.raises(pl.QueryError, match=message):
        texts.search_many(queries)
    with pytest.raises(pl.QueryError, match="search has no argument 'kk'"):
        texts.search_many(["a"], kk=1)


def test_many_searches_share_a_tree(tmp_path):
    rng = np.random.default_rng(0)
    made = pl.Collection.create(tmp_path / "tree.pl", dim=8)
    made.add_vectors([str(n) for n in range(300)], rng.normal(size=(300, 8)))
    queries = [{"vector": vector, "engine": "gmrtree"} for vector in rng.normal(size=(20, 8))]
    for query, hits in zip(queries, made.search_many(queries, k=5), strict=True):
        assert [(h.id, h.score) for h in hits] == [
            (h.id, h.score) for h in made.search(**query, k=5)
        ]


def test_a_place_may_be_set_with_its_radius_and_source(tmp_path):
    collection = pl.Collection.create(tmp_path / "c.pl", dim=2)
    collection.add_vectors(["a"], [[1, 0]], lat=[1], lon=[2], place_radius_m=[12.25])
    assert collection.get("a").place_radius_m == 12.25
    place = pl.Place(lat=3, lon=4)
    item = collection.update("a", place=place, place_radius_m=100, place_source="estimated")
    assert (item.place, item.place_source, item.place_radius_m) == (place, "estimated", 100)
    item = collection.update("a", place=place)
    assert (item.place_source, item.place_radius_m) == ("given", None)
    item = collection.update("a", place=None)
    assert (item.place, item.place_source, item.place_radius_m) == (None, None, None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"place": pl.Place(lat=1, lon=2), "place_radius_m": -1}, "place_radius_m -1 is not in"),
        ({"place": pl.Place(lat=1, lon=2), "place_source": "felt"}, "place_source 'felt' is not"),
        ({"place_radius_m": 5}, "place_radius_m 5 is of a place"),
    ],
)
def test_a_radius_or_source_that_is_none_is_named(tmp_path, changes, message):
    collection = pl.Collection.create(tmp_path / "c.pl", dim=2)
    collection.add_vectors(["a"], [[1, 0]])
    with pytest.raises(pl.InputError, match=message):
        collection.update("a", **changes)


@pytest.mark.parametrize("radius", [-1.0, float("inf"), 3e7])
def test_a_radius_of_a_row_that_is_none_is_named(tmp_path, radius):
    collection = pl.Collection.create(tmp_path / "c.pl", dim=2)
    with pytest.raises(pl.CoordinateError, match="row 1: place_radius_m"):
        collection.add_vectors(["a", "b"], [[1, 0], [0, 1]], place_radius_m=[None, radius])


def test_items_by_id_come_in_their_order_each_once(texts):
    assert [item.id for item in texts.items(ids=["hill", "boat", "hill"])] == ["hill", "boat"]
    assert [item.id for item in texts.items(ids=iter(["hill", "boat"]), sort="time")] == [
        "boat",
        "hill",
    ]
    assert [item.id for item in texts.items(ids=["hill", "boat"], located_only=True)] == ["boat"]
    assert [item.id for item in texts.items(ids="hill")] == ["hill"]
    assert list(texts.items(ids=[])) == []
    assert [item.id for item in texts.items(ids=["hill", "boat"], batch_size=1)] == ["hill", "boat"]


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["boat", "ship"], "no item with id 'ship', of 2 asked for"),
        ([f"ship {n}" for n in range(1000)], "'ship 4' and 995 more, of 1,000 asked for"),
        ([5], "the id 5 is not a text"),
        (["\ud800"], "half a character"),
        (7, "neither a text nor a list"),
    ],
)
def test_items_by_id_names_what_is_not_there(texts, ids, message):
    with pytest.raises((pl.ItemNotFoundError, pl.InputError), match=message):
        texts.items(ids=ids)


def test_items_by_id_of_nothing(collection):
    with pytest.raises(pl.ItemNotFoundError, match="'a', of 1 asked for"):
        collection.items(ids=["a"])


def test_items_by_id_after_changes(texts):
    """Rows move when items go and come; ids are those of the version at hand."""
    texts.delete("boat")
    texts.add_vectors(["tram"], HashEncoder().encode_texts(["tram"]), modality="text")
    assert [item.id for item in texts.items(ids=["tram", "hill"])] == ["tram", "hill"]
    with pytest.raises(pl.ItemNotFoundError, match="'boat'"):
        texts.items(ids=["boat"])


def test_export_writes_what_is_named_and_passes(texts, tmp_path):
    report = texts.export(tmp_path / "a.jsonl", ids=["hill", "boat"], where={"rating": 5})
    assert (report.n_written, report.path) == (1, tmp_path / "a.jsonl")
    assert json.loads((tmp_path / "a.jsonl").read_text())["id"] == "hill"
    with pytest.raises(pl.InputError, match="exists already"):
        texts.export(tmp_path / "a.jsonl")
    assert texts.export(tmp_path / "a.jsonl", force=True).n_written == 2
    with pytest.raises(pl.ItemNotFoundError):
        texts.export(tmp_path / "b.csv", ids=["no such"])
    assert not (tmp_path / "b.csv").exists()


def test_files_are_known_by_paths_of_the_working_folder_too(tmp_path, collection, monkeypatch):
    (tmp_path / "photos").mkdir()
    for name in ("sea.png", "copy.png"):
        Image.new("RGB", (8, 8), (0, 0, 200)).save(tmp_path / "photos" / name)
    monkeypatch.chdir(tmp_path)
    collection.add(pl.read_photos("photos"))
    (item,) = collection
    monkeypatch.chdir(tmp_path / "photos")
    whole, relative = str(tmp_path / "photos" / "sea.png"), "../photos/copy.png"
    found = collection.ids_of([whole, relative, "sea.png", "photos/sea.png", "none.png"])
    assert found == {whole: item, relative: item, "sea.png": item}
    assert collection.ids_of("./sea.png") == {"./sea.png": item}
    assert collection.ids_of([]) == {}
