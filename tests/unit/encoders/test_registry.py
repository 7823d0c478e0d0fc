"""Names to encoders, and the messages for names that are none."""

from __future__ import annotations

import json
import re
import sys

import pytest

from placelens.encoders import list_encoders, load_encoder
from placelens.encoders.registry import ENCODERS
from placelens.errors import EncoderError, MissingExtraError


def test_an_unknown_name_lists_every_choice() -> None:
    with pytest.raises(EncoderError) as caught:
        load_encoder("clip")
    assert "no encoder 'clip'" in str(caught.value)
    for kind in ENCODERS.values():
        assert kind.pattern in str(caught.value)


@pytest.mark.parametrize("spec", ["open_clip", "open_clip:", "hf", "lite:"])
def test_a_name_without_its_end_says_what_to_write(spec: str) -> None:
    pattern = ENCODERS[spec.partition(":")[0]].pattern
    with pytest.raises(EncoderError, match=re.escape(f"write {pattern}")):
        load_encoder(spec)


def test_a_side_that_is_none_lists_those_there_are() -> None:
    with pytest.raises(EncoderError, match="no side 'space'; there are: photo, aerial"):
        load_encoder("lite:space")


def test_facts_are_json_and_name_the_built_in_one_in_full() -> None:
    rows = {row["name"]: row for row in json.loads(json.dumps(list_encoders()))}
    assert set(rows) == {kind.pattern for kind in ENCODERS.values()}
    lite = rows["lite[:photo|aerial]"]
    assert lite["installed"] is True
    assert lite["dim"] == 384
    assert {"fingerprint", "size_bytes", "licence", "languages", "summary"} <= set(lite)


def test_an_encoder_without_its_packages_gives_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "open_clip", None)
    for spec in ("open_clip:ViT-B-32/openai", "hf:google/siglip2-base-patch16-224"):
        with pytest.raises(MissingExtraError, match=r"pip install .*\[hub\]"):
            load_encoder(spec)
