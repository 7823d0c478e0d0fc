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


@pytest.fixture(scope="session")
def make_detector() -> Callable[..., Path]:
    """Write a tiny detector: in each of 2 x 2 cells, red, green or blue, as much as there is."""

    def make(
        path: Path, *, gives: str = "yolov8", layout: str = "NCHW", size: int | str = 16
    ) -> Path:
        onnx = pytest.importorskip("onnx")
        helper, kinds = onnx.helper, onnx.TensorProto
        lefts, tops = np.float32([0, 0.5, 0, 0.5]), np.float32([0, 0, 0.5, 0.5])
        boxes = np.stack([lefts, tops, lefts + 0.5, tops + 0.5], axis=-1)  # of the cells
        middles = np.concatenate([boxes[:, :2] + 0.25, np.full((4, 2), 0.5, np.float32)], axis=-1)
        pixels = np.float32(size if isinstance(size, int) else 512)
        # tanh of the offset is half a cell; the sigmoid of the size half an image.
        coded = np.zeros((1, 4, 2, 2), np.float32)
        coded[:, :2] = np.arctanh(0.5)
        arrays = {
            "coded": coded,
            "middles": (middles.T[None] * pixels).astype(np.float32),
            "yxyx": boxes[None][..., [1, 0, 3, 2]],
            "xyxy": boxes * pixels,
            "flat": np.int64([1, 3, 4]),
            "one": np.int64([1]),
            "ten": np.float32([10]),
        }
        steps = [("Transpose", ["x"], "y", {"perm": [0, 3, 1, 2]})] if layout == "NHWC" else []
        pool = {"kernel_shape": [8, 8], "strides": [8, 8]}
        steps += [
            ("AveragePool", ["y" if steps else "x"], "shares", pool),  # (1, 3, 2, 2)
            ("ReduceMax", ["shares"], "sure", {"axes": [1], "keepdims": 1}),
            ("Mul", ["shares", "ten"], "warm", {}),
            ("Softmax", ["warm"], "kinds", {"axis": 1}),
            ("Reshape", ["shares", "flat"], "listed", {}),
        ]
        given = ["out"]
        if gives in ("fastestdet", "fastestdet turned"):
            steps += [("Concat", ["sure", "coded", "kinds"], "whole", {"axis": 1})]
            turned = ("Transpose", ["whole"], "out", {"perm": [0, 2, 3, 1]})
            steps += [turned if "turned" in gives else ("Identity", ["whole"], "out", {})]
        elif gives in ("yolov8", "yolov8 turned", "logits", "nan"):
            values = {"logits": ("Mul", ["listed", "ten"]), "nan": ("Log", ["listed"])}
            operator, inputs = values.get(gives, ("Identity", ["listed"]))
            steps += [(operator, inputs, "scores", {})]
            steps += [("Concat", ["middles", "scores"], "whole", {"axis": 1})]
            turned = ("Transpose", ["whole"], "out", {"perm": [0, 2, 1]})
            steps += [turned if gives == "yolov8 turned" else ("Identity", ["whole"], "out", {})]
        elif gives == "yolov5":
            steps += [
                ("ReduceMax", ["listed"], "there", {"axes": [1], "keepdims": 1}),
                ("Mul", ["listed", "ten"], "much", {}),
                ("Softmax", ["much"], "shared", {"axis": 1}),
                ("Concat", ["middles", "there", "shared"], "whole", {"axis": 1}),
                ("Transpose", ["whole"], "out", {"perm": [0, 2, 1]}),
            ]
        elif gives == "tensorflow":
            given = ["detection_boxes", "detection_classes", "detection_scores"]
            steps += [
                ("ArgMax", ["listed"], "numbers", {"axis": 1, "keepdims": 0}),
                ("Cast", ["numbers"], given[1], {"to": kinds.FLOAT}),
                ("ReduceMax", ["listed"], given[2], {"axes": [1], "keepdims": 0}),
                ("Identity", ["yxyx"], given[0], {}),
            ]
        elif gives in ("torchvision", "nameless"):
            given = ["a", "b", "c"]
            steps += [
                ("ArgMax", ["listed"], "numbers", {"axis": 1, "keepdims": 0}),
                ("ReduceMax", ["listed"], "most", {"axes": [1], "keepdims": 0}),
                ("Squeeze", ["most", "none"], given[2], {}),
                ("Identity", ["xyxy"], given[0], {}),
            ]
            arrays["none"] = np.int64([0])
            steps += [("Squeeze", ["numbers", "none"], given[1], {})]
            if gives == "nameless":  # which of the two are the scores, nobody can tell
                steps[-1:] = [("Squeeze", ["numbers", "none"], "whole", {}),
                              ("Cast", ["whole"], given[1], {"to": kinds.FLOAT})]  # fmt: skip
        sides = [1, size, size, 3] if layout == "NHWC" else [1, 3, size, size]
        whole = gives == "torchvision"
        graph = helper.make_graph(
            [helper.make_node(name, taken, [made], **how) for name, taken, made, how in steps],
            "tiny",
            [helper.make_tensor_value_info("x", kinds.FLOAT, sides)],
            [
                helper.make_tensor_value_info(
                    name, kinds.INT64 if whole and name == "b" else kinds.FLOAT, None
                )
                for name in given
            ],
            [onnx.numpy_helper.from_array(np.asarray(a), n) for n, a in arrays.items()],
        )
        opset = [helper.make_opsetid("", 13)]
        onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
        return path

    return make
