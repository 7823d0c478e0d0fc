"""What data sets of street photos call the classes that their masks hold, in one set of words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# None where the data set's word says nothing of what is there.
CAMVID: Mapping[str, str | None] = MappingProxyType(
    {
        "sky": "sky",
        "building": "building",
        "pole": "other",
        "road": "road",
        "pavement": "pavement",
        "tree": "vegetation",
        "sign": "other",
        "fence": "other",
        "car": "car",
        "pedestrian": "person",
        "bicyclist": "person",
        "unlabelled": None,
    }
)
LABELMEFACADE: Mapping[str, str | None] = MappingProxyType(
    {
        "various": None,
        "building": "building",
        "car": "car",
        "door": "building",
        "pavement": "pavement",
        "road": "road",
        "sky": "sky",
        "vegetation": "vegetation",
        "window": "building",
    }
)
