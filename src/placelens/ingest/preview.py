"""What an import would do, without doing it: nothing is decoded, encoded or written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import xxhash

from placelens.errors import InputError
from placelens.ingest.known import Known, KnownRow
from placelens.ingest.pipeline import NOTHING_SEEN
from placelens.readers.base import Skipped, Source
from placelens.storage.table import ItemTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Sources that are new, or changed since they were read; items whose file is gone.

    ``gone`` are (id, source) pairs: what ``prune`` would drop. What was only moved is not among
    them, and is counted as new. ``warning`` says why nothing would be dropped.
    """

    n_new: int
    n_changed: int
    n_unchanged: int
    skipped: tuple[Skipped, ...]
    gone: tuple[tuple[str, str], ...] = ()
    warning: str | None = None


def preview(table: ItemTable, sources: Iterable[Source | Skipped]) -> Preview:
    """Compare sources with what a table holds.

    Raises
    ------
    InputError
        If something is not a source.
    """
    if not isinstance(sources, Iterable):
        raise InputError(f"sources are a {type(sources).__name__}; give what read_photos gives")
    known = Known.load(table)
    skipped = []
    states: dict[str, str] = {}
    new: list[Source] = []
    for source in sources:
        if isinstance(source, Skipped):
            skipped.append(source)
        elif not isinstance(source, Source):
            raise InputError(f"a source is a {type(source).__name__}; give what read_photos gives")
        elif source.key not in states:
            stamp = known.stamp_of(source.key)
            states[source.key] = (
                "new" if stamp is None else "unchanged" if stamp == source.stamp else "changed"
            )
            if stamp is None:
                new.append(source)
    seen = {*states, *(entry.key for entry in skipped)}
    counts = list(states.values())
    # As in an import: a disk that is not there must not empty the collection.
    gone = _gone(known, seen, new) if states else []
    return Preview(
        n_new=counts.count("new"),
        n_changed=counts.count("changed"),
        n_unchanged=counts.count("unchanged"),
        skipped=tuple(skipped),
        gone=tuple((row.id, row.source) for row in gone),
        warning=None if states else NOTHING_SEEN,
    )


def _gone(known: Known, seen: set[str], new: list[Source]) -> list[KnownRow]:
    """Rows none of whose files is left, nor was moved to one of the new."""
    lost: dict[int, set[str]] = {}
    for row, source in known.gone(seen):
        lost.setdefault(row.iid, set()).add(source)
    gone = [
        row for iid, sources in lost.items()
        if sources >= {(row := known.rows[iid]).source, *row.copies}
    ]  # fmt: skip
    if not gone:
        return []
    # Only the content tells a file that was moved from one that is new.
    moved = {_hash_of(source) for source in new if source.image is not None}
    return [row for row in gone if row.content_hash.partition(":")[0] not in moved]


def _hash_of(source: Source) -> str | None:
    try:
        return xxhash.xxh3_128_hexdigest(Path(source.image or "").read_bytes())
    except OSError:
        return None
