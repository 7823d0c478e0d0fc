"""ONNX Runtime sessions: opened on first use, shared by threads, with checked weights."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from placelens.errors import EncoderError
from placelens.types import Float32Array


class LazySession:
    """An ONNX Runtime session that is created when it is first run.

    ``run`` may be called from several threads: ONNX Runtime's own ``run`` is safe, and a lock
    guards the creation. Nothing is loaded before, so that listing encoders, or forking workers,
    costs nothing.

    Parameters
    ----------
    path
        The ONNX file, or its bytes.
    threads
        Threads for one operator; None for the cores this process may use.
    """

    def __init__(self, path: Path | bytes, *, threads: int | None = None) -> None:
        if threads is not None and threads < 1:
            raise EncoderError(f"an encoder needs 1 thread or more, got threads={threads}")
        self._path = path
        self._threads = threads or usable_cores()
        self._session: Any = None
        self._lock = threading.Lock()

    def run(self, output_names: Sequence[str], **inputs: np.ndarray) -> list[Float32Array]:
        """Run the network on named inputs and return the named outputs."""
        outputs: list[Float32Array] = self._open().run(list(output_names), inputs)
        return outputs

    @property
    def input(self) -> tuple[str, tuple[int | None, ...]]:
        """Name and shape of the network's only input; None where a length is free.

        Raises
        ------
        EncoderError
            If it has several.
        """
        inputs = self._open().get_inputs()
        if len(inputs) != 1:
            names = ", ".join(repr(given.name) for given in inputs)
            raise EncoderError(f"a network of one input is needed, and this one has {names}")
        shape = tuple(side if isinstance(side, int) else None for side in inputs[0].shape)
        return inputs[0].name, shape

    @property
    def outputs(self) -> list[str]:
        """Names of the network's outputs."""
        return [given.name for given in self._open().get_outputs()]

    def _open(self) -> Any:
        with self._lock:
            if self._session is None:
                import onnxruntime

                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads = self._threads
                options.inter_op_num_threads = 1
                # Errors are raised; warnings about our own graph would only alarm users.
                options.log_severity_level = 3
                # Without this, idle threads spin and take the cores from the decoding.
                options.add_session_config_entry("session.intra_op.allow_spinning", "0")
                given = self._path if isinstance(self._path, bytes) else str(self._path)
                self._session = onnxruntime.InferenceSession(
                    given, options, providers=["CPUExecutionProvider"]
                )
        return self._session


def usable_cores() -> int:
    """Cores that this process may use (fewer than the machine's in a container or by taskset)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_sha256(path: Path, expected: str) -> None:
    """Raise EncoderError unless the file is there and has the SHA-256 (hexadecimal).

    Other weights give other vectors, silently; a damaged download or a wrong version of a
    package must not.
    """
    try:
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EncoderError(
            f"encoder weights {path} cannot be read ({error.strerror or error}); reinstall: "
            "pip install --force-reinstall placelens"
        ) from error
    if actual != expected:
        raise EncoderError(
            f"encoder weights {path} have SHA-256 {actual}, expected {expected}: the file is "
            "damaged or of another version; reinstall: pip install --force-reinstall placelens"
        )
