"""What a request asks with, thing by thing, each with its kind and weight, before any is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from placelens.engine.terms import Term
from placelens.errors import QueryError
from placelens.limits import MAX_TERMS, MAX_TEXT, within
from placelens.query.kind import Asked, TermKind
from placelens.query.kinds import KINDS, kind_named
from placelens.query.request import SearchRequest
from placelens.query.values import number, whole_text


def asked_of(request: SearchRequest) -> list[Asked]:
    """All that a request asks with, texts first, then the other kinds in the table's order.

    Raises
    ------
    QueryError
        If anything is not what its argument takes, or there is more than a query may hold.
    """
    found: list[Asked] = []
    for kind in KINDS.values():
        if kind.argument is not None:
            found += _of_argument(getattr(request, kind.argument), kind)
    within(found, MAX_TERMS, "the query")
    order = {name: at for at, name in enumerate(KINDS)}
    found.sort(key=lambda asked: order.get(asked.kind, len(order)))
    words = (asked.value for asked in found if asked.kind == "text")
    n_letters = sum(len(text) for text in words if isinstance(text, str))
    if n_letters > MAX_TEXT:
        raise QueryError(
            f"the query's words have {n_letters:,} characters, and {MAX_TEXT:,} is the most; "
            "encoders read the first hundred words or so"
        )
    counts: Counter[str] = Counter()
    for at, asked in enumerate(found):
        found[at] = replace(asked, nth=counts[asked.kind])
        counts[asked.kind] += 1
    for kind in KINDS.values():
        if kind.most is not None and counts[kind.name] > kind.most:
            raise QueryError(
                f"the query has {counts[kind.name]} terms of the kind {kind.name}, and {kind.most} "
                "is the most"
            )
    return found


def _of_argument(value: Any, kind: TermKind) -> Iterator[Asked]:
    """What an argument holds: one thing, a (thing, weight) pair, or a sequence of them."""
    if value is None:
        return
    weight_of = f"the weight of {'a vector' if kind.name == 'vector' else kind.name}"
    for entry in _entries(value, kind):
        thing, given = entry if _is_pair(entry) else (entry, None)
        weight = None if given is None else number(given, weight_of)
        if kind.name == "text" and isinstance(thing, Term):
            term = thing if weight is None else replace(thing, weight=weight)
            yield Asked(term.kind, term, term.weight)
        elif kind.name == "text" and isinstance(thing, Mapping):
            yield _named(thing, weight)
        else:
            yield Asked(kind.name, _checked(thing, kind), 1.0 if weight is None else weight)


def _checked(value: Any, kind: TermKind) -> Any:
    if not kind.is_text:
        return value
    text = whole_text(value, kind.name)
    return text if kind.longest is None else within(text, kind.longest, kind.name)


def _named(given: Mapping[str, Any], weight: float | None) -> Asked:
    """A term as JSON has it: its kind, its value, and, if it is not 1, its weight."""
    unknown = [name for name in given if name not in ("kind", "value", "weight")]
    if unknown or "kind" not in given or "value" not in given:
        odd = f"has no field {unknown[0]!r}" if unknown else "needs a kind and a value"
        raise QueryError(
            f"a term {odd}; write {{'kind': 'text', 'value': 'a bridge', 'weight': 1.0}}"
        )
    kind = kind_named(given["kind"])
    stated = given.get("weight", 1.0) if weight is None else weight
    heavy = number(stated, f"the weight of {kind.name}")
    return Asked(kind.name, _checked(given["value"], kind), heavy)


def _entries(value: Any, kind: TermKind) -> Sequence[Any]:
    """The things that an argument holds; a vector is one thing though it is a sequence."""
    if _is_pair(value) or isinstance(value, str | bytes | Mapping):
        return [value]
    if kind.name == "vector":
        is_many = isinstance(value, list) and value and all(map(_is_pair, value))
    else:
        is_many = isinstance(value, Sequence)
    return within(value, MAX_TERMS, kind.name) if is_many else [value]


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and isinstance(value[1], int | float | np.number)
        and not isinstance(value[0], int | float | np.number)
    )
