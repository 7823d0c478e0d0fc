"""Names to encoders, and the messages for names that are none."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import placelens as pl
from placelens.encoders import list_encoders, load_encoder, registry
from placelens.encoders.concept_map import ConceptMap, ViewMap
from placelens.encoders.hub import not_here
from placelens.encoders.open_clip import _asks_the_hub
from placelens.encoders.registry import ENCODERS, EncoderKind
from placelens.errors import EncoderError, MissingExtraError
from placelens.storage.ledger import Ledger
from placelens.storage.manifest_files import read_manifest, write_manifest
from placelens.testing.fakes import HashEncoder


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


class Hub:
    """Counts what is fetched."""

    def __init__(self) -> None:
        self.fetched: list[str] = []

    def load(self, argument: str, *, allow_download: bool) -> HashEncoder:
        if not allow_download:
            raise not_here(f"hub:{argument}")
        self.fetched.append(argument)
        return HashEncoder()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    made = Hub()
    kind = EncoderKind(pattern="hub:<id>", summary="fake", load=made.load, may_download=True)
    monkeypatch.setattr(registry, "ENCODERS", {**ENCODERS, "hub": kind})
    return made


def stranger(tmp_path: Path, encoder: str) -> Path:
    """A collection whose manifest names an encoder."""
    path = tmp_path / "stranger.pl"
    pl.Collection.create(path, encoder=HashEncoder())
    manifest = replace(read_manifest(path), encoder=encoder)
    write_manifest(path, manifest, Ledger(path))
    return path


def test_nothing_is_fetched_because_a_collection_says_so(hub: Hub, tmp_path: Path) -> None:
    path = stranger(tmp_path, "hub:evil/model")
    with pytest.raises(EncoderError, match=r"'hub:evil/model'.*--allow-download"):
        pl.Collection.open(path).search("red")
    assert hub.fetched == []
    pl.Collection.open(path, allow_download=True).search("red")
    assert hub.fetched == ["evil/model"]


def test_what_a_user_writes_may_be_fetched(hub: Hub, tmp_path: Path) -> None:
    pl.Collection.create(tmp_path / "own.pl", encoder="hub:good/model")
    assert hub.fetched == ["good/model"]


@pytest.mark.parametrize(
    "name", ["../../secret.npz", "/etc/passwd", "..", "a/../../b", "link.npz", "\0", "x" * 5_000]
)
def test_a_collection_names_no_file_outside_itself(tmp_path: Path, name: str) -> None:
    path = stranger(tmp_path, f"concepts:{name}")
    (tmp_path / "outside.npz").write_bytes(b"")
    (path / "link.npz").symlink_to(tmp_path / "outside.npz")
    with pytest.raises(EncoderError, match="does not lie in it"):
        pl.Collection.open(path).search("red")


def test_concepts_of_concepts_end(tmp_path: Path) -> None:
    path = stranger(tmp_path, "concepts:concepts.npz")
    view = ViewMap(weights=np.zeros((64, 2)), bias=np.zeros(2), mean=np.zeros(2))
    concepts = ConceptMap(names=("a", "b"), image=view, text=view)
    written = concepts.to_bytes(encoder=f"concepts:{path}", fingerprint="f", fits="{}")
    (path / "concepts.npz").write_bytes(written)
    with pytest.raises(EncoderError, match="learn"):
        pl.Collection.open(path).search("red")


@pytest.mark.parametrize(
    ("weights", "config", "asks"),
    [
        ("laion2b", {"text_cfg": {}}, True),
        ("here.pt", {"text_cfg": {}}, False),
        ("here.pt", {"text_cfg": {"hf_tokenizer_name": "evil/words"}}, True),
        ("here.pt", {"text_cfg": {"hf_model_name": "evil/model"}}, True),
    ],
)
def test_open_clip_asks_the_hub(
    tmp_path: Path, weights: str, config: dict[str, Any], asks: bool
) -> None:
    (tmp_path / "here.pt").write_bytes(b"")
    given = str(tmp_path / weights) if weights == "here.pt" else weights
    assert _asks_the_hub("ViT", given, lambda _: config) is asks
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": config}))
    is_local = bool(config["text_cfg"])
    assert _asks_the_hub(f"local-dir:{tmp_path}", None, lambda _: None) is is_local
