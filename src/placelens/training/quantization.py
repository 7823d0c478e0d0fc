"""Static int8 quantization of a network, for ONNX Runtime on any processor.

Weights get 7 bits (``reduce_range``): on processors without VNNI the 8-bit products of two
neighbours would overflow 16 bits and saturate, silently and differently from one processor to
the next. With 7 bits the integers are exact everywhere.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

# Images whose ranges are observed at once.
_BATCH = 32


def quantize(
    model: bytes, inputs: np.ndarray, *, input_name: str, is_quantized: Callable[[str], bool]
) -> Any:
    """Quantize some nodes of an ONNX model: weights by channel, activations by observed range.

    Parameters
    ----------
    model
        Serialised, float32.
    inputs
        (n, ...) typical inputs, on which the ranges of the activations are observed.
    input_name
        The name of the model's one input.
    is_quantized
        Whether the node of that name is quantized; the others stay in floating point.

    Returns
    -------
    model
        onnx.ModelProto with pairs of QuantizeLinear and DequantizeLinear, which ONNX Runtime
        fuses into integer kernels.
    """
    import onnx

    with tempfile.TemporaryDirectory() as folder:
        source, prepared, target = (Path(folder) / name for name in ("a.onnx", "b.onnx", "c.onnx"))
        source.write_bytes(model)
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        nodes = onnx.load(prepared).graph.node
        root = logging.getLogger()
        level = root.level
        # It advises to do what has just been done.
        root.setLevel(logging.ERROR)
        try:
            quantize_static(
                str(prepared),
                str(target),
                _Batches(inputs, input_name),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                reduce_range=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                nodes_to_exclude=[node.name for node in nodes if not is_quantized(node.name)],
            )
        finally:
            root.setLevel(level)
        return onnx.load(target)


class _Batches(CalibrationDataReader):
    """Inputs in batches, as the quantizer asks for them."""

    def __init__(self, inputs: np.ndarray, input_name: str) -> None:
        self._batches: Iterator[dict[str, np.ndarray]] = iter(
            [
                {input_name: inputs[start : start + _BATCH]}
                for start in range(0, len(inputs), _BATCH)
            ]
        )

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next batch, or None after the last."""
        return next(self._batches, None)
