"""``placelens check``: whether a collection's files are what was written."""

from __future__ import annotations

import typer

from placelens.cli import options
from placelens.cli.console import complain, count, notice, print_json


def command(collection: options.CollectionArgument, as_json: options.JsonOption = False) -> None:
    """Read every file of a collection and compare it with its checksum; 1 when one is damaged."""
    from placelens.collection import Collection

    health = Collection.check(collection)
    if as_json:
        print_json(health.to_dict())
    for damage in health.damage:
        complain(f"{damage.concerns}: {damage.what}")
    read = f"{count(health.n_files, 'file')}, {health.n_bytes / 1e6:,.1f} MB"
    if health.n_unknown:
        read += (
            f"; {count(health.n_unknown, 'file')} without a checksum, of an older placelens or lost"
        )
    if health.is_sound:
        notice(f"{collection} is sound ({read})")
        return
    notice(
        f"{count(len(health.damage), 'thing')} wrong with {collection} ({read}); see what can be "
        f"brought back with: placelens repair {collection} --dry-run"
    )
    raise typer.Exit(1)
