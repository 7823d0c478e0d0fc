"""Learning concepts from the labels of a collection."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from placelens.arguments import as_path, as_text
from placelens.collection.core import Core
from placelens.engine.publisher import Publisher
from placelens.errors import CollectionExistsError
from placelens.storage.faults import naming_faults
from placelens.storage.table import ItemTable

# What reads files and what shows hits is imported when it is used: many commands only look.
if TYPE_CHECKING:
    from placelens.ingest.concepts import ConceptReport


@naming_faults
class Learning(Core):
    """What a collection can be made to learn."""

    def train_cosmat(
        self,
        labels: str,
        *,
        to: str | os.PathLike[str] | None = None,
        n_components: int | None = None,
        regularization: float = 1.0,
        C: float = 0.1,
    ) -> ConceptReport:
        """Learn concepts from an attribute, and make a new collection of the same items in them.

        The values of the attribute become the components of the new vectors: each hit then says
        which of them it shares with the query. No file is read again. The new collection stands on
        its own: it can be searched, moved and added to like any other.

        Parameters
        ----------
        labels
            The attribute. Values of fewer than 5 items are not learnt.
        to
            The new collection; by default beside this one, with ``-concepts`` in its name.
        n_components, regularization, C
            See `placelens.alignment.fit_concepts`.

        Raises
        ------
        CollectionExistsError
            If there is something at ``to``.
        CollectionError
            If this collection holds concepts, or vectors of one's own.
        InputError
            If no item has the attribute, or there is too little to learn from.

        Examples
        --------
        >>> photos.train_cosmat("city")
        Traceback (most recent call last):
            ...
        placelens.errors.InputError: concepts need two labels or more of 5 items each; of 4 ...
        """
        from placelens.ingest.concepts import train_cosmat

        beside = self.path if self.path.name not in ("", "..") else self.path.resolve()
        as_text(labels, "the attribute")
        target = as_path(to or beside.with_name(f"{self.name}-concepts.pl"), "to")
        if target.exists():
            raise CollectionExistsError(f"{target} exists already; choose another path")
        self.refresh()
        report = train_cosmat(
            self._table,
            self._versions.version,
            self.encoder,
            labels=labels,
            to=target,
            n_components=n_components,
            regularization=regularization,
            C=C,
        )
        Publisher(ItemTable.open(target)).settle()
        return report
