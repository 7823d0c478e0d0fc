"""Estimated places as they are kept: a list in the row of the item that they are about.

Nothing is taken from the list, and what it says of a proposal changes in its state alone, and in
what was there before it was accepted. The item's place changes in the same commit.

=========== ==========================================================================
member      meaning
=========== ==========================================================================
field       what is proposed: "place"
value       JSON: ``lat`` and ``lon``, or ``x`` and ``y``
radius_m    how far from it the item may be
confidence  how probable it is that it lies within, in [0, 1]
evidence    what it rests on, in words
state       open, accepted or rejected
previous    JSON: what `place_facts` was when it was accepted; null when it was not
time        when it was made, in UTC
=========== ==========================================================================
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from placelens.display import shown
from placelens.errors import (
    CollectionError,
    CoordinateError,
    InputError,
    ItemNotFoundError,
    ProposalStateError,
)
from placelens.storage.format_v2 import PROPOSALS
from placelens.storage.rows import MAX_RADIUS_M, Row, item_columns, items_from, radius_from
from placelens.storage.table import MAX_IID, ItemTable
from placelens.types import (
    COORDINATES,
    PLACE_SOURCES,
    PROPOSAL_STATES,
    Item,
    Place,
    Proposal,
    ProposalState,
    Space,
)

Entry = Mapping[str, Any]
_PLACE = "place"
# An internal id and a number, as texts.
LONGEST_ID = 40
# Rows that are made Python's objects of together.
_AT_ONCE = 256
_LISTED = pa.schema(
    [
        ("iid", pa.int64()),
        ("id", pa.string()),
        ("number", pa.int64()),
        ("entry", PROPOSALS.value_type),
    ]
)


def check_radius(radius_m: Any, what: str = "radius_m") -> None:
    """Raise InputError unless a radius is None, or metres of a distance on Earth."""
    is_number = isinstance(radius_m, int | float) and not isinstance(radius_m, bool)
    if radius_m is not None and not (is_number and 0 <= radius_m <= MAX_RADIUS_M):
        raise InputError(f"{what} {shown(radius_m)} is not in [0, {MAX_RADIUS_M:.0f}] metres")


def place_columns(
    space: Space, place: Place | None, source: str | None, radius_m: float | None
) -> dict[str, Any]:
    """What an item's row says of its place; nothing without one."""
    first, second = COORDINATES[space]
    if place is None:
        return {first: None, second: None, "place_source": None, "place_radius_m": None}
    if place.space != space:
        raise InputError(f"{place} does not lie on the collection's {space}")
    pair = {name: getattr(place, name) for name in (first, second)}
    return {**pair, "place_source": source, "place_radius_m": radius_m}


def with_accepted(row: Row) -> Row:
    """A row that was read anew, at the place that was accepted for it where its files say none."""
    accepted = [entry for entry in row.proposals if entry["state"] == "accepted"]
    place = _place(accepted[-1]["value"]) if accepted else None
    if row.item.place is not None or place is None:
        return row
    radius_m = radius_from(accepted[-1]["radius_m"])
    item = replace(row.item, place=place, place_source="estimated", place_radius_m=radius_m)
    return replace(row, item=item)


class _Found(NamedTuple):
    """A proposal's item and entry: ``entries[number]``."""

    iid: int
    number: int
    item: Item
    entries: list[Entry]

    @property
    def entry(self) -> Entry:
        return self.entries[self.number]


