"""The table of formats, and writing in one of them: at once or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, Literal

from placelens.arguments import as_path
from placelens.display import shown
from placelens.errors import InputError
from placelens.export.contact_sheet import Thumbnails, write_contact_sheet
from placelens.export.geo_formats import write_geoparquet, write_gpkg
from placelens.export.privacy import Privacy
from placelens.export.records import Record, blank_record, position_of, records_of
from placelens.export.text_formats import (
    write_csv,
    write_geojson,
    write_json,
    write_jsonl,
    write_paths,
    write_paths0,
    write_safe_csv,
)
from placelens.export.xml_formats import write_gpx, write_kml
from placelens.types import Hit, Item


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write: the function, the file name's end, its media type, what a record must have.

    ``pictures`` says that the function also takes a function from ids to small JPEGs, ``columns``
    that it takes a record that names the columns where there is none.
    """

    write: Callable[..., None]
    suffix: str
    media_type: str
    needs: Literal["place", "image"] | None = None
    binary: bool = False
    pictures: bool = False
    columns: bool = False


# Dispatch, the list of choices in messages, and the guess by a file's name, all in one.
FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "json": Format(write_json, ".json", "application/json"),
        "jsonl": Format(write_jsonl, ".jsonl", "application/jsonl"),
        "csv": Format(write_csv, ".csv", "text/csv; charset=utf-8", columns=True),
        "geojson": Format(write_geojson, ".geojson", "application/geo+json"),
        "kml": Format(write_kml, ".kml", "application/vnd.google-earth.kml+xml", needs="place"),
        "gpx": Format(write_gpx, ".gpx", "application/gpx+xml", needs="place"),
        "gpkg": Format(
            write_gpkg, ".gpkg", "application/geopackage+sqlite3", binary=True, columns=True
        ),
        "geoparquet": Format(
            write_geoparquet,
            ".parquet",
            "application/vnd.apache.parquet",
            binary=True,
            columns=True,
        ),
        "html": Format(write_contact_sheet, ".html", "text/html; charset=utf-8", pictures=True),
        "paths": Format(write_paths, ".txt", "text/plain; charset=utf-8", needs="image"),
        "paths0": Format(write_paths0, ".lst", "application/octet-stream", needs="image"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """What an export did: records written, and left out because the format cannot hold them."""

    format: str
    n_written: int
    n_left_out: int
    needs: Literal["place", "image"] | None
    path: Path | None = None

    def __str__(self) -> str:
        to = f" to {self.path}" if self.path else ""
        left = (
            f"; {self.n_left_out:,} without {'a place' if self.needs == 'place' else 'an image'} "
            f"left out, which {self.format} cannot hold"
            if self.n_left_out
            else ""
        )
        return f"wrote {self.n_written:,} {'item' if self.n_written == 1 else 'items'}{to}{left}"


def dump(
    things: Iterable[Hit | Item],
    stream: BinaryIO,
    *,
    format: str,  # noqa: A002
    of: type[Hit] | type[Item] = Item,
    blur: str | float | None = None,
    drop_places: bool = False,
    csv_safe: bool = False,
    thumbnails: Thumbnails | None = None,
) -> ExportReport:
    """Write hits or items to a binary stream; the parameters are those of ``export``.

    Raises
    ------
    InputError
        If there is no such format, it cannot hold a plane's coordinates, or ``csv_safe`` is asked
        of another than CSV.
    MissingExtraError
        If the format needs packages that are not installed.
    """
    chosen = _format(format)
    if csv_safe and format != "csv":
        raise InputError(
            f"csv_safe (--csv-safe) is for csv, and {format} runs nothing; leave it out"
        )
    tally = _Tally(chosen.needs)
    privacy = Privacy(blur=blur, drop_places=drop_places)
    records = privacy.apply(records_of(things))
    write = write_safe_csv if csv_safe else chosen.write
    others: list[Any] = [thumbnails] if chosen.pictures else []
    if chosen.columns:
        others += privacy.apply([blank_record(of)])
    write(tally.over(records), stream, *others)
    return ExportReport(
        format=format, n_written=tally.kept, n_left_out=tally.left_out, needs=chosen.needs
    )


def export(
    things: Iterable[Hit | Item],
    path: str | Path,
    *,
    format: str | None = None,  # noqa: A002
    of: type[Hit] | type[Item] = Item,
    blur: str | float | None = None,
    drop_places: bool = False,
    csv_safe: bool = False,
    force: bool = False,
    thumbnails: Thumbnails | None = None,
) -> ExportReport:
    """Write hits or items to a file: whole, or not at all.

    Parameters
    ----------
    things : hits or items.
    path : the file to make.
    format : a key of ``FORMATS``; None takes the one whose suffix the path has.
    of : what they are; tells the columns of a table where there are none.
    blur : cell size ("1km", or metres) of the grid whose cell centres replace the positions.
    drop_places : leave positions out. See ``Privacy`` for what both also leave out.
    csv_safe : put an apostrophe before cells of a CSV that a spreadsheet would run as formulas.
        Not by default, since a text that begins with "-" or "@" would come back changed.
    force : replace a file that is there.
    thumbnails : gives the small JPEG of an id, for formats that show pictures.

    Raises
    ------
    InputError
        If the format is unknown, the blur is no distance above 0 or comes with ``drop_places``,
        or the file is there and ``force`` is False.
    MissingExtraError
        If the format needs packages that are not installed.
    """
    path = as_path(path, "the file to write")
    name = guess_format(path) if format is None else format
    _format(name)
    with replacing(path, force=force) as stream:
        report = dump(
            things,
            stream,
            format=name,
            of=of,
            blur=blur,
            drop_places=drop_places,
            csv_safe=csv_safe,
            thumbnails=thumbnails,
        )
    return ExportReport(
        format=name,
        n_written=report.n_written,
        n_left_out=report.n_left_out,
        needs=report.needs,
        path=path,
    )


def guess_format(path: Path) -> str:
    """The format whose suffix a file name has.

    Raises
    ------
    InputError
        If no format has it.
    """
    suffix = path.suffix.lower()
    for name, known in FORMATS.items():
        if known.suffix == suffix:
            return name
    ends = ", ".join(f"{known.suffix} ({name})" for name, known in FORMATS.items())
    raise InputError(f"cannot tell the format of {str(path)!r} from its name; known are {ends}")


@contextmanager
def replacing(path: Path, *, force: bool) -> Iterator[BinaryIO]:
    """A stream whose content becomes ``path`` at once when the block ends without an error."""
    if path.exists() and not force:
        raise InputError(
            f"{path} exists already; choose another name, or replace it with --force (force=True)"
        )
    if not path.parent.is_dir():
        raise InputError(f"cannot write {path}: there is no folder {path.parent}")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    except OSError as error:  # named after the file wanted, not after the one for the moment
        raise InputError(f"cannot write {path}: {error.strerror}") from error
    made = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
        made.chmod(0o666 & ~_umask())
        made.replace(path)
    except BaseException:
        made.unlink(missing_ok=True)
        raise


def _umask() -> int:
    """The process's mask; reading it means setting it for a moment."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise InputError(f"there is no format {shown(name)}; choose one of {', '.join(FORMATS)}")
    return FORMATS[name]


class _Tally:
    """Counts the records that a format can hold, and those that it cannot."""

    def __init__(self, needs: Literal["place", "image"] | None) -> None:
        self.needs = needs
        self.kept = 0
        self.left_out = 0

    def over(self, records: Iterable[Record]) -> Iterator[Record]:
        for record in records:
            if self._fits(record):
                self.kept += 1
                yield record
            else:
                self.left_out += 1

    def _fits(self, record: Record) -> bool:
        if self.needs == "place":
            return position_of(record) is not None
        return self.needs is None or bool(record["image"])
