"""Times that photos state: which are none, and those that file names hold."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from placelens.readers.metadata import TimeKind

# The first photograph that is left.
_FIRST_YEAR = 1826
# Where a clock starts that was never set: Unix, FAT, many cameras; and their evenings before in
# other time zones.
_STARTS = frozenset(
    [date(1969, 12, 31), date(1970, 1, 1), date(1979, 12, 31), date(1980, 1, 1), date(2000, 1, 1)]
)


def camera_time(
    time: datetime, kind: TimeKind, what: str, warnings: list[str]
) -> tuple[datetime, TimeKind] | None:
    """A time that a device wrote, with the kind that it deserves; None for one that is no time.

    ``what`` names it in warnings: "EXIF time".

    Examples
    --------
    >>> warnings = []
    >>> camera_time(datetime(1980, 1, 1), TimeKind.TAKEN, "EXIF time", warnings)
    >>> warnings
    ['its EXIF time is ignored: 1980-01-01 00:00:00 is the start of a clock that is not set']
    """
    if time.year < _FIRST_YEAR:
        warnings.append(f"its {what} is ignored: there were no photos in {time.year}")
        return None
    if time.date() not in _STARTS:
        return time, kind
    shown = time.strftime("%Y-%m-%d %H:%M:%S")
    if time.replace(microsecond=0).time() == datetime.min.time():
        warnings.append(f"its {what} is ignored: {shown} is the start of a clock that is not set")
        return None
    warnings.append(f"its {what}, {shown}, may be of a clock that was not set")
    return time, TimeKind.UNSET_CLOCK


# IMG_20190623_101112, Screenshot_2019-06-23-10-11-12, 2019-06-23 10.11.12,
# WhatsApp Image 2019-06-23 at 10.11.12 PM; of a date alone only what cannot be another number.
_DATE = r"(?<!\d)(?P<year>(?:18|19|20)\d\d)(?P<dash>[-_.]?)(?P<month>\d\d)(?P=dash)(?P<day>\d\d)"
_CLOCK = r"(?P<hour>\d\d)(?P<colon>[-_.:h ]?)(?P<minute>\d\d)(?:[-_.:m ]?)(?P<second>\d\d)"
_DATE_TIME = re.compile(
    rf"{_DATE}(?:[-_. T]| at |, )?{_CLOCK}(?:\d{{3}})?(?!\d)(?:\s?(?P<half>[AaPp])\.?[Mm]\b)?"
)
_DATE_ALONE = re.compile(rf"{_DATE}(?!\d)")
_WHATSAPP = re.compile(r"-WA\d+")
_SINCE_1970_MS = re.compile(r"(?:FB_IMG_|mmexport|wx_camera_)(1\d{12})(?!\d)")


def time_in_name(name: str) -> datetime | None:
    """When a photo was taken by its file's name; None when that does not say it.

    Names that Google's telephones give (``PXL_...``) and numbers of milliseconds since 1970 are
    in UTC, the others in the time of the place.

    Examples
    --------
    >>> time_in_name("IMG_20190623_101112.jpg")
    datetime.datetime(2019, 6, 23, 10, 11, 12)
    >>> time_in_name("WhatsApp Image 2019-06-23 at 10.11.12 PM.jpeg")
    datetime.datetime(2019, 6, 23, 22, 11, 12)
    >>> time_in_name("IMG_4711.jpg") is time_in_name("photo-20191399.jpg") is None
    True
    """
    since = _SINCE_1970_MS.search(name)
    if since:
        return datetime.fromtimestamp(int(since[1]) // 1000, UTC)
    for pattern in (_DATE_TIME, _DATE_ALONE):
        match = pattern.search(name)
        if match is None:
            continue
        parts = match.groupdict()
        if pattern is _DATE_ALONE and not parts["dash"] and not _WHATSAPP.search(name):
            return None
        try:
            time = datetime(
                int(parts["year"]), int(parts["month"]), int(parts["day"]),
                _hour(parts), int(parts.get("minute") or 0), int(parts.get("second") or 0),
            )  # fmt: skip
        except ValueError:
            continue
        return time.replace(tzinfo=UTC) if name.startswith("PXL_") else time
    return None


def _hour(parts: dict[str, str | None]) -> int:
    hour, half = int(parts.get("hour") or 0), (parts.get("half") or "").lower()
    if not half:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(f"{hour} is no hour of half a day")
    return hour % 12 + (12 if half == "p" else 0)
