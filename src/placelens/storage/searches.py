"""Searches that are saved under a name: a small file beside the table, which is replaced whole.

They belong to the collection and to no version of it: restoring a snapshot leaves them as they are.
What a search may hold is the business of `placelens.query.saved`; here it is a JSON object.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from placelens.errors import CollectionDamagedError, CollectionError, ReadError
from placelens.files import read_regular
from placelens.limits import MAX_SAVED, MAX_SAVED_BYTES
from placelens.storage.ledger import Ledger
from placelens.storage.table import ItemTable
from placelens.storage.versioned_table import SEARCHES_NAME

FORMAT = "placelens searches"
VERSION = 1
MAX_BYTES = 2 * MAX_SAVED * MAX_SAVED_BYTES

# Another process may replace the file between a look at it and one at its checksum.
_LOOKS = 5


def read_searches(folder: Path, ledger: Ledger) -> dict[str, dict[str, Any]]:
    """All saved searches by name, in the order in which they were saved; none where none ever was.

    Raises
    ------
    CollectionDamagedError
        If the file is not what was written.
    CollectionError
        If a newer placelens wrote it.
    """
    path = folder / SEARCHES_NAME
    if not path.exists():
        ledger.refresh()  # another process may have set it aside
        if SEARCHES_NAME not in ledger:
            return {}
    try:
        return _parsed(_content(path, ledger), path)
    except (ReadError, ValueError, RecursionError) as error:
        raise CollectionDamagedError(
            f"{path} cannot be read ({error}); leave its searches aside with: "
            f"placelens repair {folder}"
        ) from error


def _content(path: Path, ledger: Ledger) -> bytes:
    for _ in range(_LOOKS):
        content = read_regular(path, MAX_BYTES)
        wrong = ledger.damage_of_content(path, content)
        if wrong is None:
            return content
    raise ValueError(wrong)


def _parsed(content: bytes, path: Path) -> dict[str, dict[str, Any]]:
    data = json.loads(content)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError("it is no list of saved searches")
    if data.get("version") != VERSION:
        raise CollectionError(
            f"{path} was written by a newer placelens, which this one cannot read; install a newer "
            "placelens to use the saved searches"
        )
    searches = data.get("searches")
    if not isinstance(searches, dict):
        raise ValueError("it is no list of saved searches")
    return {name: search for name, search in searches.items() if isinstance(search, dict)}


def write_searches(table: ItemTable, searches: Mapping[str, Mapping[str, Any]]) -> None:
    """Replace all saved searches; call while writing. A crash leaves those before or these."""
    data = {"format": FORMAT, "version": VERSION, "searches": searches}
    table.keep_file(SEARCHES_NAME, json.dumps(data, indent=1, ensure_ascii=False).encode())
