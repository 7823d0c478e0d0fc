"""What encoders refuse, and the calibration they share."""

from __future__ import annotations

import numpy as np
import pytest

from placelens.encoders import Calibration
from placelens.encoders.checks import check_images, check_texts, unit_rows
from placelens.encoders.onnx_session import usable_cores
from placelens.errors import EncoderError
from placelens.types import ImageSpec


def test_what_an_encoder_does_not_take_is_refused() -> None:
    with pytest.raises(EncoderError, match="'words' takes no images"):
        check_images(np.zeros((1, 8, 8, 3), dtype=np.uint8), None, name="words")
    with pytest.raises(EncoderError, match="'eyes' takes no texts"):
        check_texts(["x"], takes_text=False, name="eyes")


def test_the_shape_expected_and_the_shape_given_are_named() -> None:
    with pytest.raises(EncoderError, match=r"\(n, 8, 8, 3\) uint8, got \(1, 8, 9, 3\) uint8"):
        check_images(np.zeros((1, 8, 9, 3), dtype=np.uint8), ImageSpec(size=8), name="eyes")


def test_strided_images_become_contiguous() -> None:
    images = np.zeros((4, 8, 8, 3), dtype=np.uint8)[::2]
    assert check_images(images, ImageSpec(size=8), name="eyes").flags.c_contiguous


def test_unit_rows_leave_zeros_alone() -> None:
    np.testing.assert_allclose(unit_rows(np.array([[0.0, 0.0], [0.0, -2.0]])), [[0, 0], [0, -1]])


def test_a_calibration_is_one_half_at_its_middle_and_increases() -> None:
    calibration = Calibration(slope=10, intercept=-4)
    assert calibration(np.array([0.4]))[0] == pytest.approx(0.5)
    # 1 / (1 + exp(-(10 * 0.5 - 4))) = 1 / (1 + 1 / e)
    assert calibration(np.array([0.5]))[0] == pytest.approx(1 / (1 + np.exp(-1)))


@pytest.mark.parametrize(("slope", "intercept"), [(0, 0), (-1, 0), (np.nan, 0), (1, np.inf)])
def test_a_calibration_that_does_not_increase_is_refused(slope: float, intercept: float) -> None:
    with pytest.raises(EncoderError, match="slope above 0"):
        Calibration(slope=slope, intercept=intercept)


def test_there_is_a_core_to_use() -> None:
    assert usable_cores() >= 1
