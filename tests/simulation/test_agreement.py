"""Agreement with the closed form: numbers that are known for Gaussian samples, and tell others apart."""

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.simulation.agreement import Agreement, agreement

SEEDS, ROWS, OUTPUTS = 40, 60, 2
MEAN = np.random.default_rng(0).normal(size=(ROWS, OUTPUTS))
VARIANCE = np.random.default_rng(1).uniform(0.1, 3.0, size=ROWS)


def samples(shift: float = 0.0, scale: float = 1.0, seeds: int = SEEDS) -> FloatArray:
    """Of the Gaussian, shifted by so many standard deviations and scaled."""
    z = np.random.default_rng(2).normal(size=(seeds, ROWS, OUTPUTS))
    return np.asarray(MEAN + np.sqrt(VARIANCE)[:, None] * (shift + scale * z))


def agreed(shift: float = 0.0, scale: float = 1.0) -> tuple[float, float, float, float]:
    found = agreement(samples(shift, scale), MEAN, VARIANCE)
    assert found.z_score is not None
    assert found.std_ratio is not None
    assert found.ks_statistic is not None
    assert found.ks_rejected is not None
    return found.z_score, found.std_ratio, found.ks_statistic, found.ks_rejected


def test_samples_of_the_gaussian_agree_with_it() -> None:
    """120 rows and outputs: relative errors of about 1 / sqrt(240)."""
    z_score, std_ratio, distance, rejected = agreed()
    assert z_score == pytest.approx(1.0, abs=0.25)
    assert std_ratio == pytest.approx(1.0, abs=0.05)
    assert distance == pytest.approx(0.87 / np.sqrt(SEEDS), rel=0.12)
    assert rejected < 0.15


def test_a_shift_is_seen_in_units_of_the_standard_error() -> None:
    z_score, std_ratio, distance, rejected = agreed(shift=1.0)
    assert z_score == pytest.approx(np.sqrt(1 + SEEDS), rel=0.1)
    assert std_ratio == pytest.approx(1.0, abs=0.05)
    assert distance > 0.3
    assert rejected > 0.9


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_another_scale_is_seen_in_the_standard_deviation(scale: float) -> None:
    z_score, std_ratio, _, rejected = agreed(scale=scale)
    assert z_score == pytest.approx(scale, rel=0.25)
    assert std_ratio == pytest.approx(scale, rel=0.05)
    assert rejected > 0.2


def test_units_do_not_matter() -> None:
    found = agreement(1e3 * samples() + 7.0, 1e3 * MEAN + 7.0, 1e6 * VARIANCE)
    assert (found.z_score, found.std_ratio, found.ks_statistic, found.ks_rejected) == pytest.approx(agreed())


def test_rows_without_variance_are_left_out() -> None:
    """There the closed form says a number, of which a sample is never so many standard deviations away."""
    kept = np.arange(ROWS) % 3 > 0
    outputs, variance = samples(), np.where(kept, VARIANCE, 0.0)
    outputs[:, ~kept] = 1e9
    assert agreement(outputs, MEAN, variance) == agreement(outputs[:, kept], MEAN[kept], VARIANCE[kept])
    assert agreement(outputs, MEAN, np.zeros(ROWS)) == Agreement(None, None, None, None, None)


def test_a_single_seed_has_no_deviation() -> None:
    found = agreement(samples(seeds=1), MEAN, VARIANCE)
    assert found.std_ratio is None
    assert found.z_score == pytest.approx(1.0, abs=0.25)
