"""The collections that a server serves: opened when first asked for, then kept up to date."""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING

from placelens.display import shown
from placelens.errors import CollectionNotFoundError, PlacelensError
from placelens.server.turns import Turns

if TYPE_CHECKING:
    from placelens.collection import Collection
    from placelens.server.settings import Settings

__all__ = ["Catalogue"]

logger = logging.getLogger("placelens.server")


class Catalogue:
    """Collections by name, shared by the server's threads."""

    def __init__(self, settings: Settings) -> None:
        self._sources = dict(settings.collections)
        self._allow_download = settings.allow_download
        self._opened: dict[str, Collection] = {}
        # One for each: a collection that is slow to open, or on a disk that hangs, holds up only
        # those who ask for it.
        self._locks = {name: threading.Lock() for name in self._sources}
        self._turns = {name: Turns() for name in self._sources}

    @property
    def names(self) -> list[str]:
        """Their names, in the order given."""
        return list(self._sources)

    def get(self, name: str) -> Collection:
        """Return the collection as of its last commit.

        Raises
        ------
        CollectionNotFoundError
            If none has the name, or its folder is gone.
        """
        self._check(name)
        with self._locks[name]:
            collection = self._opened.get(name)
            if collection is None:
                collection = self._opened[name] = self._open(name)
            collection.refresh()
        return collection

    @property
    def opened(self) -> dict[str, Collection]:
        """Those that are open, by name, as they were when they were last asked for."""
        return dict(self._opened)

    def not_open(self) -> dict[str, str]:
        """Open those that are not, and tell which could not be, with the reasons.

        One that another thread is opening is not waited for.
        """
        reasons: dict[str, str] = {}
        for name, lock in self._locks.items():
            if name in self._opened:
                continue
            if not lock.acquire(blocking=False):
                reasons[name] = "it is being opened"
                continue
            try:
                if name not in self._opened:
                    self._opened[name] = self._open(name)
            except PlacelensError as error:
                reasons[name] = str(error)
            finally:
                lock.release()
        return reasons

    def turns(self, name: str) -> Turns:
        """Whose turn it is to write to the collection.

        Raises
        ------
        CollectionNotFoundError
            If none has the name.
        """
        self._check(name)
        return self._turns[name]

    def _check(self, name: str) -> None:
        if name not in self._sources:
            known = ", ".join(repr(each) for each in self._sources) or "none"
            raise CollectionNotFoundError(
                f"no collection is called {shown(name)}; there are: {known}"
            )

    def warm_up(self) -> None:
        """Search every collection once, so that nobody waits for what is loaded on first use.

        Then compare with its checksum what was left for later when it was opened.
        """
        for name in self.names:
            try:
                collection = self.get(name)
                if collection.encoder_name is not None:
                    collection.search("a view near Paris", k=1)
                    for modality in collection.modalities:  # which items have it is read once
                        collection.search("a view", modality=modality, k=1)
                collection.verify()
            except PlacelensError as error:
                # Whoever asks for it is told; the others need not wait.
                logger.warning("collection %r could not be made ready: %s", name, error)

    def _open(self, name: str) -> Collection:
        source = self._sources[name]
        if not isinstance(source, str | os.PathLike):
            return source
        from placelens.collection import Collection

        return Collection.open(source, allow_download=self._allow_download)
