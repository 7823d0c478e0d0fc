"""Rows of tables to sources: images with what the row says of them, or texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import xxhash

from placelens.errors import CoordinateError, ReadError
from placelens.readers.base import Skipped, Source
from placelens.readers.columns import (
    Columns,
    TableOptions,
    find_columns,
    is_own_output,
    may_name_images,
)
from placelens.readers.coordinates import angle, parse_angle, parse_hemisphere
from placelens.readers.folders import Listings
from placelens.readers.lists import split_cell
from placelens.readers.place_columns import AxisColumns
from placelens.readers.positions import PositionColumn
from placelens.readers.radius import radius_m
from placelens.readers.rows import Row, Table
from placelens.readers.table_files import load_head, load_table
from placelens.readers.table_images import ImageFinder
from placelens.readers.values import (
    clean_text,
    converter_of,
    has_gaps,
    is_missing,
    join_texts,
    number_text,
    parse_time,
    to_attribute,
)
from placelens.types import Attribute, Place, PlaceSource


def might_be_table(path: str, options: TableOptions) -> bool:
    """Whether a file found in a folder is worth loading, by its beginning.

    Settings kept as JSON are not, nor a logger's hundred megabytes of numbers: a table of items
    has images, or texts and coordinates.
    """
    is_json = path.lower().endswith(".json")
    try:
        head = load_head(path)
        if head is None:
            return True
        rows = [row.values for row in head.rows if row.problem is None]
        columns = find_columns(head.names, rows, options, has_geometry=head.has_geometry)
    except ReadError:
        # Loading it says what is wrong with it; a JSON file in a folder may be anything.
        return not is_json
    if not head.rows:  # Parquet tells its columns alone, and not which of them are images
        return bool(columns.texts) or may_name_images(head.names)
    has_place = columns.place.names() or head.has_geometry
    return columns.image is not None or bool(columns.texts and has_place)


def read_rows(
    path: str, options: TableOptions, listings: Listings, *, named: bool = True
) -> Iterator[Source | Skipped]:
    """Give a table's items, in order.

    Parameters
    ----------
    path : the table's absolute path.
    options : what the user says of its columns.
    listings : folders listed so far, for the images.
    named : whether the user named the table. One that was only found in a folder is passed over
        in silence unless its images exist, or it has texts with coordinates.
    """
    try:
        table = load_table(path)
        columns = find_columns(
            table.names,
            [row.values for row in table.rows if row.problem is None],
            options,
            has_geometry=table.has_geometry,
        )
        if not named and is_own_output(table.names):
            # Results saved among the photos must not outrank what the photos say themselves.
            return
        if not columns.image and not columns.texts:
            if not named:
                return
            raise ReadError(
                "it has no column of images or texts; its columns are "
                f"{', '.join(map(str, table.names)) or '(none)'}; say which with text_columns"
            )
    except ReadError as error:
        # A JSON file in a folder may be anything.
        if named or not path.lower().endswith(".json"):
            yield Skipped(key=path, reason=str(error))
        return
    reader = _TableReader(path, table, columns, listings)
    if named or reader.is_worth_taking():
        yield from reader.sources()


class _TableReader:
    """One table with its columns told, on the way to sources."""

    def __init__(self, path: str, table: Table, columns: Columns, listings: Listings) -> None:
        self.path = path
        self.table = table
        self.columns = columns
        self.images = ImageFinder(path, listings)
        self.attributes = columns.attributes_of(table.names)
        self.converters = {
            name: found
            for name in self.attributes
            if (found := _converter(self._cells(name), table.is_text)) is not None
        }
        self.positions = (
            PositionColumn(columns.place.position, self._cells(columns.place.position))
            if columns.place.position is not None
            else None
        )
        ids = Counter(str(cell) for cell in self._cells(columns.id)) if columns.id else Counter()
        # An id that stands for none is one that comes again; NA alone may be Namibia.
        self.no_ids = {name for name, count in ids.items() if count > 1 and is_missing(name)}

    def is_worth_taking(self) -> bool:
        """Whether a table that nobody named is about photos or places."""
        if self.columns.texts and (self.columns.place.names() or self.table.has_geometry):
            return True
        return any(self.images.exists(image) for image in map(self._image_of, self.table.rows))

    def sources(self) -> Iterator[Source | Skipped]:
        found: dict[str, tuple[Row, Source]] = {}
        numbers_by_id: dict[str, int] = {}
        for row in self.table.rows:
            try:
                source = self._source(row)
                self._add(row, source, found, numbers_by_id)
            except (ReadError, CoordinateError) as error:
                yield Skipped(
                    key=self._key(row),
                    reason=f"{Path(self.path).name} row {row.number}: {error}",
                )
        notes = list(self.columns.place.notes)
        if self.positions is not None and self.positions.note is not None:
            notes.append(self.positions.note)
        said = tuple(f"{Path(self.path).name}: {note}" for note in notes)
        for _, source in found.values():
            yield replace(
                source,
                stamp=f"{source.stamp}|{_digest(source)}",
                warnings=(*said, *source.warnings),
            )
            said = ()  # once a table

    def _add(
        self,
        row: Row,
        source: Source,
        found: dict[str, tuple[Row, Source]],
        numbers_by_id: dict[str, int],
    ) -> None:
        """Keep a source; rows that name the same image add their texts to its first row."""
        known = found.get(source.key)
        if known is not None and source.image is not None:
            first, kept = known
            if source.place is not None and source.place != kept.place:
                raise ReadError(
                    f"it gives {source.place} for the image of row {first.number}, "
                    f"which has {kept.place}"
                )
            found[source.key] = (first, replace(kept, text=join_texts([kept.text, source.text])))
            return
        if source.id is not None:
            number = numbers_by_id.setdefault(source.id, row.number)
            if number != row.number:
                raise ReadError(f"its id {source.id!r} is that of row {number} already")
        if known is not None:
            raise ReadError(f"it has no id, and its number is the id of row {known[0].number}")
        found[source.key] = (row, source)

    def _source(self, row: Row) -> Source:
        if row.problem is not None:
            raise ReadError(row.problem)
        place, warnings = self._place_of(row)
        text = join_texts(
            part for name in self.columns.texts for part in _texts_of(row.values.get(name))
        )
        attributes = self._attributes_of(row)
        time = self._value(row, self.columns.time)
        moment = None
        if time is not None:
            try:
                moment = parse_time(time)
            except ValueError as error:
                warnings.append(f"row {row.number}: {error}; it is kept as an attribute")
                attributes[str(self.columns.time)] = to_attribute(time)
        image = self._image_of(row)
        if image is None and text is None:
            raise ReadError("it has neither an image nor a text")
        if image is not None:
            source = self.images.photo(image)
        else:
            source = Source(key=self._key(row), stamp="row")
        return replace(
            source,
            id=self._identity(row),
            text=text,
            place=place,
            # An estimate stays one when an export is read back.
            place_source=_place_source(row) if place else None,
            place_radius_m=radius_m(self._value(row, self.columns.place.radius)) if place else None,
            time=moment,
            attributes=attributes,
            warnings=tuple(warnings),
        )

    def _key(self, row: Row) -> str:
        """What names a row without an image: an id stays when rows are put in before this one."""
        name = (self._identity(row) or str(row.number)).replace("#", "%23")
        return f"{self.path}#{name}"

    def _cells(self, column: str) -> list[Any]:
        return [row.values.get(column) for row in self.table.rows if row.problem is None]

    def _identity(self, row: Row) -> str | None:
        value = None if self.columns.id is None else row.values.get(self.columns.id)
        no_number = isinstance(value, float) and is_missing(value)
        absent = value is None or no_number or str(value) in self.no_ids
        return None if absent else clean_text(str(number_text(value)))

    def _value(self, row: Row, column: str | None) -> Any:
        """A cell; None where it says that there is no value."""
        value = None if column is None else row.values.get(column)
        return None if is_missing(value) else value

    def _image_of(self, row: Row) -> str | None:
        return clean_text(self._value(row, self.columns.image))

    def _place_of(self, row: Row) -> tuple[Place | None, list[str]]:
        """The row's place; 0, 0 is believed, since somebody wrote it, but pointed out."""
        columns = self.columns.place
        if row.place is not None:
            return row.place, []
        if columns.x is not None and columns.y is not None:
            x, y = (self._value(row, column) for column in (columns.x, columns.y))
            both = _both("x", x, "y", y)
            return (Place(x=_metres(x, "x"), y=_metres(y, "y")) if both else None), []
        if self.positions is not None:
            place = self.positions.place_of(row.values.get(self.positions.name))
        elif columns.lat is not None and columns.lon is not None:
            place = self._place_of_axes(row, columns.lat, columns.lon)
        else:
            place = None
        if place is None:
            return None, []
        if place.lat == 0 and place.lon == 0:
            return place, [f"row {row.number}: 0, 0 is taken as it is; leave unknown places empty"]
        return place, []

    def _place_of_axes(self, row: Row, lat: AxisColumns, lon: AxisColumns) -> Place | None:
        lat_cell, lon_cell = self._value(row, lat.degrees), self._value(row, lon.degrees)
        if not _both("latitude", lat_cell, "longitude", lon_cell):
            return None
        return Place(
            lat=self._degrees(row, lat, lat_cell, "latitude"),
            lon=self._degrees(row, lon, lon_cell, "longitude"),
        )

    def _degrees(self, row: Row, columns: AxisColumns, cell: Any, axis: str) -> float:
        """Signed degrees of one coordinate, from all the columns that it is spread over."""
        hemisphere = parse_hemisphere(self._value(row, columns.hemisphere), axis)
        cells = [self._value(row, part) for part in (columns.minutes, columns.seconds)]
        if all(part is None for part in cells):
            return parse_angle(cell, axis, hemisphere=hemisphere, comma="decimal")
        parts = (parse_angle(part or 0, axis, comma="decimal") for part in (cell, *cells))
        return angle(list(parts), hemisphere, axis)

    def _attributes_of(self, row: Row) -> dict[str, Attribute]:
        found: dict[str, Attribute] = {}
        for name, called in self.attributes.items():
            value = row.values.get(name)
            if isinstance(value, str):
                members = split_cell(str(called), value)
                value = members if members is not None else self._converted(name, value)
            attribute = to_attribute(value)
            if attribute is not None:
                found[str(clean_text(called) or called)] = attribute
        return found

    def _converted(self, name: str, text: str) -> Attribute:
        return self.converters[name](text) if name in self.converters else text


