"""Forecasts of transformed targets, in the target's own unit."""

import numpy as np
import pytest
from scipy.stats import lognorm

from ntkcli.arrays import FloatArray
from ntkcli.data.target_transform import LogTransform, QuantileTransform, TargetTransform, YeoJohnsonTransform
from ntkcli.results.forecast import NormalForecast, Spread, TransformedForecast

MEAN, VARIANCE = np.array([-1.0, 0.5, 2.0]), np.array([1e-6, 0.25, 2.0])
Y = np.array([0.4, 1.5, 20.0])
ORDERED = np.array([-2.0, 0.5, 1.0, 7.0, 30.0])
TRANSFORMS = [
    LogTransform(),
    YeoJohnsonTransform(power=0.4, origin=1.0, unit=2.0),
    QuantileTransform.of(ORDERED),
]


def forecast(transform: TargetTransform, variance: FloatArray = VARIANCE) -> TransformedForecast:
    return TransformedForecast(NormalForecast(MEAN, variance, 2 * np.sqrt(variance)), transform)


def spread(transform: TargetTransform) -> Spread:
    found = forecast(transform).spread
    assert found is not None
    return found


def test_behind_a_logarithm_it_is_log_normal() -> None:
    exact = lognorm(np.sqrt(VARIANCE), scale=np.exp(MEAN))
    found = forecast(LogTransform())
    np.testing.assert_allclose(found.centre, exact.median(), rtol=1e-14)
    np.testing.assert_allclose(spread(LogTransform()).std, exact.std(), rtol=1e-9)
    metrics = found.tally(Y).metrics
    assert metrics is not None
    assert metrics.interval is not None
    narrow = forecast(LogTransform(), np.full(3, 0.25)).tally(Y).metrics
    assert narrow is not None
    assert narrow.interval is not None
    assert narrow.interval.nll == pytest.approx(-lognorm(0.5, scale=np.exp(MEAN)).logpdf(Y).mean())


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda transform: transform.kind)
def test_standard_deviations_are_those_of_draws(transform: TargetTransform) -> None:
    draws = MEAN + np.sqrt(VARIANCE) * np.random.default_rng(0).normal(size=(400_000, 3))
    np.testing.assert_allclose(spread(transform).std, transform.undo(draws).std(axis=0), rtol=0.04)


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda transform: transform.kind)
def test_intervals_are_those_of_the_transformed_target(transform: TargetTransform) -> None:
    half = 2 * np.sqrt(VARIANCE)
    assert np.array_equal(spread(transform).lower, transform.undo(MEAN - half))
    assert np.array_equal(spread(transform).upper, transform.undo(MEAN + half))


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda transform: transform.kind)
def test_scores_are_in_the_targets_unit(transform: TargetTransform) -> None:
    found, shown = forecast(transform), spread(transform)
    metrics = found.tally(Y).metrics
    assert metrics is not None
    assert metrics.interval is not None
    assert metrics.point.mae == pytest.approx(np.abs(Y - found.centre).mean())
    assert metrics.interval.coverage == ((shown.lower <= Y) & (shown.upper >= Y)).mean()
    assert metrics.interval.width == pytest.approx((shown.upper - shown.lower).mean())


def test_ranks_have_no_density_and_no_interval_beyond_those_of_training() -> None:
    beyond = np.array([-50.0, 0.7, 400.0])
    metrics = forecast(QuantileTransform.of(ORDERED), np.full(3, 100.0)).tally(beyond).metrics
    assert metrics is not None
    assert metrics.interval is not None
    assert metrics.interval.nll is None
    assert metrics.interval.coverage == 1 / 3


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda transform: transform.kind)
def test_without_a_variance_the_median_is_the_same(transform: TargetTransform) -> None:
    plain = TransformedForecast(NormalForecast(MEAN, None, None), transform)
    assert plain.spread is None
    assert np.array_equal(plain.centre, forecast(transform).centre)
    metrics = plain.tally(Y).metrics
    assert metrics is not None
    assert metrics.interval is None
