"""Whatever a file says of where it lies, there is a place on the globe or a reason in words."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placelens.readers.geotiff import GEO_TAGS, TIE_POINTS, read_georeference

numbers = st.one_of(
    st.floats(), st.integers(), st.text(max_size=4), st.binary(max_size=4), st.none()
)
values = st.one_of(
    numbers,
    st.lists(numbers, max_size=4).map(tuple),
    st.lists(st.floats() | st.integers(0, 65535), max_size=24).map(tuple),
    st.sampled_from([(0.25, 0.5, 0.0), (0.0, 0.0, 0.0, 14.0, 51.0, 0.0),
                     (1, 1, 0, 1, 2048, 0, 1, 4326), (1, 1, 0, 1, 3072, 0, 1, 32633)]),
)  # fmt: skip


@given(
    st.dictionaries(st.sampled_from([256, 257, *GEO_TAGS]), values),
    st.sampled_from([(1, 1), (8, 4), (100_000, 1)]),
    st.none() | st.text(max_size=60) | st.sampled_from(["1\n0\n0\n-1\n14\n51", "1e400\n" * 6]),
    st.none() | st.text(max_size=60),
)
def test_any_georeference_gives_a_place_or_a_warning(tags, size, world, projection):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("a.tfw", world), ("a.prj", projection)):
            if text is not None:
                (Path(folder) / name).write_text(text, "utf-8")
        facts = read_georeference(f"{folder}/a.tif", tags, size)
    assert facts.place is None or facts.place_source == "raster"
    for name, value in facts.attributes.items():
        if name.startswith("footprint_"):
            assert abs(value) <= (180 if name in ("footprint_west", "footprint_east") else 90)


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
@pytest.mark.parametrize("at", [0, 3])  # a column of pixels, and where it lies
def test_a_control_point_that_is_no_number_is_said_and_hangs_nothing(number, at):
    points = [0.0, 0, 0, 1, 1, 0, 1, 0, 0, 2, 1, 0, 0, 1, 0, 1, 2, 0]
    points[at] = number
    facts = read_georeference("nowhere.tif", {TIE_POINTS: tuple(points)}, (8, 4))
    assert facts.place is None
    assert "control points are not all finite numbers" in facts.warnings[0]
