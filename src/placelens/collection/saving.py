"""Searches that a collection keeps under names, for whoever opens it."""

from __future__ import annotations

from typing import Any

from placelens.arguments import as_text
from placelens.collection.core import Core
from placelens.display import shown
from placelens.errors import InputError
from placelens.limits import MAX_NAME, MAX_SAVED, within
from placelens.query.request import requests_of
from placelens.query.saved import as_saved, is_saved
from placelens.storage.faults import naming_faults
from placelens.storage.searches import read_searches, write_searches


@naming_faults
class Saving(Core):
    """Searches by name, as plain JSON: seen by other programs and browsers."""

    @property
    def saved_searches(self) -> dict[str, dict[str, Any]]:
        """Arguments of `search` by the name that they were saved under, in the order of saving.

        Those of all processes, as they are now. They belong to the collection and to no version:
        restoring a snapshot leaves them as they are.

        Raises
        ------
        CollectionDamagedError
            If their file is not what was written; nothing else of the collection needs it.

        Examples
        --------
        >>> photos.save_search("piers", "a pier", near="Nice", decay="gauss:50km")
        >>> photos.saved_searches
        {'piers': {'query': 'a pier', 'near': 'Nice', 'decay': 'gauss:50km'}}
        >>> len(photos.search(**photos.saved_searches["piers"]))
        4
        """
        found = read_searches(self.path, self._table.ledger)
        return {name: search for name, search in found.items() if is_saved(search)}

    def save_search(self, name: str, query: Any = None, **search: Any) -> None:
        """Keep a search under a name, in place of one that has it.

        Parameters
        ----------
        name
            Any text of at most 200 characters.
        query, search
            The arguments of `search`, without a cursor, a reranker and images, which are no plain
            values: save one like an item instead. They are not run, and the encoder is not needed.

        Raises
        ------
        InputError
            If the name is empty or too long.
        QueryError, FilterError, CoordinateError
            Naming what cannot be used or saved, also when 500 are saved already.
        CollectionLockedError
            If another process is writing.

        Examples
        --------
        >>> photos.save_search("good", where={"rating": {"gte": 4}})
        >>> [hit.id for hit in photos.search(**photos.saved_searches["good"])]
        ['green', 'red']
        """
        called = within(_name(name), MAX_NAME, "the name of a search", error=InputError)
        (request,) = requests_of([{"query": query, **search}], {})
        saved = as_saved(request, self.space)
        self._resolver(self._versions.searcher).check(request)
        with self._table.writing():
            known = read_searches(self.path, self._table.ledger)
            if called not in known and len(known) >= MAX_SAVED:
                raise InputError(
                    f"{self.path} keeps {len(known)} searches, and {MAX_SAVED} is the most; forget "
                    "one first"
                )
            write_searches(self._table, {**known, called: saved})

    def forget_search(self, name: str) -> bool:
        """Forget the search of a name; False when there is none.

        Examples
        --------
        >>> photos.save_search("piers", "a pier")
        >>> photos.forget_search("piers"), photos.forget_search("piers")
        (True, False)
        """
        called = _name(name)
        with self._table.writing():
            known = read_searches(self.path, self._table.ledger)
            if called not in known:
                return False
            write_searches(self._table, {n: each for n, each in known.items() if n != called})
            return True


def _name(name: str) -> str:
    called = as_text(name, "the name of a search").strip()
    if not called:
        raise InputError(f"the name of a search is {shown(name)}; give it one that says what it is")
    return called
