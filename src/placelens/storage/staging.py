"""What was made anew of items and is in no version of the table yet: files beside it.

Each holds some items' rows, and its name ends with the checksum of its content: what a crash left
half-written, or a disk has damaged, does not go by its name, and is as if it were not there. The
folder may be removed at any time; what was in it is made once more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash

from placelens.errors import ReadError
from placelens.files import read_regular
from placelens.storage.durable import sync_folder, write_whole
from placelens.types import BoolArray, Int64Array

SUFFIX = ".arrow"
NOTES_NAME = "previews.json"
_MOST_BYTES = 2**31
_MOST_NOTES_BYTES = 2**28


class Staging:
    """Rows by internal id, in a folder; changes need the collection's write lock.

    Parameters
    ----------
    folder
        Where they are; made with the first row.
    columns
        Of the rows, ``iid`` first. Its metadata tell what the rows are for: files of other columns,
        or with other metadata, are passed over.
    """

    def __init__(self, folder: Path, columns: pa.Schema) -> None:
        self._folder, self.columns = folder, columns
        self._parts: list[pa.Table] = []
        self._places: dict[int, tuple[int, int]] = {}
        self._needless: list[Path] = []
        self._number = 0
        # In the order they were written in, which their names begin with.
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            part = _opened(path, columns)
            self._number = max(self._number, _number(path) + 1)
            if part is None:
                self._needless.append(path)
            else:
                self._enter(part)

    def __len__(self) -> int:
        return len(self._places)

    def _enter(self, part: pa.Table) -> None:
        number = len(self._parts)
        self._parts.append(part)
        iids = part["iid"].to_pylist()
        self._places |= {iid: (number, row) for row, iid in enumerate(iids)}

    def tidy(self) -> None:
        """Remove files that are damaged, or are of other columns."""
        for path in [*self._needless, *self._folder.glob("*.tmp")]:
            path.unlink(missing_ok=True)
        self._needless = []

    def add(self, rows: pa.Table) -> None:
        """Keep rows; they take the place of what there was of the same items."""
        part = rows.combine_chunks()
        stream = pa.BufferOutputStream()
        with pa.ipc.new_file(stream, self.columns) as writer:
            writer.write_table(part.cast(self.columns))
        content = stream.getvalue().to_pybytes()
        if not self._folder.is_dir():
            self._folder.mkdir()
            sync_folder(self._folder.parent)
        name = f"{self._number:08}-{xxhash.xxh3_128_hexdigest(content)}{SUFFIX}"
        write_whole(self._folder / name, content)
        self._number += 1
        self._enter(part)

    def small(self, names: Sequence[str]) -> Iterator[dict[str, Any]]:
        """``iid`` and some columns of all rows, as plain values."""
        for number, part in enumerate(self._parts):
            for row, values in enumerate(part.select(["iid", *names]).to_pylist()):
                if self._places.get(values["iid"]) == (number, row):
                    yield values

    def keep(self, iids: AbstractSet[int]) -> None:
        """Pass over what there is of other items; it stays on the disk."""
        self._places = {iid: place for iid, place in self._places.items() if iid in iids}

    def holds(self, iids: Int64Array) -> BoolArray:
        """Which of some items there is a row of."""
        return np.fromiter((int(iid) in self._places for iid in iids), np.bool_, len(iids))

    def take(self, iids: Int64Array, names: Sequence[str]) -> pa.Table:
        """Columns of the rows of some items, in the order given; there must be one of each.

        From part to part: of a table in parts Arrow would make one in one piece, each time.
        """
        places = np.array([self._places[int(iid)] for iid in iids], np.int64).reshape(-1, 2)
        order = np.argsort(places[:, 0], kind="stable")
        empty = self.columns.empty_table().select(list(names))
        taken = [empty]
        for number in np.unique(places[:, 0]):
            rows = places[order][places[order, 0] == number, 1]
            taken.append(self._parts[number].select(list(names)).take(pa.array(rows)))
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        return pa.concat_tables(taken).combine_chunks().take(pa.array(back)).combine_chunks()

    def clear(self) -> None:
        """Remove all rows, and the folder, unless there are notes in it."""
        self._parts, self._places = [], {}
        for path in [*self._folder.glob(f"*{SUFFIX}"), *self._folder.glob("*.tmp")]:
            path.unlink(missing_ok=True)
        with suppress(OSError):  # it is not empty, or was never made
            self._folder.rmdir()


def _opened(path: Path, columns: pa.Schema) -> pa.Table | None:
    """The rows of a file, mapped into memory; None for what is not what was written."""
    try:
        content = read_regular(path, _MOST_BYTES)
        if xxhash.xxh3_128_hexdigest(content) != path.stem.rpartition("-")[2]:
            return None
        with pa.memory_map(str(path)) as file:
            part = pa.ipc.open_file(file).read_all().combine_chunks()
        if not part.schema.equals(columns, check_metadata=True):
            return None
        part.validate(full=True)  # it may come from anybody
    except (ReadError, OSError, pa.ArrowException):
        return None
    return part


def _number(path: Path) -> int:
    first = path.stem.partition("-")[0]
    return int(first) if first.isascii() and first.isdigit() and len(first) < 10 else 0


def read_notes(folder: Path, *, made_by: str) -> list[int]:
    """Internal ids of the items that `write_notes` was given for what made them."""
    try:
        data = json.loads(read_regular(folder / NOTES_NAME, _MOST_NOTES_BYTES))
        iids = data["iids"] if data["made_by"] == made_by else []
        return [iid for iid in iids if isinstance(iid, int) and not isinstance(iid, bool)]
    except (ReadError, ValueError, KeyError, TypeError, RecursionError):
        return []


def write_notes(folder: Path, iids: Sequence[int], *, made_by: str) -> None:
    """Note of which items something better may be made later; without any, forget the last."""
    path = folder / NOTES_NAME
    if iids:
        folder.mkdir(exist_ok=True)
        write_whole(path, json.dumps({"made_by": made_by, "iids": list(iids)}).encode())
    else:
        path.unlink(missing_ok=True)
        with suppress(OSError):
            folder.rmdir()
