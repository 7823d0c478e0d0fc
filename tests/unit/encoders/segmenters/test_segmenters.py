"""Segmenters: added from files of any kind, refused with a reason, found again unchanged."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import placelens as pl
from placelens.encoders import trials
from placelens.encoders.segmenters.registry import STORE, load_segmenter
from placelens.encoders.user_models import remove_model, user_models
from placelens.errors import EncoderError, InputError, MissingExtraError
from placelens.processes import Limits, Worker

LABELS = ("void", "red", "green", "blue")
COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
MODELS = Path(__file__).resolve().parents[5] / "shared" / "models"
Make = Callable[..., Path]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLACELENS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def halves(size: int) -> np.ndarray:
    """One image, red above and blue below."""
    image = np.zeros((1, size, size, 3), dtype=np.uint8)
    image[:, : size // 2] = COLOURS["red"]
    image[:, size // 2 :] = COLOURS["blue"]
    return image


@pytest.mark.parametrize("gives", ["logits", "probabilities", "numbers"])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_all_forms_give_the_same_class_maps(
    make_segmenter: Make, tmp_path: Path, gives: str, layout: str
) -> None:
    file = make_segmenter(tmp_path / "Tiny Net.onnx", gives=gives, layout=layout)
    added = pl.add_segmenter(file, labels=LABELS, scale="unit")
    assert (added.name, added.classes, added.grid) == ("tiny-net", LABELS[1:], (14, 14))
    assert (added.size, added.form.output) == ((28, 28), gives)
    made = added.class_maps(halves(28))
    assert (made.shape, made.dtype) == ((1, 14, 14, 3), np.uint8)
    assert made[0, :7].reshape(-1, 3).tolist() == [[255, 0, 0]] * 98
    assert made[0, 7:].reshape(-1, 3).tolist() == [[0, 0, 255]] * 98


def test_probabilities_of_pixels_are_averaged_over_cells_and_void_is_left(
    make_segmenter: Make, tmp_path: Path
) -> None:
    added = pl.add_segmenter(
        make_segmenter(tmp_path / "a.onnx", pool=2), labels=LABELS, scale="unit", grid=2, name="a"
    )
    image = np.zeros((1, 28, 28, 3), dtype=np.uint8)  # black is void
    image[0, :14, :6] = COLOURS["green"]  # 6 of the 14 pixels across a cell
    made = added.class_maps(image)
    assert made[0].tolist() == [[[0, 109, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, 0]]]  # 255 * 6 / 14


def test_free_sides_are_chosen_and_a_free_batch_is_one(
    make_segmenter: Make, tmp_path: Path
) -> None:
    file = make_segmenter(tmp_path / "a.onnx", size="side", batch="n")
    added = pl.add_segmenter(file, labels=LABELS, side=32)
    assert added.size == (32, 32)
    assert added.form.scale == "imagenet"
    assert pl.add_segmenter(file, labels=LABELS, name="b").size == (512, 512)


def test_the_scale_is_guessed_by_where_the_colours_are(
    make_segmenter: Make, tmp_path: Path
) -> None:
    file = make_segmenter(tmp_path / "a.onnx", layout="NHWC")
    assert pl.add_segmenter(file, labels=LABELS).form.scale == "signed"


def test_a_segmenter_is_found_again_and_its_fingerprint_says_all_that_decides(
    make_segmenter: Make, tmp_path: Path
) -> None:
    file = make_segmenter(tmp_path / "a.onnx")
    added = pl.add_segmenter(file, labels=LABELS, scale="unit")
    assert load_segmenter("a").fingerprint == added.fingerprint
    assert added.fingerprint.startswith("segmenter:a:")
    others = {
        pl.add_segmenter(file, labels=labels, name="b", **more).fingerprint
        for labels, more in (
            (LABELS, {"scale": "unit"}),
            (LABELS, {"scale": "signed"}),
            (LABELS, {"scale": "unit", "grid": 7}),
            (("void", "crimson", "green", "blue"), {"scale": "unit"}),
        )
        if not STORE.path("b").exists() or pl.remove_segmenter("b") is None
    }
    assert len(others) == 4
    assert added.fingerprint.partition(":a:")[2] in {each.partition(":b:")[2] for each in others}


def test_the_list_and_removal(make_segmenter: Make, tmp_path: Path) -> None:
    assert pl.segmenters() == []
    pl.add_segmenter(make_segmenter(tmp_path / "a.onnx"), labels=LABELS)
    (row,) = user_models()
    assert (row["kind"], row["name"], row["grid"]) == ("segmenter", "a", [14, 14])
    assert row["classes"] == ["red", "green", "blue"]
    with pytest.raises(InputError, match=r"there is a segmenter 'a' already.*models remove"):
        pl.add_segmenter(tmp_path / "a.onnx", labels=LABELS)
    remove_model("segmenter", "a")
    assert user_models() == []
    with pytest.raises(EncoderError, match=r"there is no segmenter 'a'; there are: none"):
        remove_model("segmenter", "a")
    with pytest.raises(InputError, match=r"no kind 'translator' of models; there are: segm"):
        remove_model("translator", "a")


@pytest.mark.parametrize("name", ["../a", "A", "", "a/b", ".hidden", "a:b", "x" * 65, "con.txt"])
def test_names_lead_nowhere_else(make_segmenter: Make, tmp_path: Path, name: str) -> None:
    file = make_segmenter(tmp_path / "a.onnx")
    with pytest.raises(InputError, match=r"a segmenter cannot be called"):
        pl.add_segmenter(file, labels=LABELS, name=name)
    with pytest.raises(InputError, match=r"a segmenter cannot be called"):
        load_segmenter(name)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"gives": "pooled"}, r"it gives float32 \(1, 4\); of 4 labels a segmenter gives"),
        ({"gives": "sigmoid"}, "add up to .* in a pixel.*--output probabilities or"),
        ({"gives": "nan"}, "not finite"),
        ({"gives": "too large"}, r"shape \(1, 4, 160000, 160000\)"),
        ({"gives": "too much"}, r"memory|alloc"),
        ({"extra_input": True}, "it has 2 inputs"),
        ({"batch": 8}, "with a batch of 1"),
        ({"size": 4096}, "4096 x 4096 pixels; 8 to 2048"),
        ({"size": 100_000}, "is the most|the most: export it for smaller images"),
        ({"size": 2}, "2 x 2 pixels; 8 to 2048"),
    ],
)
def test_networks_that_are_no_segmenters_are_refused(
    make_segmenter: Make, tmp_path: Path, home: Path, options: dict, says: str
) -> None:
    file = make_segmenter(tmp_path / "odd.onnx", **options)
    with pytest.raises(EncoderError, match=says) as caught:
        pl.add_segmenter(file, labels=LABELS, scale="unit")
    assert str(caught.value).startswith("odd.onnx: ")
    assert list((home / "models" / "segmenters").iterdir()) == []


def test_what_adds_up_to_more_is_taken_where_that_is_said(
    make_segmenter: Make, tmp_path: Path
) -> None:
    file = make_segmenter(tmp_path / "a.onnx", gives="sigmoid")
    added = pl.add_segmenter(file, labels=LABELS, scale="unit", output="probabilities")
    # Red has 1 / (1 + e^-10), and void, whose logit is 0, has 1/2.
    assert added.class_maps(halves(28))[0, 0, 0].tolist() == [170, 0, 0]


@pytest.mark.parametrize("labels", [LABELS[:3], (*LABELS, "white")])
def test_too_few_labels_and_too_many_are_refused(
    make_segmenter: Make, tmp_path: Path, labels: tuple[str, ...]
) -> None:
    with pytest.raises(EncoderError, match=rf"of {len(labels)} labels a segmenter gives"):
        pl.add_segmenter(make_segmenter(tmp_path / "a.onnx"), labels=labels)


def test_a_class_without_a_label_is_refused(make_segmenter: Make, tmp_path: Path) -> None:
    file = make_segmenter(tmp_path / "a.onnx", gives="numbers")
    with pytest.raises(EncoderError, match=r"it gives the class [23], and there are 2 labels"):
        pl.add_segmenter(file, labels=LABELS[:2], scale="unit")


@pytest.mark.parametrize(
    "content",
    [b"\x08\x08", b"not a model", bytes(1000), b"\x1c\x00\x00\x00TFL3" + bytes(500)],
)
def test_files_that_are_no_models_are_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "odd.onnx"
    file.write_bytes(content)
    if b"TFL3" in content:
        pytest.importorskip("ai_edge_litert")
    with pytest.raises(EncoderError, match=r"odd.onnx: it cannot be .*(get the file anew|again)"):
        pl.add_segmenter(file, labels=LABELS)


def test_a_file_that_is_cut_off_is_refused(make_segmenter: Make, tmp_path: Path) -> None:
    file = make_segmenter(tmp_path / "a.onnx")
    whole = file.read_bytes()
    for size in (0, 40, len(whole) // 2, len(whole) - 5):
        file.write_bytes(whole[:size])
        with pytest.raises((EncoderError, InputError), match=r"a\.onnx: "):
            pl.add_segmenter(file, labels=LABELS)


def test_weights_in_another_file_are_not_looked_for(
    make_segmenter: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither beside the model nor in the folder that the process is in."""
    onnx = pytest.importorskip("onnx")
    file = make_segmenter(tmp_path / "a.onnx")
    model = onnx.load(file)
    onnx.save(model, file, save_as_external_data=True, location="secret.bin", size_threshold=0)
    monkeypatch.chdir(tmp_path)
    assert (tmp_path / "secret.bin").exists()
    with pytest.raises(EncoderError, match=r"cannot be loaded as an ONNX model"):
        pl.add_segmenter(file, labels=LABELS)


