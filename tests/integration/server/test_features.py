"""``GET .../items/{id}/kept?feature=``: what an item has of a feature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

import placelens as pl
from placelens.testing.parts_encoder import PartsEncoder


@pytest.fixture(scope="module")
def parted(tmp_path_factory: pytest.TempPathFactory) -> pl.Collection:
    """An image with sky above and what may be two things below, and a text."""
    folder = tmp_path_factory.mktemp("parted")
    pixels = np.zeros((28, 28, 3), np.uint8) + np.uint8([70, 120, 230])
    pixels[14:] = 172, 79, 80  # between building and road
    Image.fromarray(pixels).save(folder / "sky.png")
    made = pl.Collection.create(
        folder / "parted.pl", encoder=PartsEncoder(), features=["regions", "class_map"]
    )
    made.add(pl.read_photos(folder / "sky.png"), workers=0)
    made.add_vectors(["a/text"], [np.ones(16)], modality="text", text=["blue"])
    return made


@pytest.fixture(scope="module")
def ask(parted: pl.Collection, make_client: Callable[..., Any]) -> Callable[..., Any]:
    client = make_client(collections={"parted": parted})
    ids = {bool(item.image): item.id for item in parted.items()}

    def get(name: str, *, of_image: bool = True, **parameters: Any) -> Any:
        url = f"/v1/collections/parted/items/{ids[of_image]}/kept"
        return client.get(url, params={"feature": name, **parameters})

    return get


def test_a_class_map_says_what_its_cells_show(ask: Callable[..., Any]) -> None:
    answer = ask("class_map").json()
    assert (answer["name"], answer["kind"], answer["shape"]) == ("class_map", "map", [14, 14, 4])
    assert answer["classes"] == ["sky", "vegetation", "road", "building", "other"]
    cells, confidence = np.array(answer["cells"]), np.array(answer["confidence"])
    assert (cells[:7] == 0).all()
    assert (cells[7:] == -1).all()
    assert (confidence[:7] > 0.5).all()
    assert (confidence[7:] < 0.5).all()
    surer = np.array(ask("class_map", minimum=0.99).json()["cells"])
    assert (surer == -1).all()


def test_regions_and_vectors_come_as_they_are_kept(
    ask: Callable[..., Any], parted: pl.Collection
) -> None:
    (item_id,) = (item.id for item in parted.items() if item.image)
    for name in ("regions", "image"):
        answer = ask(name).json()
        np.testing.assert_array_equal(answer["values"], parted.feature(item_id, name))
        assert (answer["classes"], answer["cells"]) == (None, None)
    assert parted.encoder.region_code is not None
    regions = parted.encoder.region_code.decode(parted.feature(item_id, "regions")[None])
    np.testing.assert_allclose(
        regions[0].sum(axis=(0, 1)), parted.vector(item_id, "image"), atol=0.1
    )


def test_what_is_not_there_is_told(ask: Callable[..., Any]) -> None:
    assert ask("text", of_image=False).status_code == 200  # an id with a slash
    missing = ask("class_map", of_image=False)
    assert missing.status_code == 404
    assert "has no class_map" in missing.json()["detail"]
    unknown = ask("smell")
    assert unknown.status_code == 422
    assert "keeps no feature 'smell'" in unknown.json()["detail"]
    assert ask("class_map", minimum=2).status_code == 422


def test_stats_tell_what_features_cost(parted: pl.Collection) -> None:
    assert parted.stats().feature_bytes == {
        "image": 64, "regions": 196, "class_map": 784, "text": 64,
    }  # fmt: skip
