"""A request made into a query of numbers, against one version of a collection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from placelens.deadline import NEVER, Deadline
from placelens.display import shown
from placelens.encoders.base import Encoder
from placelens.encoders.parts import TextPhrases
from placelens.engine.periods import Periods
from placelens.engine.query import Query, Similarity
from placelens.engine.rerank import Reranker
from placelens.engine.sorting import DEFAULT_SORT
from placelens.engine.terms import Term
from placelens.errors import EncoderError, QueryError
from placelens.geo.decay import Decay
from placelens.limits import within
from placelens.query.asked import asked_of
from placelens.query.filtering import filters_of
from placelens.query.kind import Asked, Context
from placelens.query.kinds import kind_named
from placelens.query.near import (
    DEFAULT_DECAY,
    DEFAULT_DECAY_OF_PLACE_ALONE,
    gazetteer,
    is_open,
    near_of,
    reach_m,
)
from placelens.query.phrases import delta_of, in_two_grains
from placelens.query.request import SearchRequest
from placelens.query.values import flag, number, text_or_none, whole
from placelens.storage.manifest import Manifest
from placelens.storage.version import Version
from placelens.types import FEATURES, PHRASES, FeatureName, Float32Array

if TYPE_CHECKING:
    from placelens.geo.understood import Understood


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """What a request asks with, its words without the places and times in them, and these."""

    asked: list[Asked]
    understood: Understood | None
    periods: tuple[Periods, ...]
    left_out: tuple[str, ...]


class Resolver:
    """Turns requests into queries against one version of a collection."""

    def __init__(
        self,
        version: Version,
        manifest: Manifest,
        encoder: Callable[[], Encoder],
        clock: Callable[[], datetime] = datetime.now,
    ) -> None:
        """``clock`` tells what "yesterday" is the day before."""
        self._clock = clock
        self._version = version
        self._manifest = manifest
        self._encoder = encoder

    def resolve(
        self, request: SearchRequest, *, deadline: Deadline = NEVER
    ) -> tuple[Query, Understood | None]:
        """Encode, parse and check a request; also what was understood of its words.

        Raises
        ------
        QueryError, FilterError, CoordinateError, VectorError
            Naming what cannot be used.
        SearchStoppedError
            If the deadline passes between two terms.
        """
        return self.resolve_many([request], deadline=deadline)[0]

    def resolve_many(
        self, requests: Sequence[SearchRequest], *, deadline: Deadline = NEVER
    ) -> list[tuple[Query, Understood | None]]:
        """`resolve` of many requests; their texts are encoded in one batch."""
        read = [self._read(request) for request in requests]
        deadline.check()
        context = self._context([asked for each in read for asked in each.asked])
        return [
            self._query(request, each, context, deadline)
            for request, each in zip(requests, read, strict=True)
        ]

    def resolve_list(self, request: SearchRequest) -> Query:
        """A request of filters and an order alone, for all the items that pass."""
        near = near_of(request.near, None, self._manifest.space)
        return Query(
            near=near.place,
            near_label=near.label,
            sort=request.sort or DEFAULT_SORT,
            filters=filters_of(
                request,
                space=self._manifest.space,
                near=near.place,
                understood=None,
                periods=(),
                without=_left_out(asked_of(request)),
            ),
            features=self._features(request.modality),
        )

    def check(self, request: SearchRequest) -> None:
        """Raise what `resolve` would, of all but what is asked with: no encoder is needed.

        Raises
        ------
        QueryError, FilterError, CoordinateError
            Naming what cannot be used.
        """
        # The words may name the place that a radius is around.
        radius = None if request.near is None else request.radius
        context = Context(self._version, self._manifest, self._encoder)
        self._query(replace(request, radius=radius), _Read([], None, (), ()), context, NEVER)

    def _query(
        self, request: SearchRequest, read: _Read, context: Context, deadline: Deadline
    ) -> tuple[Query, Understood | None]:
        understood = read.understood
        near = near_of(request.near, understood, self._manifest.space)
        terms = []
        for asked in read.asked:
            deadline.check()
            terms.append(_term(asked, context))
        decay = request.decay or near.decay or DEFAULT_DECAY
        if not terms and request.decay is None:
            decay = DEFAULT_DECAY_OF_PLACE_ALONE
            if understood is not None and understood.decay is not None:
                understood = replace(understood, decay=decay)
        is_wide = is_open(
            understood, is_given=request.near is not None, has_radius=request.radius is not None
        )
        recall_target = request.recall_target
        query = Query(
            terms=tuple(terms),
            near=near.place,
            near_label=near.label,
            decay=Decay.parse(decay),
            mu=number(request.mu, "mu"),
            k=whole(request.k, "k"),
            filters=filters_of(
                request,
                space=self._manifest.space,
                near=near.place,
                understood=understood,
                periods=read.periods,
                without=read.left_out,
            ),
            features=self._features(request.modality),
            similarity=_similarity(request.similarity),
            hubs=flag(request.hubs, "hubs"),
            sort=request.sort,
            cursor=text_or_none(request.cursor, "cursor"),
            engine=text_or_none(request.engine, "engine"),
            recall_target=None if recall_target is None else number(recall_target, "recall_target"),
            widens=request.decay is None and (not terms or is_wide),
            reach_m=None if request.decay is not None else reach_m(near.decay),
            is_judged=self._can_be_judged(terms),
            unfit=self._unfit(terms),
            rerank=_reranker(request.rerank),
        )
        return query, understood

    def _unfit(self, terms: Sequence[Term]) -> str | None:
        """Why the encoder cannot be trusted to read the words; None when it can."""
        texts = [term.label for term in terms if term.kind == "text" and term.weight > 0]
        reasons = (self._encoder().unread(text) for text in texts)
        return next((reason for reason in reasons if reason is not None), None)

    def _can_be_judged(self, terms: Sequence[Term]) -> bool:
        """Whether the encoder can tell from the best fit if anything shows what is asked for."""
        whole = [term for term in terms if term.kind != PHRASES]
        is_one_text = len(whole) == 1 and whole[0].kind == "text" and whole[0].weight > 0
        return is_one_text and bool(self._encoder().answerabilities)

    def _read(self, request: SearchRequest) -> _Read:
        """What a request asks with, and what its words say of places and times."""
        asked = asked_of(request)
        left, understood, periods = self._read_words(request, asked)
        is_placed = request.near is not None or (
            understood is not None and understood.near is not None
        )
        names_place = understood is not None and bool(understood.mentions)
        if names_place and not (is_placed or any(map(_stripped, left))):
            # Places that only filter rank nothing: the words do, as they were written, since what
            # is there may look like it. Nothing looks like a date, so that those alone list.
            left = asked
        terms = [each for each in map(_stripped, left) if each is not None]
        if any(each.kind == "text" for each in terms):
            context = Context(self._version, self._manifest, self._encoder)
            terms = in_two_grains(terms, delta_of(request.delta, context))
        return _Read(terms, understood, periods, _left_out(asked))

    def _read_words(
        self, request: SearchRequest, asked: list[Asked]
    ) -> tuple[list[Asked], Understood | None, tuple[Periods, ...]]:
        """All asked with, but without what the first words say of places and times, and that."""
        wanted = [i for i, each in enumerate(asked) if each.is_wanted_text]
        if not (flag(request.parse, "parse") and wanted and self._manifest.space == "sphere"):
            return asked, None, ()
        from placelens.query.words import read_words

        first = asked[wanted[0]]
        read = read_words(
            first.value,
            version=self._version,
            gazetteer=gazetteer(),
            now=self._clock(),
            time_is_given=request.time is not None,
        )
        left = list(asked)
        left[wanted[0]] = replace(first, value=read.understood.text)
        return left, _outranked(read.understood, request), read.periods

    def _context(self, asked: Sequence[Asked]) -> Context:
        """What kinds read values with; the texts of all of them are encoded here, each once."""
        context = Context(self._version, self._manifest, self._encoder)
        values = [each for each in asked if not isinstance(each.value, Term)]
        written: dict[str, bool] = {}  # and whether its phrases are asked for
        for each in values:
            kind = kind_named(each.kind)
            for text in kind.texts(each.value):
                written[text] = written.get(text, False) or kind.by_phrases
        if written:
            encoder = self._encoder()
            if not encoder.takes_text:
                raise QueryError(f"the encoder {encoder.name} takes no texts; search by image")
            context.phrases.update(_phrases([text for text in written if written[text]], encoder))
            vectors = _vectors(list(written), context.phrases, encoder)
            read = encoder.describe_texts(list(written))
            context.encoded.update(zip(written, zip(vectors, read, strict=True), strict=True))
        return context

    def _features(self, modality: Any) -> tuple[FeatureName, ...]:
        if modality is None:
            return ()
        if not isinstance(modality, str | list | tuple):
            raise QueryError(f"modality {shown(modality)} is not a name, nor a list of names")
        wanted = (modality,) if isinstance(modality, str) else modality
        within(wanted, len(FEATURES), "modality")
        known = self._manifest.vector_names
        unknown = [m for m in wanted if not (isinstance(m, str) and m in known)]
        if unknown or not wanted:
            raise QueryError(
                f"modality {shown(unknown[0]) if unknown else '(none)'} is not one of this "
                f"collection's: {', '.join(known)}"
            )
        return tuple(dict.fromkeys(wanted))


def _phrases(texts: Sequence[str], encoder: Encoder) -> dict[str, TextPhrases]:
    """Texts with their phrases, encoded in one batch; none where the encoder tells none."""
    if not texts:
        return {}
    try:
        return dict(zip(texts, encoder.encode_phrases(texts), strict=True))
    except EncoderError:
        return {}


def _vectors(
    texts: Sequence[str], known: Mapping[str, TextPhrases], encoder: Encoder
) -> list[Float32Array]:
    """Vectors of texts: those of phrases come with their texts'."""
    others = [text for text in texts if text not in known]
    made = dict(zip(others, encoder.encode_texts(others), strict=True)) if others else {}
    return [known[text].vector if text in known else made[text] for text in texts]


