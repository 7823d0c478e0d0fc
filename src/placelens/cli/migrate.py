"""``placelens migrate``: a collection of an older format into the one that is written."""

from __future__ import annotations

from typing import Annotated

import typer

from placelens.cli import options
from placelens.cli.console import count, notice, print_json


def command(
    collection: options.CollectionArgument,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read every file, say what would be done, no more.")
    ] = False,
    as_json: options.JsonOption = False,
) -> None:
    """Bring a collection of an older format up to date; items and snapshots stay as they are."""
    from placelens.collection import Collection

    done = Collection.migrate(collection, dry_run=dry_run)
    if as_json:
        print_json(done.to_dict())
    if not done.is_needed:
        notice(f"{collection} is of format {done.to_version} already")
        return
    kept = count(done.n_items, "item")
    if done.snapshots:
        kept += f" and {count(len(done.snapshots), 'snapshot')}"
    would = "would be made" if dry_run else "made"
    notice(
        f"{collection}: {would} format {done.to_version} of format {done.from_version}; "
        f"{kept} stay as they are"
    )
