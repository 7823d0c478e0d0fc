"""A manifest may come from anybody: each field is what it must be, or named."""

import json

import pytest

from placelens.errors import CollectionError
from placelens.storage.manifest import FILE_NAME, Manifest, read_manifest

GOOD = Manifest(dim=3, features=("image", "text"), encoder="lite", fingerprint="f").to_json()
MAP = {"query": "text", "item": "image", "slope": 1.0, "intercept": 0}


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("dim", ["3", 0, -1, 2.5, True, None, 2**63, [3]]),
        ("features", ["image", [], ["sound"], ["image"] * 2, [["image"]], {"image": 1}]),
        ("space", ["cube", None, ["plane"], 1]),
        ("encoder", [5, ["lite"], {}]),
        ("fingerprint", [5, ["f"], True]),
        (
            "calibrations",
            [
                {}, None, [None], [[]], [{}], [{**MAP, "more": 1}], [{**MAP, "slope": "1"}],
                [{**MAP, "query": "sound"}], [{**MAP, "item": ["image"]}],
                [{**MAP, "slope": float("nan")}], [{**MAP, "intercept": 1e300}],
            ],
        ),
        ("concepts", [None, "abc", [1, 2, 3], ["a"], {"a": 1}]),
        ("created", [None, 5, []]),
        ("next_id", ["7", -1, 1.5, 2**63, None]),
    ],
)  # fmt: skip
def test_a_field_of_the_wrong_kind_is_named(field, values):
    for value in values:
        with pytest.raises(CollectionError, match=field) as caught:
            Manifest.from_json({**GOOD, field: value}, where="m.json")
        assert len(str(caught.value)) < 300


def test_what_is_written_is_read():
    made = Manifest(dim=3, features=("vector",), calibrations={("text", "image"): (2.0, -1.0)})
    assert Manifest.from_json(json.loads(json.dumps(made.to_json())), where="m") == made


@pytest.mark.parametrize("content", [b"", b"[" * 100_000, b"\xff", b"[]", b'{"format": 1}', b"5"])
def test_a_file_that_is_none(tmp_path, content):
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(CollectionError, match=FILE_NAME):
        read_manifest(tmp_path)
