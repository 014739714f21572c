from dataclasses import asdict
from functools import reduce
from operator import add

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.arrays import FloatArray
from ntkcli.results.number_metrics import NumberMetrics
from ntkcli.results.number_tally import IntervalTally, NumberTally, PointTally

lengths = st.lists(st.integers(0, 20), min_size=1, max_size=6).filter(any)


def rows(count: int, seed: int = 0) -> FloatArray:
    """Observations, means, variances and half widths, a column each."""
    rng = np.random.default_rng([seed, count])
    y, mean, variance = rng.normal(size=count), rng.normal(size=count), rng.uniform(0.1, 2, size=count)
    return np.column_stack([y, mean, variance, np.sqrt(variance)])


def tally(part: FloatArray) -> NumberTally:
    y, mean, variance, half = part.T
    return NumberTally(PointTally.of(y, mean), IntervalTally.of(y, mean, variance, half))


def of_parts(values: FloatArray, sizes: list[int]) -> NumberMetrics | None:
    return reduce(add, map(tally, np.split(values, np.cumsum(sizes)[:-1]))).metrics


def assert_same(found: NumberMetrics | None, expected: NumberMetrics | None) -> None:
    """Equal but for rounding; counts exactly."""
    assert found is not None
    assert expected is not None
    for name, value in expected.content.items():
        same = value if value is None or name == "coverage" else pytest.approx(value, rel=1e-12, abs=1e-12)
        assert found.content[name] == same


@given(sizes=lengths, seed=st.integers(0, 99), far=st.sampled_from([0.0, 2.0**30]))
def test_parts_of_any_lengths_have_the_metrics_of_the_whole(sizes: list[int], seed: int, far: float) -> None:
    values = rows(sum(sizes), seed) + np.array([far, far, 0.0, 0.0])
    assert_same(of_parts(values, sizes), tally(values).metrics)


@pytest.mark.parametrize("row", [0, 4, 9])
@pytest.mark.parametrize("column", range(4))
@pytest.mark.parametrize("value", [0.0, 1e200, -1e200, 1.7e308, np.inf])
def test_a_number_that_one_row_takes_away_is_not_there_wherever_that_row_is(
    row: int, column: int, value: float
) -> None:
    values = rows(10)
    values[row, column] = abs(value) if column > 1 else value
    for sizes in ([1] * 10, [3, 3, 4], [5, 5], [0, 10], [9, 1]):
        assert_same(of_parts(values, sizes), tally(values).metrics)


def test_a_variance_of_zero_in_any_part_leaves_no_nll() -> None:
    values = rows(9)
    values[7, 2] = 0.0
    found = of_parts(values, [3, 3, 3])
    assert found is not None
    assert found.interval is not None
    assert found.interval.nll is None
    assert found.interval.width is not None


def test_a_sum_that_only_the_whole_overflows_is_none() -> None:
    values = rows(4)
    values[:, 0], values[:, 1] = 1e154, 0.0
    assert (once := tally(values[:1]).metrics) is not None
    assert once.point.rmse == pytest.approx(1e154)
    assert (whole := of_parts(values, [1, 1, 1, 1])) is not None
    assert whole.point.rmse is None
    assert whole.point.mae == pytest.approx(1e154)


def test_a_target_that_is_constant_across_parts_has_no_r2() -> None:
    values = rows(6)
    values[:, 0] = 0.1
    found = of_parts(values, [2, 1, 3])
    assert found is not None
    assert found.point.r2 is None


def test_without_variances_only_points_are_added_up() -> None:
    y, mean, *_ = rows(5).T
    one, other = (NumberTally(PointTally.of(y[part], mean[part]), None) for part in (slice(2), slice(2, 5)))
    found = (one + other).metrics
    assert found is not None
    assert found.interval is None
    assert asdict(found.point) == pytest.approx(asdict(PointTally.of(y, mean).metrics), rel=1e-12)


def test_nothing_has_no_metrics_and_adds_nothing() -> None:
    values, nothing = rows(5), tally(rows(0))
    assert nothing.metrics is None
    assert (nothing + nothing).metrics is None
    for both in (nothing + tally(values), tally(values) + nothing):
        assert_same(both.metrics, tally(values).metrics)
