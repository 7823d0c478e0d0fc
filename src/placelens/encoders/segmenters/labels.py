"""The names of classes that a segmenter or a mask numbers, as a file has them: one a line."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from placelens.arguments import as_path, as_texts
from placelens.display import shown, visible
from placelens.errors import InputError, ReadError
from placelens.files import read_regular
from placelens.limits import MAX_CLASSES, MAX_LABELS_BYTES, MAX_NAME, within

# What says of a pixel only that it shows none of the classes: what is left of 255 says it as well.
MEANINGLESS = frozenset(
    {"background", "ignore", "other", "unlabeled", "unlabelled", "various", "void"}
)


@dataclass(frozen=True, slots=True)
class Labels:
    """Names in the order of their numbers, from 0 on.

    Examples
    --------
    >>> labels = Labels(("background", "sky", "void", "sea"))
    >>> labels.classes, labels.channels
    (('sky', 'sea'), (1, 3))
    """

    names: tuple[str, ...]

    @property
    def channels(self) -> tuple[int, ...]:
        """The numbers of those that are classes."""
        return tuple(i for i, name in enumerate(self.names) if not is_meaningless(name))

    @property
    def classes(self) -> tuple[str, ...]:
        """Those that are classes, in order."""
        return tuple(self.names[channel] for channel in self.channels)

    @property
    def sha256(self) -> str:
        """Of the names in their order, in hexadecimal."""
        return hashlib.sha256("\n".join(self.names).encode()).hexdigest()


def is_meaningless(name: str) -> bool:
    """Whether a label names no class: background, other, void and the like.

    Examples
    --------
    >>> is_meaningless("__background__"), is_meaningless("Void"), is_meaningless("sky")
    (True, True, False)
    """
    return name.strip("_ ").casefold() in MEANINGLESS


def labels_of(given: str | os.PathLike[str] | Sequence[str]) -> Labels:
    """Labels from a file's path, or from the names themselves.

    Raises
    ------
    InputError
        If the file cannot be read, or these are no labels; see `parsed_labels`.

    Examples
    --------
    >>> labels_of(["sky", "sea"]).names
    ('sky', 'sea')
    """
    if isinstance(given, str | os.PathLike):
        return parsed_labels(read_label_file(given), where=Path(given).name)
    return _checked(tuple(name.strip() for name in as_texts(given, "the label")), "labels")


def read_label_file(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a file of labels.

    Raises
    ------
    InputError
        If it cannot be read, or is larger than such a file is.
    """
    try:
        return read_regular(
            as_path(path, "the labels"), MAX_LABELS_BYTES, advice="give a name a line"
        )
    except ReadError as error:
        raise InputError(f"the labels {shown(os.fspath(path))}: {error}") from None


def parsed_labels(content: bytes, *, where: str) -> Labels:
    """Labels from a file's content: a name a line, up to its end or an empty line.

    What stands behind an empty line is a remark, as some files that come with models have one.

    Raises
    ------
    InputError
        If there is none, or too many, one twice, or the content is no text in UTF-8. ``where`` is
        what the message calls the file.

    Examples
    --------
    >>> parsed_labels(b"background\\nsky\\n\\nand 255 is ignored\\n", where="a.txt").names
    ('background', 'sky')
    """
    try:
        lines = content.decode("utf-8-sig").strip("\r\n").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"the labels {shown(where)} are no text in UTF-8: {error}") from None
    names = [line.strip() for line in lines]
    end = names.index("") if "" in names else len(names)
    return _checked(tuple(names[:end]), where)


def _checked(names: tuple[str, ...], where: Any) -> Labels:
    if len(names) > MAX_CLASSES:
        raise InputError(f"{shown(where)} has {len(names)} labels; {MAX_CLASSES} is the most")
    for name in names:
        within(name, MAX_NAME, f"a label of {where}", error=InputError)
        if not name or visible(name) != name:
            raise InputError(
                f"{shown(where)}: {shown(name)} is no label; write its name in letters"
            )
    labels = Labels(names)
    folded = [name.casefold() for name in labels.classes]
    twice = next((name for name in labels.classes if folded.count(name.casefold()) > 1), None)
    if twice is not None:
        raise InputError(
            f"{shown(where)} has the label {shown(twice)} twice; give each class a name of its own"
        )
    if not labels.classes:
        raise InputError(
            f"{shown(where)} names no class; write a name a line, in the order of the numbers "
            f"({', '.join(sorted(MEANINGLESS))} mean nothing of their own, and do not count)"
        )
    return labels