class Proposals:
    """The proposals of a table; whoever changes one holds the write lock."""

    def __init__(self, table: ItemTable) -> None:
        self._table = table

    def all(
        self, state: ProposalState | None = None, *, k: int | None = None, after: str | None = None
    ) -> list[Proposal]:
        """Those of a state, or all, by their ids: item by item, as the items were added.

        What is decided meanwhile moves none, so that ``k`` after the last that one has go on where
        that ended.

        Raises
        ------
        InputError
            If there is no such state, or ``after`` is no proposal's id.
        """
        if state is not None and not (isinstance(state, str) and state in PROPOSAL_STATES):
            raise InputError(f"state {shown(state)} is not one of {', '.join(PROPOSAL_STATES)}")
        listed = self._listed()
        if state is not None:
            listed = listed.filter(pc.equal(_member(listed, "state"), state))
        if after is not None:
            listed = listed.slice(_n_up_to(listed, after))
        return list(islice(_proposals(listed), k))

    def counts(self) -> dict[ProposalState, int]:
        """How many there are of each state."""
        found = pc.value_counts(_member(self._listed(), "state")).to_pylist()
        counts = {each["values"]: each["counts"] for each in found}
        return {state: counts.get(state, 0) for state in PROPOSAL_STATES}

    def _listed(self) -> pa.Table:
        """All of them, one a row, by their ids: most are told from what placelens would not write.

        Columns are not taken apart into Python's objects: who lists a few of a hundred thousand
        waits for those few.
        """
        dataset = self._table.dataset
        if "proposals" not in dataset.schema.names:
            return _LISTED.empty_table()
        rows = dataset.to_table(
            columns=["iid", "id", "proposals"], filter="proposals IS NOT NULL"
        ).combine_chunks()
        lists = rows["proposals"].combine_chunks()
        parents = pc.list_parent_indices(lists)
        of = parents.to_numpy()
        columns = [
            rows["iid"].take(parents),
            rows["id"].take(parents),
            pa.array(np.arange(len(of)) - np.searchsorted(of, of), pa.int64()),
            pc.list_flatten(lists),
        ]
        listed = pa.Table.from_arrays(columns, schema=_LISTED)
        is_known = pc.and_(
            pc.equal(_member(listed, "field"), _PLACE),
            pc.is_in(_member(listed, "state"), pa.array(PROPOSAL_STATES)),
        )
        return listed.filter(is_known).sort_by([("iid", "ascending"), ("number", "ascending")])

    def add(
        self,
        iid: int,
        place: Place,
        *,
        radius_m: float | None,
        confidence: float | None,
        evidence: str | None,
    ) -> Proposal:
        """Propose a place for an item."""
        check_radius(radius_m)
        is_number = isinstance(confidence, int | float) and not isinstance(confidence, bool)
        if confidence is not None and not (is_number and 0 <= confidence <= 1):
            raise InputError(f"confidence {shown(confidence)} is not in [0, 1]")
        space = self._table.manifest.space
        value = place_columns(space, place, None, None)
        entry = {
            "field": _PLACE,
            "value": json.dumps({name: value[name] for name in COORDINATES[space]}),
            "radius_m": radius_m,
            "confidence": confidence,
            "evidence": evidence,
            "state": "open",
            "previous": None,
            "time": datetime.now(UTC).replace(tzinfo=None),
        }
        item, entries = self._of(iid)
        self._table.update(iid, {"proposals": [*entries, entry]})
        return _proposal(iid, item.id, len(entries), entry)

    def accept(self, proposal_id: str) -> Proposal:
        """Put what is proposed in the place of what the item has."""
        found = self._find(proposal_id, "open")
        item, entry, space = found.item, found.entry, self._table.manifest.space
        radius_m = radius_from(entry["radius_m"])
        values = place_columns(space, _place(entry["value"]), "estimated", radius_m)
        now = place_columns(space, item.place, item.place_source, item.place_radius_m)
        return self._write(found, "accepted", values, previous=json.dumps(now))

    def reject(self, proposal_id: str) -> Proposal:
        """Note that a proposal is wrong."""
        return self._write(self._find(proposal_id, "open"), "rejected", {})

    def undo(self, proposal_id: str) -> Proposal:
        """Open a proposal again; the place is what it was before it was accepted.

        Raises
        ------
        ProposalStateError
            If the place was changed since.
        """
        found = self._find(proposal_id, "accepted", "rejected")
        values: dict[str, Any] = {}
        if found.entry["state"] == "accepted":
            if found.item.place != _place(found.entry["value"]):
                raise ProposalStateError(
                    f"the place of {shown(found.item.id)} was changed after proposal {proposal_id} "
                    "was accepted; set it with Collection.update"
                )
            values = self._before(found.entry)
        return self._write(found, "open", values)

    def _before(self, entry: Entry) -> dict[str, Any]:
        """What the row said of the place before a proposal was accepted."""
        was = _object(entry["previous"])
        source = was.get("place_source")
        radius = was.get("place_radius_m")
        return place_columns(
            self._table.manifest.space,
            _place(entry["previous"]),
            source if source in PLACE_SOURCES else None,
            radius_from(radius if isinstance(radius, int | float) else None),
        )

    def _write(
        self,
        found: _Found,
        state: ProposalState,
        values: Mapping[str, Any],
        *,
        previous: str | None = None,
    ) -> Proposal:
        entries = [dict(entry) for entry in found.entries]
        entries[found.number] |= {"state": state, "previous": previous}
        self._table.update(found.iid, {**values, "proposals": entries})
        return _proposal(found.iid, found.item.id, found.number, entries[found.number])

    def _find(self, proposal_id: str, *states: ProposalState) -> _Found:
        """A proposal; it must be in one of the states."""
        numbers = _numbers(proposal_id)
        if numbers is not None:
            iid, number = numbers
            found = _Found(iid, number, *self._of(iid))
            if found.number < len(found.entries) and _is_sound(found.entry):
                state = found.entry["state"]
                if state not in states:
                    raise ProposalStateError(
                        f"proposal {proposal_id} is {state}, not {' or '.join(states)}"
                    )
                return found
        raise ItemNotFoundError(
            f"{self._table.folder} has no proposal {shown(proposal_id)}; "
            "Collection.proposals lists them"
        )

    def _of(self, iid: int) -> tuple[Item, list[Entry]]:
        space = self._table.manifest.space
        columns = item_columns(space)
        found = self._table.rows([iid], [*columns, "proposals"])
        if not len(found):
            raise ItemNotFoundError(f"{self._table.folder} has no item of that proposal any more")
        item = items_from(found.select(columns), space)[0]
        return item, found["proposals"][0].as_py() or []


