"""Which of a table's columns holds what, told by its name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from placelens.errors import ReadError
from placelens.readers.formats import IMAGE_SUFFIXES, suffix_of
from placelens.readers.place_columns import PlaceColumns, find_place_columns, plain_name

_IMAGE = (
    "image", "image_path", "image_file", "image_filename", "image_name", "img", "img_path",
    "photo", "photo_path", "photo_file", "picture", "file", "file_path", "filepath", "file_name",
    "filename", "path", "sourcefile",
)  # fmt: skip
_TIME = (
    "datetime", "date_time", "timestamp", "taken", "taken_at", "time_taken", "date_taken",
    "datetime_taken", "datetaken", "captured_at", "date_captured", "datetime_original",
    "datetimeoriginal", "date", "time",
)  # fmt: skip
_ID = ("id", "item_id", "uuid", "identifier")
# Those that also name an item in a list, and so stay attributes; and those that are text alone.
NAMING = ("title", "name")
_PROSE = ("headline", "caption", "captions", "text", "texts", "sentence", "sentences",
          "description", "summary", "abstract", "alt_text", "comment")  # fmt: skip
# What placelens itself exports: these columns are derived, and only ``text`` is the text.
_EXPORT = frozenset({"id", "title", "text", "place_source"})
# The list of skipped files that ``placelens index --report`` writes.
_REPORT = ["file", "reason"]
_DERIVED = frozenset(
    {
        "title",
        "place_source",
        "width",
        "height",
        "rank",
        "score",
        "distance_m",
        "matched",
        "terms",
        "concepts",
    }
)
_LANGUAGE = re.compile(r"^(?P<base>.+?)[_:.](?P<language>[a-z]{2})$")
_ROWS_LOOKED_AT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """Which columns of a table mean what; None leaves it to their names.

    Attributes
    ----------
    text_columns : columns that make up the text, joined by new lines; "none" for no text.
    image_column, time_column, id_column : one column each.
    lat_column, lon_column : given together.
    place_column : a column of whole positions: "lat, lon", WKT, WKB, GeoJSON.
    radius_column : how far off the place may be, in metres.
    """

    text_columns: Literal["none"] | Sequence[str] | None = None
    image_column: str | None = None
    lat_column: str | None = None
    lon_column: str | None = None
    place_column: str | None = None
    radius_column: str | None = None
    time_column: str | None = None
    id_column: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """A table's columns by what they hold. ``texts`` maps a column to its name without language."""

    image: str | None
    place: PlaceColumns
    time: str | None
    id: str | None
    texts: Mapping[str, str]

    def attributes_of(self, names: Sequence[str]) -> dict[str, str]:
        """The columns that become attributes, and what each is called then.

        A title or name is kept beside the text it is part of, because lists of results show it;
        its language is dropped, since one was chosen.
        """
        spent = {self.image, self.time, self.id, *self.place.names()}
        if names_an_export(names):
            own = [n for n in names if n not in spent | _DERIVED and n not in self.texts]
            return {name: name.removeprefix("attr_") for name in own}
        kept = {}
        for name in names:
            base = self.texts.get(name)
            if name not in spent and (base is None or base in NAMING):
                kept[name] = base if base and base not in names else name
        return kept


def names_an_export(names: Sequence[str]) -> bool:
    """Whether the columns are those of a file that ``placelens export`` wrote."""
    return set(names) >= _EXPORT


def is_own_output(names: Sequence[str]) -> bool:
    """Whether placelens wrote the table: not to be taken unless somebody names it."""
    return names_an_export(names) or list(names) == _REPORT


# Each name is read in several ways; tables with more are matrices of numbers.
MAX_COLUMNS = 10_000


def may_name_images(names: Sequence[str]) -> bool:
    """Whether a column has a name that columns of images have."""
    return not {plain_name(name) for name in names}.isdisjoint(_IMAGE)


def find_columns(
    names: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    options: TableOptions,
    *,
    has_geometry: bool = False,
) -> Columns:
    """Tell the columns of a table.

    Parameters
    ----------
    names : the columns, in order.
    rows : its rows; what a column holds is looked at where its name leaves it open.
    options : what the user says; it outranks the names.
    has_geometry : whether the file gives the places itself, as GeoJSON does.

    Raises
    ------
    ReadError
        If an option names a column that the table does not have, or half of a coordinate.
    """
    if len(names) > MAX_COLUMNS:
        raise ReadError(f"it has {len(names):,} columns; the limit is {MAX_COLUMNS:,}")
    _check(options, names)
    plain = {plain_name(name): name for name in reversed(names)}

    def first(candidates: Sequence[str]) -> str | None:
        return next((plain[c] for c in candidates if c in plain), None)

    image = options.image_column or next(
        (plain[c] for c in _IMAGE if c in plain and _looks_like_images(plain[c], rows)), None
    )
    return Columns(
        image=image,
        place=find_place_columns(
            names,
            rows,
            position=options.place_column,
            lat=options.lat_column,
            lon=options.lon_column,
            radius=options.radius_column,
            has_geometry=has_geometry,
        ),
        time=options.time_column or first(_TIME),
        id=options.id_column or first(_ID),
        texts=_text_columns(names, options),
    )


def _text_columns(names: Sequence[str], options: TableOptions) -> dict[str, str]:
    """Columns of text; of one in several languages the English one, which encoders know best."""
    if options.text_columns == "none":
        return {}
    if options.text_columns is not None:
        return {name: _split_language(name)[0] for name in options.text_columns}
    if names_an_export(names):
        return {"text": "text"}
    by_base: dict[str, dict[str, str]] = {}
    for name in names:
        base, language = _split_language(name)
        if base in NAMING or base in _PROSE:
            by_base.setdefault(base, {}).setdefault(language, name)
    chosen = {}
    for base, languages in by_base.items():
        name = languages.get("en") or languages.get("") or next(iter(languages.values()))
        chosen[name] = base
    return {name: chosen[name] for name in names if name in chosen}


def _split_language(name: str) -> tuple[str, str]:
    """A column's plain name and its language, '' when it names none: name_en, name:en."""
    plain = plain_name(name)
    match = _LANGUAGE.match(plain)
    if match and match["base"] in NAMING + _PROSE:
        return match["base"], match["language"]
    return plain, ""


def _looks_like_images(column: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    values = (row.get(column) for row in rows[:_ROWS_LOOKED_AT])
    return any(isinstance(v, str) and suffix_of(v.strip()) in IMAGE_SUFFIXES for v in values)


def _check(options: TableOptions, names: Sequence[str]) -> None:
    texts = options.text_columns
    if isinstance(texts, str) and texts != "none":
        raise ReadError(f'text_columns is a list of columns or "none", not {texts!r}')
    if (options.lat_column is None) != (options.lon_column is None):
        raise ReadError("lat_column and lon_column are given together or not at all")
    asked = [
        options.image_column, options.lat_column, options.lon_column, options.time_column,
        options.id_column, options.place_column, options.radius_column,
        *(() if texts is None or texts == "none" else texts),
    ]  # fmt: skip
    for name in asked:
        if name is not None and name not in names:
            raise ReadError(f"it has no column {name!r}; its columns are {', '.join(names)}")