def _term(asked: Asked, context: Context) -> Term:
    if isinstance(asked.value, Term):
        return asked.value
    return kind_named(asked.kind).read(asked, context)


def _stripped(asked: Asked) -> Asked | None:
    """Without spaces around its words; None when none are left."""
    if asked.kind != "text" or not isinstance(asked.value, str):
        return asked
    text = asked.value.strip()
    return replace(asked, value=text) if text else None


def _left_out(asked: Sequence[Asked]) -> tuple[str, ...]:
    """Ids of the examples: nobody looks for what he has."""
    return tuple(
        each.value for each in asked if each.kind == "like" and isinstance(each.value, str)
    )


def _outranked(understood: Understood | None, request: SearchRequest) -> Understood | None:
    """What was understood, less what the caller says himself."""
    if understood is None or understood.near is None:
        return understood
    if request.near is not None:
        asked = tuple(m for m in understood.mentions if m.relation == "in" or m.negated)
        return replace(understood, mentions=asked, near=None, decay=None)
    if request.decay is not None:
        return replace(understood, decay=request.decay)
    return understood


def _similarity(value: Any) -> Similarity | None:
    if value is not None and not (isinstance(value, str) and value in ("raw", "calibrated")):
        raise QueryError(f"similarity {shown(value)} is not known; use raw or calibrated")
    return cast("Similarity | None", value)


def _reranker(value: Any) -> Reranker | None:
    if value is not None and not isinstance(value, Reranker):
        raise QueryError(f"rerank {shown(value)} is a {type(value).__name__}; give a Reranker")
    return value
