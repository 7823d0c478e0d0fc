r"""Names of files that clients are sent: safe to write on any system, and each another.

Names come from a collection, and so from anybody: they may lead out of a folder, hold what a
terminal or a header would obey, or be one that Windows keeps for a device.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote

from placelens.display import visible
from placelens.server.urls import file_name

__all__ = ["attachment", "safe_name", "unique_names"]

_LONGEST_BYTES = 200
"""Bytes of a name: systems have 255, and a number may follow."""

_LONGEST_SUFFIX = 16
# What Windows takes in no name; a slash divides a path everywhere.
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)", re.IGNORECASE)


def safe_name(name: str) -> str:
    r"""The last part of a path, as a name that is a file's on any system.

    Examples
    --------
    >>> safe_name("../../x"), safe_name("a\x1b[2J\u202egnp.exe"), safe_name("..")
    ('x', 'a_x1b[2J_u202egnp.exe', '_')
    >>> safe_name("nul.jpg"), safe_name("Příbram 東京.jpg")
    ('_nul.jpg', 'Příbram 東京.jpg')
    """
    written = _FORBIDDEN.sub("_", visible(file_name(name)))
    # A dot in front hides a file, and Windows drops dots and spaces at the end.
    written = re.sub(r"^\.+", "_", written.strip()).rstrip(". ")
    if _DEVICES.match(written):
        written = f"_{written}"
    return _cut(written) or "_"


def unique_names(names: Iterable[str]) -> list[str]:
    """Safe names, no two of them the same to a system that tells neither case nor kinds of accents.

    Examples
    --------
    >>> unique_names(["2019/a.jpg", "2020/A.jpg", "2021/a.jpg", "a (2).jpg"])
    ['a.jpg', 'A (2).jpg', 'a (3).jpg', 'a (2) (2).jpg']
    """
    taken: set[str] = set()
    counts: dict[str, int] = {}  # how often a name was wanted: not all numbers are tried anew
    unique = []
    for name in map(safe_name, names):
        stem, suffix = _parted(name)
        chosen, key = name, _same(name)
        while _same(chosen) in taken:
            counts[key] = counts.get(key, 1) + 1
            chosen = f"{stem} ({counts[key]}){suffix}"
        taken.add(_same(chosen))
        unique.append(chosen)
    return unique


def attachment(name: str) -> str:
    """The header ``Content-Disposition`` that has a browser save what comes (RFC 6266).

    Examples
    --------
    >>> attachment("photos.csv")
    'attachment; filename="photos.csv"'
    >>> print(attachment("léto.csv"))
    attachment; filename="l_to.csv"; filename*=UTF-8''l%C3%A9to.csv
    """
    safe = safe_name(name)
    plain = "".join(letter if letter.isascii() else "_" for letter in safe)
    extended = "" if plain == safe else f"; filename*=UTF-8''{quote(safe, safe='')}"
    return f'attachment; filename="{plain}"{extended}'


def _same(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _parted(name: str) -> tuple[str, str]:
    """A name and its ending, dot included; the ending of a name of its own is none."""
    dot = name.rfind(".")
    is_ending = dot > 0 and len(name) - dot <= _LONGEST_SUFFIX
    return (name[:dot], name[dot:]) if is_ending else (name, "")


def _cut(name: str) -> str:
    """A name of at most `_LONGEST_BYTES` bytes, with its ending."""
    stem, suffix = _parted(name)
    room = _LONGEST_BYTES - len(suffix.encode())
    return stem.encode()[:room].decode(errors="ignore") + suffix
