"""The item table: rows by internal id, added, replaced, deleted and found.

What a commit is, and when it is acknowledged, stands in `placelens.storage.versioned_table`.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import lance
import numpy as np
import pyarrow as pa

from placelens.errors import (
    CollectionError,
    CollectionExistsError,
    CollectionNotFoundError,
)
from placelens.storage.durable import sync_files, sync_folder, write_whole
from placelens.storage.feature_columns import vector_column, with_vectors
from placelens.storage.format_v2 import schema
from placelens.storage.ids import Ids
from placelens.storage.json_columns import copies_from_json
from placelens.storage.ledger import Ledger
from placelens.storage.manifest import Hubs, Manifest, edition_of
from placelens.storage.manifest_files import (
    FILE_NAME,
    manifest_files,
    parsed,
    write_manifest,
)
from placelens.storage.manifest_v2 import ManifestV2
from placelens.storage.read_back import BATCH_ROWS, Change, check_converted, in_batches
from placelens.storage.rows import sql_strings
from placelens.storage.troubles import writing_to
from placelens.storage.versioned_table import (
    TABLE_NAME,
    TARGET_ROWS,
    VersionedTable,
    odd_columns,
)
from placelens.storage.versions import (
    files_of,
)
from placelens.types import Feature, FeatureName, Float32Array, Int64Array

# Part of the format: the newest that the lowest pylance of pyproject.toml can read, and not
# whatever the installed one would write.
LANCE_FILE_VERSION = "2.1"

MAX_IID = 2**62


def _meant(folder: Path) -> Path | None:
    """The collection beside a path whose name is most like it: photos.pl for photos, or Photo."""
    if not folder.name:
        return None
    if is_collection(folder.with_name(f"{folder.name}.pl")):
        return folder.with_name(f"{folder.name}.pl")
    try:
        beside = [path for path in folder.absolute().parent.iterdir() if is_collection(path)]
    except OSError:
        return None
    by_name = {path.name.removesuffix(".pl").casefold(): path.name for path in beside}
    wanted = folder.absolute().name.removesuffix(".pl").casefold()
    close = get_close_matches(wanted, by_name, n=1, cutoff=0.7)
    return folder.with_name(by_name[close[0]]) if close else None


def is_collection(folder: Path) -> bool:
    """Whether there is a collection at a path, of whatever version."""
    return (folder / FILE_NAME).is_file()


class ItemTable(VersionedTable):
    """The table of a collection: its rows, and how they change."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._ids = Ids()
        self.deleted: tuple[int, tuple[int, ...]] = (-1, ())
        """The version that `delete` made last, and the internal ids it went for."""

    @classmethod
    def create(
        cls,
        folder: Path,
        manifest: Manifest,
        *,
        files: Mapping[str, bytes] = MappingProxyType({}),
        rows: Iterable[pa.RecordBatch] = (),
    ) -> ItemTable:
        """Create a table; nothing appears at ``folder`` before it is complete.

        Parameters
        ----------
        files
            What the encoder keeps beside the table, by name.
        rows
            What the table holds from the first, in its own schema.
        """
        if folder.exists():
            raise CollectionExistsError(f"{folder} exists already; open it, or choose another path")
        parsed(ManifestV2.to_json(manifest), where=str(folder))  # or nobody could open it
        folder.parent.mkdir(parents=True, exist_ok=True)
        # Absolute: see `VersionedTable`.
        beside = folder.absolute().with_name(f".{folder.name}.{os.getpid()}.new")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        try:
            lance.write_dataset(
                pa.RecordBatchReader.from_batches(schema(manifest), rows),
                str(beside / TABLE_NAME),
                enable_v2_manifest_paths=True,
                data_storage_version=LANCE_FILE_VERSION,
            )
            for name, content in files.items():
                (beside / name).write_bytes(content)
            write_manifest(beside, manifest)
            made = lance.dataset(str(beside / TABLE_NAME))
            for _ in made.to_batches(batch_size=BATCH_ROWS):
                pass  # what cannot be read would be found too late
            Ledger(beside).record(
                [
                    *(beside / name for name in files),
                    *manifest_files(beside),
                    *files_of(made, beside / TABLE_NAME),
                ]
            )
            beside.rename(folder)
            sync_folder(folder.parent)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        return cls(folder)

    @classmethod
    def open(cls, folder: Path) -> ItemTable:
        """Open the table of an existing collection."""
        if not is_collection(folder):
            what = "is not a placelens collection" if folder.exists() else "does not exist"
            meant = _meant(folder)
            raise CollectionNotFoundError(
                f"{folder} {what}; did you mean {meant}?"
                if meant is not None
                else f"{folder} {what}; make one with: placelens index PHOTOS --to {folder.name}"
            )
        return cls(folder)

    def derive(
        self,
        folder: Path,
        manifest: Manifest,
        vectors: Callable[[FeatureName, Float32Array], Float32Array],
        *,
        files: Mapping[str, bytes] = MappingProxyType({}),
    ) -> ItemTable:
        """A new table with the rows at hand and other vectors; ids are those of this one.

        Parameters
        ----------
        folder, manifest, files
            As for `create`.
        vectors
            Gives the new vectors, (n, manifest.dim), of a feature's old ones, (n, dim).
        """
        columns = schema(manifest)
        changed = {vector_column(name): name for name in manifest.vector_names}
        there = [name for name in columns.names if name in self.dataset.schema.names]

        def converted() -> Iterator[pa.RecordBatch]:
            for batch in self.dataset.to_batches(columns=there, batch_size=BATCH_ROWS):
                arrays = [
                    pa.nulls(len(batch), field.type)
                    if field.name not in there
                    else with_vectors(
                        batch[field.name], partial(vectors, changed[field.name]), field.type
                    )
                    if field.name in changed
                    else batch[field.name]
                    for field in columns
                ]
                yield pa.RecordBatch.from_arrays(arrays, schema=columns)

        kept = manifest.with_next_id(self.next_iid())
        return type(self).create(folder, kept, files=files, rows=converted())

    def next_iid(self) -> int:
        """The next free internal id; call while writing, or for the version at hand."""
        known = self.manifest.next_id
        if self.damage:
            # Not to be read: no more than its rows can have come since the manifest was written.
            return known + sum(f.physical_rows for f in self.dataset.get_fragments())
        free = max(known, self._ids.top(self.dataset) + 1)
        if free > MAX_IID:  # nobody adds so many; somebody made the table by hand
            raise CollectionError(f"{self.folder} has no internal ids left: the next is {free}")
        return free

    def add_features(self, features: Sequence[Feature], hubs: Hubs | None = None) -> None:
        """Keep more of each item: nothing yet of those that are there; call while writing.

        The manifest is first, so that a crash between the two leaves a version that lacks columns,
        which is read as if they were null, and never one with columns that nobody knows.
        """
        known = {feature.name for feature in self.manifest.features}
        new = [feature for feature in features if feature.name not in known]
        manifest = self.manifest.with_features(new, hubs)
        parsed(ManifestV2.to_json(manifest), where=str(self.folder))
        self._write_manifest(manifest)
        with writing_to(self.folder):
            self._complete_columns()

    def keep_file(self, name: str, content: bytes) -> None:
        """Write a small file beside the table, whole or not at all; call while writing.

        A crash leaves what was there before, or what is new, and the ledger knows either.
        """
        path = self.folder / name
        with writing_to(self.folder):
            is_new = not path.exists()
            if not is_new:
                self.ledger.agree(path)
                self.ledger.announce(path, content)
            write_whole(path, content)
            if is_new:  # last, or a crash would leave a file that is missing
                self.ledger.announce(path, content)

    def reform(self, made: Manifest, convert: Callable[[pa.Table], pa.Table]) -> None:
        """Give all rows the features of another manifest, in one commit; call while writing.

        The manifest is first, and lists an edition then that no version is of; the commit is what
        changes the features, and with them the encoder, the calibrations and the hubs. Versions
        from before are of the edition that they were of.

        Parameters
        ----------
        made
            The manifest whose features the new edition has.
        convert
            Gives of some rows the same with the columns of the new edition; twice the same.
        """
        kept = self.manifest.with_edition(made)
        parsed(ManifestV2.to_json(kept), where=str(self.folder))
        self._copy_manifest()
        self._write_manifest(kept)
        number = max(kept.editions)
        before, columns = self.dataset, schema(kept.of_edition(number))

        def converted() -> Iterator[pa.RecordBatch]:
            for rows in in_batches(before, list(before.get_fragments())):
                yield from convert(rows).cast(columns).to_batches()

        with writing_to(self.folder), self._undone_on_error():
            fragments = lance.fragment.write_fragments(
                pa.RecordBatchReader.from_batches(columns, converted()),
                str(self._path),
                schema=columns,
                mode="overwrite",
                max_rows_per_file=TARGET_ROWS,
                data_storage_version=LANCE_FILE_VERSION,
            )
            files = [self._path / "data" / file.path for f in fragments for file in f.files]
            sync_files(files)
            operation = lance.LanceOperation.Overwrite(columns, fragments)
            handle = before.checkout_version(self.version)
            lance.LanceDataset.commit(handle, operation, read_version=self.version)
            written = lance.dataset(str(self._path))
            if edition_of(written.schema.metadata) != number or odd_columns(written.schema, kept):
                raise OSError("the columns that were written are not what can be read")
            check_converted(before, written, convert)
            self._acknowledge(written, [], files)
        self._write_manifest(self.manifest)

    def append(self, table: pa.Table) -> None:
        """Add rows in one commit; call while writing."""
        with writing_to(self.folder):
            fragments = self._write_rows(table)
            self._commit(Change(lance.LanceOperation.Append(fragments), written=table))

    def replace(self, table: pa.Table) -> None:
        """Put rows in the place of those with the same ``iid``, in one commit."""
        with writing_to(self.folder):
            changed, emptied, gone = self._without(table["iid"].to_numpy())
            operation = lance.LanceOperation.Update(
                removed_fragment_ids=emptied,
                updated_fragments=changed,
                new_fragments=self._write_rows(table),
            )
            self._commit(Change(operation, table, gone))

    def delete(self, iids: Sequence[int]) -> None:
        """Remove rows in one commit; call while writing."""
        if not len(iids):
            return
        # Written first: a crash between the two only skips some ids.
        self._write_manifest(self.manifest.with_next_id(self.next_iid()))
        with writing_to(self.folder):
            changed, emptied, gone = self._without(np.asarray(iids, dtype=np.int64))
            wanted = f"{len(iids)} internal ids"  # Lance keeps it as a remark
            operation = lance.LanceOperation.Delete(changed, emptied, wanted)
            self._commit(Change(operation, gone=gone))
        self.deleted = (self.version, tuple(iids))

    def _write_rows(self, table: pa.Table) -> list[Any]:
        """Fragments of new rows, on the disk and in no version yet."""
        fragments = lance.fragment.write_fragments(
            table.select(self.dataset.schema.names),  # by name: in which order, versions differ
            self.dataset,
            mode="append",
            data_storage_version=LANCE_FILE_VERSION,
        )
        sync_files(self._path / "data" / file.path for f in fragments for file in f.files)
        return list(fragments)

    def _without(self, iids: Int64Array) -> tuple[list[Any], list[int], dict[int, Int64Array]]:
        """Fragments without some rows, numbers of those that have none left, and what is gone.

        Lance itself would look for them in all fragments.
        """
        changed, emptied, gone = [], [], {}
        for fragment, own in self._ids.fragments_of(self.dataset, iids):
            n_before = fragment.metadata.num_deletions
            left = fragment.delete(f"iid IN ({', '.join(map(str, own.tolist()))})")
            if left is None:
                emptied.append(fragment.fragment_id)
            elif left.num_deletions != n_before:
                changed.append(left)
                gone[fragment.fragment_id] = own
        return changed, emptied, gone

    def update(self, iid: int, values: dict[str, Any]) -> None:
        """Change columns of one row in one commit; call while writing."""
        row = self.rows([iid])
        for name, value in values.items():
            at = row.schema.get_field_index(name)
            row = row.set_column(at, row.schema.field(at), pa.array([value], row.schema.types[at]))
        self.replace(row)

    def rows(self, iids: Sequence[int] | Int64Array, columns: list[str] | None = None) -> pa.Table:
        """The rows of some internal ids, whole or in part, in the table's order."""
        fragments = [fragment for fragment, _ in self._ids.fragments_of(self.dataset, iids)]
        if not fragments:
            empty = self.dataset.schema.empty_table()
            return empty if columns is None else empty.select(columns)
        wanted = f"iid IN ({', '.join(map(str, iids))})"
        return self.dataset.scanner(columns=columns, filter=wanted, fragments=fragments).to_table()

    def find(self, ids: Sequence[str], columns: list[str], *, key: str = "id") -> pa.Table:
        """The rows whose ``key`` is among ``ids``."""
        if not ids:
            return self.dataset.schema.empty_table().select(columns)
        dataset = self.dataset
        fragments = self._ids.fragments_with(dataset, ids) if key == "id" else None
        if fragments == []:
            return dataset.schema.empty_table().select(columns)
        wanted = f"{key} IN ({sql_strings(ids)})"
        return dataset.scanner(columns=columns, filter=wanted, fragments=fragments).to_table()

    def ids_of_sources(self, sources: Sequence[str]) -> dict[str, str]:
        """The ids of the rows that sources, or copies of the same content, were read into."""
        if not sources:
            return {}
        found = self.find(sources, ["source", "id"], key="source").to_pylist()
        ids = {row["source"]: row["id"] for row in found}
        missing = set(sources) - set(ids)
        if missing:
            copies = self.dataset.scanner(columns=["id", "copies"], filter="copies IS NOT NULL")
            for row in copies.to_table().to_pylist():
                ids |= dict.fromkeys(missing & set(copies_from_json(row["copies"])), row["id"])
        return ids

    def mend(self, dropped: Sequence[int], undeleted: Sequence[int]) -> None:
        """Leave out some fragments, and of others what was deleted from them, in one commit.

        Call while writing. What is in another fragment as well does not come back: it was
        replaced, and not deleted.
        """
        fragments = {f.fragment_id: f for f in self.dataset.get_fragments()}
        whole = [_without_deletions(fragments[number]) for number in undeleted]
        with writing_to(self.folder), self._undone_on_error():
            handle = self.dataset.checkout_version(self.version)
            operation = lance.LanceOperation.Update(
                removed_fragment_ids=list(dropped), updated_fragments=whole
            )
            made = lance.LanceDataset.commit(handle, operation, read_version=self.version)
            twice = [made.get_fragment(n).delete(_elsewhere(made, n)) for n in undeleted]
            changed = [left for left in twice if left is not None]
            emptied = [n for n, left in zip(undeleted, twice, strict=True) if left is None]
            if undeleted:
                operation = lance.LanceOperation.Delete(changed, emptied, "replaced")
                lance.LanceDataset.commit(made, operation, read_version=made.version)
            made = lance.dataset(str(self._path))
            made.count_rows()
            self._acknowledge(made, files_of(made, self._path))
            self.damage = ()


def _without_deletions(fragment: lance.LanceFragment) -> Any:
    """A fragment's metadata, with all the rows that were written to it."""
    facts = {**fragment.metadata.to_json(), "deletion_file": None}
    return lance.FragmentMetadata.from_json(json.dumps(facts))


def _elsewhere(dataset: lance.LanceDataset, number: int) -> str:
    """A condition on rows of a fragment: that another fragment has their id."""
    others = [f for f in dataset.get_fragments() if f.fragment_id != number]
    if not others:
        return "false"
    own, ids = (
        dataset.scanner(columns=["id"], fragments=fragments).to_table()["id"].to_pylist()
        for fragments in ([dataset.get_fragment(number)], others)
    )
    twice = set(own) & set(ids)
    return f"id IN ({sql_strings(sorted(twice))})" if twice else "false"
