"""``placelens proposals``: estimated places, and what is to become of them."""

from __future__ import annotations

from typing import Annotated

import typer

from placelens.cli import options
from placelens.cli.console import notice, print_facts, print_json
from placelens.types import Proposal

State = Annotated[
    str | None,
    typer.Option(metavar="STATE", help="Only those that are open, accepted or rejected."),
]
Accept = Annotated[
    list[str] | None,
    typer.Option(metavar="ID", help="Take this one for its item's place; may be repeated."),
]
Reject = Annotated[
    list[str] | None, typer.Option(metavar="ID", help="Note that it is wrong; may be repeated.")
]
Undo = Annotated[
    list[str] | None,
    typer.Option(metavar="ID", help="Open it again, and put the old place back; may be repeated."),
]


def command(
    collection: options.CollectionArgument,
    *,
    state: State = None,
    accept: Accept = None,
    reject: Reject = None,
    undo: Undo = None,
    as_json: options.JsonOption = False,
) -> None:
    """List what was proposed of items' places; accept it, reject it, or undo that."""
    from placelens.collection import Collection

    opened = Collection.open(collection)
    changes = (
        (opened.accept, "accepted", accept),
        (opened.reject, "rejected", reject),
        (opened.undo, "opened again", undo),
    )
    for change, done, ids in changes:
        for proposal_id in ids or ():
            change(proposal_id)
            notice(f"{done} {proposal_id}")
    if accept or reject or undo:
        return
    found = opened.proposals(state)  # type: ignore[arg-type]  # which checks it
    if as_json:
        print_json([proposal.to_dict() for proposal in found])
        return
    print_facts([(proposal.id, _in_words(proposal)) for proposal in found])
    if not found:
        notice("no proposals" if state is None else f"no proposals that are {state}")


def _in_words(proposal: Proposal) -> str:
    """A proposal on one line."""
    first, second = proposal.to_dict()["place"].values()
    words = [proposal.state, f"{proposal.item_id} at {first:g}, {second:g}"]
    if proposal.radius_m is not None:
        words.append(f"within {proposal.radius_m:g} m")
    if proposal.confidence is not None:
        words.append(f"{proposal.confidence:.0%} sure")
    return ", ".join([*words, *([proposal.evidence] if proposal.evidence else [])])
