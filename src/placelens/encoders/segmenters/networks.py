"""Networks of a user's own, of either kind of file, behind one small interface.

A file comes from wherever its user has it: what it says of itself is believed nowhere further than
it is checked here and where their forms are told, as in `placelens.encoders.segmenters.forms`.
"""

from __future__ import annotations

import importlib.util
import math
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from placelens.display import cut, shown
from placelens.encoders.onnx_session import LazySession, TensorFacts, usable_cores
from placelens.errors import EncoderError, MissingExtraError
from placelens.limits import MAX_MODEL_VALUES

Shape = tuple[int | None, ...]

# Of a TFLite file, behind four bytes: its flatbuffer's name. ONNX files begin as anything may.
_TFLITE_AT, _TFLITE = 4, b"TFL3"
TFLITE, ONNX = "model.tflite", "model.onnx"
_LONGEST_REASON = 300

_OF_ONNX: Mapping[str, type[np.generic]] = MappingProxyType(
    {
        "tensor(float)": np.float32,
        "tensor(float16)": np.float16,
        "tensor(uint8)": np.uint8,
        "tensor(int8)": np.int8,
        "tensor(int32)": np.int32,
        "tensor(int64)": np.int64,
    }
)


class Quantised(NamedTuple):
    """What whole numbers stand for: ``scale * (number - zero)``."""

    scale: float
    zero: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """What a network takes or gives.

    Attributes
    ----------
    name : in messages, and for ONNX Runtime.
    shape : None for a length that is free.
    dtype : of NumPy.
    quantised : what whole numbers stand for, where the file says so.
    """

    name: str
    shape: Shape
    dtype: np.dtype[Any]
    quantised: Quantised | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers."""
        return bool(np.issubdtype(self.dtype, np.integer))


class Network(ABC):
    """A network of one input; of a segmenter the first output counts, of a detector all do.

    Attributes
    ----------
    taken, given : its input and that output, which may be known only once it is `prepared`.
    """

    taken: Tensor
    given: Tensor

    @abstractmethod
    def prepared(self, shape: tuple[int, ...]) -> None:
        """Take inputs of a shape from now on, which ``taken`` allows."""

    @abstractmethod
    def run(self, values: np.ndarray) -> np.ndarray:
        """The output for an input of ``taken``'s type; of quantised numbers what they stand for."""

    @abstractmethod
    def every_output(self) -> tuple[Tensor, ...]:
        """All that it gives, ``given`` first."""

    @abstractmethod
    def run_all(self, values: np.ndarray) -> tuple[np.ndarray, ...]:
        """As `run`, every output."""


def kind_of(content: bytes) -> str:
    """How a model's file is called where it is kept, by its first bytes.

    Examples
    --------
    >>> kind_of(b"\\x1c\\x00\\x00\\x00TFL3..."), kind_of(b"\\x08\\x08")
    ('model.tflite', 'model.onnx')
    """
    is_tflite = content[_TFLITE_AT : _TFLITE_AT + len(_TFLITE)] == _TFLITE
    return TFLITE if is_tflite else ONNX


def check_installed(kind: str) -> None:
    """Raise MissingExtraError where a file of that kind cannot be run, with the command."""
    if kind == TFLITE and importlib.util.find_spec("ai_edge_litert") is None:
        raise MissingExtraError("a TFLite model", "tflite")


def open_network(path: Path) -> Network:
    """Open a model's file, `ONNX` or `TFLITE` by its name.

    Raises
    ------
    EncoderError
        If it is damaged, of another kind, or takes something else than one image.
    MissingExtraError
        If what runs it is not installed.
    """
    check_installed(path.name)
    is_tflite = path.name == TFLITE
    with in_words(f"it cannot be loaded as {'a TFLite' if is_tflite else 'an ONNX'} model"):
        network = TFLiteNetwork(path) if is_tflite else OnnxNetwork(path)
    check_size(network.taken)
    return network


@contextmanager
def in_words(what: str) -> Iterator[None]:
    """Give whatever a runtime raises as an EncoderError: what failed, and why, in one line."""
    try:
        yield
    except EncoderError:
        raise
    except Exception as error:  # both runtimes raise what they like
        reason = cut(" ".join(str(error).split()) or type(error).__name__, _LONGEST_REASON)
        raise EncoderError(
            f"{what}: {reason}; get the file anew, or export the model again, as one file"
        ) from error


def check_size(tensor: Tensor) -> None:
    """Raise EncoderError for lengths that no memory holds, before anything is run."""
    known = [side for side in tensor.shape if side is not None]
    if any(side < 1 for side in known) or math.prod(known) > MAX_MODEL_VALUES:
        raise EncoderError(
            f"{shown(tensor.name)} has the shape {shown(tensor.shape)}; lengths are 1 or more, and "
            f"{MAX_MODEL_VALUES:,} numbers in all the most: export it for smaller images"
        )


