"""A network as ONNX Runtime has optimised it, kept for the processes to come.

Optimising the text network takes a quarter of a second of CPU: it turns int8 weights into float32
and joins operators. What comes out gives the same bits, and is mapped into memory rather than
read: 90 MB on disk, in placelens's cache, for each version of ONNX Runtime one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from placelens.encoders.trusted_files import check_sha256
from placelens.errors import EncoderError
from placelens.folders import lasting_cache_folder

_NETWORK, _WEIGHTS, _SUMS = "network.onnx", "weights.bin", "sha256.json"
_UNFINISHED = "unfinished-"
_ABANDONED_S = 3_600
# Smaller arrays stay in the network's own file.
_WEIGHTS_FROM_BYTES = "1024"


class KeptNetwork:
    """Where the optimised form of a network is kept; nowhere, where no cache lasts.

    Parameters
    ----------
    sha256
        Of the network's file.
    version
        Of ONNX Runtime.
    """

    def __init__(self, sha256: str, *, version: str) -> None:
        cache = lasting_cache_folder()
        self._all = cache / "networks" if cache is not None else None
        self._source = sha256[:16]
        self._name = f"{self._source}-{version}-{platform.machine()}"

    @property
    def _folder(self) -> Path | None:
        return self._all / self._name if self._all is not None else None

    def find(self) -> Path | None:
        """The optimised network's file, unharmed; None where there is none."""
        if self._folder is None:
            return None
        try:
            sums = json.loads((self._folder / _SUMS).read_bytes())
            for name in (_NETWORK, _WEIGHTS):
                check_sha256(self._folder / name, sums[name])
        except (OSError, ValueError, KeyError, TypeError, EncoderError):
            self.remove()
            return None
        return self._folder / _NETWORK

    def remove(self) -> None:
        """Forget it: it is damaged, or of no use."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def ask_for(self, options: Any, folder: Path) -> None:
        """Have a session that is created with these options write its network to a folder."""
        options.optimized_model_filepath = str(folder / _NETWORK)
        prefix = "session.optimized_model_external_initializers"
        options.add_session_config_entry(f"{prefix}_file_name", _WEIGHTS)
        options.add_session_config_entry(f"{prefix}_min_size_in_bytes", _WEIGHTS_FROM_BYTES)

    @contextmanager
    def saving(self) -> Iterator[Path | None]:
        """A folder to write to, which is kept if all goes well; None where none can be."""
        folder = self._unfinished()
        try:
            yield folder
        finally:
            if folder is not None:
                with contextlib.suppress(OSError):  # full, or another process was first
                    _note_sums(folder)
                    folder.rename(folder.with_name(self._name))
                    self._tidy(folder.parent)
                shutil.rmtree(folder, ignore_errors=True)

    def _unfinished(self) -> Path | None:
        if self._all is None:
            return None
        try:
            self._all.mkdir(parents=True, exist_ok=True)
            return Path(tempfile.mkdtemp(dir=self._all, prefix=_UNFINISHED))
        except OSError:
            return None

    def _tidy(self, all_networks: Path) -> None:
        """Drop what other versions of ONNX Runtime made, and what a kill left behind."""
        for other in all_networks.glob(f"{self._source}-*"):
            if other.name != self._name:
                shutil.rmtree(other, ignore_errors=True)
        for other in all_networks.glob(f"{_UNFINISHED}*"):
            with contextlib.suppress(OSError):
                if time.time() - other.stat().st_mtime > _ABANDONED_S:
                    shutil.rmtree(other, ignore_errors=True)


def _note_sums(folder: Path) -> None:
    """Write the hashes of both files beside them."""
    sums = {}
    for name in (_NETWORK, _WEIGHTS):
        with (folder / name).open("rb") as file:
            sums[name] = hashlib.file_digest(file, "sha256").hexdigest()
    (folder / _SUMS).write_text(json.dumps(sums), encoding="utf-8")
