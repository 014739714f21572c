"""Scales and half widths where a variance is 0."""

import math

import numpy as np

from ntkcli.inference.leave_one_out import LeaveOneOut
from ntkcli.results.calibration import half_width, variance_scale


def leave_one_out(residual: list[float], variance: list[float]) -> LeaveOneOut:
    return LeaveOneOut(np.array(residual)[:, None], np.array(variance))


def test_what_is_hit_with_variance_0_is_at_distance_0() -> None:
    found = leave_one_out([0, 3, 0, -1], [0, 1, 1, 4])
    assert variance_scale(found) == (9 + 0.25) / 4
    assert half_width(found, np.ones(1), np.zeros(1), 0.5) == [0.5]


def test_a_scale_of_0_makes_no_half_width_of_what_is_hit() -> None:
    found = leave_one_out([0, 0, 0], [1, 2, 0])
    scale = variance_scale(found)
    assert scale == 0
    assert half_width(found, scale, np.zeros(1), 0.9) == 0


def test_what_is_missed_with_variance_0_is_infinitely_far() -> None:
    found = leave_one_out([1, 0.5, 0.5], [0, 1, 1])
    assert variance_scale(found) == math.inf
    assert half_width(found, np.ones(1), np.zeros(1), 0.9) == math.inf
    assert half_width(found, np.ones(1), np.zeros(1), 0.5) == 0.5


def test_a_variance_that_is_not_known_makes_no_scale() -> None:
    assert np.isnan(variance_scale(leave_one_out([0, 1], [math.nan, math.nan]))).all()
