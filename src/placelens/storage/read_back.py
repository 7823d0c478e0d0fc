"""What a commit has made, read as a reader will read it, against what was meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

import lance
import numpy as np
import pyarrow as pa

from placelens.types import Int64Array

# Rows in memory at once: with thumbnails, some twenty megabytes.
BATCH_ROWS = 1024


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit is to make of the table.

    ``operation`` is Lance's; ``written`` are the rows that it adds, and ``gone`` the internal ids
    that are no longer in fragments, by the fragments' numbers.
    """

    operation: Any
    written: pa.Table | None = None
    gone: Mapping[int, Int64Array] = field(default_factory=dict)


def read_back(
    before: lance.LanceDataset, made: lance.LanceDataset, change: Change
) -> tuple[list[Path], list[Path]]:
    """Files of deletions and of data that a version has new, each read and found to be as meant.

    Raises
    ------
    OSError
        If one is something else.
    """
    root = Path(made.uri)
    top = max((f.fragment_id for f in before.get_fragments()), default=-1)
    n_read, deletions, data = 0, [], []
    for fragment in made.get_fragments():
        gone = change.gone.get(fragment.fragment_id)
        if gone is not None:
            left = fragment.to_table(columns=["iid"])["iid"].to_numpy()
            if len(left) != fragment.metadata.num_rows or np.isin(left, gone).any():
                raise OSError("what was deleted is still there")
            deletions.append(root / fragment.deletion_file())
        elif fragment.fragment_id > top and change.written is not None:
            found = fragment.to_table()
            meant = change.written.slice(n_read, len(found)).select(found.column_names)
            if not found.equals(meant):
                raise OSError("what was written is not what can be read")
            n_read += len(found)
            data += [root / "data" / file.path for file in fragment.metadata.files]
    if change.written is not None and n_read != len(change.written):
        raise OSError(f"{n_read} of {len(change.written)} rows were written")
    return deletions, data


def rows_of(dataset: lance.LanceDataset) -> list[tuple[tuple[str, ...], str | None]]:
    """What decides the rows of a version: its fragments' files, and what of them is deleted."""
    return [
        (tuple(file.path for file in f.metadata.files), f.deletion_file())
        for f in dataset.get_fragments()
    ]


def check_merged(before: lance.LanceDataset, made: lance.LanceDataset) -> None:
    """Raise OSError unless what was merged holds the rows that were there, in their order."""
    old, new = ({f.fragment_id: f for f in each.get_fragments()} for each in (before, made))
    gone = [fragment for number, fragment in old.items() if number not in new]
    come = [fragment for number, fragment in new.items() if number not in old]
    for was, now in zip_longest(in_batches(before, gone), in_batches(made, come)):
        if was is None or now is None or not was.equals(now):
            raise OSError("what was merged is not what can be read")


def check_converted(
    before: lance.LanceDataset,
    made: lance.LanceDataset,
    convert: Callable[[pa.Table], pa.Table],
) -> None:
    """Raise OSError unless a version holds what a function makes of the rows of the one before."""
    old, new = (in_batches(each, list(each.get_fragments())) for each in (before, made))
    for was, now in zip_longest(old, new):
        if was is None or now is None or not convert(was).equals(now):
            raise OSError("what was written is not what can be read")


def in_batches(
    dataset: lance.LanceDataset, fragments: list[lance.LanceFragment]
) -> Iterator[pa.Table]:
    """The rows of some fragments, in equal batches whatever the fragments are."""
    held: list[pa.RecordBatch] = []
    n_held = 0
    scanner = dataset.scanner(fragments=fragments, batch_size=BATCH_ROWS, scan_in_order=True)
    for batch in scanner.to_batches() if fragments else ():
        held, n_held = [*held, batch], n_held + len(batch)
        if n_held >= BATCH_ROWS:
            table = pa.Table.from_batches(held).combine_chunks()
            yield table.slice(0, BATCH_ROWS)
            rest = table.slice(BATCH_ROWS)
            held, n_held = rest.to_batches(), len(rest)
    if n_held:
        yield pa.Table.from_batches(held).combine_chunks()
