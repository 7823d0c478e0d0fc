"""Version 1 of the manifest: one length for all vectors, called modalities. It is only read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from placelens.limits import MAX_DIM
from placelens.storage.manifest import Manifest, vector_features
from placelens.storage.manifest_fields import (
    COMMON,
    Fields,
    calibrations_of,
    check_concepts,
    check_fields,
    is_calibration,
    is_list,
    is_text,
    is_whole,
)
from placelens.types import FEATURES


def _is_modality(value: object) -> bool:
    return is_text(value) and value in FEATURES


def _are_modalities(value: object) -> bool:
    known = is_list(value, _is_modality)
    return known and isinstance(value, list) and 0 < len(value) == len(set(value))


class ManifestV1:
    """JSON of version 1."""

    version = 1
    fields: ClassVar[Fields] = {
        **COMMON,
        "dim": (f"a whole number from 1 to {MAX_DIM}", lambda value: is_whole(value, 1, MAX_DIM)),
        "modalities": (f"a list of {', '.join(FEATURES)}", _are_modalities),
        "calibrations": (
            "a list of maps",
            lambda value: is_list(value, lambda each: is_calibration(each, _is_modality)),
        ),
    }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], *, where: str) -> Manifest:
        """Parse strictly: a value out of place is an error."""
        data = {"concepts": [], **data}  # left out where there were none
        check_fields(data, cls.fields, where=where)
        check_concepts(data["concepts"], data["dim"], where=where)
        names, fingerprint = data["modalities"], data["fingerprint"]
        return Manifest(
            features=vector_features(names, data["dim"], fingerprint=fingerprint),
            space=data["space"],
            encoder=data["encoder"],
            fingerprint=fingerprint,
            calibrations=calibrations_of(data["calibrations"]),
            concepts=tuple(data["concepts"]),
            created=data["created"],
            next_id=data["next_id"],
            format_version=cls.version,
        )
