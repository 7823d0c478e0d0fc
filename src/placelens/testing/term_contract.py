"""What every kind of term must keep to; inherit it, and give the terms of yours.

class TestPaintedMaps(TermContract):
    def terms(self, version):
        return [painted_map(...), ...]
"""

from __future__ import annotations

import numpy as np
import pytest

from placelens.engine.extras import Extras
from placelens.engine.terms import DenseTerm, FusedTerm, RefineTerm, Term, shares_of
from placelens.storage.version import Version

# Bounds may be rounded, similarities too.
SLACK = 1e-12


class TermContract:
    """The suite; a version of a collection comes from the fixture ``version``."""

    def terms(self, version: Version) -> list[Term]:
        """Terms of the kind, at least two that look for different things."""
        raise NotImplementedError

    def test_it_has_a_grade(self, version: Version) -> None:
        """It is fused, dense or refine."""
        for term in self.terms(version):
            assert isinstance(term, FusedTerm | DenseTerm | RefineTerm)

    def test_digests_tell_terms_apart(self, version: Version) -> None:
        """Digests differ where similarities do, and stay."""
        digests = [term.digest() for term in self.terms(version)]
        assert len(set(digests)) == len(digests) >= 2
        assert digests == [term.digest() for term in self.terms(version)]

    def test_similarities_are_one_finite_number_a_row(self, version: Version) -> None:
        """No row is without a similarity."""
        for term in self.terms(version):
            if isinstance(term, FusedTerm):
                assert np.linalg.norm(term.vector) == pytest.approx(1.0)
                continue
            extras = Extras([term], shares_of([term]), version)
            every = np.arange(version.n_items)
            values = extras.similarities(every)[0]
            assert values.shape == (version.n_items,)
            assert np.isfinite(values).all()

    def test_rows_have_the_similarity_that_they_have_among_all(self, version: Version) -> None:
        """A row is as similar alone as among all."""
        some = np.arange(version.n_items)[::-3]
        for term in self.terms(version):
            if not isinstance(term, FusedTerm):
                extras = Extras([term], shares_of([term]), version)
                every = extras.similarities(np.arange(version.n_items))[0]
                assert np.array_equal(extras.similarities(some)[0], every[some])

    def test_similarities_lie_within_their_bounds(self, version: Version) -> None:
        """Bounds hold."""
        for term in self.terms(version):
            bounds = term.bounds(version) if isinstance(term, RefineTerm) else None
            if bounds is not None:
                low, high = bounds
                values = term.similarity(version, np.arange(version.n_items))  # type: ignore[attr-defined]
                assert (low - SLACK <= values).all()
                assert (values <= high + SLACK).all()

    def test_evidence_is_given_row_by_row(self, version: Version) -> None:
        """Evidence names the term that it speaks for."""
        rows = np.arange(min(3, version.n_items))
        for term in self.terms(version):
            found = term.evidence(version, rows, ["image"] * len(rows))
            assert len(found) == len(rows)
            assert all(entry.of in (None, term.label) for own in found for entry in own)
