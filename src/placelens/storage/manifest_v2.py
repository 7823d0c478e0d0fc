"""Version 2 of the manifest: what is kept of an item are features, each with a kind of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar

from placelens.display import shown
from placelens.errors import CollectionError, InputError
from placelens.storage.manifest import Edition, Hub, Manifest
from placelens.storage.manifest_fields import (
    COMMON,
    Fields,
    calibrations_of,
    check_concepts,
    check_fields,
    is_calibration,
    is_hub,
    is_list,
    is_text,
    is_text_or_none,
    is_whole,
)
from placelens.types import FEATURE_KINDS, Feature

FORMAT = "placelens collection"
MAX_FEATURES = 64
# One comes with each encoder that the vectors are made anew with.
MAX_EDITIONS = 4096


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2


def _is_block(value: object) -> bool:
    return (
        isinstance(value, list) and _is_pair(value) and is_text(value[0]) and is_whole(value[1], 1)
    )


def _is_shape(value: object) -> bool:
    is_long = isinstance(value, list) and len(value) in (2, 3)
    return is_long and is_list(value, lambda side: is_whole(side, 1))


class ManifestV2:
    """JSON of version 2."""

    version = 2
    # What an edition has; the manifest has those of its own.
    made_fields: ClassVar[Fields] = {
        "encoder": COMMON["encoder"],
        "fingerprint": COMMON["fingerprint"],
        "features": (
            f"a list of 1 to {MAX_FEATURES} features",
            lambda value: isinstance(value, list) and 0 < len(value) <= MAX_FEATURES,
        ),
        "calibrations": (
            "a list of maps",
            lambda value: is_list(value, lambda each: is_calibration(each, is_text)),
        ),
        "hubs": ("a list of maps with weights", lambda value: is_list(value, is_hub)),
    }
    fields: ClassVar[Fields] = {
        **COMMON,
        **made_fields,
        "edition": ("a number", lambda value: is_whole(value, 0)),
        "other_editions": (
            f"a list of at most {MAX_EDITIONS} editions",
            lambda value: isinstance(value, list) and len(value) <= MAX_EDITIONS,
        ),
    }
    edition_fields: ClassVar[Fields] = {**made_fields, "edition": fields["edition"]}
    feature_fields: ClassVar[Fields] = {
        "name": ("a name", is_text),
        "kind": (
            f"one of {', '.join(FEATURE_KINDS)}",
            lambda value: is_text(value) and value in FEATURE_KINDS,
        ),
        "length": ("a whole number above 0", lambda value: is_whole(value, 1)),
        "space": ("a text", is_text),
        "fingerprint": ("a text", is_text_or_none),
        "shape": (
            "a height, a width, and channels if any",
            lambda value: value is None or _is_shape(value),
        ),
        "blocks": ("a list of names and lengths", lambda value: is_list(value, _is_block)),
    }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], *, where: str) -> Manifest:
        """Parse strictly: a value out of place is an error."""
        data = {"edition": 0, "other_editions": [], **data}  # left out where there is but one
        check_fields(data, cls.fields, where=where)
        own = cls._edition(data, where=where)
        others = tuple(cls._other(each, where=where) for each in data["other_editions"])
        if len({each.number for each in (own, *others)}) != 1 + len(others):
            raise CollectionError(f"{where}: two editions have one number")
        manifest = Manifest(
            features=own.features,
            space=data["space"],
            encoder=own.encoder,
            fingerprint=own.fingerprint,
            calibrations=own.calibrations,
            hubs=own.hubs,
            concepts=tuple(data["concepts"]),
            created=data["created"],
            next_id=data["next_id"],
            format_version=cls.version,
            edition=own.number,
            others=others,
        )
        check_concepts(data["concepts"], manifest.dim, where=where)
        if others and manifest.concepts:
            raise CollectionError(f"{where}: concepts are never of several editions")
        return manifest

    @classmethod
    def _other(cls, data: object, *, where: str) -> Edition:
        where = f"{where}: other_editions"
        if not isinstance(data, dict):
            raise CollectionError(f"{where}: {shown(data)} is not an edition")
        check_fields(data, cls.edition_fields, where=where)
        return cls._edition(data, where=where)

    @classmethod
    def _edition(cls, data: Mapping[str, Any], *, where: str) -> Edition:
        features = tuple(cls._feature(each, where=where) for each in data["features"])
        if len({feature.name for feature in features}) != len(features):
            raise CollectionError(f"{where}: two features have one name")
        if not any(feature.kind == "vector" for feature in features):
            raise CollectionError(f"{where}: none of the features is a vector")
        return Edition(
            number=data["edition"],
            features=features,
            encoder=data["encoder"],
            fingerprint=data["fingerprint"],
            calibrations=calibrations_of(data["calibrations"]),
            hubs={
                (each["query"], each["item"]): Hub(
                    float(each["weight"]), float(each["slope"]), float(each["intercept"])
                )
                for each in data["hubs"]
            },
        )

    @classmethod
    def _feature(cls, data: object, *, where: str) -> Feature:
        if not isinstance(data, dict):
            raise CollectionError(f"{where}: features: {shown(data)} is not a feature")
        check_fields(data, cls.feature_fields, where=f"{where}: features")
        shape, blocks = data["shape"], data["blocks"]
        try:
            return Feature(
                **{
                    **data,
                    "shape": None if shape is None else tuple(shape),
                    "blocks": tuple((name, length) for name, length in blocks),
                }
            )
        except InputError as error:
            raise CollectionError(f"{where}: features: {error}") from error

    @classmethod
    def to_json(cls, manifest: Manifest) -> dict[str, Any]:
        """Plain JSON types, as written to disk."""
        own = cls._made(manifest.editions[manifest.edition])
        data = {
            "format": FORMAT,
            "format_version": cls.version,
            "created": manifest.created,
            "space": manifest.space,
            **own,
            "concepts": list(manifest.concepts),
            "next_id": manifest.next_id,
        }
        if manifest.edition or manifest.others:
            others = [{"edition": each.number, **cls._made(each)} for each in manifest.others]
            data |= {"edition": manifest.edition, "other_editions": others}
        return data

    @staticmethod
    def _made(edition: Edition) -> dict[str, Any]:
        """What an edition has, but for its number."""
        return {
            "encoder": edition.encoder,
            "fingerprint": edition.fingerprint,
            "features": [
                {
                    **asdict(feature),
                    "shape": None if feature.shape is None else list(feature.shape),
                    "blocks": [list(block) for block in feature.blocks],
                }
                for feature in edition.features
            ],
            "calibrations": [
                {"query": query, "item": item, "slope": slope, "intercept": intercept}
                for (query, item), (slope, intercept) in sorted(edition.calibrations.items())
            ],
            "hubs": [
                {"query": query, "item": item, **hub._asdict()}
                for (query, item), hub in sorted(edition.hubs.items())
            ],
        }
