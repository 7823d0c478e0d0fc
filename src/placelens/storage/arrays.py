"""Folders of named arrays, written whole or not at all, with their checksums.

Opening a folder maps its arrays into memory, compares them with their checksums, and so reads them
once: some 5 GB a second from a warm disk. Large ones may be left for later, see `check_arrays`.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import xxhash

from placelens.errors import ReadError
from placelens.files import open_regular, read_regular
from placelens.storage.durable import write_whole
from placelens.types import ArrayInParts

META = "meta.json"
UNFINISHED = ".unfinished-"
CHUNK = 2**24
# Names of the files of a table, of many thousand commits.
MAX_META = 2**26
# What reading a damaged folder of arrays may raise.
NOT_SOUND = (ReadError, OSError, ValueError, KeyError, TypeError, RecursionError)


def write_arrays(
    folder: Path, arrays: Mapping[str, np.ndarray | ArrayInParts], meta: Mapping[str, Any]
) -> Path:
    """Write a new folder of arrays below ``folder``; it appears when it is complete."""
    if folder.is_symlink():
        raise OSError(f"{folder} is a link")
    folder.mkdir(parents=True, exist_ok=True)
    name = uuid.uuid4().hex
    beside = folder / f"{UNFINISHED}{name}"
    beside.mkdir()
    try:
        facts = {key: _write(beside / _file_name(key), array) for key, array in arrays.items()}
        content = {**meta, "arrays": facts}
        content["checksum"] = _checksum_of(content)
        write_whole(beside / META, json.dumps(content).encode())
        beside.rename(folder / name)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder / name


def _write(path: Path, array: np.ndarray | ArrayInParts) -> dict[str, Any]:
    """Write an array; what it is, where in the file it starts, and the file's checksum."""
    dtype, digest = np.dtype(array.dtype), xxhash.xxh3_128()
    parts = array.parts() if isinstance(array, ArrayInParts) else [array]
    with path.open("wb") as stream:
        header = {
            "shape": array.shape,
            "fortran_order": False,
            "descr": np.lib.format.dtype_to_descr(dtype),
        }
        head = io.BytesIO()
        np.lib.format.write_array_header_2_0(head, header)
        digest.update(head.getvalue())
        stream.write(head.getvalue())
        for part in parts:
            row_major = np.ascontiguousarray(part, dtype=dtype)
            digest.update(row_major.data)
            row_major.tofile(stream)
    return {
        "dtype": dtype.str,
        "shape": list(array.shape),
        "offset": len(head.getvalue()),
        "digest": digest.hexdigest(),
    }


def open_arrays(
    folder: Path, *, check_up_to: int | None = None
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays of a folder, mapped into memory, and its meta data.

    Arrays of more than ``check_up_to`` bytes are not compared with their checksums.

    Raises
    ------
    ReadError, ValueError
        If a file is missing, or not what was written.
    """
    meta = read_meta(folder)
    arrays = {}
    for key, facts in meta["arrays"].items():
        path = folder / _file_name(key)
        # Not by what the file says of itself, which may be damaged. Copy on write, and a plain
        # array: a kernel compiled for the one runs for the other.
        with open_regular(path) as file:
            array = np.asarray(
                np.memmap(file, facts["dtype"], "c", facts["offset"], tuple(facts["shape"]))
            )
        if check_up_to is None or array.nbytes <= check_up_to:
            _check(path, array, facts)
        arrays[key] = array
    return arrays, meta


def read_meta(folder: Path) -> dict[str, Any]:
    """The meta data of a folder of arrays.

    Raises
    ------
    ReadError, ValueError
        If they are missing, or not what was written.
    """
    meta: dict[str, Any] = json.loads(read_regular(folder / META, MAX_META))
    if not isinstance(meta, dict) or meta.pop("checksum", None) != _checksum_of(meta):
        raise ValueError(f"{META} is not what was written")
    return meta


def check_arrays(folder: Path) -> str | None:
    """What is wrong with a folder of arrays, in words; None when all is what was written."""
    try:
        open_arrays(folder)
    except NOT_SOUND as error:
        return str(error)
    return None


def _check(path: Path, array: np.ndarray, facts: Mapping[str, Any]) -> None:
    digest = xxhash.xxh3_128()
    with path.open("rb") as stream:
        digest.update(stream.read(facts["offset"]))
        is_longer = os.fstat(stream.fileno()).st_size > facts["offset"] + array.nbytes
    # In parts: a mapping that is read in one call would hold up all other threads.
    for part in np.array_split(array.reshape(-1), array.nbytes // CHUNK + 1):
        digest.update(part.data)
    if is_longer or digest.hexdigest() != facts["digest"]:
        raise ValueError(f"{path.name} is not what was written")


def _checksum_of(meta: Mapping[str, Any]) -> str:
    return xxhash.xxh3_128_hexdigest(json.dumps(meta, sort_keys=True).encode())


def folders_of_arrays(folder: Path) -> list[Path]:
    """The folders of arrays below a folder, by name.

    None below a link: what is found damaged is removed, and that must be ours.
    """
    if folder.is_symlink():
        return []
    return sorted(p for p in folder.glob("[!.]*") if p.is_dir() and not p.is_symlink())


def remove_arrays(folder: Path) -> None:
    """Remove a folder of arrays; nobody sees a part of it."""
    gone = folder.with_name(f"{UNFINISHED}{folder.name}")
    with suppress(OSError):  # somebody else removes it at this moment, or nobody may
        folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def remove_unfinished(folder: Path) -> None:
    """Remove what a writer left that was killed; call where no other writes."""
    if folder.is_symlink():
        return
    for path in folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(path, ignore_errors=True)


def _file_name(key: str) -> str:
    return f"{key.replace('/', '.')}.npy"
