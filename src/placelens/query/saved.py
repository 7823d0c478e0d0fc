"""A search as it is saved: the arguments of `placelens.Collection.search` as plain JSON.

What it asks with stands in ``query``, as words or as a list of terms, each with its kind, value and
weight; of the other arguments those that differ from their defaults. So any program can read it,
and ``search(**saved)`` asks it again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any

import numpy as np

from placelens.display import shown
from placelens.engine.terms import Term
from placelens.errors import QueryError
from placelens.geo.points import as_place
from placelens.limits import MAX_DEPTH, MAX_SAVED_BYTES
from placelens.query.asked import asked_of
from placelens.query.kind import Asked
from placelens.query.kinds import KINDS
from placelens.query.request import SearchRequest
from placelens.types import Place, Space

__all__ = ["as_saved", "is_saved"]

_DEFAULTS = {field.name: field.default for field in fields(SearchRequest)}
# These hold what is asked with, and are written into ``query``.
_ASKED = {kind.argument for kind in KINDS.values() if kind.argument is not None} - {"query"}
# A page of an answer, and an object of the caller's own.
_NEVER = ("cursor", "rerank")
_KEPT = set(_DEFAULTS) - _ASKED - set(_NEVER)
_LARGEST = 10**308
# Of all doubles that are no less than an atom away from zero.
_DECIMALS = 25


def as_saved(request: SearchRequest, space: Space) -> dict[str, Any]:
    """A request as JSON types.

    Raises
    ------
    QueryError, CoordinateError
        If it holds what cannot be saved, such as an image, or is too large.

    Examples
    --------
    >>> as_saved(SearchRequest(query="a pier", near="Nice", mu=0.5, like=("red", -1)), "sphere")
    {'query': [{'kind': 'text', 'value': 'a pier'}, \
{'kind': 'like', 'value': 'red', 'weight': -1.0}], 'near': 'Nice'}
    >>> as_saved(SearchRequest(query="a pier"), "sphere")
    {'query': 'a pier'}
    """
    for name in _NEVER:
        if getattr(request, name) is not None:
            raise QueryError(f"{name} is of one answer, and no part of a search that is saved")
    terms = [_term(asked) for asked in asked_of(request)]
    saved: dict[str, Any] = {}
    if terms:
        is_text = len(terms) == 1 and terms[0].keys() == {"kind", "value"}
        is_text &= terms[0]["kind"] == "text"
        saved["query"] = terms[0]["value"] if is_text else terms
    for name in _DEFAULTS:
        value = getattr(request, name)
        if name not in _KEPT or name == "query" or _is_default(name, value):
            continue
        if name == "near" and not isinstance(value, str):
            value = _written(as_place(value, space))
        saved[name] = _as_json(value, name)
    size = len(json.dumps(saved, ensure_ascii=False).encode())
    if size > MAX_SAVED_BYTES:
        raise QueryError(
            f"the search takes {size:,} bytes as JSON, and {MAX_SAVED_BYTES:,} is the most that "
            "is saved"
        )
    return saved


def is_saved(data: Mapping[str, Any]) -> bool:
    """Whether a JSON object may be a search that `as_saved` made: a collection may come from
    anybody, and must not have files opened."""
    query = data.get("query", "")
    terms = query if isinstance(query, list) else []
    return (
        set(data) <= _KEPT
        and isinstance(query, str | list)
        and all(isinstance(term, dict) and _is_kept_kind(term.get("kind")) for term in terms)
    )


def _is_kept_kind(name: Any) -> bool:
    return isinstance(name, str) and name in KINDS and KINDS[name].is_json


def _term(asked: Asked) -> dict[str, Any]:
    if isinstance(asked.value, Term):
        raise QueryError(f"a term that is an object ({asked.kind}) cannot be saved; write its JSON")
    if not _is_kept_kind(asked.kind):
        raise QueryError(
            f"a term of the kind {asked.kind} holds a file, which cannot be saved; add it to the "
            "collection, and save a search like that item"
        )
    term = {"kind": asked.kind, "value": _as_json(asked.value, asked.kind)}
    return term if asked.weight == 1.0 else {**term, "weight": _as_json(asked.weight, "a weight")}


def _written(place: Place) -> str:
    """Like "50.087,14.421", to the bit where a place can tell bits apart."""
    x, y = place.lonlat
    pair = (y, x) if place.space == "sphere" else (x, y)
    return ",".join(
        np.format_float_positional(each, precision=_DECIMALS, trim="-") for each in pair
    )


def _is_default(name: str, value: Any) -> bool:
    default = _DEFAULTS[name]
    return value is None or (type(value) is type(default) and value == default)


def _as_json(value: Any, name: str, levels: int = 2 * MAX_DEPTH) -> Any:
    """A value as JSON types, and nothing in its place where it has no such form."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    value = getattr(value, "__geo_interface__", value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, name)
    if isinstance(value, int | float):
        if abs(value) > _LARGEST or not math.isfinite(value):
            raise QueryError(f"{name}: {shown(value)} is no number that can be saved")
        return value
    if isinstance(value, date):
        return value.isoformat()
    if levels == 0:
        raise QueryError(f"{name} {shown(value)} is too deep to be saved")
    if isinstance(value, Mapping):
        return {_text(each, name): _as_json(of, name, levels - 1) for each, of in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_as_json(each, name, levels - 1) for each in value]
    raise QueryError(f"{name} {shown(value)} is a {type(value).__name__}, which cannot be saved")


def _text(value: Any, name: str) -> str:
    try:
        if isinstance(value, str):
            value.encode()
            return value
    except UnicodeEncodeError:
        pass
    raise QueryError(f"{name}: {shown(value)} is no text that can be saved")
