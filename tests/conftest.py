"""Fixtures that every test may use."""

import csv
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from placelens.testing.fakes import HashEncoder

# How long an example takes, to make or to try, is no property of the code: machines are shared.
settings.register_profile("placelens", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("placelens")

# A shell ignores Ctrl-C for what it starts in the background, and so would every command here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

REPO = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real data, named by PLACELENS_DATA or lying beside the repository."""
    folder = Path(os.environ.get("PLACELENS_DATA", REPO.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("real data not at hand: set PLACELENS_DATA")
    return folder


@pytest.fixture(scope="session")
def repo() -> Path:
    """Root of the repository."""
    return REPO


# Six photos of one colour each: what a fake encoder can tell apart, at places people know.
TINY_PHOTOS = (
    ("prague", "red", 50.087, 14.421, "Praha", 5),
    ("brno", "green", 49.195, 16.608, "Brno", 4),
    ("lyon", "blue", 45.764, 4.836, "Lyon", 3),
    ("sydney", "yellow", -33.860, 151.210, "Sydney", 2),
    ("suva", "white", -18.141, 178.442, "Suva", 1),
    ("nowhere", "black", None, None, None, None),
)


@pytest.fixture(scope="session")
def tiny_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of six PNG photos, a table that says where they are, and one broken photo."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("tiny") / "photos"
    folder.mkdir()
    with (folder / "photos.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("id", "image", "lat", "lon", "city", "rating"))
        for name, colour, *facts in TINY_PHOTOS:
            Image.new("RGB", (64, 48), colour).save(folder / f"{name}.png")
            writer.writerow((name, f"{name}.png", *facts))
    (folder / "broken.jpg").write_bytes(b"not a picture")
    return folder


@pytest.fixture(scope="session")
def tiny_source(tiny_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The six photos as a collection with the encoder ``hash``; not to be written to."""
    from placelens.collection import Collection
    from placelens.readers.discover import read_photos

    path = tmp_path_factory.mktemp("tiny") / "tiny.pl"
    Collection.create(path, encoder=HashEncoder()).add(read_photos(tiny_photos), workers=0)
    return path


@pytest.fixture
def tiny_collection(tiny_source: Path, tmp_path: Path) -> Path:
    """A copy of that collection, to do with as one likes."""
    return Path(shutil.copytree(tiny_source, tmp_path / "tiny.pl"))


@pytest.fixture(scope="session")
def make_network() -> Callable[..., np.ndarray]:
    """Write a tiny AlexNet: means of the channels through "fc7" to "prob"; gives fc7's weights."""

    def make(
        path: Path, *, batch: int | str = "n", size: int | str = 8, inputs: int = 1
    ) -> np.ndarray:
        onnx = pytest.importorskip("onnx")
        helper, kind = onnx.helper, onnx.TensorProto.FLOAT
        weights = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
        nodes = [
            helper.make_node("GlobalAveragePool", ["data"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["flat"]),
            helper.make_node("MatMul", ["flat", "w"], ["fc7"]),
            helper.make_node("Softmax", ["fc7"], ["prob"]),
        ]
        given = [
            helper.make_tensor_value_info(name, kind, [batch, 3, size, size])
            for name in ("data", "more")[:inputs]
        ]
        graph = helper.make_graph(
            nodes,
            "tiny",
            given,
            [helper.make_tensor_value_info("prob", kind, [batch, 5])],
            [onnx.numpy_helper.from_array(weights, "w")],
        )
        opset = [helper.make_opsetid("", 13)]
        onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
        return weights

    return make


@pytest.fixture(scope="session")
def make_segmenter() -> Callable[..., Path]:
    """Write a tiny segmenter: void, red, green or blue by a pixel's colours, in [0, 1]."""

    def make(
        path: Path,
        *,
        gives: str = "logits",
        layout: str = "NCHW",
        size: int | str = 28,
        batch: int | str = 1,
        pool: int = 1,
        extra_input: bool = False,
    ) -> Path:
        onnx = pytest.importorskip("onnx")
        helper, kinds = onnx.helper, onnx.TensorProto
        # Void has the logit 0, a colour 10 where there is all of it and -10 where there is none.
        weights = np.zeros((4, 3, 1, 1), np.float32)
        weights[1:, :, 0, 0] = 20 * np.eye(3)
        arrays = {"w": weights, "b": np.float32([0, -10, -10, -10])}
        nodes, at = [], "x"

        def then(operator: str, *more: str, **how: object) -> None:
            nonlocal at
            made = f"{operator}{len(nodes)}"
            nodes.append(helper.make_node(operator, [at, *more], [made], **how))
            at = made

        if layout == "NHWC":
            then("Transpose", perm=[0, 3, 1, 2])
        if pool > 1:
            then("AveragePool", kernel_shape=[pool, pool], strides=[pool, pool])
        then("Conv", "w", "b")
        if gives in ("probabilities", "sigmoid"):
            then(
                "Softmax" if gives == "probabilities" else "Sigmoid",
                **({"axis": 1} if gives == "probabilities" else {}),
            )
        if gives == "numbers":
            then("ArgMax", axis=1, keepdims=0)
        elif gives == "pooled":
            then("GlobalAveragePool")
            then("Flatten")
        elif gives == "nan":
            then("Log")
        elif gives in ("too large", "too much"):  # 400 GB, which the second does not say before
            arrays |= {"sides": np.array([1, 4, 160_000, 160_000]), "corner": np.zeros(4, np.int64)}
            arrays["ends"] = np.ones(4, np.int64)
            sides_of = "sides"
            if gives == "too much":
                arrays["none"] = np.zeros(1, np.float32)
                for operator, given, made, how in (
                    ("ReduceMean", [at], "mean", {"axes": [1, 2, 3], "keepdims": 0}),
                    ("Mul", ["mean", "none"], "nothing", {}),
                    ("Cast", ["nothing"], "zero", {"to": kinds.INT64}),
                    ("Add", ["sides", "zero"], "grown", {}),
                ):
                    nodes.append(helper.make_node(operator, given, [made], **how))
                sides_of = "grown"
            then("Slice", "corner", "ends")
            then("Expand", sides_of)
        elif layout == "NHWC":
            then("Transpose", perm=[0, 2, 3, 1])
        sides = [batch, size, size, 3] if layout == "NHWC" else [batch, 3, size, size]
        names = ["x", "y"] if extra_input else ["x"]
        graph = helper.make_graph(
            nodes,
            "tiny",
            [helper.make_tensor_value_info(name, kinds.FLOAT, sides) for name in names],
            [
                helper.make_tensor_value_info(
                    at, kinds.INT64 if gives == "numbers" else kinds.FLOAT, None
                )
            ],
            [onnx.numpy_helper.from_array(array, name) for name, array in arrays.items()],
        )
        opset = [helper.make_opsetid("", 13)]
        onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
        return path

    return make
