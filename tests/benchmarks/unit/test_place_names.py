import json
from itertools import islice

import pytest

from placelens.geo.gazetteer import Gazetteer
from placelens.types import Place
from placelens_bench import place_names
from placelens_bench.place_names import main, measure_captions, measure_recall


@pytest.fixture(scope="module")
def gazetteer():
    return Gazetteer()


def test_captions_with_a_place_are_counted(gazetteer):
    captions = ["a dog in snow", "a bridge in Lyon", "a man near water", "boats in a harbour"]
    result = measure_captions(captions, gazetteer)
    assert (result.n_captions, result.n_found, result.percent) == (4, 1, 25.0)
    assert result.examples[0].startswith("a bridge in Lyon [in Lyon, France")


def test_recall_tells_found_from_right(gazetteer):
    lyon = Place(lat=45.76, lon=4.84)
    queries = [
        ("bridge near Lyon", lyon),
        ("bridge near Paris", lyon),  # found, 390 km away
        ("bridge near Brigadoon", lyon),  # not found
        ("bridge in France", lyon),  # right: the area holds it
    ]
    result = measure_recall(queries, gazetteer)
    assert (result.n_queries, result.found_percent, result.right_percent) == (4, 75.0, 50.0)
    assert len(result.missed) == 2


@pytest.mark.slow
def test_the_figures_of_the_docs_hold(shared_data, capsys, monkeypatch):
    """On a fifth of the captions and towns that they are of."""
    whole = place_names._captions
    monkeypatch.setattr(place_names, "_captions", lambda file: islice(whole(file), 0, None, 5))
    monkeypatch.setattr(place_names, "N_TOWNS", place_names.N_TOWNS // 5)
    main(["--data", str(shared_data), "--json"])
    results = json.loads(capsys.readouterr().out)
    captions = [results[name] for name in ("flickr8k", "rsicd", "coco")]
    n_captions = sum(result["n_captions"] for result in captions)
    assert n_captions > 9_800
    assert sum(result["n_found"] for result in captions) / n_captions < 0.001
    for name in ("towns", "towns_with_country", "unesco_sites"):
        assert results[name]["found_percent"] > 99
        assert results[name]["right_percent"] > 94
