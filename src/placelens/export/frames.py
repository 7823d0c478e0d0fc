"""Records as tables in memory: Arrow, and pandas where it is installed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from placelens.errors import MissingExtraError
from placelens.export.records import Record, flatten, joined

if TYPE_CHECKING:
    import pandas
    import pyarrow as pa

# The same whatever the records hold, so that tables of several answers can be joined.
_INTEGERS = ("rank", "width", "height")
_NUMBERS = ("score", "distance_m", "lat", "lon", "x", "y", "place_blur_m")


def to_arrow(records: Iterable[Record], blank: Record) -> pa.Table:
    """An Arrow table with the columns of the CSV format, in which lists stay lists.

    Without records it has those of ``blank``.
    """
    import pyarrow as pa

    columns, rows = flatten(list(records), blank=blank, join_lists=False)
    return pa.table({name: _arrow([row[name] for row in rows], name, pa) for name in columns})


def to_pandas(records: Iterable[Record], blank: Record) -> pandas.DataFrame:
    """A DataFrame with the columns of the CSV format, in which lists stay lists.

    Without records it has those of ``blank``.

    Raises
    ------
    MissingExtraError
        If pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise MissingExtraError("a DataFrame", "geo") from error
    columns, rows = flatten(list(records), blank=blank, join_lists=False)
    return pandas.DataFrame({name: series([row[name] for row in rows], pandas) for name in columns})


def series(values: Sequence[Any], pandas: Any) -> Any:
    """A column of one type: whole numbers, numbers, truth values, lists, else text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pandas.array(values, dtype="boolean")
    if kinds == {int} and all(abs(value) < 2**63 for value in values if value is not None):
        return pandas.array(values, dtype="Int64")
    if kinds and kinds <= {int, float}:
        return pandas.array(values, dtype="Float64")
    return list(values) if kinds == {list} else [_text(value) for value in values]


def _arrow(values: Sequence[Any], name: str, pa: Any) -> pa.Array:
    """A column of the type its name asks for, else of the one its values have, else of text."""
    wanted = pa.int64() if name in _INTEGERS else pa.float64() if name in _NUMBERS else None
    if wanted is None and all(value is None for value in values):
        wanted = pa.string()
    for kind in (wanted, None):
        try:
            return pa.array(values, kind)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            continue
    return pa.array([_text(value) for value in values], pa.string())


def _text(value: Any) -> str | None:
    return None if value is None else str(joined(value))
