"""What is asked: six workloads over one data set, all for the best ten."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from placelens.geo.areas import Area
from placelens.geo.areas import Box as BoxArea
from placelens.geo.decay import KIND_CODES
from placelens.geo.distance import EARTH_RADIUS_M
from placelens.index.base import MeaningTask, PlaceTask, Task
from placelens.types import Float32Array, Float64Array

K = 10
# Half the way round the Earth: the linear decay over the globe.
GLOBE_M = math.pi * EARTH_RADIUS_M
CITY_M = 25_000.0


# South, west, north, east in degrees.
Box = tuple[float, float, float, float]


class Query(NamedTuple):
    """One question: a unit vector, a place, and a box around it."""

    vector: Float32Array
    lat: float
    lon: float
    origin: Float64Array
    box: Box


@dataclass(frozen=True, slots=True)
class Workload:
    """A kind of question: the weight of place, its decay, and whether the box filters.

    ``kind`` and ``scale_m`` are those of the decay. A batch is asked at once; its first queries
    are those of the workload ``truth``, and so are their answers.
    """

    name: str
    mu: float
    kind: str = ""
    scale_m: float = 0.0
    boxed: bool = False
    batch: bool = False
    truth: str = ""

    @property
    def has_place(self) -> bool:
        """Whether nearness counts."""
        return self.mu > 0.0

    @property
    def has_meaning(self) -> bool:
        """Whether the vector counts."""
        return self.mu < 1.0


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("mu05_linear", 0.5, "linear", GLOBE_M),
        Workload("mu05_gauss25km", 0.5, "gauss", CITY_M),
        Workload("mu0", 0.0),
        # Falling all the way round the Earth, the decay orders items as their distance does.
        Workload("mu1", 1.0, "linear", GLOBE_M),
        Workload("box1pct_mu0", 0.0, boxed=True),
        Workload("batch1000", 0.5, "gauss", CITY_M, batch=True, truth="mu05_gauss25km"),
    )
}


def task_of(workload: Workload, query: Query, *, k: int = K) -> Task:
    """The question as an index takes it."""
    place = meaning = None
    if workload.has_place:
        place = PlaceTask(query.origin, KIND_CODES[workload.kind], workload.scale_m, 0.0)
    if workload.has_meaning:
        zero = np.zeros(1)
        vector = query.vector.astype(np.float64)[None, :]
        meaning = {"vector": MeaningTask(vector, np.ones(1), zero, zero)}
    areas: tuple[Area, ...] = ()
    if workload.boxed:
        south, west, north, east = query.box
        areas = (BoxArea(south=south, west=west, north=north, east=east),)
    return Task(k=k, mu=workload.mu, place=place, meaning=meaning, areas=areas)
