"""What a kind of term is: how a value that people give becomes a term of a query."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from typing import Any

from placelens.encoders.base import Encoder
from placelens.encoders.parts import TextPhrases
from placelens.engine.query import unit_vector
from placelens.engine.terms import FusedTerm, Term
from placelens.explain.objects import named_by
from placelens.explain.pointed import Images, Part, PointedTerm, Pointer, phrases_of
from placelens.explain.regions import common_of, regions_by
from placelens.storage.manifest import Manifest
from placelens.storage.version import Version
from placelens.types import Evidence, Float64Array, Shares


@dataclass(frozen=True, eq=False)
class Context:
    """What a kind may use to read its values.

    ``encoded`` holds the texts of all requests that are answered together, encoded in one batch:
    their vectors, and what they were read as; ``phrases`` those that are asked for by phrases,
    where the encoder tells them.
    """

    version: Version
    manifest: Manifest
    encoder: Callable[[], Encoder]
    encoded: dict[str, tuple[Any, Shares]] = field(default_factory=dict)
    phrases: dict[str, TextPhrases] = field(default_factory=dict)

    def fused(
        self,
        kind: str,
        label: str,
        values: Any,
        weight: float,
        shares: Shares = (),
        *,
        text: str | None = None,
    ) -> FusedTerm:
        """A term from the components of a vector, which is checked and scaled to length 1.

        ``text`` is what the encoder made it of, whose phrases explain it.

        Raises
        ------
        VectorError
            If it is no vector of this collection.
        """
        read_as = tuple(
            Evidence(kind="reading", label=name, share=share, of=label) for name, share in shares
        )
        vector = unit_vector(values, self.manifest.dim, what=label)
        return PointedTerm(
            kind=kind,
            label=label,
            weight=weight,
            vector=vector,
            read_as=read_as,
            pointer=self.pointer(label, vector, text),
        )

    def pointer(
        self, label: str, vector: Float64Array, text: str | None
    ) -> Callable[[], Pointer | None]:
        """What gives `Pointer` of a term when it is asked for, once."""
        return cache(partial(self._pointer, label, vector, text))

    def _pointer(self, label: str, vector: Float64Array, text: str | None) -> Pointer | None:
        """What tells the parts of a term apart; None in a collection of vectors of one's own."""
        if self.manifest.encoder is None:
            return None
        encoder = self.encoder()

        @cache
        def parts() -> list[Part]:
            if text is None:
                return [Part(label, None, vector)]
            return phrases_of(text, encoder, self.phrases.get(text))

        return Pointer(parts, self._images, encoder.image_spec, self._common)

    @cached_property
    def _common(self) -> Float64Array | None:
        return common_of(self.encoder())

    @cached_property
    def _images(self) -> Images:
        """What the terms that point at parts of images know of them."""
        encoder = self.encoder()
        named = named_by(encoder, self.manifest, self._common)
        return Images(regions_by(encoder, self.manifest), named)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One thing to look for, before it is read; ``nth`` of its kind in the query, from 0."""

    kind: str
    value: Any
    weight: float
    nth: int = 0

    @property
    def is_wanted_text(self) -> bool:
        """Whether it is words that something is looked for by, and not kept away from."""
        return self.kind == "text" and isinstance(self.value, str) and self.weight > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TermKind:
    """One row of the table.

    Attributes
    ----------
    name : what requests call it; also the kind by which a collection's calibrations are kept.
    what : in a few words, for help texts and the page.
    example : a value as JSON has it.
    read : makes the term of what was asked.
    is_json : whether REST takes values of it in ``terms``; not of files, which the server would
        open.
    is_text : whether its values are texts, so that others are refused.
    longest : characters of such a text, at most; None for as many as a query's words may have.
    most : how many of them one query may hold; None for as many as it may hold terms.
    argument : the argument of `placelens.Collection.search` that holds values of this kind; None
        for kinds that are asked for by name.
    texts : the texts of a value that are to be encoded, with those of other terms in one batch.
    by_phrases : whether that is with their phrases.
    """

    name: str
    what: str
    example: Any
    read: Callable[[Asked, Context], Term]
    is_json: bool = True
    is_text: bool = False
    longest: int | None = None
    most: int | None = None
    argument: str | None = None
    texts: Callable[[Any], Iterable[str]] = lambda _: ()
    by_phrases: bool = False
