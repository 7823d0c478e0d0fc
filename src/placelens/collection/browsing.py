"""Looking at a collection without asking it anything: what there is when, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from placelens.collection.reading import Reading
from placelens.deadline import NEVER, Deadline
from placelens.display import shown
from placelens.engine.clusters import Clusters, View
from placelens.engine.searcher import Searcher
from placelens.engine.timeline import By, Timeline
from placelens.errors import InputError
from placelens.geo.uncertain import Uncertain
from placelens.query.request import SearchRequest
from placelens.storage.faults import naming_faults, on_newest
from placelens.types import BoolArray, FeatureName


@naming_faults
class Browsing(Reading):
    """What there is of items that pass filters, counted; nothing is ranked."""

    def timeline(
        self,
        *,
        by: By = "month",
        near: Any = None,
        bbox: Sequence[float] | None = None,
        radius: str | float | None = None,
        polygon: Any = None,
        time: Any = None,
        where: Mapping[str, Any] | None = None,
        modality: FeatureName | Sequence[FeatureName] | None = None,
        located_only: bool = False,
        unlocated_only: bool = False,
        uncertain: Uncertain = "centre",
        deadline: Deadline = NEVER,
    ) -> Timeline:
        """How many items are from each month, or day, of those that pass the filters of `search`.

        Periods are those of the wall clock where an item was taken; those that nothing is from are
        left out. What is found once of a version of the collection is kept.

        Raises
        ------
        QueryError, FilterError, CoordinateError, InputError
            Naming what cannot be used.
        SearchStoppedError
            If the deadline passed, or was cancelled.

        Examples
        --------
        >>> timeline = photos.timeline(where={"rating": {"gte": 4}})
        >>> [(month.period, month.n_items) for month in timeline.periods]
        [('2019-06', 1), ('2020-05', 1)]
        >>> photos.timeline().n_undated
        1
        """
        request = SearchRequest(
            near=near,
            bbox=bbox,
            radius=radius,
            polygon=polygon,
            time=time,
            where=where,
            modality=modality,
            located_only=located_only,
            unlocated_only=unlocated_only,
            uncertain=uncertain,
        )
        return self._timeline(request, by, deadline)

    @on_newest
    def _timeline(self, request: SearchRequest, by: By, deadline: Deadline) -> Timeline:
        searcher, allowed = self._passing(request, deadline)
        return searcher.periods.timeline(allowed, by)

    def clusters(
        self,
        *,
        zoom: float,
        west: float = -180.0,
        south: float = -90.0,
        east: float = 180.0,
        north: float = 90.0,
        near: Any = None,
        bbox: Sequence[float] | None = None,
        radius: str | float | None = None,
        polygon: Any = None,
        time: Any = None,
        where: Mapping[str, Any] | None = None,
        modality: FeatureName | Sequence[FeatureName] | None = None,
        located_only: bool = False,
        unlocated_only: bool = False,
        uncertain: Uncertain = "centre",
        deadline: Deadline = NEVER,
    ) -> Clusters:
        """What a view of a web map shows: items that lie close together as clusters.

        The map is cut into cells of 64 pixels, a tile being 512 pixels wide (Web Mercator). What
        lies in a cell is one cluster, or an item where it is alone. Cells that the view touches are
        whole, so that a cluster is the same in every view. There are at most 4,000 of both, on a
        coarser grid where need be; see `placelens.engine.clusters.Clusters`.

        Parameters
        ----------
        zoom
            In [0, 22]; its fraction is dropped.
        west, south, east, north
            Edges of the view in degrees, by default the whole world. West > east crosses the
            antimeridian, and so do edges beyond 180: 170 to -170 and 170 to 190 are the same.

        Raises
        ------
        QueryError, FilterError, CoordinateError
            Naming what cannot be used; also if the collection lies on a plane.
        SearchStoppedError
            If the deadline passed, or was cancelled.

        Examples
        --------
        >>> far = photos.clusters(zoom=2)
        >>> [(each.n_items, each.id) for each in far.clusters], [item.id for item in far.items]
        ([(2, 'green')], ['blue'])
        >>> near = photos.clusters(zoom=9, west=14, south=50, east=15, north=51)
        >>> near.clusters, [(item.id, item.lat, item.lon) for item in near.items]
        ((), [('red', 50.09, 14.42)])
        """
        view = View(zoom=zoom, west=west, south=south, east=east, north=north)
        request = SearchRequest(
            near=near,
            bbox=bbox,
            radius=radius,
            polygon=polygon,
            time=time,
            where=where,
            modality=modality,
            located_only=located_only,
            unlocated_only=unlocated_only,
            uncertain=uncertain,
        )
        return self._clusters(view, request, deadline)

    @on_newest
    def _clusters(self, view: View, request: SearchRequest, deadline: Deadline) -> Clusters:
        searcher, allowed = self._passing(request, deadline)
        return searcher.grid.clusters(view, allowed)

    def _passing(
        self, request: SearchRequest, deadline: Deadline
    ) -> tuple[Searcher, BoolArray | None]:
        """The searcher of the version at hand, and which of its rows pass; None for all."""
        if not isinstance(deadline, Deadline):
            raise InputError(f"deadline {shown(deadline)} is not a Deadline, like Deadline(10)")
        searcher = self._versions.searcher
        query = self._resolver(searcher).resolve_list(request)
        return searcher, searcher.lists.passing(query, deadline)
