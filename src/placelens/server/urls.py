"""Links from an item to its pictures, and what of its path is shown to whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from placelens.errors import FilterError
from placelens.server.settings import Settings
from placelens.types import Hit, Item

__all__ = ["file_name", "refuse_hidden", "with_links", "without_folder"]


def with_links(item: dict[str, Any], collection: str, *, show_paths: bool) -> dict[str, Any]:
    """Add ``thumbnail_url`` and ``image_url`` to an item or hit; hide its folder if asked to."""
    path = item["image"]
    base = f"/v1/collections/{quote(collection, safe='')}/items/{quote(item['id'], safe='')}"
    item["thumbnail_url"] = f"{base}/thumbnail" if path is not None else None
    item["image_url"] = f"{base}/image" if path is not None else None
    if path is not None and not show_paths:
        item["image"] = file_name(path)
    return item


def without_folder(thing: Hit | Item) -> Hit | Item:
    """An item, or a hit, that knows its file's name and not where it lies."""
    item = thing.item if isinstance(thing, Hit) else thing
    if item.image is not None:
        item = replace(item, image=file_name(item.image))
    return replace(thing, item=item) if isinstance(thing, Hit) else item


def refuse_hidden(names: Iterable[str] | None, settings: Settings) -> None:
    """Refuse attributes that would give paths away to those who are not shown any.

    Raises
    ------
    FilterError
        If one is the folder of an item, and folders are shown to this machine only.
    """
    if not settings.paths_shown and "folder" in (names or ()):
        raise FilterError("folders are known on the server's own machine only; filter by file")


def file_name(path: str) -> str:
    """The last part of a path of either kind of system.

    Examples
    --------
    >>> file_name("/home/ann/a.jpg"), file_name(r"C:\\Pictures\\b.jpg")
    ('a.jpg', 'b.jpg')
    """
    return path.replace("\\", "/").rsplit("/", 1)[-1]
