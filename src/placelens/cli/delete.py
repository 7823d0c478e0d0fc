"""``placelens delete``: items out of a collection; their files stay."""

from __future__ import annotations

from typing import Annotated

import typer

from placelens.cli import completion, options
from placelens.cli.console import count, notice
from placelens.errors import ItemNotFoundError

_NAMED = 5  # unknown ids that the message names


def command(
    collection: options.CollectionArgument,
    ids: Annotated[
        list[str],
        typer.Argument(metavar="ID", help="Ids of the items.", autocompletion=completion.ids),
    ],
) -> None:
    """Remove items from a collection; the photos themselves are not touched."""
    from placelens.collection import Collection

    wanted = list(dict.fromkeys(ids))
    opened = Collection.open(collection)
    unknown = [item_id for item_id in wanted if item_id not in opened]
    n_deleted = opened.delete(wanted)
    notice(f"removed {count(n_deleted, 'item')}")
    if unknown:
        named = ", ".join(map(repr, unknown[:_NAMED])) + (", ..." if len(unknown) > _NAMED else "")
        raise ItemNotFoundError(
            f"{count(len(unknown), 'id')} of {len(wanted)} not in {collection}: {named}"
        )
