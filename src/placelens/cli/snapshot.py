"""``placelens snapshot``: keep the state of a collection under a name, or list what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from placelens.cli import completion, options
from placelens.cli.console import notice, print_facts

if TYPE_CHECKING:
    from placelens.collection import Collection


def command(
    collection: options.CollectionArgument,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="Its name; without one, list them.",
            autocompletion=completion.snapshots,
        ),
    ] = None,
    drop: Annotated[bool, typer.Option("--drop", help="Forget the snapshot instead.")] = False,
) -> None:
    """Keep the collection's state under a name, to come back to with restore."""
    from placelens.collection import Collection
    from placelens.errors import InputError

    opened = Collection.open(collection)
    if name is None:
        if drop:
            raise InputError("--drop needs the name of the snapshot to forget")
        kept = opened.snapshots()
        print_facts([(each, _said(opened, each, version)) for each, version in kept.items()])
        if not kept:
            notice(f"no snapshots yet; keep one with: placelens snapshot {collection} NAME")
    elif drop:
        opened.drop_snapshot(name)
        notice(f"forgot {name}")
    else:
        opened.snapshot(name)
        notice(f"kept as {name}; come back with: placelens restore {collection} {name}")


def _said(collection: Collection, name: str, version: int) -> str:
    """A snapshot's version, and its encoder where that is not the collection's."""
    from placelens.errors import CollectionError

    try:
        encoder, fingerprint = collection.encoder_of_snapshot(name)
    except CollectionError as error:  # listed all the same: it is restoring that needs it sound
        return f"version {version}, which cannot be read: {error}"
    if fingerprint == collection.fingerprint:
        return f"version {version}"
    return f"version {version}, with vectors of {encoder} ({fingerprint})"
