"""Class maps of masks that were given: which mask is of which item, and its cells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pyarrow as pa

from placelens.display import shown
from placelens.encoders.class_map import stored_map
from placelens.encoders.segmenters.cells import UNSAID, Grid, shares_of_numbers
from placelens.encoders.segmenters.labels import Labels
from placelens.errors import InputError, ReadError
from placelens.ingest.class_maps import given_feature
from placelens.ingest.codes import CODES
from placelens.ingest.extractor import check_same, coders_of
from placelens.ingest.report import Progress, ProgressCallback
from placelens.readers.base import Skipped
from placelens.readers.images import read_numbers
from placelens.storage.feature_columns import fields_of, to_columns
from placelens.storage.json_columns import copies_from_json
from placelens.storage.table import ItemTable
from placelens.types import Feature, UInt8Array

# Items in one commit: whole rows are written anew.
COMMIT_ROWS = 1024
# A mask of other sides than its image's is squashed, as for a network; one whose sides are
# exchanged was drawn on a photo that was not turned upright.
_ALIKE = 1.02


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassMapReport:
    """What `Collection.add_class_maps` did.

    Attributes
    ----------
    n_given : items that have a class map of these masks now.
    n_without : items with an image that have no class map.
    unmatched : masks that were not taken, each with the reason.
    """

    n_given: int
    n_without: int
    unmatched: tuple[Skipped, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        unmatched = [{"key": each.key, "reason": each.reason} for each in self.unmatched]
        return {**asdict(self), "unmatched": unmatched}


@dataclass(frozen=True, slots=True)
class _Mask:
    """A mask and the item that it is of; ``read`` gives its numbers."""

    iid: int
    key: str
    read: Callable[[], UInt8Array]


def give_class_maps(
    table: ItemTable,
    masks: Mapping[str, Any] | Path,
    *,
    labels: Labels,
    grid: Grid,
    progress: ProgressCallback | None = None,
) -> ClassMapReport:
    """Keep class maps of masks, by the items' ids or of a folder; call while writing.

    Raises
    ------
    InputError
        If a mask that is given by an id is none.
    EncoderMismatchError
        If the collection's class maps are not of these labels and this grid.
    """
    feature = given_feature(labels, grid)
    kept = {each.name: each for each in table.manifest.features}
    check_same(kept.get(feature.name, feature), feature, table.folder)
    matched, unmatched = _by_id(table, masks) if isinstance(masks, Mapping) else _of(table, masks)
    table.add_features([feature])
    n_given = 0
    for start in range(0, len(matched), COMMIT_ROWS):
        made, failed = _maps(table, matched[start : start + COMMIT_ROWS], labels, grid)
        _write(table, feature, made)
        unmatched += failed
        n_given += len(made)
        if progress is not None:
            n_done = min(start + COMMIT_ROWS, len(matched))
            progress(
                Progress(
                    n_done=n_done, n_total=len(matched), n_skipped=len(unmatched), n_unchanged=0
                )
            )
    column = fields_of(feature)[0].name
    n_without = table.dataset.count_rows(filter=f"image IS NOT NULL AND {column} IS NULL")
    return ClassMapReport(n_given=n_given, n_without=n_without, unmatched=tuple(unmatched))


def _maps(
    table: ItemTable, masks: Sequence[_Mask], labels: Labels, grid: Grid
) -> tuple[dict[int, UInt8Array], list[Skipped]]:
    """Class maps by internal id, and the masks that could not be taken."""
    sizes = _sizes(table, [mask.iid for mask in masks])
    made: dict[int, UInt8Array] = {}
    failed: list[Skipped] = []
    for mask in masks:
        try:
            numbers = mask.read()
            _check(numbers, len(labels.names), sizes.get(mask.iid))
        except ReadError as error:
            failed.append(Skipped(key=mask.key, reason=str(error)))
            continue
        shares = shares_of_numbers(numbers, len(labels.names), grid)
        made[mask.iid] = stored_map(shares[None, ..., list(labels.channels)])[0]
    return made, failed


def _check(numbers: UInt8Array, n_labels: int, size: tuple[int, int] | None) -> None:
    """Raise ReadError for a mask that is not of these labels, or of its image as it is seen."""
    odd = numbers[(numbers >= n_labels) & (numbers != UNSAID)]
    if odd.size:
        raise ReadError(
            f"it holds the number {int(odd.flat[0])}, and there are {n_labels} labels, from 0 to "
            f"{n_labels - 1}"
        )
    if size is None:
        return
    height, width = numbers.shape
    shape, turned = width / height, size[1] / size[0]
    if max(shape / turned, turned / shape) < _ALIKE < max(turned, 1 / turned):
        raise ReadError(
            f"it is {width} x {height}, and its image is {size[0]} x {size[1]} when it is turned "
            "upright; turn the mask too"
        )


def _write(table: ItemTable, feature: Feature, made: Mapping[int, UInt8Array]) -> None:
    """Put class maps into the rows of their items, in one commit."""
    if not made:
        return
    rows = table.rows(list(made))
    values = [made[iid] for iid in rows["iid"].to_pylist()]
    columns = to_columns(feature, values)
    kept = {each.name: each for each in table.manifest.features}
    for coder in coders_of(kept.get(CODES), table.folder):
        columns |= to_columns(coder.feature, list(coder.make(np.stack(values))))
    for name, column in columns.items():
        at = rows.schema.get_field_index(name)
        rows = rows.set_column(at, rows.schema.field(at), column)
    table.replace(rows)


def _sizes(table: ItemTable, iids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Width and height of items' images, upright, where they are known."""
    found = table.rows(list(iids), ["iid", "width", "height"]).to_pylist()
    return {row["iid"]: (row["width"], row["height"]) for row in found if row["width"]}


