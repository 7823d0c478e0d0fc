"""Folders of named arrays, written whole or not at all, and opened without reading them."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

META = "meta.json"
UNFINISHED = ".unfinished-"


@dataclass(frozen=True, slots=True)
class Rows:
    """An array that is too large to make at once: its shape, type, and parts in order."""

    shape: tuple[int, ...]
    dtype: Any
    parts: Callable[[], Iterator[np.ndarray]]


def write_arrays(
    folder: Path, arrays: Mapping[str, np.ndarray | Rows], meta: Mapping[str, Any]
) -> Path:
    """Write a new folder of arrays below ``folder``; it appears when it is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    name = uuid.uuid4().hex
    beside = folder / f"{UNFINISHED}{name}"
    beside.mkdir()
    try:
        for key, array in arrays.items():
            _write(beside / f"{_file_name(key)}.npy", array)
        with (beside / META).open("w", encoding="utf-8") as stream:
            json.dump({**meta, "arrays": list(arrays)}, stream)
            stream.flush()
            os.fsync(stream.fileno())
        beside.rename(folder / name)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder / name


def _write(path: Path, array: np.ndarray | Rows) -> None:
    if not isinstance(array, Rows):
        np.save(path, array, allow_pickle=False)
        return
    with path.open("wb") as stream:
        header = {
            "shape": array.shape,
            "fortran_order": False,
            "descr": np.lib.format.dtype_to_descr(np.dtype(array.dtype)),
        }
        np.lib.format.write_array_header_2_0(stream, header)
        for part in array.parts():
            part.astype(array.dtype, copy=False).tofile(stream)


def open_arrays(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays of a folder, mapped into memory, and its meta data."""
    with (folder / META).open(encoding="utf-8") as stream:
        meta: dict[str, Any] = json.load(stream)
    # Copy on write, and a plain array: a kernel compiled for the one runs for the other.
    arrays = {
        key: np.asarray(np.load(folder / f"{_file_name(key)}.npy", mmap_mode="c"))
        for key in meta["arrays"]
    }
    return arrays, meta


def folders_of_arrays(folder: Path) -> list[Path]:
    """The complete folders below a folder, by name."""
    return sorted(path.parent for path in folder.glob(f"[!.]*/{META}"))


def remove_unfinished(folder: Path) -> None:
    """Remove what a writer left that was killed; call where no other writes."""
    for path in folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(path, ignore_errors=True)


def _file_name(key: str) -> str:
    return key.replace("/", ".")
