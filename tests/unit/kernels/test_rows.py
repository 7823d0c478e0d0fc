"""The rows of a tree's slots: those that a dictionary gives, whatever the ids are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from placelens import kernels

FEW_HOLES = st.integers(0, 300)
ANY = st.integers(-(2**63), 2**63 - 1)


@given(st.data(), st.sampled_from([FEW_HOLES, ANY]))
def test_slots_get_the_row_of_their_id_or_none(data, ids):
    iids = np.array(data.draw(st.lists(ids, min_size=1, max_size=30, unique=True)), np.int64)
    rows = np.array(data.draw(st.lists(st.sampled_from(range(len(iids))), unique=True)), np.int64)
    slots = np.array(data.draw(st.lists(st.sampled_from(iids.tolist()) | ids)), np.int64)
    row_of = {int(iids[row]): row for row in rows.tolist()}
    expected = [row_of.get(iid, -1) for iid in slots.tolist()]
    assert kernels._rows_of_slots(rows, iids, slots).tolist() == expected


@pytest.mark.parametrize("last", [2**62, 2**63 - 1, 2**40])
def test_ids_far_apart_take_no_table_over_all_between_them(last):
    iids = np.array([-(2**63), 0, last])
    found = kernels._rows_of_slots(np.arange(3), iids, np.array([0, last, 1]))
    assert found.tolist() == [1, 2, -1]
