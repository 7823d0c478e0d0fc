"""``placelens train``: learn from a collection's own items."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from placelens.cli import completion, options
from placelens.cli.console import count, notice, print_json, say
from placelens.cli.group import Command, Group

app = typer.Typer(cls=Group, help="Learn from a collection's own items.", no_args_is_help=True)

# Labels that a summary names; the others are counted.
NAMED = 8


@app.command("cosmat", cls=Command)
def cosmat(
    *,
    collection: options.CollectionArgument,
    labels: Annotated[
        str,
        typer.Option(
            metavar="FIELD",
            help="Attribute whose values are the concepts.",
            show_default=False,
            autocompletion=completion.attributes,
        ),
    ],
    to: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="The new collection; default: NAME-concepts.pl."),
    ] = None,
    components: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Directions that images and texts share."),
    ] = None,
    regularization: Annotated[
        float, typer.Option(min=0.0, metavar="R", help="Ridge on the covariances.")
    ] = 1.0,
    c: Annotated[
        float, typer.Option("--C", metavar="C", help="Inverse of the ridge on the concepts.")
    ] = 0.1,
    as_json: options.JsonOption = False,
) -> None:
    """Learn concepts from labels (CoSMat), and make a collection that is searched by them.

    Nothing is read again: the new collection has the same items, with vectors of as many
    components as there are labels.
    """
    from placelens.collection import Collection

    opened = Collection.open(collection)
    report = opened.train_cosmat(
        labels, to=to, n_components=components, regularization=regularization, C=c
    ).to_dict()
    if as_json:
        print_json(report)
        return
    say("\n".join(_lines(report, labels)))
    best = max(report["labels"], key=report["labels"].get)
    notice(f'search it with: placelens search {report["path"]} "{best}"')


def _lines(report: Mapping[str, Any], labels: str) -> list[str]:
    """What was learnt, and whether it helps."""
    sizes = sorted(report["labels"].items(), key=lambda pair: -pair[1])
    named = ", ".join(f"{name} ({n:,})" for name, n in sizes[:NAMED])
    more = f" and {len(sizes) - NAMED} more" if len(sizes) > NAMED else ""
    learnt = f"{count(len(sizes), 'concept')} from {count(sum(report['labels'].values()), 'item')}"
    lines = [
        f"learnt {learnt} by {labels!r} in {report['seconds']:.1f} s: {named}{more}",
        f"wrote {report['path']}: {count(report['n_items'], 'item')}, vectors of {report['dim']} "
        f"numbers for {report['dim_before']}",
    ]
    if report["left_out"]:
        rare = count(len(report["left_out"]), "label")
        lines.append(f"{rare} with fewer than 5 items were not learnt")
    lines.append(
        f"on {count(report['n_measured'], 'item')} held out, asked for others of their label (MAP):"
    )
    lines += [
        f"  {name:<15}  concepts {values['concepts']:.1f} %, vectors {values['vectors']:.1f} %"
        for name, values in report["maps"].items()
    ]
    return lines
