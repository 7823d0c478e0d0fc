"""What every index must keep: the exact top k, the same bits, ties by id, an honest certificate.

Draw a corpus and a task from `placelens.testing.strategies` and hand them to `check_index`::

    @given(data=st.data())
    def test_my_index(data):
        corpus = data.draw(corpora())
        check_index(MyIndex, corpus, data.draw(tasks(corpus)))
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from placelens.index.base import Corpus, Index, Task, score_rows
from placelens.index.scan import Scan
from placelens.testing.reference import plain_top_k


def check_index(build: Callable[[Corpus], Index], corpus: Corpus, task: Task) -> None:
    """Raise AssertionError unless an index answers a task as it must."""
    found = build(corpus).top_k(task)
    # The definition, up to the rounding of exp and asin, which libraries may do differently.
    expected = [score for _, score in plain_top_k(corpus, task)]
    np.testing.assert_allclose(found.scores, expected, rtol=0, atol=1e-12)
    # The reference, to the bit.
    scan = Scan(corpus).top_k(task)
    np.testing.assert_array_equal(found.rows, scan.rows)
    np.testing.assert_array_equal(found.scores, scan.scores)
    np.testing.assert_array_equal(found.scores, score_rows(corpus, task, found.rows))
    # Best first, equal scores by internal id, nothing twice.
    keys = list(zip((-found.scores).tolist(), corpus.iids[found.rows].tolist(), strict=True))
    np.testing.assert_array_equal(keys, sorted(set(keys)))
    bound = found.certificate.bound
    if bound is not None and len(found.rows) == task.k and bound > found.scores[-1] + 1e-9:
        raise AssertionError(f"stopped at the bound {bound} above the score {found.scores[-1]}")
