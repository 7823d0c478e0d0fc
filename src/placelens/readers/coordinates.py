"""Angles and positions as people, files and programs write them: the one parser for all readers.

What could mean two things is refused, never guessed; which of a pair comes first is for the
caller to find out, from the whole column (``placelens.readers.positions``).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from placelens.display import shown
from placelens.errors import CoordinateError
from placelens.types import Place

Axis = Literal["latitude", "longitude"]
AXES: tuple[Axis, Axis] = ("latitude", "longitude")

_SIGNS = {"N": 1.0, "E": 1.0, "S": -1.0, "W": -1.0}
_AXIS_LETTERS: Mapping[str, tuple[str, str]] = {"latitude": ("N", "S"), "longitude": ("E", "W")}
# O is left out: it is Ost, east, in German and Ouest or Oeste, west, in French and Spanish.
_HEMISPHERES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("n", "north", "nord", "norte"), "N"),
        **dict.fromkeys(("s", "south", "sud", "süd", "sur", "sul"), "S"),
        **dict.fromkeys(("e", "east", "est", "este", "ost"), "E"),
        **dict.fromkeys(("w", "west", "ouest", "oeste"), "W"),
    }
)
_LABELS: Mapping[str, Axis] = MappingProxyType(
    {
        **dict.fromkeys(("lat", "latitude"), AXES[0]),
        **dict.fromkeys(("lon", "long", "lng", "longitude"), AXES[1]),
    }
)
# Each sign that stands for another, as keyboards, typesetters and spreadsheets put it.
_ALIKE = str.maketrans(
    {
        **dict.fromkeys("−‐‑‒–—﹣－", "-"),
        **dict.fromkeys("＋﹢", "+"),
        **dict.fromkeys("º˚∘◦", "°"),
        **dict.fromkeys("’‘‛′ʹʼ´`＇‵", "'"),
        **dict.fromkeys("”“„‟″ʺ˝＂‶", '"'),
        "٫": ".",
        # Marks of direction and width, which copied text carries unseen.
        **dict.fromkeys("\u200b\u200e\u200f\u202a\u202c\u2060\ufeff", ""),
    }
)


def _any_of(words: Mapping[str, str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?![0-9.])"
_ANGLE = re.compile(
    rf"""
    (?:(?P<label>{_any_of(_LABELS)})\s*[:=]?\s*)?
    (?:(?P<before>{_any_of(_HEMISPHERES)})\.?[\s:]*)?
    (?P<sign>[+-])?\s*
    (?P<degrees>{_NUMBER}(?:e[+-]?[0-9]+)?)\s*(?P<degree_mark>°|degrees?|degs?\.?|d|:)?
    (?:\s*(?P<minutes>{_NUMBER})\s*(?:(?P<minute_word>minutes?|mins?\.?|m)|(?P<minute_mark>'|:))?
      (?:\s*(?P<seconds>{_NUMBER})\s*
        # A lone s after 5' is south; only after 5m does it stand for seconds.
        (?P<second_mark>"|''|seconds?|secs?\.?|(?(minute_word)s))?
      )?
    )?
    \s*(?P<after>{_any_of(_HEMISPHERES)})?\.?
    """,
    re.VERBOSE,
)
_DECIMAL = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
_NOT_FINITE = frozenset({"nan", "inf", "-inf", "+inf", "infinity", "-infinity"})
_SHOWN = 40
# Of an angle or a pair; matching takes the cube of a row of blanks.
_LONGEST = 100


def angle(parts: Sequence[float], hemisphere: str | None, axis: str) -> float:
    """Degrees, minutes and seconds (one to three parts) to signed degrees.

    The hemisphere's letter gives the sign; without one, the sign of the degrees does.

    Raises
    ------
    CoordinateError
        If a part is not finite or negative where it may not be, minutes or seconds exceed 60,
        the letter is not one of the axis ("latitude" or "longitude"), or the degrees are negative
        in the north or east.
    """
    if not 1 <= len(parts) <= 3:
        raise CoordinateError(f"{axis} has {len(parts)} parts, not degrees, minutes and seconds")
    if not all(math.isfinite(part) for part in parts):
        raise CoordinateError(f"{axis} {_show(parts)} is not a finite number of degrees")
    # 60 itself is let through: 59.9999 seconds are often rounded to it.
    if any(not 0 <= part <= 60 for part in parts[1:]):
        raise CoordinateError(f"{axis} {_show(parts)} has minutes or seconds outside 0 to 60")
    degrees = abs(parts[0]) + sum(
        part / unit for part, unit in zip(parts[1:], (60.0, 3600.0), strict=False)
    )
    if hemisphere is None:
        return math.copysign(degrees, parts[0])
    letter = hemisphere.upper()
    letters = _AXIS_LETTERS[axis]
    if letter not in letters:
        raise CoordinateError(
            f"{axis} has the hemisphere {hemisphere!r}, not {' or '.join(letters)}"
        )
    if parts[0] < 0 < _SIGNS[letter]:
        raise CoordinateError(f"{axis} {_show(parts)} is negative, and yet {letter}")
    return degrees * _SIGNS[letter]


def parse_hemisphere(value: object, axis: str) -> str | None:
    """The letter of a hemisphere that stands in a field of its own; None when that is empty.

    Raises
    ------
    CoordinateError
        If it is not a hemisphere of the axis: ``N``, ``s``, ``South``, ``Ouest``, ...

    Examples
    --------
    >>> parse_hemisphere("South", "latitude")
    'S'
    """
    if value is None or not str(value).strip():
        return None
    letter = _HEMISPHERES.get(str(value).strip(" .").casefold())
    if letter not in _AXIS_LETTERS[axis]:
        expected = " or ".join(_AXIS_LETTERS[axis])
        raise CoordinateError(f"{axis} has the hemisphere {str(value)[:_SHOWN]!r}, not {expected}")
    return letter


def parse_angle(
    value: object,
    axis: str,
    *,
    hemisphere: str | None = None,
    comma: Literal["decimal", "separator"] = "separator",
) -> float:
    """Signed degrees from a number or a text.

    Parameters
    ----------
    value : ``50.087``, ``-50,087``, ``−50.087``, ``50.087 N``, ``S 50.087``, ``50°5'13.2"N``,
        ``N 50° 05,217′``, ``50 deg 5' 13.2" N``, ``50d5m13s``, ``50:05:13``, ``50 05 13``, XMP's
        ``50,5.22N`` and ``50,5,13.2N``.
    axis : "latitude" or "longitude".
    hemisphere : the letter that another field states, as EXIF's GPSLatitudeRef does.
    comma : what ``50,30 N`` means: 50 degrees 30 minutes ("separator", as in XMP) or 50.3
        degrees ("decimal", as in tables).

    Raises
    ------
    CoordinateError
        Naming the axis and the value: if it is no angle, could be two numbers, or its sign, its
        letter and ``hemisphere`` contradict each other.

    Examples
    --------
    >>> parse_angle("33° 51′ S", "latitude"), parse_angle(33.85, "latitude", hemisphere="S")
    (-33.85, -33.85)
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise CoordinateError(f"{axis} {shown(value)} is not a number of degrees")
    if not isinstance(value, str):
        try:
            number = float(value)
        except OverflowError as error:
            raise CoordinateError(f"{axis} is a number of {len(str(value))} digits") from error
        return number if hemisphere is None else angle([number], hemisphere, axis)
    if hemisphere is None and _DECIMAL.fullmatch(value):  # most of what files hold
        return float(value)
    text = _plain(value)
    if text in _NOT_FINITE:
        return float(text)
    short = len(text) <= _LONGEST
    found = _read(text, comma, stated=hemisphere is not None) if short else None
    if found is None:
        what = "one number" if len(re.findall("[0-9]+", text)) > 1 else "a number"
        raise CoordinateError(f"{axis} {value[:_SHOWN]!r} is not {what} of degrees")
    if hemisphere and found.letter and found.letter != hemisphere:
        raise CoordinateError(
            f"{axis} {value[:_SHOWN]!r} says {found.letter}, but the field beside it {hemisphere}"
        )
    if found.axis not in (None, axis) and found.letter is None:
        raise CoordinateError(f"{axis} {value[:_SHOWN]!r} is labelled a {found.axis}")
    return angle(found.parts, found.letter or hemisphere, axis)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two angles of one text, in its order; ``latitude_first`` is None when it does not say."""

    first: float
    second: float
    latitude_first: bool | None

    def place(self, latitude_first: bool) -> Place:
        """The place, by the order that the text states, else by the one given.

        Raises
        ------
        CoordinateError
            If the latitude or longitude is out of range.
        """
        known = self.latitude_first if self.latitude_first is not None else latitude_first
        lat, lon = (self.first, self.second) if known else (self.second, self.first)
        return Place(lat=lat, lon=lon)


# The stronger a separator, the earlier it is tried; a bare comma may be a decimal one.
_SEPARATORS = tuple(
    re.compile(pattern) for pattern in (r"\s*[;|/\n\t]\s*", r"\s*,\s+|\s+,\s*", r"\s+", ",", "")
)
_ENCLOSED = re.compile(r"^[(\[{\"']\s*(.*?)\s*[)\]}\"']$", re.DOTALL)
_GEO_URI = re.compile(r"geo:([^;?]*)(?:[;?].*)?")
_ISO_6709 = re.compile(r"[+-][0-9.]+[+-][0-9.]+/?")
_TWO_NUMBERS = re.compile(r"\d.*\D.*\d", re.DOTALL)
_TWO_DECIMALS = re.compile(r"([+-]?[0-9]+\.[0-9]+)(?:\s*[,;|/]\s*|\s+)([+-]?[0-9]+\.[0-9]+)")


def parse_pair(text: str) -> Pair | None:
    """Latitude and longitude in one text; None when it is not exactly that.

    Takes ``50.087, 14.421``, ``50,087; 14,421``, ``(50.087 14.421)``, ``50.087N, 14.421E``,
    ``N 50° 05.217 E 14° 25.26``, ``Lat: 50.087 Lon: 14.421``, ``geo:50.087,14.421`` and ISO 6709's
    ``+50.087+014.421/``. Four numbers are none, since they may be a box.

    Raises
    ------
    CoordinateError
        If one of the two contradicts itself, as -50 N does.

    Examples
    --------
    >>> parse_pair("14.421E 50.087N")
    Pair(first=14.421, second=50.087, latitude_first=False)
    >>> parse_pair("Prague, Czechia") is None
    True
    """
    text = text.strip()
    if len(text) > _LONGEST or not _TWO_NUMBERS.search(text):
        return None
    if decimals := _TWO_DECIMALS.fullmatch(text):  # most of what files hold
        return Pair(float(decimals[1]), float(decimals[2]), None)
    plain = _plain(text)
    while enclosed := _ENCLOSED.match(plain):
        plain = enclosed[1]
    # Both standards, RFC 5870 and ISO 6709, put the latitude first.
    uri = _GEO_URI.fullmatch(plain)
    standard = uri is not None or _ISO_6709.fullmatch(plain) is not None
    plain = uri[1] if uri else plain.rstrip("/ ")
    for separator in _SEPARATORS:
        found = [
            halves
            for cut in separator.finditer(plain)
            if (halves := _halves(plain, cut)) is not None
        ]
        if len(found) == 1:
            return _pair(*found[0], latitude_first=standard or None)
        if found:
            return None
    return None


def measured_place(lat: float, lon: float) -> Place | None:
    """A place from a device: None for 0, 0, which devices write when they know no position.

    Raises
    ------
    CoordinateError
        If a value is not finite or out of range.
    """
    if lat == 0 and lon == 0:
        return None
    return Place(lat=lat, lon=lon)


@dataclass(frozen=True, slots=True)
class _Written:
    """An angle as it is written: its parts, and the letter and axis that stand with it."""

    parts: tuple[float, ...]
    letter: str | None
    axis: str | None
    signed: bool


def _plain(text: str) -> str:
    """Lower case, one sign of each kind, ASCII digits."""
    if text.isascii():
        return text.lower().replace("''", '"').strip()
    folded = unicodedata.normalize("NFKC", text.translate(_ALIKE)).casefold()
    digits = (str(unicodedata.digit(c, c)) if not c.isascii() else c for c in folded)
    return "".join(digits).replace("''", '"').strip()


def _read(text: str, comma: str, *, stated: bool = False) -> _Written | None:
    """An angle in plain text; None for any other text, and for what could be two numbers."""
    match = _ANGLE.fullmatch(_with_points(text, comma, stated))
    if match is None or (match["before"] and match["after"]):
        return None
    written = [match[name] for name in ("degrees", "minutes", "seconds") if match[name]]
    # 50.5 14.4 are two angles, not degrees and minutes; 50.0 14.4, of a rational, may be these.
    if any("e" in part or not float(part).is_integer() for part in written[:-1]):
        return None
    word = match["before"] or match["after"]
    letter = _HEMISPHERES[word] if word else None
    marked = match["degree_mark"] or match["minute_word"] or match["minute_mark"]
    if len(written) == 2 and not (marked or letter or stated):
        return None
    parts = [float(part) for part in written]
    parts[0] = math.copysign(parts[0], -1.0 if match["sign"] == "-" else 1.0)
    axis = _LABELS[match["label"]] if match["label"] else None
    if letter:
        axis = next(name for name in AXES if letter in _AXIS_LETTERS[name])
    return _Written(tuple(parts), letter, axis, match["sign"] is not None)


def _with_points(text: str, comma: str, stated: bool) -> str:
    """The text with points for decimal commas and blanks for commas that separate."""
    commas = text.count(",")
    lettered = stated or text[-1:] in "nsew" or text[:1] in "nsew"
    if commas == 0:
        return text
    if "." in text or commas > 1:
        # 50,30,10 without a letter or a mark may be any three numbers.
        return text.replace(",", " ") if lettered or "°" in text else text
    in_degrees = not re.search(r"[0-9][^0-9,.]+[0-9]", text[: text.index(",")])
    marked = re.search(r",[0-9]+\s*[°d]", text)
    if in_degrees and comma == "separator" and lettered and not marked:
        return text.replace(",", " ")
    return _DECIMAL_COMMA.sub(".", text)


def _halves(text: str, cut: re.Match[str]) -> tuple[_Written, _Written] | None:
    """Both sides of a cut as angles, if they are that, and alike."""
    before, after = text[: cut.start()], text[cut.end() :]
    if not before or not after or (cut[0] == "," and "," in before + after):
        return None
    if cut[0] == "," and text.replace(",", "").isdigit():  # 1,5 is one number with a decimal comma
        return None
    first, second = _read(before, "decimal"), _read(after, "decimal")
    if first is None or second is None:
        return None
    if first.axis is not None and first.axis == second.axis:
        return None
    # Without a separator, signs or letters must tell where the second begins.
    both_told = (first.signed and second.signed) or (first.letter and second.letter)
    if cut[0] == "" and not both_told:
        return None
    told = first.axis is not None and second.axis is not None
    return (first, second) if told or len(first.parts) == len(second.parts) else None


def _pair(first: _Written, second: _Written, latitude_first: bool | None) -> Pair:
    axis = first.axis or (second.axis and next(name for name in AXES if name != second.axis))
    order = latitude_first if axis is None else axis == AXES[0]
    axes = AXES if order is not False else AXES[::-1]
    return Pair(
        angle(first.parts, first.letter, axes[0]),
        angle(second.parts, second.letter, axes[1]),
        order,
    )


def _show(parts: Sequence[float]) -> str:
    return " ".join(f"{part:g}" for part in parts)
