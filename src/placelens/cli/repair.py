"""``placelens repair``: bring back what can be of a damaged collection."""

from __future__ import annotations

from typing import Annotated

import typer

from placelens.cli import options
from placelens.cli.console import count, notice, print_json


def command(
    collection: options.CollectionArgument,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")
    ] = False,
    as_json: options.JsonOption = False,
) -> None:
    """Bring back what can be of a damaged collection; what is damaged is kept in its folder."""
    from placelens.collection import Collection

    done = Collection.repair(collection, dry_run=dry_run)
    if as_json:
        print_json(done.to_dict())
    for action in done.actions:
        notice(action)
    if not done.actions:
        notice(f"nothing is wrong with {collection}")
    elif dry_run:
        notice(f"nothing was changed; do it with: placelens repair {collection}")
    elif done.n_items_lost:
        lost = count(done.n_items_lost, "item")
        notice(f"{lost} left out; importing their sources again brings them back")
