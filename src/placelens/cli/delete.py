"""``placelens delete``: items out of a collection; their files stay."""

from __future__ import annotations

from typing import Annotated

import typer

from placelens.cli import options
from placelens.cli.console import count, notice
from placelens.errors import ItemNotFoundError


def command(
    collection: options.CollectionArgument,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of the items.")],
) -> None:
    """Remove items from a collection; the photos themselves are not touched."""
    from placelens.collection import Collection

    wanted = list(dict.fromkeys(ids))
    n_deleted = Collection.open(collection).delete(wanted)
    notice(f"removed {count(n_deleted, 'item')}")
    if n_deleted < len(wanted):
        raise ItemNotFoundError(
            f"{count(len(wanted) - n_deleted, 'id')} of {len(wanted)} not in {collection}"
        )