def _converter(cells: Sequence[Any], is_text: bool) -> Callable[[str], Attribute] | None:
    """How a column's texts are read; None when as they are."""
    if is_text:
        return converter_of(cells)
    return (lambda _: None) if has_gaps(cells) else None


def _place_source(row: Row) -> PlaceSource:
    return "estimated" if row.values.get("place_source") == "estimated" else "table"


def _both(name_a: str, a: Any, name_b: str, b: Any) -> bool:
    """Whether both coordinates are given; False when neither is."""
    given = [value is not None for value in (a, b)]
    if given[0] != given[1]:
        there, missing = (name_a, name_b) if given[0] else (name_b, name_a)
        raise CoordinateError(f"it has a {there} but no {missing}")
    return given[0]


def _metres(value: Any, axis: str) -> float:
    try:
        return float(value.replace(",", ".") if isinstance(value, str) else value)
    except (TypeError, ValueError, OverflowError) as error:
        raise CoordinateError(f"{axis} {str(value)[:40]!r} is not a number of metres") from error


def _texts_of(value: Any) -> Sequence[str]:
    """A cell's texts: one, or a list of captions; a number may be a name, as 2001 is."""
    members = value if isinstance(value, list | tuple) else [value]
    return [
        text
        for member in members
        if not (isinstance(member, float) and is_missing(member))
        and (text := clean_text(number_text(member)))
    ]


def _digest(source: Source) -> str:
    """A hash of all that the row says, so that an edited row is read again."""
    said = (
        source.id,
        source.text,
        source.place and (source.place.space, source.place.lonlat),
        source.time and source.time.isoformat(),
        sorted(source.attributes.items()),
    )
    return xxhash.xxh3_64_hexdigest(repr(said).encode("utf-8", "replace"))
