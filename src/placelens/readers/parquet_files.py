"""Parquet files to Arrow tables, within a budget: what they unpack to is counted on the way.

Repeated values take next to nothing in the file. So texts are read as numbers of a dictionary,
batch by batch, and are written out only when it is known how much they come to. How many members
lists have is asked in a process of its own: of a footer that is damaged in the right place, pyarrow
ends the process that looks there.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any, BinaryIO

from placelens.errors import ReadError
from placelens.files import open_regular
from placelens.processes import EndedError, Limits, Worker

if TYPE_CHECKING:
    import pyarrow as pa

MAX_ROWS = 10_000_000
MAX_VALUES = 20_000_000
# As Arrow keeps them; as Python's objects they take some five times as much.
MAX_VALUE_BYTES = 2**29
_BATCH_ROWS = 1024
# What looking at a footer may take.
_LOOK = Limits(longest_s=60, memory_bytes=2**30)
_TOO_LARGE = "; keep the columns that are needed, or split it"


def read_parquet(path: str) -> pa.Table:
    """All of a Parquet file.

    Raises
    ------
    ReadError
        If it is no regular file or not Parquet, or unpacks to more than the limits above.
    """
    with open_regular(path) as file:
        return _in_words(partial(_read, path), file)


def parquet_names(path: str) -> list[str]:
    """The columns of a Parquet file, from its footer.

    Raises
    ------
    ReadError
        If it is no regular file or not Parquet.
    """
    import pyarrow.parquet as pq

    with open_regular(path) as file:
        return _in_words(lambda opened: list(pq.ParquetFile(opened).schema_arrow.names), file)


def n_members(path: str, columns: list[int]) -> int:
    """How many values there are in columns of lists; may end the process."""
    import pyarrow.parquet as pq

    with open_regular(path) as file:
        metadata = pq.ParquetFile(file).metadata
        groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
        return sum(group.column(i).num_values for group in groups for i in columns)


def _asked_elsewhere(path: str, columns: list[int]) -> int:
    try:
        return _worker().call(n_members, path, columns)
    except EndedError as error:
        raise ReadError(
            f"it is not Parquet: its footer ended the process that looked at it ({error})"
        ) from error


@cache
def _worker() -> Worker:
    """The process that looks at footers."""
    return Worker(_LOOK)


def _in_words(read: Any, file: BinaryIO) -> Any:
    import pyarrow as pa

    try:
        return read(file)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        # ValueError: among others a column whose name is not UTF-8.
        raise ReadError(f"it is not Parquet: {str(error)[:200]}") from error


def _read(path: str, file: BinaryIO) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    footer = pq.ParquetFile(file)
    metadata, columns = footer.metadata, footer.schema
    leaves = [columns.column(i) for i in range(len(columns.names))]
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    of_lists = [i for i, leaf in enumerate(leaves) if leaf.max_repetition_level > 0]
    n_values = metadata.num_rows * (len(leaves) - len(of_lists))
    if of_lists:
        n_values += _asked_elsewhere(path, of_lists)
    n_bytes = sum(group.total_byte_size for group in groups)
    # Values of a fixed length are never read as a dictionary.
    n_bytes += sum(leaf.length * metadata.num_rows for leaf in leaves if leaf.length > 0)
    _check(metadata.num_rows, MAX_ROWS, "rows")
    _check(n_values, MAX_VALUES, "values")
    _check(n_bytes, MAX_VALUE_BYTES, "bytes")
    texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
    reader = pq.ParquetFile(file, metadata=metadata, read_dictionary=texts, pre_buffer=False)
    batches, n_bytes = [], 0
    # Group by group, since each has dictionaries of its own.
    for group in range(metadata.num_row_groups):
        for batch in reader.iter_batches(_BATCH_ROWS, row_groups=[group]):
            n_bytes += sum(_unpacked_bytes(column) for column in batch.columns)
            _check(n_bytes, MAX_VALUE_BYTES, "bytes")
            batches.append(batch)
    plain = footer.schema_arrow
    # What was read as a dictionary is written out here, and so has one type in every batch.
    return pa.Table.from_batches([_plain(batch, plain) for batch in batches], plain)


def _check(found: int, limit: int, what: str) -> None:
    if found > limit:
        raise ReadError(f"it unpacks to {found:,} {what}; the limit is {limit:,}{_TOO_LARGE}")


def _unpacked_bytes(array: Any) -> int:
    """What an array takes when its dictionaries are written out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(array, pa.DictionaryArray):
        lengths = pc.binary_length(array.dictionary).take(array.indices)
        return 8 * len(array) + int(pc.sum(lengths).as_py() or 0)
    if isinstance(array, pa.StructArray):
        return sum(_unpacked_bytes(part) for part in array.flatten())
    if isinstance(array, pa.MapArray):
        return _unpacked_bytes(array.keys) + _unpacked_bytes(array.items)
    if isinstance(array, pa.ListArray | pa.LargeListArray | pa.FixedSizeListArray):
        return 8 * len(array) + _unpacked_bytes(array.flatten())
    return int(array.nbytes)


def _plain(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    columns = [_written_out(c, f.type) for c, f in zip(batch.columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _written_out(array: Any, kind: Any) -> Any:
    """An array without dictionaries, of the type that the file states."""
    import pyarrow as pa

    if array.type == kind:
        return array
    if isinstance(array, pa.DictionaryArray):
        return array.dictionary_decode().cast(kind)
    # Lists and structs of texts: Arrow casts the parts of few of them.
    return pa.array(array.to_pylist(), kind)
