"""Files and folders to leave out, by patterns as ``.gitignore``, ``fd`` and ``rg`` read them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from placelens.arguments import as_texts
from placelens.errors import InputError

_TOKEN = re.compile(r"(?P<deep>\*\*/?)|(?P<set>\[!?\]?[^]/]*\])|.", re.DOTALL)
_WILD = {"*": "[^/]*", "?": "[^/]", "**": ".*", "**/": "(?:.*/)?"}


class Excluded:
    """Which paths below a folder are left out.

    - ``*.png`` and ``Private`` name files and folders at any depth; ``Private/`` folders only;
    - with a slash before its end, ``2019/rome`` or ``/Private``, a pattern begins at the folder
      that is imported;
    - ``*`` and ``?`` stand for anything but a slash, ``**`` for any folders, ``[ab]`` for one of
      the letters. Case is ignored, since cameras write ``.JPG`` and programs ``.jpg``.

    A folder that is left out takes all below it along.

    Raises
    ------
    InputError
        If a pattern is empty or cannot be read.

    Examples
    --------
    >>> excluded = Excluded(["*.PNG", "Private/", "2019/**/raw"])
    >>> [excluded(path) for path in ("a/b.png", "x/private/c.jpg", "2019/raw/d.jpg", "raw.jpg")]
    [True, True, True, False]
    """

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        self._patterns = [_compiled(pattern) for pattern in as_texts(patterns, "exclude")]

    def __call__(self, path: str) -> bool:
        """Whether a path, relative to the folder that is imported, is left out."""
        slashed = path.replace("\\", "/")
        return any(pattern.fullmatch(slashed) for pattern in self._patterns)

    def folder(self, path: str) -> bool:
        """The same for the path of a folder."""
        return self(path + "/")


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(_expression(pattern), re.IGNORECASE | re.DOTALL)
    except re.error as error:
        raise InputError(f"the pattern {pattern!r} to exclude cannot be read: {error}") from None


def _expression(pattern: str) -> str:
    """A pattern as a regular expression for the paths that it leaves out."""
    body = pattern.strip().replace("\\", "/").removeprefix("./")
    folders_only = body.endswith("/")
    body = body.rstrip("/")
    is_anchored = "/" in body
    body = body.lstrip("/")
    if not body:
        raise InputError(f"the pattern {pattern!r} to exclude names nothing; write it like *.png")
    # What ends in /** means all that lies below.
    is_deep = body.endswith("/**")
    body = body.removesuffix("/**")
    below = "/.*" if folders_only or is_deep else "(?:/.*)?"
    return f"{'' if is_anchored else '(?:.*/)?'}{_TOKEN.sub(_translated, body)}{below}"


def _translated(token: re.Match[str]) -> str:
    if token["set"]:
        # What else has a meaning in a set of regular expressions has none in these.
        inside = token[0][1:-1].removeprefix("!")
        plain = re.sub(r"([\\\[&~|])", r"\\\1", inside)
        return f"[{'^' if token[0].startswith('[!') else ''}{plain}]"
    return _WILD.get(token[0], re.escape(token[0]))
