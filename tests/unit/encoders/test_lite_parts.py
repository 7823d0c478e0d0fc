"""LiteEncoder with weights that tell classes and say how regions are stored; and without."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import placelens as pl
from placelens.encoders import load_encoder
from placelens.encoders.class_map import class_of_cells
from placelens.encoders.lite import (
    PARAMETERS_FILE,
    REGION_CODE_FILE,
    TRUNK_FILE,
    LiteEncoder,
    default_folder,
)
from placelens.encoders.region_code import RegionCode
from placelens.errors import EncoderError
from placelens.testing.encoder_contract import EncoderContract
from placelens.types import UInt8Array

CLASSES = ("sky", "vegetation", "building")


def add_head(trunk: Path, n_outputs: int) -> None:
    """Give a trunk another head: mean red, green and blue of 14 x 14 cells as probabilities."""
    onnx = pytest.importorskip("onnx")
    helper = onnx.helper
    model = onnx.load(trunk)
    graph = model.graph
    for own in [node for node in graph.node if "class_map" in node.output]:
        graph.node.remove(own)
    for own in [output for output in graph.output if output.name == "class_map"]:
        graph.output.remove(own)
    # Blue is sky, green is vegetation, red is building, and black is other.
    weights = np.zeros((3, n_outputs), dtype=np.float32)
    weights[[2, 1, 0], [0, 1, 2]] = 0.05
    bias = np.zeros(n_outputs, dtype=np.float32)
    bias[-1] = 4
    graph.initializer.extend(
        [
            onnx.numpy_helper.from_array(weights, "toy_w"),
            onnx.numpy_helper.from_array(bias, "toy_b"),
        ]
    )
    floating = onnx.TensorProto.FLOAT
    graph.node.extend(
        [
            helper.make_node("Cast", ["images"], ["toy_float"], to=floating),
            helper.make_node("Transpose", ["toy_float"], ["toy_first"], perm=[0, 3, 1, 2]),
            helper.make_node(
                "AveragePool", ["toy_first"], ["toy_cells"], kernel_shape=[16, 16], strides=[16, 16]
            ),
            helper.make_node("Transpose", ["toy_cells"], ["toy_last"], perm=[0, 2, 3, 1]),
            helper.make_node("MatMul", ["toy_last", "toy_w"], ["toy_products"]),
            helper.make_node("Add", ["toy_products", "toy_b"], ["toy_logits"]),
            helper.make_node("Softmax", ["toy_logits"], ["class_map"], axis=-1),
        ]
    )
    graph.output.append(
        helper.make_tensor_value_info("class_map", floating, ["n", 14, 14, n_outputs])
    )
    onnx.save(model, trunk)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def change(folder: Path, **changes: Any) -> None:
    """Change parameters; those of None are left out."""
    file = folder / PARAMETERS_FILE
    parameters = {**json.loads(file.read_text()), **changes}
    kept = {name: value for name, value in parameters.items() if value is not None}
    file.write_text(json.dumps(kept))


@pytest.fixture(scope="module")
def images() -> UInt8Array:
    rng = np.random.default_rng(3)
    images = rng.integers(0, 90, (19, 224, 224, 3), dtype=np.uint8)
    images[:, :112, :, 2] = 250  # blue above
    images[:, 112:, :, 1] = 250  # green below
    images[5] = 0
    return images


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory, images: UInt8Array) -> Path:
    """The built-in weights, with a head of classes and a code of regions."""
    folder = Path(shutil.copytree(default_folder(), tmp_path_factory.mktemp("lite") / "weights"))
    add_head(folder / TRUNK_FILE, len(CLASSES) + 1)
    code = RegionCode.fit(load_encoder("lite").encode_regions(images).regions)
    (folder / REGION_CODE_FILE).write_bytes(code.to_bytes())
    known = json.loads((folder / PARAMETERS_FILE).read_text())["sha256"]
    change(
        folder,
        class_names=list(CLASSES),
        class_grid=[14, 14],
        sha256={**known, TRUNK_FILE: sha256(folder / TRUNK_FILE)},
        region_code={"sha256": {REGION_CODE_FILE: sha256(folder / REGION_CODE_FILE)}},
    )
    return folder


@pytest.fixture(scope="module")
def encoder(weights: Path) -> LiteEncoder:
    return LiteEncoder(weights)


@pytest.fixture
def copied(weights: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(weights, tmp_path / "weights"))


class TestContract(EncoderContract):
    pass


def test_these_weights_give_all_parts(encoder: LiteEncoder, images: UInt8Array) -> None:
    assert encoder.parts == ("image", "regions", "class_map")
    assert (encoder.class_names, encoder.class_grid) == (CLASSES, (14, 14))
    made = encoder.encode_parts(images, encoder.parts)
    assert {name: array.shape for name, array in made.items()} == {
        "image": (19, 384),
        "regions": (19, 7, 7, 64),
        "class_map": (19, 14, 14, 3),
    }
    np.testing.assert_array_equal(made["image"], encoder.encode_images(images))
    cells = class_of_cells(made["class_map"])
    assert (cells[0, :7] == 0).all()  # sky
    assert (cells[0, 7:] == 1).all()  # vegetation
    assert (cells[5] == 3).all()  # black: other


def test_the_head_changes_no_vector(encoder: LiteEncoder, images: UInt8Array) -> None:
    before = load_encoder("lite").encode_images(images)
    np.testing.assert_allclose(encoder.encode_images(images), before, atol=2e-5)


def test_regions_come_back_alike(encoder: LiteEncoder, images: UInt8Array) -> None:
    regions = encoder.encode_regions(images).regions
    assert encoder.region_code is not None
    kept = encoder.region_code.decode(encoder.encode_parts(images, ["regions"])["regions"])
    cosines = (regions * kept).sum(-1) / (
        np.linalg.norm(regions, axis=-1) * np.linalg.norm(kept, axis=-1)
    )
    assert cosines.mean() > 0.95  # of the images that it was fitted to


def test_only_what_is_asked_for_is_computed(
    encoder: LiteEncoder, images: UInt8Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []

    def watch(session: Any) -> Callable[..., Any]:
        run = session.run

        def watched(names: Any, **inputs: Any) -> Any:
            asked.append(tuple(names))
            return run(names, **inputs)

        return watched

    for session in (encoder._trunk, *encoder._sides.values()):
        monkeypatch.setattr(session, "run", watch(session))
    few = images[:1]
    encoder.encode_parts(few, ["class_map"])
    assert asked == [("class_map",)]
    asked.clear()
    encoder.encode_parts(few, ["regions"])
    assert asked == [("activations", "from_above"), ("regions",)]
    asked.clear()
    encoder.encode_parts(few, ["image", "class_map", "regions"])
    assert asked == [("class_map", "activations", "from_above"), ("vectors", "regions")]


def test_class_maps_of_the_heads_classes_come_from_it(
    encoder: LiteEncoder, images: UInt8Array
) -> None:
    for names in (["sky", "trees"], ["house", "sky", "grass"]):
        assert encoder.class_map_source(names) == "head"
        maps = encoder.encode_class_maps(images[:2], names)
        assert maps.shape == (2, 14, 14, len(names))
        assert (maps[0, :7].argmax(-1) == names.index("sky")).all()
    for names in (["sky", "zebra"], ["tree", "grass"]):
        assert encoder.class_map_source(names) == "zero-shot"
        assert encoder.encode_class_maps(images[:2], names).shape == (2, 7, 7, 2)


def test_a_code_of_regions_is_no_part_of_the_fingerprint(
    encoder: LiteEncoder, copied: Path
) -> None:
    change(copied, region_code=None)
    without = LiteEncoder(copied)
    assert without.fingerprint == encoder.fingerprint
    assert without.parts == ("image", "class_map")
    with pytest.raises(EncoderError, match=r"gives no regions to keep \(regions\)"):
        without.encode_parts(np.zeros((1, 224, 224, 3), np.uint8), ["regions"])


def test_a_collection_keeps_what_one_pass_gives(
    encoder: LiteEncoder, images: UInt8Array, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number, pixels in enumerate(images[3:6]):
        Image.fromarray(pixels).save(photos / f"{number}.png")
    collection = pl.Collection.create(
        tmp_path / "c.pl", encoder=encoder, features=["regions", "class_map"]
    )
    collection.add(pl.read_photos(photos), workers=0)
    by_file = {Path(item.image or "").stem: item.id for item in collection.items()}
    made = encoder.encode_parts(images[3:6], encoder.parts)
    for name, arrays in made.items():
        for number, array in enumerate(arrays):
            kept = collection.feature(by_file[str(number)], name)
            np.testing.assert_array_equal(kept, array)
    costs = collection.stats().feature_bytes
    assert (costs["image"], costs["regions"], costs["class_map"]) == (1536, 3136, 14 * 14 * 3)


def test_weights_without_parts_say_what_they_do_not_give(copied: Path, images: UInt8Array) -> None:
    change(copied, class_names=None, class_grid=None, region_code=None)
    bare = LiteEncoder(copied)
    assert bare.parts == ("image",)
    for name in ("regions", "class_map"):
        with pytest.raises(EncoderError, match=r"encoder 'lite' of these weights gives no"):
            bare.encode_parts(images[:1], [name])


def test_a_changed_code_of_regions_is_refused(copied: Path) -> None:
    file = copied / REGION_CODE_FILE
    content = bytearray(file.read_bytes())
    content[-100] ^= 1
    file.write_bytes(content)
    with pytest.raises(EncoderError, match=rf"{REGION_CODE_FILE} have SHA-256"):
        LiteEncoder(copied)


def test_a_code_of_other_regions_is_refused(copied: Path) -> None:
    other = RegionCode.fit(np.eye(8, dtype=np.float32), n_components=2)
    file = copied / REGION_CODE_FILE
    file.write_bytes(other.to_bytes())
    change(copied, region_code={"sha256": {REGION_CODE_FILE: sha256(file)}})
    with pytest.raises(EncoderError, match="regions of 8 numbers, and these weights give 384"):
        LiteEncoder(copied).region_code  # noqa: B018


def test_a_head_that_tells_other_classes_is_refused(copied: Path, images: UInt8Array) -> None:
    change(copied, class_names=[*CLASSES, "water"])
    with pytest.raises(EncoderError, match=r"gives class maps \(14, 14, 4\).* \(14, 14, 5\)"):
        LiteEncoder(copied).encode_parts(images[:1], ["class_map"])


@pytest.mark.parametrize(
    "wrong", [{"class_names": ["sky", "sky"]}, {"class_grid": None}, {"class_grid": [14]}]
)
def test_classes_without_a_grid_are_refused(copied: Path, wrong: dict[str, Any]) -> None:
    change(copied, **wrong)
    with pytest.raises(EncoderError, match="name each once, and class_grid as"):
        LiteEncoder(copied)
