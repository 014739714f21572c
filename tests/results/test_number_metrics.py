import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from ntkcli.arrays import FloatArray
from ntkcli.results.number_metrics import (
    IntervalMetrics,
    NumberMetrics,
    PointMetrics,
    joined_rmse,
    joined_rmse_error,
    normal_quantile,
)
from ntkcli.results.number_tally import IntervalTally, PointTally

RNG = np.random.default_rng(0)
Y, MEAN, VARIANCE = RNG.normal(size=50), RNG.normal(size=50), RNG.uniform(0.1, 2, size=50)


def point_metrics(y: FloatArray, mean: FloatArray) -> PointMetrics:
    return PointTally.of(y, mean).metrics


@given(interval=st.floats(1e-9, 1 - 1e-9))
def test_the_normal_quantile_is_scipys(interval: float) -> None:
    assert normal_quantile(interval) == pytest.approx(norm.isf(0.5 - interval / 2), rel=1e-6)


def test_two_standard_errors_hold_95_percent() -> None:
    assert normal_quantile(0.95) == pytest.approx(1.959963984540054, rel=1e-14)


def test_a_known_case_has_its_metrics() -> None:
    metrics = point_metrics(np.array([1.0, 2.0, 3.0, 6.0]), np.array([1.0, 4.0, 3.0, 2.0]))
    assert asdict(metrics) == pytest.approx({"rmse": math.sqrt(5.0), "mae": 1.5, "r2": 1 - 20 / 14})


def test_perfect_predictions_have_no_error() -> None:
    assert point_metrics(Y, Y) == PointMetrics(rmse=0.0, mae=0.0, r2=1.0)


def test_the_mean_of_the_observations_explains_nothing() -> None:
    assert point_metrics(Y, np.full_like(Y, Y.mean())).r2 == pytest.approx(0.0, abs=1e-14)


def test_a_constant_target_has_no_r2() -> None:
    metrics = point_metrics(np.full(4, 2.5), np.arange(4.0))
    assert metrics.r2 is None
    assert metrics.mae == pytest.approx(1.25)


def test_a_constant_target_is_one_whatever_its_digits() -> None:
    assert point_metrics(np.full(10, 0.1), np.arange(10.0)).r2 is None


def of_normal(y: FloatArray, mean: FloatArray, variance: FloatArray, interval: float) -> IntervalMetrics:
    """The metrics of normal intervals."""
    half = normal_quantile(interval) * np.sqrt(variance)
    return IntervalTally.of(y, mean, variance, half).metrics


def test_nll_is_the_mean_of_scipys_log_density() -> None:
    expected = -np.mean(norm.logpdf(Y, MEAN, np.sqrt(VARIANCE)))
    assert of_normal(Y, MEAN, VARIANCE, 0.9).nll == pytest.approx(expected, rel=1e-13)


def test_a_variance_of_zero_has_no_nll() -> None:
    metrics = of_normal(Y, MEAN, np.array([0.0, *VARIANCE[1:]]), 0.9)
    assert metrics.nll is None
    assert metrics.coverage is not None


@pytest.mark.parametrize("interval", [0.1, 0.5, 0.95])
def test_coverage_is_the_share_of_observations_inside_the_interval(interval: float) -> None:
    lower, upper = norm.interval(interval, MEAN, np.sqrt(VARIANCE))
    inside = np.mean((lower <= Y) & (upper >= Y))
    assert 0 < inside < 1
    assert of_normal(Y, MEAN, VARIANCE, interval).coverage == pytest.approx(inside)


@pytest.mark.parametrize("interval", [0.1, 0.5, 0.95])
def test_the_width_is_the_mean_of_the_intervals(interval: float) -> None:
    lower, upper = norm.interval(interval, MEAN, np.sqrt(VARIANCE))
    metrics = of_normal(Y, MEAN, VARIANCE, interval)
    assert metrics.width == pytest.approx(np.mean(upper - lower), rel=1e-13)


@given(factor=st.floats(1e-3, 1e3))
def test_the_width_has_the_targets_unit_and_does_not_see_the_targets(factor: float) -> None:
    one, scaled = (of_normal(f * Y, f * MEAN + f, f**2 * VARIANCE, 0.9).width for f in (1.0, factor))
    assert one is not None
    assert scaled == pytest.approx(factor * one, rel=1e-12)


def test_observations_from_the_prediction_are_covered_as_often_as_promised() -> None:
    rng = np.random.default_rng(1)
    variance = rng.uniform(0.1, 9, size=20_000)
    y = rng.normal(scale=np.sqrt(variance))
    assert of_normal(y, np.zeros_like(y), variance, 0.8).coverage == pytest.approx(0.8, abs=0.01)


def test_a_variance_of_zero_covers_only_its_own_mean() -> None:
    zeros = np.zeros(4)
    metrics = of_normal(np.array([0.0, 0.0, 1e-300, 1.0]), zeros, zeros, 0.9)
    assert (metrics.coverage, metrics.width) == (0.5, 0.0)


def test_what_was_not_measured_has_no_name_in_the_content_and_no_number_in_the_summary() -> None:
    point, interval = (
        PointMetrics(rmse=2.0, mae=1.0, r2=None),
        IntervalMetrics(nll=3.0, coverage=0.5, width=4.0),
    )
    whole, bare = NumberMetrics(point, interval), NumberMetrics(point, None)
    assert list(whole.content) == ["rmse", "mae", "r2", "nll", "coverage", "width"]
    assert list(whole.content.values()) == [2.0, 1.0, None, 3.0, 0.5, 4.0]
    assert bare.content == {"rmse": 2.0, "mae": 1.0, "r2": None}
    assert whole.summary == {"rmse": 2.0, "nll": 3.0, "coverage": 0.5}
    assert bare.summary == {"rmse": 2.0, "nll": None, "coverage": None}


@pytest.mark.parametrize("scale", [np.array([2.0]), np.array([2.0, 3.0])])
def test_an_rmse_varies_by_its_error(scale: FloatArray) -> None:
    draws = np.random.default_rng(1).normal(size=(1000, 60, len(scale)))
    spread = np.std([joined_rmse(draw, scale) for draw in draws])
    assert np.mean([joined_rmse_error(draw, scale) or 0.0 for draw in draws]) == pytest.approx(
        spread, rel=0.1
    )


def test_an_rmse_of_nothing_missed_has_error_0_and_of_one_row_none() -> None:
    assert joined_rmse_error(np.zeros((5, 2)), np.ones(2)) == 0
    assert joined_rmse_error(np.ones((1, 1)), np.ones(1)) is None
    assert joined_rmse_error(np.full((5, 1), math.inf), np.ones(1)) is None
