"""Labels: what counts as a class, and what is no file of labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from placelens.encoders.segmenters.labels import labels_of, parsed_labels
from placelens.errors import InputError
from placelens.limits import MAX_CLASSES, MAX_LABELS_BYTES


def test_a_file_has_a_name_a_line_up_to_an_empty_one(tmp_path: Path) -> None:
    file = tmp_path / "labels.txt"
    file.write_bytes(b"\xef\xbb\xbfbackground\r\n sky \r\nvoid\r\nsea\r\n\r\nand a remark\r\n")
    labels = labels_of(file)
    assert labels.names == ("background", "sky", "void", "sea")
    assert (labels.classes, labels.channels) == (("sky", "sea"), (1, 3))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "names no class"),
        (b"background\nvoid\n", "names no class"),
        (b"sky\nsea\nSky\n", "has the label 'Sky' twice|has the label 'sky' twice"),
        (b"sky\n\xff\xfe\n", "no text in UTF-8"),
        (b"sky\nse\x1b[2Ja\n", "is no label"),
        (("\n".join(f"c{i}" for i in range(MAX_CLASSES + 1))).encode(), "256 labels; 255 is"),
        (b"x" * 300, "200 is the most"),
    ],
)
def test_what_is_no_file_of_labels_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says):
        parsed_labels(content, where="labels.txt")


def test_a_file_that_is_not_there_or_too_large_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"labels .*gone.txt.*there is no such file"):
        labels_of(tmp_path / "gone.txt")
    large = tmp_path / "large.txt"
    large.write_bytes(b"x\n" * MAX_LABELS_BYTES)
    with pytest.raises(InputError, match="a name a line"):
        labels_of(large)


def test_void_may_stand_several_times() -> None:
    assert labels_of(["void", "sky", "void"]).channels == (1,)
