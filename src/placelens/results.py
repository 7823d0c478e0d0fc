"""Hits: what a search gives back; a sequence, a table, a picture grid with a map."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

from placelens.export import ExportReport, Privacy, export, feature_of, records_of, to_geodataframe
from placelens.export.html import hits_html
from placelens.export.text_table import text_table
from placelens.types import Hit

if TYPE_CHECKING:
    import geopandas

    from placelens.engine.plan import Plan
    from placelens.geo.place_names import Understood
    from placelens.index.base import Certificate


EVEN_ODDS = 0.5


class Hits(Sequence[Hit]):
    """The hits of one search, best first, with what was asked and how it was answered.

    Attributes
    ----------
    query : the search's arguments as plain JSON types.
    understood : what was read from the words (places, regions), or None when nothing was parsed.
    plan : which index answered, and why.
    certificate : what vouches that no better item was missed.
    cursor : give it to the next search to get the next page; None on the last page.
    elapsed_ms : wall-clock time of the search in milliseconds.
    """

    __slots__ = (
        "_hits",
        "_thumbnails",
        "certificate",
        "cursor",
        "elapsed_ms",
        "plan",
        "query",
        "understood",
    )

    def __init__(
        self,
        hits: Sequence[Hit],
        *,
        query: Mapping[str, Any] | None = None,
        understood: Understood | None = None,
        plan: Plan | None = None,
        certificate: Certificate | None = None,
        cursor: str | None = None,
        elapsed_ms: float | None = None,
        thumbnails: Callable[[str], bytes | None] | None = None,
    ) -> None:
        self._hits = tuple(hits)
        self._thumbnails = thumbnails
        self.query = MappingProxyType(dict(query or {}))
        self.understood = understood
        self.plan = plan
        self.certificate = certificate
        self.cursor = cursor
        self.elapsed_ms = elapsed_ms

    def __len__(self) -> int:
        return len(self._hits)

    @overload
    def __getitem__(self, index: int) -> Hit: ...
    @overload
    def __getitem__(self, index: slice) -> Hits: ...
    def __getitem__(self, index: int | slice) -> Hit | Hits:
        """One hit, or, for a slice, the same answer with fewer hits and no next page."""
        if isinstance(index, slice):
            return Hits(
                self._hits[index],
                query=self.query,
                understood=self.understood,
                plan=self.plan,
                certificate=self.certificate,
                elapsed_ms=self.elapsed_ms,
                thumbnails=self._thumbnails,
            )
        return self._hits[index]

    def thumbnail(self, hit: Hit) -> bytes | None:
        """The hit's small JPEG, or None when it has no picture."""
        return self._thumbnails(hit.id) if self._thumbnails else None

    @property
    def doubt(self) -> str | None:
        """In words, that nothing here is a good match; None when something is, or none can tell.

        Calibrated similarities estimate the probability that two things belong together, one
        match against one random pair: below 0.5, a hit fits worse than it would take to tell it
        from a random item. Raw cosines say nothing of the kind, and neither do later pages, which
        are without the best.
        """
        if self.plan is None or self.plan.similarity != "calibrated":
            return None
        if not self._hits or self._hits[0].rank > 1:
            return None
        fits = [fit for hit in self._hits if (fit := _fit(hit)) is not None]
        if not fits or max(fits) >= EVEN_ODDS:
            return None
        return (
            f"no good match: the best of these fits by {max(fits):.2f} of 1, "
            f"and below {EVEN_ODDS} an item cannot be told from a random one"
        )

    @property
    def interpretation(self) -> str | None:
        """In words, how the places in the query's words were read; None when there were none."""
        if self.understood is None or not self.understood.mentions:
            return None
        rest = f"; words: {self.understood.text}" if self.understood.text else ""
        return f"understood: {self.understood.describe()}{rest}"

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON types: what ``--format json`` prints and the REST API sends."""
        return {
            "query": dict(self.query),
            "understood": self.understood.to_dict() if self.understood else None,
            "plan": self.plan.to_dict() if self.plan else None,
            "certificate": self.certificate.to_dict() if self.certificate else None,
            "doubt": self.doubt,
            "hits": list(records_of(self._hits)),
            "cursor": self.cursor,
            "elapsed_ms": self.elapsed_ms,
        }

    def save(
        self,
        path: str | Path,
        *,
        format: str | None = None,  # noqa: A002
        blur: str | float | None = None,
        drop_places: bool = False,
        force: bool = False,
    ) -> ExportReport:
        """Write the hits to a file; see ``placelens.export.export`` for the parameters."""
        return export(
            self._hits, path, format=format, blur=blur, drop_places=drop_places, force=force
        )

    def to_geojson(self, path: str | Path | None = None, **options: Any) -> dict[str, Any]:
        """The hits as a FeatureCollection, also written to ``path`` when that is given.

        ``options`` are those of ``save``.
        """
        if path is not None:
            self.save(path, format="geojson", **options)
        privacy = Privacy(
            blur=options.get("blur"), drop_places=bool(options.get("drop_places", False))
        )
        records = privacy.apply(records_of(self._hits))
        return {"type": "FeatureCollection", "features": [feature_of(record) for record in records]}

    def to_geodataframe(self) -> geopandas.GeoDataFrame:
        """The hits as a GeoDataFrame (extra ``geo``)."""
        return to_geodataframe(records_of(self._hits))

    def to_csv(self, path: str | Path, **options: Any) -> ExportReport:
        """Write CSV; ``options`` are those of ``save``."""
        return self.save(path, format="csv", **options)

    def to_kml(self, path: str | Path, **options: Any) -> ExportReport:
        """Write KML, for map programs; ``options`` are those of ``save``."""
        return self.save(path, format="kml", **options)

    def to_gpx(self, path: str | Path, **options: Any) -> ExportReport:
        """Write GPX waypoints; ``options`` are those of ``save``."""
        return self.save(path, format="gpx", **options)

    def to_gpkg(self, path: str | Path, **options: Any) -> ExportReport:
        """Write a GeoPackage (extra ``geo``); ``options`` are those of ``save``."""
        return self.save(path, format="gpkg", **options)

    def to_geoparquet(self, path: str | Path, **options: Any) -> ExportReport:
        """Write GeoParquet (extra ``geo``); ``options`` are those of ``save``."""
        return self.save(path, format="geoparquet", **options)

    def __repr__(self) -> str:
        return "\n".join([*self._notes(), text_table(self._hits)])

    def _repr_html_(self) -> str:
        """A picture grid and a map, for notebooks; nothing is fetched from anywhere."""
        near = self.understood.near if self.understood else None
        return hits_html(self._hits, self.thumbnail, notes=self._notes(), near=near)

    def _notes(self) -> tuple[str, ...]:
        """What the hits should not be shown without."""
        return tuple(note for note in (self.interpretation, self.doubt) if note)


def _fit(hit: Hit) -> float | None:
    """Weighted mean of the similarities to what was wanted; None when the hit has none."""
    wanted = [term for term in hit.terms if term.kind != "place" and term.weight > 0]
    total = sum(term.weight for term in wanted)
    return sum(term.weight * term.value for term in wanted) / total if total else None
