"""Vector instructions give what the plain loops give, which take their place where they fail."""

import hashlib
import os
import subprocess
import sys
from importlib import util
from pathlib import Path

import numpy as np
import pytest
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from placelens.folders import cache_folder
from placelens.kernels import loops
from placelens.kernels.layout import BLOCK
from placelens.kernels.score import _cosines

DIMS = [8, 64, 384, 512, 1000, 1024, 2048]
KERNELS = Path(loops.__file__).parent
CODED = ("_block_sums", "_fine_sum")


def blocks(block_sums, dim):
    rng = np.random.default_rng(dim)
    codes = rng.integers(0, 256, 2 * BLOCK * dim // 8, dtype=np.uint8)
    table = rng.integers(0, min(127, 65_535 // (dim // 4)) + 1, 4 * dim, dtype=np.uint8)
    out = np.zeros(BLOCK, np.uint16)
    block_sums(codes, BLOCK * dim // 8, dim // 8, table, 0, out)
    return out


def fine(fine_sum, dim):
    rng = np.random.default_rng(dim)
    size = -(-dim // 64) * 32
    codes = rng.integers(0, 256, 3 * size, dtype=np.uint8)
    return fine_sum(codes, size, size, rng.integers(-125, 126, (4, size)).astype(np.int8))


@pytest.mark.parametrize("dim", DIMS)
def test_block_sums_are_those_of_the_plain_loop(dim):
    found = blocks(loops._block_sums, dim)
    np.testing.assert_array_equal(found, blocks(loops._block_sums_plain, dim))


@pytest.mark.parametrize("dim", DIMS)
def test_fine_sums_are_those_of_the_plain_loop(dim):
    assert fine(loops._fine_sum, dim) == fine(loops._fine_sum_plain, dim)


@pytest.mark.parametrize("dim", [1, 3, 15, 16, 17, 100, 384, 515])
def test_cosines_are_those_of_the_plain_loop_to_the_bit(dim):
    rng = np.random.default_rng(dim)
    vectors = rng.standard_normal((20, dim)).astype(np.float32)
    queries = rng.standard_normal((3, dim))
    found = _cosines(vectors, np.arange(20), queries)
    plain = [[loops._cosine_plain(vectors, i, queries, t) for t in range(3)] for i in range(20)]
    assert found.tolist() == plain


def loaded_anew():
    """The module, as another process would load it."""
    spec = util.spec_from_file_location("placelens.kernels.loops_anew", loops.__file__)
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_vector_instructions_are_used_where_they_can_be(caplog):
    module = loaded_anew()
    assert module._cosine is not module._cosine_plain
    assert module._prefetch is not module._prefetch_plain
    if module.has_shuffle():
        assert module._block_sums is not module._block_sums_plain
        assert module._fine_sum is not module._fine_sum_plain
    assert not caplog.records


def test_without_the_parts_of_llvmlite_plain_loops_are_used(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "placelens.kernels.intrinsics", None)  # cannot be imported
    module = loaded_anew()
    for name in ("_cosine", "_prefetch", *CODED):
        assert getattr(module, name) is getattr(module, f"{name}_plain")
    (record,) = caplog.records  # one line for all of them
    assert "cosine (ModuleNotFoundError" in record.message
    assert "searches are slower, and find the same" in record.message


@intrinsic
def _unknown(_typing, x):
    """Compiles to an instruction that this LLVM does not have."""

    def generate(_context, builder, _signature, args):
        builder.gep_of_another_release(args)
        return ir.Constant(ir.DoubleType(), 0.0)

    return types.float64(x), generate


@njit
def broken(vectors, _row, _queries, _t):
    return _unknown(vectors[0, 0])


@njit
def wrong(vectors, row, queries, t):
    return loops._cosine_plain(vectors, row, queries, t) + 1.0


@pytest.mark.parametrize(
    ("loop", "reason"), [(broken, "gep_of_another_release"), (wrong, "it gives other numbers")]
)
def test_what_fails_is_not_used(monkeypatch, loop, reason):
    from placelens.kernels import intrinsics

    monkeypatch.setattr(intrinsics, "_try_cosine", loop)
    failures = []
    assert loops.choose("_cosine", "plain", loops._is_product, failures) == "plain"
    (failure,) = failures
    assert failure.startswith("cosine (")
    assert reason in failure
    assert "\n" not in failure


SEARCH = """
import sys
if {plain}:
    sys.modules["placelens.kernels.intrinsics"] = None
import numpy as np
from placelens.index.base import Corpus, MeaningTask, PlaceTask, Task, VectorColumn
from placelens.index.gmr_tree import GMRTree
from placelens.kernels import loops
assert (loops._cosine is loops._cosine_plain) == {plain}
rng = np.random.default_rng(0)
vectors, places = rng.normal(size=(400, 40)), rng.normal(size=(400, 3))
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
places /= np.linalg.norm(places, axis=1, keepdims=True)
rows = np.arange(400)
column = VectorColumn.of(vectors.astype(np.float32), rows, 400)
tree = GMRTree(Corpus("sphere", rows, places, {{"vector": column}}), leaf=32, seed=1, threads=1)
meaning = {{"vector": MeaningTask(vectors[:1] + 0.01, np.ones(1), np.zeros(1), np.zeros(1))}}
for mu in (0.0, 0.5):
    found = tree.top_k(Task(20, mu, PlaceTask(places[0], 0, 1e7, 0.0), meaning))
    print(found.rows.tolist(), [score.hex() for score in found.scores.tolist()])
"""


@pytest.mark.slow
def test_a_search_by_plain_loops_finds_the_same_to_the_bit():
    # A folder of its own for what is compiled, at no great effort; it is kept as long as no kernel
    # changes, since numba only sees that the file of a kernel changed, and not those it calls.
    sources = b"".join(path.read_bytes() for path in sorted(KERNELS.glob("*.py")))
    own = cache_folder() / "kernels-plain" / hashlib.sha256(sources).hexdigest()[:16]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(own), "NUMBA_OPT": "1"}
    run = [
        subprocess.run(
            [sys.executable, "-c", SEARCH.format(plain=plain)],
            env=environment if plain else None,
            check=True,
            capture_output=True,
            text=True,
        )
        for plain in (False, True)
    ]
    assert run[0].stdout.count("0x") == 40
    assert run[0].stdout == run[1].stdout
    assert "vector instructions" not in run[0].stderr
