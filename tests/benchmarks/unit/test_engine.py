"""The engine's benchmark: its data, its recall, its way to choose settings, and each method."""

import json

import numpy as np
import pytest

from placelens.errors import InputError, MissingExtraError, ReadError
from placelens.index.base import score_rows
from placelens.index.scan import Scan
from placelens.testing.fakes import HashEncoder
from placelens_bench.engine import registry, synthetic, truth, wikipedia, worker
from placelens_bench.engine.curves import sizes_for
from placelens_bench.engine.data import BATCH, TUNING, Data, box_around, in_box
from placelens_bench.engine.methods import base
from placelens_bench.engine.methods.numeric import Product
from placelens_bench.engine.plots import draw
from placelens_bench.engine.run import Settings, _child
from placelens_bench.engine.workloads import WORKLOADS, K, task_of

ITEMS, DIM, QUERIES = 2000, 16, 10


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    pytest.importorskip("reverse_geocoder")
    made = synthetic.make(tmp_path_factory.mktemp("work"), items=ITEMS, dim=DIM, queries=QUERIES)
    scan = Scan(made.corpus(made.vectors))
    for workload in WORKLOADS.values():
        truth.find(made, workload, scan.top_k)
    return made


def test_made_data_is_seeded_and_of_the_sizes_asked_for(data, tmp_path):
    again = synthetic.make(tmp_path, items=ITEMS, dim=DIM, queries=QUERIES)
    np.testing.assert_array_equal(data.vectors, again.vectors)
    np.testing.assert_array_equal(data.lat, again.lat)
    np.testing.assert_array_equal(data.queries[3].vector, again.queries[3].vector)
    assert data.vectors.shape == (ITEMS, DIM)
    assert data.vectors.dtype == np.float32
    assert (len(data.tuning), len(data.queries), len(data.batch)) == (TUNING, QUERIES, BATCH)
    np.testing.assert_allclose(np.linalg.norm(data.vectors, axis=1), 1.0, atol=1e-6)
    queries = np.array([query.vector for query in data.queries])
    np.testing.assert_allclose(np.linalg.norm(queries, axis=1), 1.0, atol=1e-6)
    assert np.abs(data.lat).max() <= 90
    assert np.abs(data.lon).max() <= 180


def test_more_items_leave_the_first_as_they_are(data, tmp_path):
    fewer = synthetic.make(tmp_path, items=500, dim=DIM, queries=QUERIES)
    np.testing.assert_array_equal(fewer.vectors, data.vectors[:500])
    np.testing.assert_array_equal(fewer.lat, data.lat[:500])
    np.testing.assert_array_equal(fewer.lon, data.lon[:500])
    first = Data(data.folder, 500)
    np.testing.assert_array_equal(first.read_vectors(), fewer.vectors)


def test_a_batch_begins_with_the_reported_queries_and_goes_on_elsewhere(data):
    for asked, query in zip(data.batch, data.queries, strict=False):
        np.testing.assert_array_equal(asked.vector, query.vector)
        assert asked[1:3] == query[1:3]
    later = data.batch[QUERIES]
    np.testing.assert_array_equal(later.vector, data.queries[0].vector)
    assert later.lat != data.queries[0].lat


def test_boxes_hold_one_percent(data):
    for query in data.queries:
        assert np.count_nonzero(in_box(data.lat, data.lon, query.box)) == ITEMS // 100


@pytest.mark.parametrize("at", [(89.9, 10.0), (0.0, 179.9), (-89.9, -179.9), (10.0, 0.0)])
def test_a_box_ends_at_the_poles_and_the_antimeridian(at):
    rng = np.random.default_rng(0)
    lat, lon = rng.uniform(-90, 90, 3000), rng.uniform(-180, 180, 3000)
    south, west, north, east = box = box_around(lat, lon, at, 0.01)
    assert -90 <= south < north <= 90
    assert -180 <= west < east <= 180
    assert np.count_nonzero(in_box(lat, lon, box)) == 30


def test_without_the_towns_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"\[rivals\]"):
        synthetic.make(tmp_path, items=100, dim=4, queries=2)


