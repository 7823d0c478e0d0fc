"""Which files beside a photo describe it: XMP sidecars and Google Takeout's JSON, by name alone.

Takeout's names follow no published rule; these are the ones seen in the wild:

- ``IMG.jpg.json`` (until 2024) and ``IMG.jpg.supplemental-metadata.json`` (since);
- the part before ``.json`` is cut at 46 characters, wherever that falls;
- the second ``IMG.jpg`` of an album is ``IMG(1).jpg``, its JSON ``IMG.jpg(1).json`` or
  ``IMG.jpg.supplemental-metadata(1).json``;
- an edited copy, ``IMG-edited.jpg``, has no JSON of its own: it shares that of ``IMG.jpg``;
- a title without an ending gives ``IMG.json`` for ``IMG.jpg``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_TAKEOUT_LIMIT = 46
_SUPPLEMENT = ".supplemental-metadata"
_NUMBERED = re.compile(r"^(?P<stem>.+)(?P<number>\(\d{1,4}\))$", re.DOTALL)
# Takeout translates the suffix of edited copies to the language of the account.
_EDITED = (
    "-edited", "-bearbeitet", "-modifié", "-editado", "-editada", "-modificato",
    "-bewerkt", "-edytowane", "-redigerad", "-redigeret", "-muokattu", "-編集済み",
)  # fmt: skip


def sidecars_of(name: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """Name the sidecars of the image file ``name`` among the files of its folder.

    Parameters
    ----------
    name : the image's file name.
    names : the folder's XMP and JSON file names by their lower-case form.

    Returns
    -------
    tuple of str
        XMP sidecars first (``IMG.jpg.xmp`` before ``IMG.xmp``), then at most one Takeout JSON.
    """
    if not names:
        return ()
    stem, dot, ending = name.rpartition(".")
    stem, suffix = (stem, dot + ending) if stem else (name, "")
    found = [names[c] for c in (f"{name}.xmp".lower(), f"{stem}.xmp".lower()) if c in names]
    takeout = next(
        (names[c.lower()] for c in _takeout_names(stem, suffix) if c.lower() in names), None
    )
    if takeout is not None:
        found.append(takeout)
    return tuple(dict.fromkeys(found))


def _takeout_names(stem: str, suffix: str) -> Iterator[str]:
    """The JSON names to try for an image, most specific first."""
    yield from _takeout_names_of(stem, suffix)
    plain = _without_edited(stem)
    if plain is not None:
        yield from _takeout_names_of(plain, suffix)


def _takeout_names_of(stem: str, suffix: str) -> Iterator[str]:
    match = _NUMBERED.match(stem)
    bare, number = (match["stem"], match["number"]) if match else (stem, "")
    full = bare + suffix
    # Without a number the supplement may be cut anywhere; the limit counts the number or not.
    long = full + _SUPPLEMENT
    for end in range(len(long), len(full) - 1, -1):
        yield f"{long[:end]}{number}.json"
    for end in range(_TAKEOUT_LIMIT, _TAKEOUT_LIMIT - 7, -1):
        if end < len(full):
            yield f"{full[:end]}{number}.json"
    if number:
        # A file that was named IMG(1).jpg before it was uploaded.
        yield f"{stem}{suffix}{_SUPPLEMENT}.json"
        yield f"{stem}{suffix}.json"
    yield f"{stem}.json"


def _without_edited(stem: str) -> str | None:
    """The original's stem when this one is an edited copy: IMG-edited(1) gives IMG(1)."""
    match = _NUMBERED.match(stem)
    bare, number = (match["stem"], match["number"]) if match else (stem, "")
    for ending in _EDITED:
        if bare.lower().endswith(ending) and len(bare) > len(ending):
            return bare[: -len(ending)] + number
    return None
