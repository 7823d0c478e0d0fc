"""Smaller ONNX files that still run in float32: weights stored as float16 or int8.

ONNX Runtime folds the casts when it opens the file, so the speed is that of float32.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

# Smaller tensors (shapes, scalars, biases of a few channels) are not worth a node.
_MIN_SIZE = 256


def store_compactly(model: Any, *, as_int8: Collection[str] = ()) -> None:
    """Replace, in place, the float32 initializers of an onnx.ModelProto.

    Each becomes float16 followed by a Cast; those named in ``as_int8``, matrices with one row an
    output, become int8 with a float32 scale a row (symmetric, largest magnitude to 127).

    Raises
    ------
    ValueError
        If a name in ``as_int8`` is not a float32 matrix of the model.
    """
    from onnx import TensorProto, numpy_helper

    graph = model.graph
    wanted = set(as_int8)
    for tensor in list(graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or np.prod(tensor.dims) < _MIN_SIZE:
            continue
        values = numpy_helper.to_array(tensor)
        graph.initializer.remove(tensor)
        if tensor.name in wanted:
            wanted.discard(tensor.name)
            _store_int8(graph, tensor.name, values)
        else:
            _store_half(graph, tensor.name, values)
    if wanted:
        raise ValueError(f"not float32 matrices of the model: {sorted(wanted)}")


def _store_half(graph: Any, name: str, values: np.ndarray) -> None:
    """Store as float16, and cast to ``name``."""
    from onnx import TensorProto, helper, numpy_helper

    if np.abs(values).max() > np.finfo(np.float16).max:
        raise ValueError(f"{name} holds values beyond float16 (65504)")
    half = values.astype(np.float16)
    graph.initializer.append(numpy_helper.from_array(half, f"{name}.half"))
    cast = helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT)
    graph.node.insert(0, cast)


def _store_int8(graph: Any, name: str, values: np.ndarray) -> None:
    """Store as int8 and a scale a row, and multiply to ``name``."""
    from onnx import TensorProto, helper, numpy_helper

    scale = np.maximum(np.abs(values).max(axis=1, keepdims=True) / 127, 1e-12)
    quantised = np.round(values / scale).astype(np.int8)
    graph.initializer.append(numpy_helper.from_array(quantised, f"{name}.int8"))
    graph.initializer.append(numpy_helper.from_array(scale.astype(np.float32), f"{name}.scale"))
    graph.node.insert(
        0, helper.make_node("Cast", [f"{name}.int8"], [f"{name}.cast"], to=TensorProto.FLOAT)
    )
    graph.node.insert(1, helper.make_node("Mul", [f"{name}.cast", f"{name}.scale"], [name]))