def test_wikipedia_holds_out_its_queries(tmp_path):
    source = tmp_path / "wikipedia_places"
    source.mkdir()
    for language in wikipedia.LANGUAGES:
        titles = [[i / 10, i / 5, f"{language}_town_{i}"] for i in range(100)]
        layers = {"format": "compact", "layers": [[], titles]}
        (source / f"{language}.json").write_text(json.dumps(layers))
    made = wikipedia.make(tmp_path / "work", tmp_path, items=1000, queries=5, encoder=HashEncoder())
    assert (made.items, len(made.queries)) == (300 - TUNING - 5, 5)
    assert made.dim == HashEncoder().dim
    held_out = np.array([query.vector for query in made.queries])
    assert (made.vectors @ held_out.T).max() < 0.999
    with pytest.raises(ReadError, match=r"es\.json"):
        wikipedia.read_titles(tmp_path)


@pytest.mark.parametrize("name", ["mu05_gauss25km", "mu0", "mu1", "box1pct_mu0"])
def test_recall_is_of_the_true_answers(data, name):
    workload, corpus = WORKLOADS[name], data.corpus(data.vectors)
    query, found = data.queries[0], truth.Truth.read(data, WORKLOADS[name])
    scores = score_rows(corpus, task_of(workload, query), np.arange(ITEMS))
    if workload.boxed:
        scores[~in_box(data.lat, data.lon, query.box)] = -np.inf
    order = np.argsort(-scores)
    judge = {"bar": float(found.bars[TUNING]), "count": int(found.counts[TUNING])}

    def recall(rows):
        return truth.recall(corpus, data, workload, query, np.array(rows), **judge)

    assert recall(order[:10]) == 1.0
    assert recall(order[7:17]) == pytest.approx(0.3)
    assert recall(np.repeat(order[:1], 10)) == pytest.approx(0.1)
    assert recall([*order[:9], -1]) == pytest.approx(0.9)
    assert recall(order[-10:]) == 0.0


def test_of_equal_scores_any_is_right(data):
    corpus = data.corpus(np.repeat(data.read_vectors()[:1], ITEMS, axis=0))
    workload, query = WORKLOADS["mu0"], data.queries[0]
    bar = float(score_rows(corpus, task_of(workload, query), np.array([0]))[0])
    rows = np.arange(500, 510)
    assert truth.recall(corpus, data, workload, query, rows, bar=bar, count=10) == 1.0


EXACT = ("scan", "blas", "placelens", "rtree", "ckdtree", "strtree", "duckdb")


@pytest.mark.parametrize("name", registry.METHODS)
def test_every_method_finds_the_best(data, name):
    if registry.METHODS[name].package:
        pytest.importorskip(registry.METHODS[name].package)
    method = registry.load(name)(data, data.folder / "indexes")
    opened = method.open()
    assert opened.build_s >= 0.0
    corpus = data.corpus(data.vectors)
    for workload in (WORKLOADS[workload] for workload in method.workloads):
        for ladder in method.entries(name, workload).values():
            # The highest rung: what it finds does not depend on how the machine feels.
            answers = [method.prepared(workload, query, ladder[-1])() for query in data.queries]
            least = 1.0 if name in EXACT and len(ladder) == 1 else 0.9
            assert truth.recalls(corpus, data, workload, answers) >= least, workload.name
            if workload.batch:
                batch = method.prepared_batch(workload, data.queries, ladder[-1])()
                assert [set(rows) for rows in batch] == [set(rows) for rows in answers]


def test_a_second_opening_loads_what_the_first_built(data, tmp_path):
    built = []

    def build(path):
        built.append(path)
        path.write_bytes(b"index")

    first = base.build_once(tmp_path / "some.index", build)
    again = base.build_once(tmp_path / "some.index", build)
    assert first == again
    assert len(built) == 1
    assert first.index_bytes == 5


def test_an_interrupted_build_is_begun_anew(tmp_path):
    (tmp_path / "some.db").mkdir()
    (tmp_path / "some.db" / "half").write_bytes(b"x")
    opened = base.build_once(tmp_path / "some.db", lambda path: path.mkdir())
    assert opened.index_bytes == 0


class Laddered(base.Method):
    """Gives as many of the true answers as its setting says."""

    workloads = ("mu0",)

    def open(self):
        return base.Opened(0.0, None)

    def answer(self, workload, query, setting):
        right = Product(self.data, self.data.vectors).answer(workload, query)
        return right[: setting["rows"]]