def _by_id(table: ItemTable, masks: Mapping[str, Any]) -> tuple[list[_Mask], list[Skipped]]:
    """Masks given as numbers, by the ids of items."""
    arrays = {item_id: _numbers(item_id, given) for item_id, given in masks.items()}
    iids = _iids(table, list(arrays))
    matched: list[_Mask] = []
    unmatched: list[Skipped] = []
    for item_id, numbers in arrays.items():
        if item_id in iids:
            matched.append(_Mask(iids[item_id], item_id, lambda numbers=numbers: numbers))  # type: ignore[misc]
        else:
            unmatched.append(Skipped(key=item_id, reason="no item has this id"))
    return matched, unmatched


def _iids(table: ItemTable, ids: list[str]) -> dict[str, int]:
    found = table.find(ids, ["id", "iid"]).to_pylist()
    return {row["id"]: row["iid"] for row in found}


def _numbers(item_id: Any, given: Any) -> UInt8Array:
    try:
        numbers = np.asarray(given)
    except (ValueError, TypeError, RecursionError, OverflowError):  # rows of several lengths
        numbers = np.empty(0, dtype=object)
    is_whole = np.issubdtype(numbers.dtype, np.integer) and numbers.ndim == 2 and numbers.size
    if not isinstance(item_id, str) or not is_whole or numbers.min() < 0 or numbers.max() > UNSAID:
        raise InputError(
            f"the mask of {shown(item_id)} is no (height, width) array of whole numbers from 0 to "
            f"{UNSAID}: {numbers.dtype} {numbers.shape}"
        )
    return numbers.astype(np.uint8)


def _of(table: ItemTable, folder: Path) -> tuple[list[_Mask], list[Skipped]]:
    """The masks of a folder and of those in it, each with the item of its name."""
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder of masks; name one that holds PNG files")
    items = _by_stem(table)
    matched: dict[int, _Mask] = {}
    unmatched: list[Skipped] = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() != ".png" or not path.is_file():
            continue
        iid, why = _item_of(path.relative_to(folder), items)
        if iid is None or iid in matched:
            reason = why if iid is None else f"its image has a mask already: {matched[iid].key}"
            unmatched.append(Skipped(key=str(path), reason=reason))
        else:
            matched[iid] = _Mask(iid, str(path), lambda path=path: read_numbers(path))  # type: ignore[misc]
    if not matched and not unmatched:
        raise InputError(f"{folder} holds no PNG files; name the folder of the masks")
    return list(matched.values()), unmatched


_Items = Mapping[str, Sequence[tuple[tuple[str, ...], int]]]


def _by_stem(table: ItemTable) -> _Items:
    """By an image's name without its ending: the folders that it lies in, and its item."""
    found: dict[str, list[tuple[tuple[str, ...], int]]] = defaultdict(list)
    for image, iid in _images(table):
        path = PurePath(image)
        found[path.stem].append((path.parent.parts, iid))
    return found


def _images(table: ItemTable) -> Iterator[tuple[str, int]]:
    """The files of all images with their items, copies too."""
    stored: pa.Table = table.dataset.to_table(
        columns=["iid", "image", "source", "copies"], filter="image IS NOT NULL"
    )
    for batch in stored.to_batches():
        for row in batch.to_pylist():
            yield row["image"], row["iid"]
            if row["image"] == row["source"]:
                yield from ((key, row["iid"]) for key in copies_from_json(row["copies"]))


def _item_of(mask: PurePath, items: _Items) -> tuple[int | None, str]:
    """The item of a mask, by its path below the masks' folder, else by its name; and why not.

    Examples
    --------
    >>> items = {"a": [(("/", "photos", "2019"), 1), (("/", "photos", "2020"), 2)]}
    >>> _item_of(PurePath("2020/a.png"), items)[0], _item_of(PurePath("a.png"), items)
    (2, (None, 'several images are called so; put it in folders named as theirs are'))
    """
    named = items.get(mask.stem, ())
    folders = mask.parent.parts
    below = {iid for own, iid in named if folders and own[-len(folders) :] == folders}
    found = below or {iid for _, iid in named}
    if len(found) == 1:
        return next(iter(found)), ""
    if not found:
        return None, "no image of the collection is called so"
    return None, "several images are called so; put it in folders named as theirs are"