class OnnxNetwork(Network):
    """A network in ONNX Runtime; safe for several threads."""

    def __init__(self, path: Path) -> None:
        # By its path: what lies in other files, as large models may have it, would else be looked
        # for in the folder that the process is in.
        self._session = LazySession(path)
        inputs, outputs = self._session.tensors()
        self.taken, self.given = _only(tuple(map(_of_onnx, inputs))), _of_onnx(outputs[0])

    def prepared(self, shape: tuple[int, ...]) -> None:
        """Nothing to do: memory is taken in each run."""

    def run(self, values: np.ndarray) -> np.ndarray:
        """The output for an input."""
        (made,) = self._session.run([self.given.name], **{self.taken.name: values})
        return made

    def every_output(self) -> tuple[Tensor, ...]:
        """All that it gives."""
        _, outputs = self._session.tensors()
        return tuple(map(_of_onnx, outputs))

    def run_all(self, values: np.ndarray) -> tuple[np.ndarray, ...]:
        """Every output for an input."""
        return tuple(self._session.run(self._session.outputs, **{self.taken.name: values}))


def _of_onnx(facts: TensorFacts) -> Tensor:
    kind = _OF_ONNX.get(facts.kind)
    if kind is None:
        raise EncoderError(
            f"{shown(facts.name)} is of the type {shown(facts.kind)}; it may be one of "
            f"{', '.join(_OF_ONNX)}: export it with one of these"
        )
    return Tensor(name=facts.name, shape=facts.shape, dtype=np.dtype(kind))


class TFLiteNetwork(Network):
    """A network in LiteRT, one call at a time: its interpreter keeps what it is at."""

    def __init__(self, path: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._lock = threading.Lock()
        self._interpreter: Any = Interpreter(model_path=str(path), num_threads=usable_cores())
        inputs = self._interpreter.get_input_details()
        self.taken, self._to = _only(tuple(map(_of_tflite, inputs))), inputs[0]["index"]
        self.given, self._from = self._output()

    def prepared(self, shape: tuple[int, ...]) -> None:
        """Take inputs of a shape from now on: memory is laid out for it."""
        if None in self.taken.shape:
            self._interpreter.resize_tensor_input(self._to, shape)
        self._interpreter.allocate_tensors()
        self.given, self._from = self._output()

    def _output(self) -> tuple[Tensor, int]:
        first = self._interpreter.get_output_details()[0]
        return _of_tflite(first), first["index"]

    def run(self, values: np.ndarray) -> np.ndarray:
        """The output for an input; of quantised numbers what they stand for."""
        with self._lock:
            self._interpreter.set_tensor(self._to, values)
            self._interpreter.invoke()
            made: np.ndarray = self._interpreter.get_tensor(self._from)
        return _meant(made, self.given)

    def every_output(self) -> tuple[Tensor, ...]:
        """All that it gives."""
        return tuple(map(_of_tflite, self._interpreter.get_output_details()))

    def run_all(self, values: np.ndarray) -> tuple[np.ndarray, ...]:
        """Every output for an input."""
        with self._lock:
            self._interpreter.set_tensor(self._to, values)
            self._interpreter.invoke()
            details = self._interpreter.get_output_details()
            made = [self._interpreter.get_tensor(each["index"]) for each in details]
        return tuple(_meant(each, _of_tflite(of)) for each, of in zip(made, details, strict=True))


def _meant(made: np.ndarray, of: Tensor) -> np.ndarray:
    """What numbers stand for, where they are quantised."""
    if of.quantised is None:
        return made
    scale, zero = of.quantised
    return (made.astype(np.float32) - np.float32(zero)) * np.float32(scale)


def _of_tflite(details: Mapping[str, Any]) -> Tensor:
    signature = details.get("shape_signature", details["shape"])
    scale, zero = details["quantization"]
    return Tensor(
        name=str(details["name"]),
        shape=tuple(int(side) if side >= 0 else None for side in signature),
        dtype=np.dtype(details["dtype"]),
        quantised=Quantised(float(scale), int(zero)) if scale > 0 else None,
    )


def _only(inputs: tuple[Tensor, ...]) -> Tensor:
    if len(inputs) != 1:
        names = ", ".join(shown(each.name) for each in inputs[:5])
        raise EncoderError(
            f"it has {len(inputs)} inputs ({names}); it must take an image and nothing else: "
            "export it with that input alone"
        )
    return inputs[0]
