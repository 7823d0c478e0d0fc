"""Where items may be, as somebody has estimated it: proposed, accepted, rejected, undone."""

from __future__ import annotations

from placelens.arguments import as_text
from placelens.collection.core import Core
from placelens.display import shown
from placelens.errors import InputError
from placelens.storage.faults import naming_faults
from placelens.storage.proposals import Proposals
from placelens.types import Place, Proposal, ProposalState


@naming_faults
class Estimates(Core):
    """Proposals of places, and what becomes of them."""

    def propose(
        self,
        item_id: str,
        place: Place,
        *,
        radius_m: float | None = None,
        confidence: float | None = None,
        evidence: str | None = None,
    ) -> Proposal:
        """Note where an item may be; its place is what it was until somebody accepts that.

        Parameters
        ----------
        radius_m
            How far from ``place`` the item may be, in metres.
        confidence
            How probable it is that it lies within, in [0, 1].
        evidence
            What that rests on, in words.

        Raises
        ------
        InputError
            Naming what cannot be used.

        Examples
        --------
        >>> photos.propose("black", Place(lat=50.1, lon=14.4), radius_m=500, confidence=0.8).state
        'open'
        """
        if not isinstance(place, Place):
            raise InputError(f"place {shown(place)} is not a Place")
        if evidence is not None:
            as_text(evidence, "the evidence")
        with self._versions.writing():
            self._versions.publish()
            version, row = self._find(item_id)
            return Proposals(self._table).add(
                int(version.iids[row]),
                place,
                radius_m=radius_m,
                confidence=confidence,
                evidence=evidence,
            )

    def proposals(
        self, state: ProposalState | None = None, *, k: int | None = None, after: str | None = None
    ) -> list[Proposal]:
        """What was proposed of places: all, or those "open", "accepted" or "rejected".

        They come by their ids, which is item by item as the items were added.

        Parameters
        ----------
        k
            No more than so many.
        after
            Only those that follow the one of this id: the last of those that one has.

        Raises
        ------
        InputError
            Naming what cannot be used.

        Examples
        --------
        >>> made = photos.propose("black", Place(lat=50.1, lon=14.4))
        >>> [proposal.place for proposal in photos.proposals("open")]
        [Place(lat=50.1, lon=14.4)]
        """
        if k is not None and (isinstance(k, bool) or not isinstance(k, int) or k < 1):
            raise InputError(f"k {shown(k)} is not a whole number above 0")
        if after is not None:
            as_text(after, "the id in after")
        self._table.check_sound()
        return Proposals(self._table).all(state, k=k, after=after)

    def count_proposals(self) -> dict[ProposalState, int]:
        """How many proposals are open, accepted and rejected.

        Examples
        --------
        >>> made = photos.propose("black", Place(lat=50.1, lon=14.4))
        >>> photos.count_proposals()
        {'open': 1, 'accepted': 0, 'rejected': 0}
        """
        self._table.check_sound()
        return Proposals(self._table).counts()

    def accept(self, proposal_id: str) -> Proposal:
        """Take what is proposed for the item's place, whose source is "estimated" then.

        It gives the proposal as it is from now on.

        Raises
        ------
        ItemNotFoundError
            If there is no such proposal.
        ProposalStateError
            If it is accepted or rejected already.

        Examples
        --------
        >>> made = photos.propose("black", Place(lat=50.1, lon=14.4), radius_m=500)
        >>> photos.accept(made.id).state
        'accepted'
        >>> black = photos.get("black")
        >>> black.place, black.place_source, black.place_radius_m
        (Place(lat=50.1, lon=14.4), 'estimated', 500.0)
        """
        with self._versions.writing():
            return Proposals(self._table).accept(as_text(proposal_id, "the proposal's id"))

    def reject(self, proposal_id: str) -> Proposal:
        """Note that what is proposed is wrong; gives and raises what `accept` does.

        Examples
        --------
        >>> made = photos.propose("black", Place(lat=0, lon=0))
        >>> photos.reject(made.id).state
        'rejected'
        >>> photos.proposals("open")
        []
        """
        with self._versions.writing():
            return Proposals(self._table).reject(as_text(proposal_id, "the proposal's id"))

    def undo(self, proposal_id: str) -> Proposal:
        """Open a proposal again, which it gives, and put the place back that the item had before.

        Raises
        ------
        ItemNotFoundError
            If there is no such proposal.
        ProposalStateError
            If it is open, or the place was changed since it was accepted.

        Examples
        --------
        >>> made = photos.propose("red", Place(lat=0, lon=0))
        >>> photos.accept(made.id).previous
        Place(lat=50.09, lon=14.42)
        >>> photos.undo(made.id).state
        'open'
        >>> photos.get("red").place
        Place(lat=50.09, lon=14.42)
        """
        with self._versions.writing():
            return Proposals(self._table).undo(as_text(proposal_id, "the proposal's id"))
