"""What the fields of a manifest must be, in words and as tests: the file may come from anybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from placelens.display import shown
from placelens.errors import CollectionError
from placelens.storage.manifest import Calibrations

LARGEST_SLOPE = 1e6

Fields = Mapping[str, tuple[str, Callable[[object], bool]]]


def check_fields(data: Mapping[str, Any], fields: Fields, *, where: str) -> None:
    """Raise CollectionError unless there are these fields and no other, each what it must be."""
    if set(data) != set(fields):
        odd = ", ".join(sorted(set(data) ^ set(fields))[:10])
        raise CollectionError(f"{where}: fields missing or unknown: {odd}")
    for name, (what, is_one) in fields.items():
        if not is_one(data[name]):
            raise CollectionError(f"{where}: {name} {shown(data[name])} is not {what}")


def check_concepts(concepts: list[str], dim: int, *, where: str) -> None:
    """Raise CollectionError unless concepts, if there are any, name all components."""
    if len(concepts) not in (0, dim):
        raise CollectionError(f"{where}: {len(concepts)} concepts do not name {dim} components")


def is_text(value: object) -> bool:
    """Whether a value is a text."""
    return isinstance(value, str)


def is_text_or_none(value: object) -> bool:
    """Whether a value is a text, or there is none."""
    return value is None or isinstance(value, str)


def is_whole(value: object, least: int, most: int = 2**63 - 1) -> bool:
    """Whether a value is a whole number in a range."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def is_list(value: object, is_one: Callable[[object], bool]) -> bool:
    """Whether a value is a list of what a test says."""
    return isinstance(value, list) and all(map(is_one, value))


def is_calibration(value: object, is_feature: Callable[[object], bool]) -> bool:
    """Whether a value is a logistic map: which query and item it is for, two finite numbers."""
    if not isinstance(value, dict) or set(value) != {"query", "item", "slope", "intercept"}:
        return False
    numbers = (value["slope"], value["intercept"])
    return (is_feature(value["query"]) and is_feature(value["item"])) and all(
        isinstance(n, int | float) and abs(n) < LARGEST_SLOPE for n in numbers
    )


def is_hub(value: object) -> bool:
    """Whether a value is a logistic map with the weight of hubness, which is not below 0."""
    if not isinstance(value, dict) or "weight" not in value:
        return False
    weight, rest = value["weight"], {name: value[name] for name in value if name != "weight"}
    is_weight = isinstance(weight, int | float) and 0.0 <= weight < LARGEST_SLOPE
    return is_weight and is_calibration(rest, is_text)


def calibrations_of(values: list[dict[str, Any]]) -> Calibrations:
    """Calibrations by their query and item, from their JSON."""
    return {
        (each["query"], each["item"]): (float(each["slope"]), float(each["intercept"]))
        for each in values
    }


# Fields that are the same in all versions.
COMMON: Fields = {
    "format": ("placelens collection", is_text),
    "format_version": ("a version", lambda value: is_whole(value, 1)),
    "space": ("sphere or plane", lambda value: is_text(value) and value in ("sphere", "plane")),
    "encoder": ("a name", is_text_or_none),
    "fingerprint": ("a text", is_text_or_none),
    "concepts": ("a list of names", lambda value: is_list(value, is_text)),
    "created": ("a time", is_text),
    "next_id": ("an id", lambda value: is_whole(value, 0)),
}