@pytest.mark.parametrize(("ladder", "chosen"), [((2, 10, 5), 10), ((2, 7, 5), 7)])
def test_a_setting_of_good_recall_is_chosen_or_the_best(data, tmp_path, ladder, chosen):
    method = Laddered(data, tmp_path)
    settings = [{"rows": rows} for rows in ladder]
    corpus = data.corpus(data.vectors)
    setting, tried = worker.choose(method, WORKLOADS["mu0"], settings, corpus, 10.0)
    assert setting == {"rows": chosen}
    assert [entry["recall"] for entry in tried] == pytest.approx([rows / K for rows in ladder])


def test_the_budget_ends_the_asking_but_never_before_five(data, tmp_path):
    method = Laddered(data, tmp_path)
    asked = worker.ask_each(method, WORKLOADS["mu0"], {"rows": 10}, 0.0, None)
    assert len(asked.rows) == len(asked.seconds) == 5
    product = Product(data, data.vectors)
    asked = worker.ask_each(method, WORKLOADS["mu0"], {"rows": 10}, 10.0, product)
    assert (len(asked.rows), len(asked.blas_seconds)) == (QUERIES, 1)


def test_a_process_that_fails_is_told_and_not_raised(tmp_path, capfd):
    said = []
    facts, arrays = _child("no_such_module", {}, tmp_path, said.append)
    assert "ended with code 1" in facts["failed"]
    assert not arrays
    assert said == ["no_such_module: failed, code 1"]
    assert "No module named" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("lat", "lon", "metres"), [(50.0, 14.0, 75e3), (10.0, 179.9, 75e3), (89.9, 0.0, 75e3)]
)
def test_a_box_holds_its_circle(data, lat, lon, metres):
    south, west, north, east = base.box_within(data.queries[0]._replace(lat=lat, lon=lon), metres)
    reach = np.degrees(metres / 6_371_008.8) * 0.999
    assert south <= lat - reach
    assert north >= min(lat + reach, 90.0)
    assert west <= max(lon - reach, -180.0)
    assert east >= min(lon + reach, 180.0)
    assert (west, east) == (-180.0, 180.0) or (abs(lat) < 80 and abs(lon) < 179)


def test_sizes_of_curves_end_at_the_items_there_are():
    assert sizes_for(1_000_000) == (
        [40_000, 100_000, 200_000, 1_000_000],
        [40_000, 80_000, 120_000, 160_000, 200_000],
    )
    assert sizes_for(150_000)[0] == [40_000, 100_000, 150_000]
    assert sizes_for(20_000) == ([5000, 10_000, 20_000], [4000, 8000, 12_000, 16_000, 20_000])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"methods": ["faiss"]}, "method 'faiss' is not known; there are: scan, blas"),
        ({"workloads": ["mu2"]}, "workload 'mu2' is not known"),
        ({"items": 10}, "items must be 11 or more, got 10"),
    ],
)
def test_what_is_wrong_with_the_settings_is_said(wrong, message):
    with pytest.raises(InputError, match=message):
        Settings(**wrong)


def test_figures_are_drawn_of_what_there_is(tmp_path):
    pytest.importorskip("matplotlib")
    figures = {"p50_ms": 1.0, "qps": 1000.0, "recall": 0.98}
    line = {"x": [5, 10], "ms": {"placelens": [1.0, 2.0]}, "items": {"placelens": [5.0, 9.0]}}
    result = {
        "items": 20_000,
        "dim": 64,
        "cpus": 2,
        "workloads": {"mu0": {"blas": figures, "placelens": figures | {"recall": 1.0}}},
    }
    assert [path.name for path in draw(result, tmp_path)] == ["engine_methods.png"]
    names = ("n", "k", "mu", "paper_n", "paper_k")
    result["curves"] = {name: {"linear": line} for name in names}
    result["curves"]["scale_km"] = {"gauss": line}
    drawn = draw(result, tmp_path)
    assert [path.stem for path in drawn] == ["engine_methods", "engine_curves", "engine_paper"]
    assert all(path.stat().st_size > 10_000 for path in drawn)
