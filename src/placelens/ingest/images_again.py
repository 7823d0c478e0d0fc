"""The images of items that are there, once more: of their files, or of what is stored of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from placelens.errors import MissingExtraError, ReadError
from placelens.ingest.decoding import read_all
from placelens.ingest.known import KnownRow, exists
from placelens.readers.base import Reading, Skipped, Source
from placelens.readers.images import decode
from placelens.storage.json_columns import copies_from_json
from placelens.storage.table import ItemTable
from placelens.types import ImageSpec, UInt8Array

# What an item's image was made of: its file, a file that is another than was imported, the stored
# preview, nothing since there was none of these, and nothing since the item has no image.
FILE, CHANGED, PREVIEW, LOST, NO_IMAGE = "file", "changed", "preview", "lost", "none"
GONE = "there is no such file"
JPEG = b"\xff\xd8"

# The columns that tell of an item's image.
COLUMNS = ("iid", "id", "source", "image", "copies", "content_hash")
Facts = Mapping[str, Any]


@dataclass(slots=True)
class Seen:
    """What became of an item's image: its pixels, and in words why there are none of its file."""

    how: str
    pixels: UInt8Array | None = None
    reason: str | None = None

    @property
    def is_of_file(self) -> bool:
        """Whether it was made of a file."""
        return self.how in (FILE, CHANGED)


def path_of(fact: Facts) -> str | None:
    """The file of an item's image, or of a copy of it; None when none is there."""
    image: str | None = fact["image"]
    if image is None or exists(image):
        return image
    row = KnownRow(
        iid=fact["iid"],
        id=fact["id"],
        source=fact["source"] or "",
        stamp="",
        content_hash="",
        image=image,
    )
    copies = (row.image_of(key) for key in copies_from_json(fact["copies"]))
    return next((path for path in copies if path is not None and exists(path)), None)


class Images:
    """The images of some items, batch by batch; decoding goes on ahead of who asks.

    Parameters
    ----------
    table
        Where their previews are stored.
    facts
        `COLUMNS` of the items, in the order in which they will be asked for.
    spec
        How the encoder wants its images; None when it takes none.
    """

    def __init__(
        self,
        table: ItemTable,
        facts: Iterable[Facts],
        spec: ImageSpec | None,
        *,
        workers: int | None,
    ) -> None:
        self._table, self._spec = table, spec
        self._paths = {
            fact["iid"]: path_of(fact)
            for fact in facts
            if spec is not None and fact["image"] is not None
        }
        there = [path for path in self._paths.values() if path is not None]
        sources = [Source(key=path, stamp="", image=path) for path in there]
        self._readings: Iterator[Reading | Skipped] = read_all(sources, spec, workers=workers)

    def next(self, facts: Sequence[Facts], *, previews: bool) -> list[Seen]:
        """What is there of the next items' images: of their files, else of previews if wanted."""
        seen = [self._of_file(fact) for fact in facts]
        lost = [fact["iid"] for fact, each in zip(facts, seen, strict=True) if each.how == LOST]
        if lost and previews:
            stored = self._table.rows(lost, ["iid", "thumbnail"]).to_pylist()
            small = {row["iid"]: self._small(row["thumbnail"]) for row in stored}
            for fact, each in zip(facts, seen, strict=True):
                if each.how == LOST and small.get(fact["iid"]) is not None:
                    each.how, each.pixels = PREVIEW, small[fact["iid"]]
        return seen

    def _of_file(self, fact: Facts) -> Seen:
        if fact["iid"] not in self._paths:
            return Seen(NO_IMAGE)
        if self._paths[fact["iid"]] is None:
            return Seen(LOST, reason=GONE)
        read = next(self._readings)
        if isinstance(read, Skipped):
            return Seen(LOST, reason=read.reason)
        was = (fact["content_hash"] or "").partition(":")[0]
        return Seen(FILE if was in ("", read.content_hash) else CHANGED, read.pixels)

    def _small(self, thumbnail: bytes | None) -> UInt8Array | None:
        """A stored preview as the encoder wants its images; None for what is none."""
        if thumbnail is None or not thumbnail.startswith(JPEG):  # as an import writes them
            return None
        try:
            return decode(thumbnail, self._spec, name="preview.jpg").pixels
        except (ReadError, MissingExtraError):
            return None
