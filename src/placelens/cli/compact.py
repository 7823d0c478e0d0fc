"""``placelens compact``: smaller and faster to open."""

from __future__ import annotations

from placelens.cli import options
from placelens.cli.console import notice


def command(collection: options.CollectionArgument) -> None:
    """Merge a collection's small files and drop old versions; snapshots stay."""
    from placelens.collection import Collection

    freed = Collection.open(collection).compact()
    notice(f"freed {freed / 1e6:,.1f} MB")