def _numbers(proposal_id: str) -> tuple[int, int] | None:
    """The internal id and the place in its list that an id is made of; None for what is none."""
    iid, _, number = proposal_id.partition("-")
    is_id = iid.isdecimal() and number.isdecimal() and len(proposal_id) <= LONGEST_ID
    if not is_id or int(iid) > MAX_IID:
        return None
    return int(iid), int(number)


def _member(listed: pa.Table, name: str) -> pa.ChunkedArray:
    return pc.struct_field(listed["entry"], name)


def _n_up_to(listed: pa.Table, proposal_id: str) -> int:
    """How many come before what follows a proposal, which may be there no more."""
    numbers = _numbers(proposal_id)
    if numbers is None:
        raise InputError(f"after {shown(proposal_id)} is not the id of a proposal, like 17-0")
    iid, number = numbers
    iids = listed["iid"].to_numpy()
    first, end = np.searchsorted(iids, [iid, iid + 1])
    return int(first) + sum(each <= number for each in listed["number"][first:end].to_pylist())


def _proposals(listed: pa.Table) -> Iterator[Proposal]:
    """They themselves; what placelens would not have written is left out."""
    for batch in listed.to_batches(_AT_ONCE):
        for row in batch.to_pylist():
            if _is_sound(row["entry"]):
                yield _proposal(row["iid"], row["id"], row["number"], row["entry"])


def _is_sound(entry: Entry) -> bool:
    is_known = entry["field"] == _PLACE and entry["state"] in PROPOSAL_STATES
    return is_known and entry["time"] is not None and _place(entry["value"]) is not None


def _proposal(iid: int, item_id: str, number: int, entry: Entry) -> Proposal:
    confidence = entry["confidence"]
    place = _place(entry["value"])
    if place is None:  # not of one that `_is_sound`
        raise CollectionError(f"proposal {iid}-{number} has no place")
    return Proposal(
        id=f"{iid}-{number}",
        item_id=item_id,
        place=place,
        radius_m=radius_from(entry["radius_m"]),
        confidence=None if confidence is None else round(confidence, 6),
        evidence=entry["evidence"],
        state=entry["state"],
        previous=_place(entry["previous"]),
        time=entry["time"].replace(tzinfo=UTC),
    )


def _place(text: str | None) -> Place | None:
    """The place in a JSON object; None for what is none."""
    names = {name for pair in COORDINATES.values() for name in pair}
    values = {name: v for name, v in _object(text).items() if name in names and v is not None}
    try:
        return Place(**values) if values else None
    except CoordinateError:
        return None


def _object(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
