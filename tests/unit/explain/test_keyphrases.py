"""EmbedRank++: the phrases nearest to a text that do not all say the same, as the paper has it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from placelens.encoders.parts import phrase_spans
from placelens.errors import InputError
from placelens.explain.keyphrases import chosen, keyphrases
from placelens.testing.fakes import HashEncoder

TEXT = (
    "The old bridge crosses a wide river. A red tram stops near the bridge, and the red tram is "
    "full of tourists who look at old houses, a church tower and the wide river."
)


def by_the_paper(to_text: np.ndarray, between: np.ndarray, k: int, diversity: float) -> list[int]:
    """Eq. 1-4 as they are written, one candidate at a time; lambda is 1 - diversity."""
    n = len(to_text)

    def spread(value: float, among: list[float]) -> float:
        deviation = float(np.std(among))
        return 0.5 + ((value - float(np.mean(among))) / deviation if deviation > 1e-9 else 0.0)

    picked = [int(np.argmax(to_text))]
    while len(picked) < min(k, n):
        best, most = -1, -np.inf
        for i in range(n):
            if i in picked:
                continue
            near = spread(float(to_text[i]), to_text.tolist())
            others = [float(between[j, i]) for j in range(n) if j != i]
            alike = max(spread(float(between[j, i]), others) for j in picked)
            value = (1 - diversity) * near - diversity * alike
            if value > most + 1e-9:
                best, most = i, value
        picked.append(best)
    return picked


@given(
    st.integers(3, 12),
    st.integers(1, 12),
    st.sampled_from([0.0, 0.3, 0.5, 0.8, 1.0]),
    st.integers(0, 2**32 - 1),
)
@example(n=3, k=2, diversity=1.0, seed=34)  # two are as far as each other
def test_it_chooses_as_the_paper_does(n: int, k: int, diversity: float, seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(n + 1, 6))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    to_text, between = vectors[1:] @ vectors[0], vectors[1:] @ vectors[1:].T
    found = chosen(to_text, between, k=k, diversity=diversity)
    assert found == by_the_paper(to_text, between, k, diversity)
    assert len(set(found)) == len(found) == min(k, n)


@pytest.mark.parametrize("n", [1, 2])
def test_few_phrases_are_all_chosen(n: int) -> None:
    assert chosen(np.full(n, 0.5), np.ones((n, n)), k=5, diversity=0.5) == list(range(n))


def test_offsets_are_those_of_the_words_and_no_phrase_is_there_twice() -> None:
    found = keyphrases(TEXT, HashEncoder(), k=50)
    assert all(TEXT[start:end] == label for label, (start, end), _ in found)
    folded = [label.casefold() for label, _, _ in found]
    assert len(set(folded)) == len(folded)
    assert set(folded) == {TEXT[start:end].casefold() for start, end in phrase_spans(TEXT)}
    assert found[0].score == max(phrase.score for phrase in found)


def test_without_diversity_the_nearest_come_first() -> None:
    scores = [phrase.score for phrase in keyphrases(TEXT, HashEncoder(), k=5, diversity=0)]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("wrong", [{"k": 0}, {"k": True}, {"k": 2.0}, {"k": 2, "diversity": 1.5},
                                   {"k": 2, "diversity": "much"}])  # fmt: skip
def test_what_is_out_of_range_is_refused(wrong: dict) -> None:
    with pytest.raises(InputError):
        keyphrases(TEXT, HashEncoder(), **wrong)
