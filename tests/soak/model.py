"""What is in the collection at which time, as numbers that three processes can tell alone.

Items follow from their numbers. Those below `Plan.n_kept` are there from the first to the last;
the others come, move once and go, and what is known of each is the times at which it did.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

DIM = 32
SCALE_M = 500_000.0
EARTH_RADIUS_M = 6_371_008.8
TOLERANCE = 2e-5
"""Scores come from float32 vectors; what is nearer to each other than this may change places."""

# What happens to an item that comes and goes: the columns of `times_at`. One holds the second at
# which it began, the next that at which it was acknowledged; infinity before.
COMES, IS_THERE, MOVES, HAS_MOVED, GOES, IS_GONE = range(6)


@dataclass(frozen=True)
class Plan:
    """How many items stay, and how many may come and go."""

    n_kept: int
    n_passing: int
    seed: int = 0

    def __len__(self) -> int:
        return self.n_kept + self.n_passing


class Items:
    """Vectors, (n, DIM), and two places of each item, (n, 2): before it moves, and after."""

    def __init__(self, plan: Plan) -> None:
        rng = np.random.default_rng(plan.seed)
        vectors = rng.normal(size=(len(plan), DIM))
        self.vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        self.places = [
            np.column_stack([rng.uniform(-60, 60, len(plan)), rng.uniform(-170, 170, len(plan))])
            for _ in range(2)
        ]
        self.half = np.arange(len(plan)) % 2

    def scores(self, query: Query, moved: int, rows: slice | np.ndarray) -> np.ndarray:
        """The score that some items have in one of their places, as it is defined: (n,)."""
        lat, lon = np.radians(self.places[moved][rows]).T
        at_lat, at_lon = np.radians(query.place)
        haversine = (
            np.sin((lat - at_lat) / 2) ** 2
            + np.cos(lat) * np.cos(at_lat) * np.sin((lon - at_lon) / 2) ** 2
        )
        distance_m = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(haversine, 1)))
        nearness = np.exp(-0.5 * (distance_m / SCALE_M) ** 2)
        meaning = self.vectors[rows].astype(np.float64) @ query.vector
        return query.mu * nearness + (1 - query.mu) * meaning


class Query:
    """A search by a vector near a place; a third of them among half of the items."""

    def __init__(self, items: Items, rng: np.random.Generator) -> None:
        self.vector = rng.normal(size=DIM)
        self.vector /= np.linalg.norm(self.vector)
        # Near an item, or else there would be next to nothing around it.
        row = int(rng.integers(len(items.vectors)))
        self.place = items.places[int(rng.integers(2))][row] + rng.normal(0, 1, 2)
        self.mu = float(rng.choice([0.0, 0.5, 0.8]))
        self.k = int(rng.choice([1, 10, 50]))
        self.half = int(rng.integers(6))

    def arguments(self) -> dict[str, object]:
        """As the API takes it."""
        lat, lon = self.place
        asked: dict[str, object] = {
            "vector": self.vector.tolist(), "near": {"lat": lat, "lon": lon}, "mu": self.mu,
            "decay": f"gauss:{SCALE_M:.0f}m", "k": self.k,
        }  # fmt: skip
        return asked | ({"where": {"half": self.half}} if self.half < 2 else {})

    def admits(self, half: np.ndarray) -> np.ndarray:
        """Which items pass the filter."""
        return half == self.half if self.half < 2 else np.ones(half.shape, np.bool_)


def times_at(path: Path, plan: Plan) -> np.ndarray:
    """When items came, moved and went, (n_passing, 6) seconds, in a file that all processes map."""
    if not path.exists():
        np.full((plan.n_passing, 6), np.inf).tofile(path)
    return np.memmap(path, np.float64, "r+", shape=(plan.n_passing, 6))


def wrong_with(
    plan: Plan, items: Items, times: np.ndarray, query: Query, hits: list[dict], asked: float
) -> str | None:
    """What is wrong with an answer to a search that began at a second and has just ended.

    An item must be found that would be among the hits and was there all the while; none may be that
    was not there at any moment of it; each must have the score of a place it had, which its text
    tells; and they must be in order.
    """
    rows = np.array([int(hit["id"]) for hit in hits], np.int64)
    scores = np.array([hit["score"] for hit in hits])
    if len(hits) != query.k:
        return f"{len(hits)} hits for k = {query.k}"
    if len(set(rows.tolist())) != len(rows) or (np.diff(scores) > 0).any():
        return "an item twice, or hits out of order"
    if not query.admits(items.half[rows]).all():
        return "an item that the filter leaves out"
    for row, score, hit in zip(rows, scores, hits, strict=True):
        moved = int(hit["text"] == "moved")
        expected = items.scores(query, moved, np.array([row]))[0]
        if abs(expected - score) > TOLERANCE:
            return f"item {row} has {score}, and {expected} by its definition"
        if row >= plan.n_kept:
            at = times[row - plan.n_kept]
            if at[IS_GONE] < asked or np.isinf(at[COMES]):
                return f"item {row} was not there"
            if (at[HAS_MOVED] < asked and not moved) or (np.isinf(at[MOVES]) and moved):
                return f"item {row} was in its other place"
    return _missing(plan, items, times, query, rows, scores[-1] + TOLERANCE, asked)


def _missing(
    plan: Plan,
    items: Items,
    times: np.ndarray,
    query: Query,
    rows: np.ndarray,
    last: float,
    asked: float,
) -> str | None:
    """An item that should have been found above the last hit."""
    due = items.scores(query, 0, slice(plan.n_kept)) > last
    passing = np.arange(plan.n_kept, len(plan))
    there = passing[(times[:, IS_THERE] < asked) & np.isinf(times[:, GOES])]
    at = times[there - plan.n_kept]
    low = np.minimum(
        np.where(at[:, HAS_MOVED] < asked, np.inf, items.scores(query, 0, there)),
        np.where(np.isinf(at[:, MOVES]), np.inf, items.scores(query, 1, there)),
    )
    expected = np.concatenate([np.flatnonzero(due), there[low > last]])
    missed = set(expected[query.admits(items.half[expected])].tolist()) - set(rows.tolist())
    return f"items {sorted(missed)[:5]} are missing" if missed else None
