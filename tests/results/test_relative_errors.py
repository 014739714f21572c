"""Relative standard errors are the spread of what is fitted, over draws of as many rows."""

import math

import numpy as np
import pytest
from scipy.stats import bootstrap

from ntkcli.arrays import FloatArray
from ntkcli.results.observation_noise import fit_noise
from ntkcli.results.relative_errors import mean_error, noise_errors, quantile_error

ROWS, DRAWS = 400, 60
VARIANCE = np.random.default_rng(0).uniform(0.01, 4, size=ROWS)


def drawn(seed: int, scale: float, noise: float) -> FloatArray:
    """Residuals with tails heavier than normal ones, of variance scale VARIANCE + noise."""
    rng = np.random.default_rng(seed)
    # Student's t with 10 degrees of freedom has variance 10 / 8.
    return np.asarray(rng.standard_t(10, size=ROWS) * np.sqrt(0.8 * (scale * VARIANCE + noise)))


def test_the_error_of_a_mean_is_its_spread_over_its_size() -> None:
    values = np.random.default_rng(1).exponential(size=(2000, 50))
    errors = [mean_error(row) or math.nan for row in values]
    assert np.mean(errors) == pytest.approx(values.mean(axis=1).std(), rel=0.05)


@pytest.mark.parametrize("values", [[], [1.0], [0.0, 0.0], [1.0, math.inf], [1.0, math.nan]])
def test_a_mean_of_too_little_has_no_error(values: list[float]) -> None:
    assert mean_error(np.array(values)) is None


def test_without_noise_the_error_is_that_of_the_mean_square() -> None:
    residual = drawn(0, 2.0, 0.0)
    squares = residual**2 / VARIANCE
    exact = squares.std(ddof=1) / math.sqrt(ROWS) / squares.mean()
    of_scale, of_noise = noise_errors(residual, VARIANCE, float(squares.mean()), 0.0, scale_is_free=True)
    assert of_scale == pytest.approx(exact, rel=1e-12)
    assert of_noise is None
    assert noise_errors(residual, VARIANCE, 1.0, 0.0, scale_is_free=False) == (None, None)


def test_noise_alone_has_the_error_of_a_mean_square_too() -> None:
    residual = drawn(0, 0.0, 1.0)
    noise, nothing = float(np.mean(residual**2)), np.zeros(ROWS)
    for scale_is_free in (False, True):
        of_scale, of_noise = noise_errors(residual, nothing, 1.0, noise, scale_is_free=scale_is_free)
        assert of_scale is None
        assert of_noise == pytest.approx(mean_error(residual**2), rel=1e-9)


@pytest.mark.parametrize("scale_is_free", [True, False])
def test_scale_and_noise_vary_by_their_errors_over_draws(*, scale_is_free: bool) -> None:
    found, errors = [], []
    for seed in range(DRAWS):
        residual = drawn(seed, 1.0, 2.0)
        fitted = fit_noise(residual, VARIANCE, None if scale_is_free else 1.0)
        found.append(fitted)
        told = noise_errors(residual, VARIANCE, *fitted, scale_is_free=scale_is_free)
        errors.append([error or 0.0 for error in told])
    spread = np.std(np.log(found), axis=0)
    np.testing.assert_allclose(np.median(errors, axis=0), spread, rtol=0.35)


def test_variances_that_are_all_the_same_do_not_tell_scale_from_noise() -> None:
    residual = drawn(0, 0.0, 2.0)
    square = float(np.mean(residual**2))
    found = noise_errors(residual, np.ones(ROWS), square / 2, square / 2, scale_is_free=True)
    assert all(error is None or error > 1e3 for error in found)


@pytest.mark.parametrize(("count", "rank"), [(99, 95), (40, 20), (19, 19), (2, 1)])
def test_the_error_of_an_ordered_value_is_that_of_bootstrap_samples(count: int, rank: int) -> None:
    values = np.random.default_rng(2).exponential(size=count)
    sampled = bootstrap(
        (values,),
        lambda x, axis: np.sort(x, axis=axis)[..., rank - 1],
        n_resamples=4000,
        method="percentile",
        rng=np.random.default_rng(3),
    )
    exact = quantile_error(values, rank)
    assert exact == pytest.approx(sampled.standard_error / np.sort(values)[rank - 1], rel=0.06)


def test_an_ordered_value_of_normal_rows_varies_by_its_error() -> None:
    rows = np.abs(np.random.default_rng(4).normal(size=(500, 200)))
    errors = [quantile_error(row, 190) or math.nan for row in rows]
    spread = np.sort(rows, axis=1)[:, 189].std() / np.sort(rows, axis=1)[:, 189].mean()
    assert np.mean(errors) == pytest.approx(spread, rel=0.15)


def test_an_infinite_row_takes_the_error_where_a_sample_may_reach_it() -> None:
    assert quantile_error(np.array([1.0, 2.0, 3.0, math.inf]), 2) is None
    assert quantile_error(np.array([0.0, 0.0, 1.0]), 1) is None
    assert quantile_error(np.array([1.0]), 1) is None
