"""The noise of observations is the most likely one, and none where it buys nothing."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm

from ntkcli.arrays import FloatArray
from ntkcli.results.observation_noise import fit_noise


def drawn(noise: float, scale: float = 1.0, rows: int = 400) -> tuple[FloatArray, FloatArray]:
    """Residuals whose variance is scale v + noise, and the variances v."""
    rng = np.random.default_rng(3)
    variance = rng.uniform(0.01, 4, size=rows)
    return rng.normal(size=rows) * np.sqrt(scale * variance + noise), variance


def loss(residual: FloatArray, variance: FloatArray) -> float:
    return -float(np.sum(norm.logpdf(residual, scale=np.sqrt(variance))))


def test_no_other_noise_is_more_likely() -> None:
    residual, variance = drawn(0.5)
    scale, noise = fit_noise(residual, variance, 1.0)
    assert scale == 1.0
    others = [loss(residual, variance + other) for other in np.geomspace(1e-3, 1e2, 500)]
    assert loss(residual, variance + noise) <= min(others) + 1e-4
    assert noise == pytest.approx(0.5, rel=0.3)


def test_no_other_scale_and_noise_are_more_likely() -> None:
    residual, variance = drawn(0.5, scale=3.0)
    scale, noise = fit_noise(residual, variance, None)
    outside = minimize(
        lambda logs: loss(residual, np.exp(logs[0]) * variance + np.exp(logs[1])),
        np.zeros(2),
        method="Nelder-Mead",
        options={"xatol": 1e-6, "fatol": 1e-8},
    )
    assert loss(residual, scale * variance + noise) <= outside.fun + 1e-4
    np.testing.assert_allclose([scale, noise], np.exp(outside.x), rtol=0.02)


@pytest.mark.parametrize("scale", [1.0, None])
def test_variances_that_are_right_get_no_noise(scale: float | None) -> None:
    residual, variance = drawn(0.0)
    found, noise = fit_noise(residual, variance, scale)
    assert noise == 0
    assert found == (np.mean(residual**2 / variance) if scale is None else 1.0)


def test_the_unit_does_not_matter() -> None:
    residual, variance = drawn(0.5)
    scale, noise = fit_noise(residual, variance, None)
    other_scale, other = fit_noise(1e-6 * residual, 1e-12 * variance, None)
    assert (other_scale, other) == pytest.approx((scale, 1e-12 * noise), rel=1e-9)


def test_variances_of_zero_leave_all_to_the_noise() -> None:
    residual, _ = drawn(0.5)
    for scale in (1.0, None):
        _, noise = fit_noise(residual, np.zeros_like(residual), scale)
        assert noise == pytest.approx(np.mean(residual**2), rel=1e-2)


def test_a_row_of_variance_zero_that_is_missed_asks_for_noise() -> None:
    residual, variance = drawn(0.0)
    variance[0] = 0.0
    assert fit_noise(residual, variance, 1.0)[1] > 0


def test_what_is_hit_has_no_noise() -> None:
    assert fit_noise(np.zeros(5), np.ones(5), 1.0) == (1.0, 0.0)
    assert fit_noise(np.zeros(5), np.zeros(5), None) == (0.0, 0.0)


def test_an_unknown_variance_makes_no_scale() -> None:
    scale, noise = fit_noise(np.ones(5), np.full(5, math.nan), None)
    assert math.isnan(scale)
    assert noise == 0
