import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import skew

from ntkcli.data.log_scale import LogScale, helpful_log, skewness

PRICES = np.exp(np.random.default_rng(0).normal(size=400)) * 1000


def test_above_the_least_value_it_is_the_logarithm() -> None:
    scale = LogScale(origin=2.0, unit=4.0)
    np.testing.assert_allclose(scale.apply(np.array([2.0, 6.0, 14.0])), np.log([1.0, 2.0, 4.0]), rtol=1e-15)


def test_below_it_goes_on_in_a_straight_line_with_the_same_slope() -> None:
    scale = LogScale(origin=2.0, unit=4.0)
    h = 1e-6
    left, at, right = scale.apply(np.array([2.0 - h, 2.0, 2.0 + h]))
    assert (at - left) / (right - at) == pytest.approx(1.0, abs=1e-6)
    assert scale.apply(np.array([-6.0])).tolist() == [-2.0]


@given(unit=st.floats(1e-3, 1e3), shift=st.floats(-1e3, 1e3))
def test_the_unit_and_the_origin_of_the_numbers_do_not_matter(unit: float, shift: float) -> None:
    one, other = LogScale.of(PRICES), LogScale.of(PRICES * unit + shift)
    assert one is not None
    assert other is not None
    np.testing.assert_allclose(other.apply(PRICES * unit + shift), one.apply(PRICES), rtol=1e-6, atol=1e-8)


def test_a_missing_value_stays_missing_and_does_not_count() -> None:
    gappy = np.append(PRICES, np.nan)
    scale = LogScale.of(gappy)
    assert scale == LogScale.of(PRICES)
    assert scale is not None
    assert np.isnan(scale.apply(gappy)[-1])


def test_where_most_values_are_equal_the_unit_is_the_standard_deviation() -> None:
    values = np.array([0.0, 0.0, 0.0, 10.0])
    scale = LogScale.of(values)
    assert scale is not None
    assert scale.unit == pytest.approx(values.std())


def test_equal_numbers_have_no_scale() -> None:
    assert LogScale.of(np.full(5, 3.0)) is None


@given(seed=st.integers(0, 1000))
def test_skewness_is_scipys(seed: int) -> None:
    values = np.random.default_rng(seed).exponential(size=30)
    assert skewness(values) == pytest.approx(skew(values), rel=1e-10)


def test_skewed_numbers_are_helped_and_even_ones_are_left_alone() -> None:
    assert helpful_log(PRICES) is not None
    assert helpful_log(np.linspace(0, 1, 50)) is None
    assert helpful_log(-PRICES) is None


@pytest.mark.parametrize("values", [[3.0, 3.0, 3.0], [1e308, 1e308, 1e308, -1e308]])
def test_equal_numbers_and_those_too_far_apart_have_no_skewness(values: list[float]) -> None:
    assert skewness(np.array(values)) == 0.0
