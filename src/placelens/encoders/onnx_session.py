"""ONNX Runtime sessions: opened on first use, shared by threads."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from placelens.encoders.kept_network import KeptNetwork
from placelens.errors import EncoderError
from placelens.types import Float32Array


class TensorFacts(NamedTuple):
    """What a network says of an input or an output.

    ``kind`` is ONNX Runtime's word, as "tensor(float)"; a length in ``shape`` is None where it is
    free.
    """

    name: str
    kind: str
    shape: tuple[int | None, ...]


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
    sha256
        Of the file, to keep the network as it was optimised for the next process; None to optimise
        it in each.
    """

    def __init__(
        self, path: Path | bytes, *, threads: int | None = None, sha256: str | None = None
    ) -> None:
        if threads is not None and threads < 1:
            raise EncoderError(f"an encoder needs 1 thread or more, got threads={threads}")
        self._path = path
        self._threads = threads or usable_cores()
        self._sha256 = sha256
        self._session: Any = None
        self._lock = threading.Lock()

    def run(self, output_names: Sequence[str], **inputs: np.ndarray) -> list[Float32Array]:
        """Run the network on named inputs and return the named outputs."""
        outputs: list[Float32Array] = self._open().run(list(output_names), inputs)
        return outputs

    def tensors(self) -> tuple[tuple[TensorFacts, ...], tuple[TensorFacts, ...]]:
        """What the network takes, and what it gives."""
        session = self._open()
        taken, given = (
            tuple(TensorFacts(each.name, each.type, _sides(each.shape)) for each in those)
            for those in (session.get_inputs(), session.get_outputs())
        )
        return taken, given

    @property
    def input(self) -> tuple[str, tuple[int | None, ...]]:
        """Name and shape of the network's only input; None where a length is free.

        Raises
        ------
        EncoderError
            If it has several.
        """
        inputs, _ = self.tensors()
        if len(inputs) != 1:
            names = ", ".join(repr(given.name) for given in inputs)
            raise EncoderError(f"a network of one input is needed, and this one has {names}")
        return inputs[0].name, inputs[0].shape

    @property
    def outputs(self) -> list[str]:
        """Names of the network's outputs."""
        return [given.name for given in self._open().get_outputs()]

    def _open(self) -> Any:
        with self._lock:
            if self._session is None:
                self._session = self._create()
        return self._session

    def _create(self) -> Any:
        runtime = onnx_runtime()
        if self._sha256 is None or isinstance(self._path, bytes):
            given = self._path if isinstance(self._path, bytes) else str(self._path)
            return self._session_of(runtime, given, self._options(runtime))
        kept = KeptNetwork(self._sha256, version=runtime.__version__)
        file = kept.find()
        if file is not None:
            options = self._options(runtime)
            options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
            try:
                return self._session_of(runtime, str(file), options)
            except Exception:  # whatever ONNX Runtime finds wrong with it, it can be made anew
                kept.remove()
        with kept.saving() as folder:
            if folder is not None:
                options = self._options(runtime)
                kept.ask_for(options, folder)
                with contextlib.suppress(Exception):  # a disk that is full, above all
                    return self._session_of(runtime, str(self._path), options)
        return self._session_of(runtime, str(self._path), self._options(runtime))

    def _options(self, runtime: ModuleType) -> Any:
        options = runtime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        # Errors are raised; warnings about our own graph would only alarm users.
        options.log_severity_level = 3
        # Without this, idle threads spin and take the cores from the decoding.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return options

    def _session_of(self, runtime: ModuleType, given: str | bytes, options: Any) -> Any:
        return runtime.InferenceSession(given, options, providers=["CPUExecutionProvider"])


def _sides(shape: Sequence[Any]) -> tuple[int | None, ...]:
    """Lengths that are fixed; a free one has a name, or nothing."""
    return tuple(side if isinstance(side, int) else None for side in shape)


def onnx_runtime() -> ModuleType:
    """The package onnxruntime: the one place that imports it, after its telemetry is off.

    Importing placelens has set the environment for it; the call is for Windows, where events go
    to the system's tracing and there is no variable.
    """
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    module: ModuleType = onnxruntime
    return module


def usable_cores() -> int:
    """Cores that this process may use (fewer than the machine's in a container or by taskset)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
