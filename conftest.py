"""What holds for all tests and doctests: threads of BLAS, and what is left out of the doctests."""

import os
from importlib.util import find_spec

# The threads of BLAS and OpenMP go on spinning for a while after each product. Beside a second
# process of tests, or anything else that is busy, they take the processors from the very thread
# that they wait for: products of a few numbers each then last ten times as long, or more. Read
# when NumPy is imported, so set here, before; who sets them sets them for the tests as well.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

_NEED_TORCH = ("backbone", "finetune", "quantization", "towers")

collect_ignore = (
    []
    if find_spec("torch") and find_spec("onnx")
    else [f"src/placelens/training/{name}.py" for name in _NEED_TORCH]
)
