"""Reading PAIRS.jsonl."""

from __future__ import annotations

from pathlib import Path

import pytest

from placelens.errors import InputError, ReadError
from placelens.evaluation import Pair, read_pairs


def test_paths_start_at_the_file_and_captions_are_stripped(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text(
        '{"image": "a.jpg", "captions": [" a pier ", "a lake"], "class": "Port"}\n'
        "\n"
        '{"image": "/data/b.jpg", "captions": ["a car"]}\n',
        encoding="utf-8",
    )
    assert read_pairs(file) == [
        Pair(image=tmp_path / "a.jpg", captions=("a pier", "a lake")),
        Pair(image=Path("/data/b.jpg"), captions=("a car",)),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 1: not JSON"),
        ("[1]", "line 1: expected an object"),
        ('{"captions": ["x"]}', '"image" must be a path, got None'),
        ('{"image": "", "captions": ["x"]}', '"image" must be a path'),
        ('{"image": "a.jpg"}', '"captions" must be a list'),
        ('{"image": "a.jpg", "captions": []}', '"captions" must be a list'),
        ('{"image": "a.jpg", "captions": "x"}', '"captions" must be a list'),
        ('{"image": "a.jpg", "captions": ["x", " "]}', "not empty, got ' '"),
        ('{"image": "a.jpg", "captions": [3]}', "not empty, got 3"),
        ("", "holds no pairs"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text(line, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_pairs(file)


def test_an_image_on_two_lines_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text('{"image": "a.jpg", "captions": ["x"]}\n' * 2, encoding="utf-8")
    with pytest.raises(InputError, match=r"line 2: image .* was on line 1"):
        read_pairs(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"none\.jsonl"):
        read_pairs(tmp_path / "none.jsonl")
