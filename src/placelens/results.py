"""Hits: what a search gives back; a sequence, a table, a picture grid with a map."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from placelens.deadline import NEVER, Deadline
from placelens.display import shown
from placelens.errors import InputError
from placelens.export import (
    ExportReport,
    Privacy,
    blank_record,
    export,
    feature_of,
    records_of,
    to_arrow,
    to_geodataframe,
    to_pandas,
)
from placelens.export.evidence import Explanation, read_as
from placelens.export.html import hits_html
from placelens.export.text_table import text_table
from placelens.types import (
    NO_EVIDENCE,
    PHRASES,
    Evidence,
    FeatureName,
    Hit,
    NothingNear,
    ScoreTerm,
)

if TYPE_CHECKING:
    import geopandas
    import pandas
    import pyarrow as pa

    from placelens.encoders.base import Answerability
    from placelens.engine.plan import Plan
    from placelens.geo.place_names import Understood
    from placelens.index.base import Certificate


# Gives of each hit what speaks for it, term by term, and its small JPEG.
Explainer = Callable[[Sequence[Hit], Deadline], Sequence[tuple[tuple[Evidence, ...], bytes | None]]]

# Odds against an answer from which a search says so. Whoever asks mostly knows that there is one.
UNLIKELY = 0.25


class Hits(Sequence[Hit]):
    """The hits of one search, best first, with what was asked and how it was answered.

    They can be pickled, and come back without their thumbnails, which stay in the collection.

    Attributes
    ----------
    query : the search's arguments as plain JSON types.
    evidence : what the things asked with were taken for: in a collection of concepts, the shares of
        these in each text or image, by its label.
    understood : what was read from the words (places, areas), or None when nothing was parsed.
    notes : what to know beside the hits: that nothing is near, what was not read, and why;
        attributes and values asked for that no item has.
    nothing_near : set where nothing lies near the place asked for: what counts as near, and how far
        away the nearest is; None where something does, and on later pages.
    plan : which index answered, and why.
    certificate : what vouches that no better item was missed.
    unfit : in words, why the encoder cannot be trusted to read the words; None when it can.
    cursor : give it to the next search to get the next page; None on the last page.
    elapsed_ms : wall-clock time of the search in milliseconds.
    thumbnails : gives the small JPEG of an id; None where the hits came from elsewhere.

    Examples
    --------
    ``photos`` is the collection of `placelens.Collection`'s examples.

    >>> hits = photos.search("red")
    >>> hits[0].id, len(hits), [hit.id for hit in hits[:2]]
    ('red', 4, ['red', 'green'])
    >>> hits.certificate.kind, hits.plan.engine, hits.cursor
    ('proven', 'scan', None)
    """

    __slots__ = (
        "_answerabilities",
        "_best",
        "_explainer",
        "_hits",
        "certificate",
        "cursor",
        "elapsed_ms",
        "evidence",
        "notes",
        "nothing_near",
        "plan",
        "query",
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
        evidence: Sequence[Evidence] = (),
        notes: Sequence[str] = (),
        best: tuple[float, FeatureName] | None = None,
        nothing_near: NothingNear | None = None,
        unfit: str | None = None,
        explainer: Explainer | None = None,
    ) -> None:
        if not (isinstance(hits, Sequence) and all(isinstance(hit, Hit) for hit in hits)):
            raise InputError(f"hits are a sequence of Hit, not {shown(hits)}")
        self._hits = tuple(hits)
        # A term's kind is a modality or "place", so any string may be looked up.
        self._answerabilities: Mapping[Any, Answerability] = dict(answerabilities or {})
        self.thumbnails = thumbnails
        self.evidence = tuple(evidence)
        self.notes = tuple(notes)
        self._best = best
        self.nothing_near = nothing_near
        self._explainer = explainer
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
        return _unpickled, (self._hits, {**self._facts(), "thumbnails": None, "explainer": None})

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
            "evidence": self.evidence,
            "notes": self.notes,
            "best": self._best,
            "nothing_near": self.nothing_near,
            "unfit": self.unfit,
            "explainer": self._explainer,
        }

    def explain(self, rank: int, *, deadline: Deadline = NEVER) -> Explanation:
        """Why the hit of a rank is there: its score's terms, what speaks for each, the hit above.

        What a hit does not carry itself is looked up in the collection now; hits that were pickled
        tell only what they carry.

        Raises
        ------
        InputError
            If no hit here has the rank.
        SearchStoppedError
            If the deadline passed, or was cancelled.

        Examples
        --------
        >>> import tempfile
        >>> import placelens as pl
        >>> boats = pl.Collection.create(tempfile.mkdtemp() + "/boats.pl", dim=2)
        >>> _ = boats.add_vectors(["a", "b"], [[1, 0], [0.6, 0.8]])
        >>> print(boats.search(vector=[1, 0]).explain(2))
        2. b  0.600
           vector  1.00 x 0.600 = 0.600  how much it fits 'vector', by its vector (cosine 0.600)
           0.400 below 1: vector -0.400
        """
        if not isinstance(deadline, Deadline):
            raise InputError(f"deadline {shown(deadline)} is not a Deadline, like Deadline(10)")
        is_number = isinstance(rank, int) and not isinstance(rank, bool)
        ranks = [hit.rank for hit in self._hits]
        at = ranks.index(rank) if is_number and rank in ranks else None
        if at is None:
            there = f"{self._hits[0].rank} to {self._hits[-1].rank}" if self._hits else "none"
            raise InputError(f"no hit here has the rank {shown(rank)}; there are: {there}")
        return self._explained([at], deadline)[0]

    def explain_all(self, *, deadline: Deadline = NEVER) -> list[Explanation]:
        """`explain` of every hit, in their order; what is looked up is looked up together.

        Examples
        --------
        >>> [explanation.hit.id for explanation in photos.search("red", k=2).explain_all()]
        ['red', 'green']
        """
        if not isinstance(deadline, Deadline):
            raise InputError(f"deadline {shown(deadline)} is not a Deadline, like Deadline(10)")
        return self._explained(range(len(self._hits)), deadline)

    def _explained(self, places: Sequence[int], deadline: Deadline) -> list[Explanation]:
        hits = [self._hits[at] for at in places]
        if self._explainer is not None:
            found = self._explainer(hits, deadline)
        else:
            found = [((), self.thumbnail(hit)) for hit in hits]
        return [
            Explanation(
                hit=hit,
                above=self._hits[at - 1] if at else None,
                evidence=(*hit.evidence, *own),
                thumbnail=thumbnail,
            )
            for at, hit, (own, thumbnail) in zip(places, hits, found, strict=True)
        ]

    def thumbnail(self, hit: Hit) -> bytes | None:
        """The hit's small JPEG, or None when it has no picture.

        Examples
        --------
        >>> hits = photos.search("red")
        >>> hits.thumbnail(hits[0]) == photos.thumbnail("red")
        True
        """
        if not isinstance(hit, Hit):
            raise InputError(f"{shown(hit)} is not one of the hits")
        return self.thumbnails(hit.id) if self.thumbnails else None

    @property
    def doubt(self) -> str | None:
        """In words, that nothing here is a good match; None when something is, or none can tell.

        Said when ``answerable`` is below 0.25, or the best similarity below 0.09: calibrated, it
        estimates the probability that two things belong together, one match against ten random
        pairs, so below, a hit cannot be told from a random item. Raw cosines say nothing of the
        kind, and neither do later pages, which are without the best.

        Examples
        --------
        >>> photos.search("red").doubt is None
        True
        >>> photos.search("a castle").doubt
        'no good match: the best of these fits by 0.02 of 1, and below 0.09 ...'
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
        if fit < NO_EVIDENCE:
            whose = "these" if self._best is None else "all"
            return (
                f"no good match: the best of {whose} fits by {fit:.2f} of 1, "
                f"and below {NO_EVIDENCE:.2f} an item cannot be told from a random one"
            )
        return None

    @property
    def answerable(self) -> float | None:
        """The probability that something here shows what was asked for; None where none can tell.

        Told for one text, by encoders that say how (``lite``): from the best similarity and from
        how many items were compared, since among many, one fits well by luck. A place brings items
        to the top that do not fit best; the best is then looked for among all that pass the
        filters.

        Examples
        --------
        >>> photos.search("red").answerable is None  # an encoder that cannot tell
        True
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
        terms = [term for term in hit.terms if _judges(term)]
        if self._best is not None and self._best[0] > fit:
            return (*self._best, terms)
        is_best = self._best is not None or all(term.kind != "place" for term in hit.terms)
        return fit, hit.matched if is_best else None, terms

    @property
    def interpretation(self) -> str | None:
        """In words, how places and times in the query's words were read; None without any.

        Examples
        --------
        >>> photos.search("red near Lyon", decay="gauss:50km").interpretation
        'understood: near Lyon, France; decay gauss:50km; words: red'
        """
        if self.understood is None or not self.understood.describe():
            return None
        rest = f"; words: {self.understood.text}" if self.understood.text else ""
        return f"understood: {self.understood.describe()}{rest}"

    @property
    def reading(self) -> str | None:
        """In words, what concepts the query was taken for; None outside collections of concepts.

        Examples
        --------
        >>> photos.search("red").reading is None
        True
        """
        return read_as(self.evidence)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON types: what ``--format json`` prints and the REST API sends.

        Examples
        --------
        >>> answer = photos.search("red").to_dict()
        >>> answer["hits"][0]["id"], answer["certificate"]["kind"]
        ('red', 'proven')
        """
        return {
            "query": dict(self.query),
            "understood": self.understood.to_dict() if self.understood else None,
            "evidence": [entry.to_dict() for entry in self.evidence],
            "plan": self.plan.to_dict() if self.plan else None,
            "certificate": self.certificate.to_dict() if self.certificate else None,
            "answerable": self.answerable,
            "doubt": self.doubt,
            "notes": list(self.notes),
            "nothing_near": self.nothing_near.to_dict() if self.nothing_near else None,
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
        """Write the hits to a file; see ``placelens.export.export`` for the parameters.

        Examples
        --------
        >>> photos.search("red", k=2).save(folder / "hits.csv", drop_places=True).n_written
        2
        """
        return export(
            self._hits,
            path,
            format=format,
            of=Hit,
            blur=blur,
            drop_places=drop_places,
            csv_safe=csv_safe,
            force=force,
            thumbnails=self.thumbnails,
        )

    def to_geojson(self, path: str | Path | None = None, **options: Any) -> dict[str, Any]:
        """The hits as a FeatureCollection, also written to ``path`` when that is given.

        ``options`` are those of ``save``.

        Examples
        --------
        >>> photos.search("red").to_geojson()["features"][0]["geometry"]
        {'type': 'Point', 'coordinates': [14.42, 50.09]}
        """
        if path is not None:
            self.save(path, format="geojson", **options)
        privacy = Privacy(
            blur=options.get("blur"), drop_places=bool(options.get("drop_places", False))
        )
        records = privacy.apply(records_of(self._hits))
        return {"type": "FeatureCollection", "features": [feature_of(record) for record in records]}

    def to_arrow(self) -> pa.Table:
        """The hits as an Arrow table with the columns of the CSV format; lists stay lists.

        Examples
        --------
        >>> photos.search("red", k=2).to_arrow()["id"].to_pylist()
        ['red', 'green']
        """
        return to_arrow(records_of(self._hits), blank_record(Hit))

    def to_pandas(self) -> pandas.DataFrame:
        """The hits as a DataFrame with the columns of the CSV format (needs pandas).

        ``time`` is ISO 8601 text, as times with and without a zone do not mix in one column.

        Examples
        --------
        >>> photos.search("red", k=2).to_pandas()["rating"].tolist()
        [5, 4]
        """
        return to_pandas(records_of(self._hits), blank_record(Hit))

    def to_geodataframe(self) -> geopandas.GeoDataFrame:
        """The hits as a GeoDataFrame (extra ``geo``).

        Examples
        --------
        >>> photos.search("red").to_geodataframe().geometry[0]
        <POINT (14.42 50.09)>
        """
        return to_geodataframe(records_of(self._hits), blank_record(Hit))

    def to_csv(self, path: str | Path, **options: Any) -> ExportReport:
        """Write CSV; ``options`` are those of ``save``.

        Examples
        --------
        >>> report = photos.search("red").to_csv(folder / "hits.csv")
        >>> report.n_written, report.n_left_out
        (4, 0)
        """
        return self.save(path, format="csv", **options)

    def to_kml(self, path: str | Path, **options: Any) -> ExportReport:
        """Write KML, for map programs; ``options`` are those of ``save``.

        Examples
        --------
        >>> report = photos.search("red").to_kml(folder / "hits.kml")
        >>> report.n_written, report.n_left_out  # one has no place
        (3, 1)
        """
        return self.save(path, format="kml", **options)

    def to_gpx(self, path: str | Path, **options: Any) -> ExportReport:
        """Write GPX waypoints; ``options`` are those of ``save``.

        Examples
        --------
        >>> photos.search("red").to_gpx(folder / "hits.gpx").n_written
        3
        """
        return self.save(path, format="gpx", **options)

    def to_html(self, path: str | Path, **options: Any) -> ExportReport:
        """Write a contact sheet that any browser shows; ``options`` are those of ``save``.

        Examples
        --------
        >>> photos.search("red").to_html(folder / "hits.html").n_written
        4
        """
        return self.save(path, format="html", **options)

    def to_gpkg(self, path: str | Path, **options: Any) -> ExportReport:
        """Write a GeoPackage (extra ``geo``); ``options`` are those of ``save``.

        Examples
        --------
        >>> photos.search("red").to_gpkg(folder / "hits.gpkg").n_written
        4
        """
        return self.save(path, format="gpkg", **options)

    def to_geoparquet(self, path: str | Path, **options: Any) -> ExportReport:
        """Write GeoParquet (extra ``geo``); ``options`` are those of ``save``.

        Examples
        --------
        >>> photos.search("red").to_geoparquet(folder / "hits.parquet").n_written
        4
        """
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


def _judges(term: ScoreTerm) -> bool:
    """Whether a term says how well an item fits: words as a whole, of which that is known."""
    return term.weight > 0 and term.kind not in ("place", PHRASES)


def _fit(hit: Hit) -> float | None:
    """Weighted mean of the similarities to what was wanted; None when the hit has none."""
    wanted = [term for term in hit.terms if _judges(term)]
    total = sum(term.weight for term in wanted)
    return sum(term.weight * term.value for term in wanted) / total if total else None
