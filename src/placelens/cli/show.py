"""``placelens show``: everything that is known of one item."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from placelens.cli import completion, options
from placelens.cli.console import notice, print_facts, print_json, say

if TYPE_CHECKING:
    from placelens.collection import Collection


def command(
    *,
    collection: options.CollectionArgument,
    item_id: Annotated[
        str, typer.Argument(metavar="ID", help="The item's id.", autocompletion=completion.ids)
    ],
    as_json: options.JsonOption = False,
    thumbnail: Annotated[
        Path | None, typer.Option(metavar="FILE.jpg", help="Write the item's small JPEG.")
    ] = None,
    feature: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Print a feature: class_map drawn, others as JSON."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it is there.")] = False,
) -> None:
    """Show one item."""
    from placelens.collection import Collection
    from placelens.export import records_of

    opened = Collection.open(collection)
    item = opened.get(item_id)
    if thumbnail is not None:
        _write_thumbnail(opened.thumbnail(item_id), thumbnail, force)
    if feature is not None:
        _print_feature(opened, item_id, feature, as_json=as_json)
        return
    (record,) = records_of([item])
    if as_json:
        print_json(record)
        return
    attributes = record.pop("attributes")
    print_facts([*record.items(), *attributes.items()])


def _print_feature(collection: Collection, item_id: str, name: str, *, as_json: bool) -> None:
    from placelens.engine.feature_values import feature_to_dict
    from placelens.export.class_map_text import class_map_text

    value = collection.feature(item_id, name)
    (kept,) = (each for each in collection.features if each.name == name)
    made = feature_to_dict(kept, value)
    if as_json or made["cells"] is None:
        print_json(made)
    else:
        say(class_map_text(made["cells"], made["classes"][:-1]))


def _write_thumbnail(jpeg: bytes | None, path: Path, force: bool) -> None:
    from placelens.errors import InputError
    from placelens.export.writers import replacing

    if jpeg is None:
        raise InputError("the item has no image, so there is no thumbnail to write")
    with replacing(path, force=force) as stream:
        stream.write(jpeg)
    notice(f"wrote {path}")
