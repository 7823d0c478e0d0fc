"""Hits: what a search gives back; a sequence, a table, a picture grid with a map."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from placelens.display import shown
from placelens.errors import InputError
from placelens.export import (
    ExportReport,
    Privacy,
    export,
    feature_of,
    records_of,
    to_arrow,
    to_geodataframe,
    to_pandas,
)
from placelens.export.html import hits_html
from placelens.export.text_table import text_table
from placelens.types import FeatureName, Hit, ScoreTerm, Shares, shares_to_json

if TYPE_CHECKING:
    import geopandas
    import pandas
    import pyarrow as pa

    from placelens.encoders.base import Answerability
    from placelens.engine.plan import Plan
    from placelens.geo.place_names import Understood
    from placelens.index.base import Certificate


EVEN_ODDS = 0.5
# Odds against an answer from which a search says so. Whoever asks mostly knows that there is one.
UNLIKELY = 0.25
# Less of a concept is not worth a word.
LEAST_SHARE = 0.01


class Hits(Sequence[Hit]):
    """The hits of one search, best first, with what was asked and how it was answered.

    They can be pickled, and come back without their thumbnails, which stay in the collection.

    Attributes
    ----------
    query : the search's arguments as plain JSON types.
    readings : in a collection of concepts, each text or image asked with, by its label, and the
        concepts that it was taken for.
    understood : what was read from the words (places, regions), or None when nothing was parsed.
    notes : what to know beside the hits: that nothing is near, what was not read, and why.
    plan : which index answered, and why.
    certificate : what vouches that no better item was missed.
    unfit : in words, why the encoder cannot be trusted to read the words; None when it can.
    cursor : give it to the next search to get the next page; None on the last page.
    elapsed_ms : wall-clock time of the search in milliseconds.
    thumbnails : gives the small JPEG of an id; None where the hits came from elsewhere.
    notes : in words, what of the question had no effect: attributes and values that no item has.
    """

    __slots__ = (
        "_answerabilities",
        "_best",
        "_hits",
        "certificate",
        "cursor",
        "elapsed_ms",
        "notes",
        "plan",
        "query",
        "readings",
        "thumbnails",
        "understood",
        "unfit",
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
        answerabilities: Mapping[tuple[FeatureName, FeatureName], Answerability] | None = None,
        readings: Sequence[tuple[str, Shares]] = (),
        notes: Sequence[str] = (),
        best: tuple[float, FeatureName] | None = None,
        unfit: str | None = None,
    ) -> None:
        if not (isinstance(hits, Sequence) and all(isinstance(hit, Hit) for hit in hits)):
            raise InputError(f"hits are a sequence of Hit, not {shown(hits)}")
        self._hits = tuple(hits)
        # A term's kind is a modality or "place", so any string may be looked up.
        self._answerabilities: Mapping[Any, Answerability] = dict(answerabilities or {})
        self.thumbnails = thumbnails
        self.readings = tuple(readings)
        self.notes = tuple(notes)
        self._best = best
        self.unfit = unfit
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
            return Hits(self._hits[index], **{**self._facts(), "cursor": None})
        return self._hits[index]

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (self._hits, {**self._facts(), "thumbnails": None})

    def _facts(self) -> dict[str, Any]:
        """What they were made of, but the hits."""
        return {
            "query": dict(self.query),
            "understood": self.understood,
            "plan": self.plan,
            "certificate": self.certificate,
            "cursor": self.cursor,
            "elapsed_ms": self.elapsed_ms,
            "thumbnails": self.thumbnails,
            "answerabilities": self._answerabilities,
            "readings": self.readings,
            "notes": self.notes,
            "best": self._best,
            "unfit": self.unfit,
        }

    def thumbnail(self, hit: Hit) -> bytes | None:
        """The hit's small JPEG, or None when it has no picture."""
        if not isinstance(hit, Hit):
            raise InputError(f"{shown(hit)} is not one of the hits")
        return self.thumbnails(hit.id) if self.thumbnails else None

    @property
    def doubt(self) -> str | None:
        """In words, that nothing here is a good match; None when something is, or none can tell.

        Said when ``answerable`` is below 0.25, or the best similarity below 0.5: calibrated, it
        estimates the probability that two things belong together, one match against one random
        pair, so below, a hit cannot be told from a random item. Raw cosines say nothing of the
        kind, and neither do later pages, which are without the best.
        """
        if self.unfit is not None:
            return self.unfit
        best = self._best_fit()
        if best is None:
            return None
        fit, answerable = best[0], self.answerable
        if answerable is not None and answerable < UNLIKELY:
            return (
                f"probably no good match: the best fits by {fit:.2f} of 1, which leaves "
                f"{answerable:.0%} that anything here shows it"
            )
        if fit < EVEN_ODDS:
            whose = "these" if self._best is None else "all"
            return (
                f"no good match: the best of {whose} fits by {fit:.2f} of 1, "
                f"and below {EVEN_ODDS} an item cannot be told from a random one"
            )
        return None

    @property
    def answerable(self) -> float | None:
        """The probability that something here shows what was asked for; None where none can tell.

        Told for one text, by encoders that say how (``lite``): from the best similarity and from
        how many items were compared, since among many, one fits well by luck. A place brings items
        to the top that do not fit best; the best is then looked for among all that pass the
        filters.
        """
        best = self._best_fit()
        if best is None or self.plan is None:
            return None
        fit, matched, terms = best
        if len(terms) != 1 or matched is None or self.unfit is not None:
            return None
        answerability = self._answerabilities.get((terms[0].kind, matched))
        if answerability is None:
            return None
        return float(answerability(np.array([fit]), np.array([max(1, self.plan.n_allowed)]))[0])

    def _best_fit(self) -> tuple[float, FeatureName | None, list[ScoreTerm]] | None:
        """The best calibrated similarity there is, by what, and the terms; None when none can tell.

        Of the first page's hits, unless the search has looked for a better one elsewhere.
        """
        if self.plan is None or self.plan.similarity != "calibrated":
            return None
        if not self._hits or self._hits[0].rank > 1:
            return None
        fits = [(fit, hit) for hit in self._hits if (fit := _fit(hit)) is not None]
        if not fits:
            return None
        fit, hit = max(fits, key=lambda pair: pair[0])
        terms = [term for term in hit.terms if term.weight > 0 and term.kind != "place"]
        if self._best is not None and self._best[0] > fit:
            return (*self._best, terms)
        is_best = self._best is not None or all(term.kind != "place" for term in hit.terms)
        return fit, hit.matched if is_best else None, terms

    @property
    def interpretation(self) -> str | None:
        """In words, how places and times in the query's words were read; None without any."""
        if self.understood is None or not self.understood.describe():
            return None
        rest = f"; words: {self.understood.text}" if self.understood.text else ""
        return f"understood: {self.understood.describe()}{rest}"

    @property
    def reading(self) -> str | None:
        """In words, what concepts the query was taken for; None outside collections of concepts."""
        if not self.readings:
            return None
        said = [
            (label, ", ".join(f"{name} {share:.0%}" for name, share in of if share >= LEAST_SHARE))
            for label, of in self.readings
        ]
        if len(said) == 1:
            return f"read as {said[0][1]}"
        return "read as " + "; ".join(f"{label}: {shares}" for label, shares in said)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON types: what ``--format json`` prints and the REST API sends."""
        return {
            "query": dict(self.query),
            "understood": self.understood.to_dict() if self.understood else None,
            "readings": [
                {"label": label, "concepts": shares_to_json(shares)}
                for label, shares in self.readings
            ],
            "plan": self.plan.to_dict() if self.plan else None,
            "certificate": self.certificate.to_dict() if self.certificate else None,
            "answerable": self.answerable,
            "doubt": self.doubt,
            "notes": list(self.notes),
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
        csv_safe: bool = False,
        force: bool = False,
    ) -> ExportReport:
        """Write the hits to a file; see ``placelens.export.export`` for the parameters."""
        return export(
            self._hits,
            path,
            format=format,
            blur=blur,
            drop_places=drop_places,
            csv_safe=csv_safe,
            force=force,
            thumbnails=self.thumbnails,
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

    def to_arrow(self) -> pa.Table:
        """The hits as an Arrow table with the columns of the CSV format; lists stay lists."""
        return to_arrow(records_of(self._hits))

    def to_pandas(self) -> pandas.DataFrame:
        """The hits as a DataFrame with the columns of the CSV format (needs pandas).

        ``time`` is ISO 8601 text, as times with and without a zone do not mix in one column.
        """
        return to_pandas(records_of(self._hits))

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

    def to_html(self, path: str | Path, **options: Any) -> ExportReport:
        """Write a contact sheet that any browser shows; ``options`` are those of ``save``."""
        return self.save(path, format="html", **options)

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
        said = (self.interpretation, *self.notes, self.reading, self.doubt)
        return tuple(note for note in said if note)


def _unpickled(hits: Sequence[Hit], facts: Mapping[str, Any]) -> Hits:
    return Hits(hits, **facts)


def _fit(hit: Hit) -> float | None:
    """Weighted mean of the similarities to what was wanted; None when the hit has none."""
    wanted = [term for term in hit.terms if term.kind != "place" and term.weight > 0]
    total = sum(term.weight for term in wanted)
    return sum(term.weight * term.value for term in wanted) / total if total else None
