"""What a collection is: its table, its encoder, its facts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from placelens.arguments import as_path, as_text
from placelens.display import shown
from placelens.encoders.base import Encoder
from placelens.encoders.binding import BoundEncoder
from placelens.engine.publisher import Publisher
from placelens.engine.searcher import Searcher
from placelens.errors import EncoderMismatchError, InputError, ItemNotFoundError
from placelens.query.resolver import Resolver
from placelens.storage.faults import naming_faults
from placelens.storage.manifest import Manifest
from placelens.storage.table import ItemTable
from placelens.storage.version import Version
from placelens.types import Feature, FeatureName, Space


@naming_faults
class Core:
    """A table of items with its versions and its encoder, which all the rest stands on."""

    clock: Callable[[], datetime] = staticmethod(datetime.now)

    def __init__(
        self, table: ItemTable, encoder: Encoder | None = None, *, allow_download: bool = False
    ) -> None:
        if not isinstance(table, ItemTable):
            raise InputError("make a collection with Collection.create, open one with .open")
        self._table = table
        self._versions = Publisher(table)
        self._allow_download = allow_download
        # By name and fingerprint: a version of other vectors has another one.
        self._bound: dict[tuple[str | None, str | None], BoundEncoder] = {}
        self._bind(table.manifest, encoder)

    def _bind(self, manifest: Manifest, given: Encoder | None = None) -> BoundEncoder:
        """The encoder of the vectors of a manifest, from now on."""
        bound = self._bound[manifest.encoder, manifest.fingerprint] = BoundEncoder(
            name=manifest.encoder,
            fingerprint=manifest.fingerprint,
            dim=manifest.dim,
            folder=self._table.folder,
            given=given,
            allow_download=self._allow_download,
        )
        return bound

    def _encoder_of(self, manifest: Manifest) -> BoundEncoder:
        """The encoder of the vectors of a manifest, which is that of one version."""
        known = self._bound.get((manifest.encoder, manifest.fingerprint))
        return known if known is not None else self._bind(manifest)

    @property
    def _encoder(self) -> BoundEncoder:
        return self._encoder_of(self._table.manifest)

    @property
    def path(self) -> Path:
        """The folder.

        Examples
        --------
        >>> photos.path.name
        'photos.pl'
        """
        return self._table.folder

    @property
    def name(self) -> str:
        """The folder's name without ``.pl``.

        Examples
        --------
        >>> photos.name
        'photos'
        """
        return self.path.resolve().name.removesuffix(".pl")

    @property
    def space(self) -> Space:
        """Sphere or plane.

        Examples
        --------
        >>> photos.space
        'sphere'
        """
        return self._table.manifest.space

    @property
    def dim(self) -> int:
        """Length of the vectors.

        Examples
        --------
        >>> photos.dim
        64
        """
        return self._table.manifest.dim

    @property
    def modalities(self) -> tuple[FeatureName, ...]:
        """What the vectors stand for.

        Examples
        --------
        >>> photos.modalities
        ('image', 'text')
        """
        return self._table.manifest.vector_names

    @property
    def features(self) -> tuple[Feature, ...]:
        """What is kept of an item: the vectors that it is found by, and whatever else.

        Examples
        --------
        >>> [feature.name for feature in photos.features]
        ['image', 'text']
        """
        return self._table.manifest.features

    @property
    def format_version(self) -> int:
        """Of the format on disk; see `migrate`.

        Examples
        --------
        >>> photos.format_version
        2
        """
        return self._table.manifest.format_version

    @property
    def encoder_name(self) -> str | None:
        """Name of the encoder; None for vectors of one's own.

        Examples
        --------
        >>> photos.encoder_name
        'hash'
        """
        return self._table.manifest.encoder

    @property
    def fingerprint(self) -> str | None:
        """Of the encoder that the vectors come from; None for vectors of one's own.

        Examples
        --------
        >>> photos.fingerprint
        'hash-v1:64'
        """
        return self._table.manifest.fingerprint

    @property
    def encoder(self) -> Encoder:
        """The encoder, loaded when first asked for.

        Raises
        ------
        CollectionError
            If the collection holds vectors of one's own.
        EncoderMismatchError
            If the installed encoder is not the one the vectors come from.

        Examples
        --------
        >>> photos.encoder.encode_texts(["a red square"]).shape
        (1, 64)
        """
        return self._encoder.get()

    @property
    def concepts(self) -> tuple[str, ...]:
        """What the vectors' components stand for, in a collection of concepts; else empty.

        Examples
        --------
        >>> photos.concepts
        ()
        """
        return self._table.manifest.concepts

    @property
    def version(self) -> int:
        """Number of the version at hand; every commit makes one.

        Examples
        --------
        >>> before = photos.version
        >>> photos.delete("black")
        1
        >>> photos.version > before
        True
        """
        return self._table.version

    def close(self) -> None:
        """Wait for what is built in the background, and free the memory.

        Nothing needs it: what is written is on disk already, and a collection that is closed opens
        again when it is used.

        Examples
        --------
        >>> photos.close()
        >>> len(photos)
        4
        """
        self._versions.close()

    def refresh(self) -> bool:
        """See what other processes have committed; True when there was something new.

        Examples
        --------
        >>> Collection.open(photos.path).delete("black")
        1
        >>> len(photos), photos.refresh(), len(photos)
        (4, True, 3)
        """
        return self._versions.refresh()

    def _find(self, item_id: str) -> tuple[Version, int]:
        """The version at hand and the item's row in it: another thread may refresh any moment."""
        as_text(item_id, "the id")
        version = self._versions.version
        row = version.row_of(item_id)
        if row is None:
            raise ItemNotFoundError(f"{self.path} has no item with id {shown(item_id)}")
        return version, row

    def _modality(self, modality: FeatureName | None) -> FeatureName:
        if modality is None and len(self.modalities) == 1:
            return self.modalities[0]
        if modality not in self.modalities:
            raise InputError(
                f"modality {shown(modality)} is not one of this collection's: "
                f"{', '.join(self.modalities)}"
            )
        return modality

    def _resolver(self, searcher: Searcher) -> Resolver:
        manifest = searcher.manifest
        return Resolver(
            searcher.version, manifest, self._encoder_of(manifest).get, clock=self.clock
        )

    @contextmanager
    def _writing_for(self, manifest: Manifest) -> Iterator[None]:
        """Write what was made for the vectors of a manifest, if there are no others by now.

        Raises
        ------
        EncoderMismatchError
            If another process has made all vectors anew meanwhile.
        """
        with self._versions.writing():
            now = self._table.manifest
            if now.edition != manifest.edition:
                raise EncoderMismatchError(
                    f"{self.path} held vectors of {manifest.encoder} ({manifest.fingerprint}) when "
                    f"it was opened, and holds those of {now.encoder} ({now.fingerprint}) now; "
                    "refresh it, and try again with vectors of that one"
                )
            yield


def folder_of(path: Any) -> Path:
    """The folder of a collection; Lance would take an address for one of a cloud's."""
    folder = as_path(path, "the collection's path")
    if "://" in os.fspath(path):
        raise InputError(f"{shown(os.fspath(path))} is an address; a collection is a folder here")
    return folder
