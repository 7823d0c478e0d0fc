"""A manifest may come from anybody: each field is what it must be, or named."""

import json

import pytest

from placelens.errors import CollectionError, FormatVersionError
from placelens.storage.manifest import Hub, Manifest, vector_features
from placelens.storage.manifest_files import FILE_NAME, parsed, read_manifest
from placelens.storage.manifest_v2 import ManifestV2
from placelens.types import Feature

FEATURES = (
    *vector_features(["image", "text"], 3, fingerprint="f"),
    Feature(name="parts", kind="vectors", length=3, space="f", fingerprint="f"),
    Feature(name="painted", kind="map", length=12, shape=(3, 4)),
    Feature(
        name="classes", kind="map", length=24, shape=(3, 4, 2), blocks=(("sky", 1), ("sea", 1))
    ),
    Feature(name="hubness", kind="number"),
    Feature(name="whole", length=5, blocks=(("coarse", 2), ("fine", 3))),
)
GOOD = ManifestV2.to_json(Manifest(features=FEATURES, encoder="lite", fingerprint="f"))
V1 = {
    "format": "placelens collection",
    "format_version": 1,
    "created": "2026-01-01T00:00:00+00:00",
    "space": "sphere",
    "dim": 3,
    "modalities": ["image", "text"],
    "encoder": "lite",
    "fingerprint": "f",
    "calibrations": [],
    "next_id": 0,
}
MAP = {"query": "text", "item": "image", "slope": 1.0, "intercept": 0}
HUB = {**MAP, "weight": 0.5}
HOSTILE = [
    ("space", ["cube", None, ["plane"], 1]),
    ("encoder", [5, ["lite"], {}]),
    ("fingerprint", [5, ["f"], True]),
    (
        "calibrations",
        [
            {}, None, [None], [[]], [{}], [{**MAP, "more": 1}], [{**MAP, "slope": "1"}],
            [{**MAP, "query": 5}], [{**MAP, "item": ["image"]}],
            [{**MAP, "slope": float("nan")}], [{**MAP, "intercept": 1e300}],
        ],
    ),
    ("concepts", [None, "abc", [1, 2, 3], ["a"], {"a": 1}]),
    ("created", [None, 5, []]),
    ("next_id", ["7", -1, 1.5, 2**63, None]),
]  # fmt: skip


def refuse(data, named):
    with pytest.raises(CollectionError, match=named) as caught:
        parsed(json.loads(json.dumps(data)), where="m.json")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("field", "values"),
    [
        *HOSTILE,
        ("dim", ["3", 0, -1, 2.5, True, None, 2**63, [3]]),
        ("modalities", ["image", [], ["sound"], ["image"] * 2, [["image"]], {"image": 1}]),
    ],
)
def test_a_field_of_version_1_of_the_wrong_kind_is_named(field, values):
    for value in values:
        refuse({**V1, field: value}, field)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        *HOSTILE,
        (
            "hubs",
            [
                {},
                None,
                [None],
                [MAP],
                [{**HUB, "weight": -1}],
                [{**HUB, "weight": "1"}],
                [{**HUB, "weight": float("nan")}],
                [{**HUB, "item": 5}],
                [{**HUB, "more": 1}],
            ],
        ),
        ("features", ["image", [], None, {}, [None], ["image"], [[]], [{}], [GOOD["features"][3]]]),
    ],
)
def test_a_field_of_version_2_of_the_wrong_kind_is_named(field, values):
    for value in values:
        refuse({**GOOD, field: value}, "feature" if field == "features" else field)


@pytest.mark.parametrize(
    ("name", "field", "values"),
    [
        ("image", "name", [None, "", "Image", "a b", "../x", "1", "a" * 65, ["image"], "text"]),
        ("image", "kind", [None, "sound", 1, "map", "number"]),
        ("image", "length", [None, 0, -1, 2.5, True, "3", 2**17, 2**70]),
        ("image", "space", [None, 5, []]),
        ("image", "fingerprint", [5, []]),
        ("image", "shape", [[1, 3], "3", 3]),
        ("painted", "shape", [None, [3], [3, 5], [-3, -4], [3, 4, 2], [3.0, 4.0], "34"]),
        ("painted", "shape", [[3, 4, 0], [12, True], [3, 4, 1, 1], [-3, -4, 1], [3, 4, "1"]]),
        ("painted", "length", [0, 24, 2**21]),
        ("painted", "blocks", [[["a", 12]]]),
        ("classes", "shape", [[3, 4], [3, 4, 3], [2**20, 1, 1]]),
        ("classes", "blocks", [[["sky", 1]], [["sky", 1], ["sky", 1]], [["sky", 24]]]),
        ("parts", "blocks", [[["a", 3]]]),
        ("hubness", "length", [2]),
        (
            "whole",
            "blocks",
            [
                None, "a", [["a"]], [["a", 2], ["b", 2]], [["a", 2], ["a", 3]], [["a", 5, 1]],
                [["a", -1], ["b", 6]], [["a", True], ["b", 4]], [[1, 5]], {"a": 5},
            ],
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_in_a_feature_is_refused(name, field, values):
    for value in values:
        features = [
            {**each, field: value} if each["name"] == name else each for each in GOOD["features"]
        ]
        refuse({**GOOD, "features": features}, "feature")


def test_more_or_fewer_fields_are_refused():
    refuse({**GOOD, "dim": 3}, "dim")
    refuse({name: value for name, value in GOOD.items() if name != "concepts"}, "concepts")
    refuse({**GOOD, "features": [{**GOOD["features"][0], "more": 1}]}, "more")
    refuse({**V1, "features": []}, "features")


def test_what_is_written_is_read():
    made = Manifest(
        features=FEATURES,
        calibrations={("text", "image"): (2.0, -1.0)},
        hubs={("text", "image"): Hub(0.5, 2.0, -1.0)},
        concepts=("a", "b", "c"),
        next_id=7,
    )
    assert parsed(json.loads(json.dumps(ManifestV2.to_json(made))), where="m") == made


def test_version_1_is_read_as_vectors_of_one_encoder():
    read = parsed(V1, where="m")
    assert read.features == vector_features(["image", "text"], 3, fingerprint="f")
    assert (read.dim, read.vector_names, read.is_written) == (3, ("image", "text"), False)


def test_features_by_name():
    manifest = Manifest(features=FEATURES)
    assert manifest.vector_names == ("image", "text", "whole")
    assert (manifest.dim, manifest.dim_of("whole")) == (3, 5)
    assert manifest.feature("painted").shape == (3, 4)
    with pytest.raises(KeyError, match="sound"):
        manifest.feature("sound")


@pytest.mark.parametrize("version", [3, 0, -1, "2", None, True, 2.0, [2]])
def test_another_version_is_refused(version):
    with pytest.raises(FormatVersionError, match="reads 1 and 2"):
        parsed({**GOOD, "format_version": version}, where="m")


@pytest.mark.parametrize("content", [b"", b"[" * 100_000, b"\xff", b"[]", b'{"format": 1}', b"5"])
def test_a_file_that_is_none(tmp_path, content):
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(CollectionError, match=FILE_NAME):
        read_manifest(tmp_path)
