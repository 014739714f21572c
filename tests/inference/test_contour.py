import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.inference.contour import deletion_contour

every_time = pytest.mark.parametrize("time", [0.0, 1e-300, 1e-3, 1.0, 7.0, 1e9, 1e300, math.inf])


@given(decay=st.floats(0, 1e6), time=st.floats(1e-6, 1e6))
def test_it_inverts_the_transform_of_a_decay(decay: float, time: float) -> None:
    """exp(-g t) is 1 / (s + g), which is 1 / s times s / (s + g)."""
    contour = deletion_contour(time)
    terms = contour.weights * contour.shifts / (contour.scale * decay + contour.shifts)
    assert np.sum(terms).real == pytest.approx(math.exp(-decay * time), abs=1e-13)


@every_time
def test_a_row_has_a_weight_of_one_for_itself(time: float) -> None:
    assert np.sum(deletion_contour(time).weights).real == pytest.approx(1.0, abs=1e-13)


@every_time
def test_nothing_overflows(time: float) -> None:
    contour = deletion_contour(time)
    assert 0 <= contour.scale <= 1
    assert np.all(np.isfinite(contour.shifts))


@every_time
def test_the_shifts_keep_off_the_eigenvalues(time: float) -> None:
    """These are at or below 0, and at inf without a shift it is the Gram matrix itself that is inverted."""
    shifts = deletion_contour(time).shifts
    if time == math.inf:
        assert np.array_equal(shifts, [0.0])
    else:
        assert np.all((shifts.imag > 0) | (shifts.real > 0))


def test_the_limits_are_not_approximate() -> None:
    start, end = deletion_contour(0.0), deletion_contour(math.inf)
    assert (start.scale, end.scale) == (0.0, 1.0)
    assert np.array_equal(start.weights, [1.0])
    assert np.array_equal(end.weights, [1.0])
    assert np.array_equal(start.shifts, [1.0])
