"""What pytest leaves out of the doctests when the extra ``train`` is not installed."""

from importlib.util import find_spec

_NEED_TORCH = ("backbone", "finetune", "quantization", "towers")

collect_ignore = (
    []
    if find_spec("torch") and find_spec("onnx")
    else [f"src/placelens/training/{name}.py" for name in _NEED_TORCH]
)
