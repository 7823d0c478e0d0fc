"""``.../proposals``: estimated places of items, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request

from placelens import types
from placelens.errors import ItemNotFoundError
from placelens.limits import MAX_NAME
from placelens.server.access import WriteRoute
from placelens.server.answers import Problem, Proposal, ProposalList
from placelens.server.change_schemas import ProposalRequest
from placelens.server.dependencies import CatalogueOf, CollectionOf, SettingsOf
from placelens.server.list_schemas import ProposalListRequest
from placelens.server.urls import with_links

router = APIRouter(
    prefix="/collections/{name}/proposals", tags=["proposals"], route_class=WriteRoute
)

ProposalId = Annotated[str, Path(max_length=MAX_NAME)]

_REFUSED: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "There is no such proposal, or its item is gone."},
    409: {
        "model": Problem,
        "description": "It is in another state, or the item's place was changed since.",
    },
}


class _Answers:
    """Makes what is answered of a collection's proposals."""

    def __init__(
        self, name: str, request: Request, collection: CollectionOf, settings: SettingsOf
    ) -> None:
        self._name, self._collection = name, collection
        self._show_paths = settings.paths_shown
        self._hide: Callable[[str], str] | None = request.app.state.hide

    def of(self, proposal: types.Proposal) -> dict[str, Any]:
        """A proposal with its item as it is now."""
        return self._with_item(proposal, self._collection.get(proposal.item_id))

    def of_all(self, proposals: Sequence[types.Proposal]) -> list[dict[str, Any]]:
        """The same of those whose item nobody has deleted since they were read."""
        items = self._items(dict.fromkeys(proposal.item_id for proposal in proposals))
        return [
            self._with_item(proposal, items[proposal.item_id])
            for proposal in proposals
            if proposal.item_id in items
        ]

    def _items(self, ids: Iterable[str]) -> dict[str, types.Item]:
        """The items by their ids, read together as long as all are there."""
        try:
            return {item.id: item for item in self._collection.items(ids=ids)}
        except ItemNotFoundError:
            found = {}
            for item_id in ids:
                with suppress(ItemNotFoundError):
                    found[item_id] = self._collection.get(item_id)
            return found

    def _with_item(self, proposal: types.Proposal, item: types.Item) -> dict[str, Any]:
        answer = proposal.to_dict()
        if self._hide is not None and proposal.evidence:
            # Programs that propose may name the files that it rests on.
            answer["evidence"] = self._hide(proposal.evidence)
        linked = with_links(item.to_dict(), self._name, show_paths=self._show_paths)
        return {**answer, "item": linked}


AnswersOf = Annotated[_Answers, Depends(_Answers)]


@router.get("", response_model=ProposalList)
def list_proposals(
    collection: CollectionOf, answers: AnswersOf, asked: Annotated[ProposalListRequest, Query()]
) -> Any:
    """Proposals in a state, or all, each with its item; pages stay as they are while some change.

    They come by their ids: item by item, as the items were added.
    """
    # One more tells whether there is another page.
    found = collection.proposals(asked.state, k=asked.k + 1, after=asked.cursor)
    page = found[: asked.k]
    return {
        "proposals": answers.of_all(page),
        "counts": collection.count_proposals(),
        "cursor": page[-1].id if len(found) > len(page) else None,
    }


@router.post(
    "", response_model=Proposal, status_code=HTTPStatus.CREATED, responses={404: _REFUSED[404]}
)
def propose_place(
    *,
    name: str,
    asked: ProposalRequest,
    collection: CollectionOf,
    catalogue: CatalogueOf,
    answers: AnswersOf,
) -> Any:
    """Propose where an item may be; its place is what it was until somebody accepts that."""
    arguments = asked.to_arguments()
    with catalogue.turns(name).of_request():
        return answers.of(collection.propose(**arguments))


class _Decision:
    """Makes one change of a proposal, in its turn, and what is answered of it then."""

    def __init__(
        self, name: str, proposal_id: ProposalId, catalogue: CatalogueOf, answers: AnswersOf
    ) -> None:
        self._turns, self._proposal_id, self._answers = catalogue.turns(name), proposal_id, answers

    def made(self, change: Callable[[str], types.Proposal]) -> dict[str, Any]:
        """What `Collection.accept`, or another of its kind, made of the proposal."""
        with self._turns.of_request():
            return self._answers.of(change(self._proposal_id))


DecisionOf = Annotated[_Decision, Depends(_Decision)]


@router.post("/{proposal_id}/accept", response_model=Proposal, responses=_REFUSED)
def accept_proposal(collection: CollectionOf, decision: DecisionOf) -> Any:
    """Take what is proposed for the item's place, whose source is `estimated` then."""
    return decision.made(collection.accept)


@router.post("/{proposal_id}/reject", response_model=Proposal, responses=_REFUSED)
def reject_proposal(collection: CollectionOf, decision: DecisionOf) -> Any:
    """Note that what is proposed is wrong."""
    return decision.made(collection.reject)


@router.post("/{proposal_id}/undo", response_model=Proposal, responses=_REFUSED)
def undo_proposal(collection: CollectionOf, decision: DecisionOf) -> Any:
    """Open a proposal again, and put the place back that the item had before."""
    return decision.made(collection.undo)