def test_a_model_that_ends_the_process_is_refused(
    make_segmenter: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    worker = Worker(Limits(longest_s=60))
    monkeypatch.setattr(trials, "_worker", lambda: worker)
    monkeypatch.setattr(worker, "call", lambda *_: Worker.call(worker, os._exit, 139))
    with pytest.raises(EncoderError, match=r"a process of its own, which failed: .*139"):
        pl.add_segmenter(make_segmenter(tmp_path / "a.onnx"), labels=LABELS)
    assert pl.segmenters() == []
    assert list((home / "models" / "segmenters").iterdir()) == []


@pytest.mark.parametrize("file", ["model.onnx", "labels.txt"])
def test_a_file_that_was_changed_is_refused(
    make_segmenter: Make, tmp_path: Path, file: str
) -> None:
    pl.add_segmenter(make_segmenter(tmp_path / "a.onnx"), labels=LABELS)
    path = STORE.path("a") / file
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(EncoderError, match=r"have SHA-256 .*placelens models remove segmenter a"):
        load_segmenter("a")
    (row,) = pl.segmenters()
    assert "SHA-256" in row["error"]
    path.unlink()
    with pytest.raises(EncoderError, match=r"cannot be read"):
        load_segmenter("a")
    pl.remove_segmenter("a")
    assert pl.segmenters() == []


@pytest.mark.parametrize(
    "change",
    [
        {"model": "../../../etc/passwd"},
        {"model": 3},
        {"form": {}},
        {"form": {"size": [28, 28], "grid": [14, 14]}},
        {"sha256": {"../labels.txt": "0"}},
        {"sha256": []},
        {"form": None},
    ],
)
def test_facts_that_were_changed_are_refused(
    make_segmenter: Make, tmp_path: Path, change: dict
) -> None:
    pl.add_segmenter(make_segmenter(tmp_path / "a.onnx"), labels=LABELS)
    path = STORE.path("a") / "segmenter.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(EncoderError, match=r"is not what was written .*add it again"):
        load_segmenter("a")
    assert "error" in pl.segmenters()[0]


def test_another_grid_in_the_facts_is_another_segmenter(
    make_segmenter: Make, tmp_path: Path
) -> None:
    added = pl.add_segmenter(make_segmenter(tmp_path / "a.onnx"), labels=LABELS)
    path = STORE.path("a") / "segmenter.json"
    facts = json.loads(path.read_text())
    facts["form"]["grid"] = [7, 7]
    path.write_text(json.dumps(facts))
    assert load_segmenter("a").fingerprint != added.fingerprint


def test_what_a_kill_left_behind_is_no_model_and_goes(make_segmenter: Make, tmp_path: Path) -> None:
    half, fresh = STORE.folder / ".unfinished-old", STORE.folder / ".unfinished-new"
    for folder in (half, fresh):
        folder.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(b"half")
    os.utime(half, (time.time() - 7_200,) * 2)
    assert pl.segmenters() == []
    pl.add_segmenter(make_segmenter(tmp_path / "a.onnx"), labels=LABELS)
    assert (half.exists(), fresh.exists()) == (False, True)


def test_images_of_another_size_are_refused(make_segmenter: Make, tmp_path: Path) -> None:
    added = pl.add_segmenter(make_segmenter(tmp_path / "a.onnx"), labels=LABELS)
    with pytest.raises(EncoderError, match=r"takes images as an array \(n, 28, 28, 3\) uint8"):
        added.class_maps(halves(32))


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ({"scale": "percent"}, "the scale 'percent' is not one of unit"),
        ({"output": "words"}, "the output 'words' is not one of"),
        ({"grid": 0}, "the grid's side 0"),
        ({"grid": 65}, "from 1 to 64"),
        ({"grid": 2.5}, "whole number"),
        ({"side": 10_000}, "from 8 to 2048"),
    ],
)
def test_options_are_checked(tmp_path: Path, option: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        pl.add_segmenter(tmp_path / "a.onnx", labels=LABELS, **option)


def test_a_model_that_is_not_there_or_a_folder_is_named(tmp_path: Path) -> None:
    for path, says in ((tmp_path / "gone.onnx", "no such file"), (tmp_path, "a folder")):
        with pytest.raises(InputError, match=f"the model .*{says}"):
            pl.add_segmenter(path, labels=LABELS)


def test_a_tflite_file_without_its_package_says_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from placelens.encoders.segmenters import networks

    monkeypatch.setattr(networks.importlib.util, "find_spec", lambda _: None)
    file = tmp_path / "a.tflite"
    file.write_bytes(b"\x1c\x00\x00\x00TFL3")
    with pytest.raises(MissingExtraError, match=r"a TFLite model needs .*\[tflite\]"):
        pl.add_segmenter(file, labels=LABELS)


def test_a_quantised_tflite_network() -> None:
    """DeepLab v3 on PASCAL VOC, which takes bytes as they are, and gives numbers of classes."""
    pytest.importorskip("ai_edge_litert")
    model = MODELS / "deeplabv3_mnv2_pascal_quant.tflite"
    if not model.is_file():
        pytest.skip("the shared models are not at hand")
    added = pl.add_segmenter(
        model, labels=MODELS / "pascal_voc_segmentation_labels.txt", name="deeplab"
    )
    assert (added.size, added.form.scale, added.form.output) == ((513, 513), None, "numbers")
    assert (len(added.classes), "background" in added.classes) == (20, False)
    assert added.class_maps(np.zeros((1, 513, 513, 3), np.uint8)).shape == (1, 14, 14, 20)
    with pytest.raises(EncoderError, match=r"it gives the class"):
        pl.add_segmenter(model, labels=["background", "sky"], name="wrong")
