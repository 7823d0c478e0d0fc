"""``placelens restore``: back to a snapshot."""

from __future__ import annotations

from typing import Annotated

import typer

from placelens.cli import completion, options
from placelens.cli.console import count, notice


def command(
    collection: options.CollectionArgument,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="The snapshot's name.", autocompletion=completion.snapshots
        ),
    ],
) -> None:
    """Go back to a snapshot; what came after it is left out of the collection."""
    from placelens.collection import Collection

    opened = Collection.open(collection)
    before = opened.fingerprint
    opened.restore(name)
    notice(f"{collection} holds {count(len(opened), 'item')} again, as in {name}")
    if opened.fingerprint != before:
        notice(f"with its vectors of {opened.encoder_name} ({opened.fingerprint})")
