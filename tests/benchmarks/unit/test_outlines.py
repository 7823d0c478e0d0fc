"""Towns against the areas of their countries."""

import pytest

from placelens.geo.towns import town_table
from placelens_bench.outlines import count_inside


@pytest.mark.slow
def test_towns_lie_in_their_own_country():
    """At least 99.9 % of all towns above 5,000 people; a foreign one in at most 1 %."""
    found = count_inside(town_table())
    assert found.own_percent >= 99.9
    assert found.n_foreign <= 0.01 * found.n_towns
