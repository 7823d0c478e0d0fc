"""Weights stored small compute nearly what they did."""

from __future__ import annotations

import numpy as np
import pytest

from placelens.training.onnx_storage import store_compactly

onnx = pytest.importorskip("onnx")


def linear_model(weights: np.ndarray):
    from onnx import TensorProto, helper, numpy_helper

    rows, columns = weights.shape
    return helper.make_model(
        helper.make_graph(
            [helper.make_node("Gemm", ["x", "W"], ["y"], transB=1)],
            "linear",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, columns])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, rows])],
            [numpy_helper.from_array(weights, "W")],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )


@pytest.mark.parametrize(("as_int8", "bytes_each", "atol"), [((), 2, 5e-3), (("W",), 1, 0.1)])
def test_values_survive_and_bytes_shrink(as_int8, bytes_each: int, atol: float) -> None:
    from placelens.encoders.onnx_session import onnx_runtime

    weights = np.random.default_rng(0).normal(size=(40, 50)).astype(np.float32)
    model = linear_model(weights)
    store_compactly(model, as_int8=as_int8)
    onnx.checker.check_model(model, full_check=True)
    stored = model.SerializeToString()
    assert len(stored) < 2000 * bytes_each + 800
    session = onnx_runtime().InferenceSession(stored, providers=["CPUExecutionProvider"])
    (result,) = session.run(None, {"x": np.eye(50, dtype=np.float32)})
    # float16 keeps 11 bits of values below 4; int8 steps are at most 4 / 127 wide.
    np.testing.assert_allclose(result.T, weights, atol=atol)


def test_small_tensors_stay_as_they_are() -> None:
    model = linear_model(np.ones((3, 4), dtype=np.float32))
    before = model.SerializeToString()
    store_compactly(model)
    assert model.SerializeToString() == before


def test_what_cannot_be_stored_is_refused() -> None:
    with pytest.raises(ValueError, match="beyond float16"):
        store_compactly(linear_model(np.full((40, 50), 1e6, dtype=np.float32)))
    with pytest.raises(ValueError, match=r"\['V'\]"):
        store_compactly(linear_model(np.ones((40, 50), dtype=np.float32)), as_int8=["V"])
