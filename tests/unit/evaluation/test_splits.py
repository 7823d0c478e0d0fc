"""The committed splits: no image in two parts, and the sizes that the docs name."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
import xxhash

from placelens.errors import InputError, ReadError
from placelens.evaluation import Pair, Splits, content_hash, read_pairs, select_pairs
from placelens.evaluation.splits import PARTS


def test_no_image_is_in_two_parts_even_of_two_data_sets() -> None:
    parts = [hashes for split in Splits.load().parts.values() for hashes in split.values()]
    for one, other in combinations(parts, 2):
        assert not one & other


@pytest.mark.parametrize(
    ("split", "sizes"),
    [
        # 8,973 RSICD images less one exact double.
        ("rsicd", {"train": 7172, "validation": 800, "test": 1000}),
        ("flickr8k", {"train": 500, "validation": 100, "test": 200}),
        ("coco_mini", {"train": 0, "validation": 0, "test": 159}),
        ("travel_photos", {"train": 0, "validation": 0, "test": 100}),
    ],
)
def test_sizes(split: str, sizes: dict[str, int]) -> None:
    assert {part: len(Splits.load().of(split, part)) for part in PARTS} == sizes


def test_content_hash_is_xxh3_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"placelens")
    assert content_hash(tmp_path / "a") == f"{xxhash.xxh3_64_intdigest(b'placelens'):016x}"
    with pytest.raises(ReadError, match="none"):
        content_hash(tmp_path / "none")


@pytest.mark.parametrize("name", ["rsicd", "flickr8k"])
def test_every_image_at_hand_is_in_one_part(shared_data: Path, name: str) -> None:
    parts = Splits.load().parts[name]
    known = frozenset().union(*parts.values())
    assert {
        content_hash(pair.image) for pair in read_pairs(shared_data / name / "pairs.jsonl")
    } == (known)


def test_near_duplicates_share_a_part(shared_data: Path) -> None:
    for pair in (("port_183", "port_248"), ("railwaystation_221", "railwaystation_234")):
        hashes = {content_hash(shared_data / f"rsicd/images/{name}.jpg") for name in pair}
        assert len(hashes) == 2
        assert any(hashes <= part for part in Splits.load().parts["rsicd"].values())


def test_select_keeps_the_part_in_order(shared_data: Path) -> None:
    pairs = read_pairs(shared_data / "flickr8k" / "pairs.jsonl")
    chosen = select_pairs(pairs, split="flickr8k", part="test")
    assert len(chosen) == 200
    assert chosen == [pair for pair in pairs if pair in chosen]


def test_unknown_names_list_the_choices(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="coco_mini, flickr8k, rsicd, travel_photos"):
        select_pairs([], split="imagenet")
    with pytest.raises(InputError, match="train, validation, test"):
        select_pairs([], split="rsicd", part="dev")
    (tmp_path / "a.jpg").write_bytes(b"not in any split")
    with pytest.raises(InputError, match="none of the 1 images"):
        select_pairs([Pair(image=tmp_path / "a.jpg", captions=("a",))], split="rsicd")
