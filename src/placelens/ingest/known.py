"""What a collection knows already: which sources it read, and what their content was."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import xxhash

from placelens.readers.base import Reading
from placelens.storage.json_columns import copies_from_json
from placelens.storage.table import ItemTable

# Before the stamp of a copy: what it says is in the item. Collections of versions that took an
# item's facts from its first file alone lack it, and so their copies are read once more.
_HEARD = "="


def heard(stamp: str) -> str:
    """The stamp of a copy as it is stored once the item has what the copy says.

    An empty stamp is that of a file to be read again as soon as it is seen.
    """
    return f"{_HEARD}{stamp}" if stamp else ""


@dataclass(slots=True)
class KnownRow:
    """A stored item as far as the comparison needs it; ``copies`` as they are stored."""

    iid: int
    id: str
    source: str
    stamp: str
    content_hash: str
    image: str | None = None
    copies: dict[str, str] = field(default_factory=dict)

    @property
    def stamps(self) -> dict[str, str]:
        """The stamp of each of its files."""
        copies = {key: stamp.removeprefix(_HEARD) for key, stamp in self.copies.items()}
        return {self.source: self.stamp, **copies}

    @property
    def is_of_a_row(self) -> bool:
        """Whether its content is a table's row too: see ``content_hash_of``."""
        return ":" in self.content_hash

    def led_by(self, source: str) -> KnownRow:
        """The row with another of its files in the first place."""
        if source == self.source:
            return self
        copies = {**self.copies, self.source: heard(self.stamp)}
        del copies[source]
        stamp, image = self.stamps[source], self.image_of(source)
        return replace(self, source=source, stamp=stamp, image=image, copies=copies)

    def image_of(self, source: str) -> str | None:
        """The image of one of its sources: where that is the image itself, so is each copy."""
        return source if self.image == self.source else self.image


class Known:
    """Stored rows by source, by content, and by id; follows the changes of a run."""

    def __init__(self, rows: Mapping[int, KnownRow], ids: set[str]) -> None:
        self.rows = dict(rows)
        self.ids = ids
        self._by_source: dict[str, int] = {}
        self._by_content: dict[str, int] = {}
        self._last_number: dict[str, int] = {}
        for row in self.rows.values():
            self._enter(row)

    @classmethod
    def load(cls, table: ItemTable) -> Known:
        """Read what the table holds; items that were given directly have no source."""
        columns = ["iid", "id", "source", "stamp", "content_hash", "image", "copies"]
        stored = table.dataset.to_table(columns=columns)
        # Batch by batch: as plain objects all rows at once would take several times the memory.
        stored_rows = (row for batch in stored.to_batches() for row in batch.to_pylist())
        rows = {
            row["iid"]: KnownRow(
                iid=row["iid"],
                id=row["id"],
                source=row["source"],
                stamp=row["stamp"],
                content_hash=row["content_hash"],
                image=row["image"],
                copies=copies_from_json(row["copies"]),
            )
            for row in stored_rows
            if row["source"] is not None
        }
        return cls(rows, set(stored["id"].to_pylist()))

    def stamp_of(self, source: str) -> str | None:
        """The stamp a source had when the item got what it says; None for one that it lacks."""
        row = self.row_of(source)
        if row is None:
            return None
        if row.source == source:
            return row.stamp
        stamp = row.copies[source]
        return stamp.removeprefix(_HEARD) if stamp.startswith(_HEARD) else None

    def row_of(self, source: str) -> KnownRow | None:
        """The row that a source, or a copy of it, belongs to."""
        iid = self._by_source.get(source)
        return None if iid is None else self.rows[iid]

    def same_content(self, content_hash: str) -> KnownRow | None:
        """The row with the same content."""
        iid = self._by_content.get(content_hash)
        return None if iid is None else self.rows[iid]

    def put(self, row: KnownRow) -> None:
        """Enter a new or changed row."""
        self.remove(row.iid)
        self.rows[row.iid] = row
        self.ids.add(row.id)
        self._enter(row)

    def remove(self, iid: int) -> None:
        """Forget a row; its id stays taken until the end of the run."""
        row = self.rows.pop(iid, None)
        if row is None:
            return
        for source in (row.source, *row.copies):
            self._by_source.pop(source, None)
        if self._by_content.get(row.content_hash) == iid:
            del self._by_content[row.content_hash]

    def free_id(self, wanted: str) -> str:
        """The id itself, or with the smallest number behind it that makes it free."""
        if wanted not in self.ids:
            return wanted
        number = self._last_number.get(wanted, 1) + 1
        while f"{wanted}-{number}" in self.ids:
            number += 1
        # Thousands of rows may want the same one: not all of them count from 2.
        self._last_number[wanted] = number
        return f"{wanted}-{number}"

    def gone(self, seen: set[str]) -> Iterator[tuple[KnownRow, str]]:
        """Rows and those of their sources that are no longer there.

        A source is gone when its file does not exist, or when its table was seen in this run
        without it.
        """
        # A table that was itself skipped, as one that cannot be read, says nothing of its rows.
        tables = {file for source in seen if (file := file_of(source)) != source}
        for row in self.rows.values():
            for source in (row.source, *row.copies):
                if source in seen:
                    continue
                file = file_of(source)
                missing_row = file != source and file in tables
                if missing_row or not is_there(source, row.image_of(source)):
                    yield row, source

    def _enter(self, row: KnownRow) -> None:
        for source in (row.source, *row.copies):
            self._by_source[source] = row.iid
        self._by_content.setdefault(row.content_hash, row.iid)


def file_of(source: str) -> str:
    """The file that a source lives in: itself, or the table of ``table.csv#7``."""
    file, mark, _ = source.rpartition("#")
    return file if mark and not exists(source) else source


def is_there(source: str, image: str | None) -> bool:
    """Whether the file that a source lives in, and its image, are there."""
    return exists(file_of(source)) and (image is None or exists(image))


def exists(path: str) -> bool:
    """Whether a file is there, as far as can be told: one that may not be looked at is."""
    try:
        Path(path).stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError as error:
        # No permission, or a network drive that does not answer; but the key of a table's row
        # may be longer than any name.
        return error.errno != errno.ENAMETOOLONG
    return True


def content_hash_of(reading: Reading) -> str:
    """What makes two sources the same item: the file's bytes, and what a table row says of it.

    Two rows with the same words at two places or times, or two captions of one picture, are two
    items; two identical photos are one.
    """
    source = reading.source
    if source.id is None and source.text is None and source.place_source != "table":
        return reading.content_hash
    facts = sorted(source.attributes.items())
    said = repr((source.id, source.text, source.place, source.time, facts))
    return f"{reading.content_hash}:{xxhash.xxh3_64_hexdigest(said.encode())}"
