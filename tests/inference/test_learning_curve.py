import math

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.inference.learning_curve import GramLearningCurve
from ntkcli.linalg.spectrum import Spectrum

from .features import Population, power_law
from .population_curve import capture_threshold, expected_error

LONG = power_law(200_000, 2.0, 2.5)


def curve_of(gram: FloatArray, y: FloatArray, ridge: float) -> GramLearningCurve:
    return GramLearningCurve(Spectrum.of(gram.copy(order="F")), y, ridge)


def theory(population: Population, rows: float, ridge: float) -> float:
    return expected_error(rows, ridge, population.eigenvalues, population.coefficients**2, population.noise)


@pytest.mark.parametrize("decay", [2.0, 3.0])
def test_the_threshold_of_a_power_law_is_the_integrals(decay: float) -> None:
    """kappa n^a -> ((pi / a) / sin(pi / a))^a (Canatar, Bordelon & Pehlevan 2021)."""
    n, eigenvalues = 1000, np.arange(1.0, 200_001) ** -decay
    expected = (math.pi / decay / math.sin(math.pi / decay)) ** decay
    assert capture_threshold(n, 0.0, eigenvalues) * n**decay == pytest.approx(expected, rel=0.02)


def test_the_error_of_a_power_law_falls_as_the_power_that_is_left() -> None:
    """E ~ n^-(b - 1) for w_i^2 = i^-b and b - 1 < 2 a."""
    errors = [theory(LONG, n, 0.0) for n in (200, 800)]
    assert math.log(errors[0] / errors[1]) / math.log(4) == pytest.approx(1.5, rel=0.02)


@pytest.mark.parametrize("rows", [20, 60, 150, 400])
def test_equal_eigenvalues_have_the_known_double_descent(rows: int) -> None:
    """Hastie, Montanari, Rosset & Tibshirani 2022, theorem 1 and corollary 1."""
    p, power, noise = 100, 0.03, 0.5
    found = expected_error(rows, 0.0, np.full(p, 3.0), np.full(p, power), noise)
    below, above = p * power * (1 - rows / p) + noise * p / (p - rows), noise * rows / (rows - p)
    assert found == pytest.approx(below if rows < p else above, rel=1e-9)


def test_as_many_rows_as_modes_have_no_bounded_error() -> None:
    assert expected_error(5, 0.0, np.ones(5), np.ones(5), 0.1) == math.inf


def test_the_error_is_the_thresholds_slope_in_the_ridge() -> None:
    """E = B n dkappa / dridge (Jacot et al. 2020)."""
    eigenvalues, power = LONG.eigenvalues[:2000], LONG.coefficients[:2000] ** 2
    n, ridge, step = 60, 1e-3, 1e-7
    ends = [capture_threshold(n, ridge + side * step, eigenvalues) for side in (-1, 1)]
    kappa = sum(ends) / 2
    bias = np.sum((kappa / (eigenvalues + kappa)) ** 2 * power)
    expected = bias * n * (ends[1] - ends[0]) / (2 * step)
    assert expected_error(n, ridge, eigenvalues, power) == pytest.approx(expected, rel=1e-5)


POPULATIONS = {
    "steep": (power_law(1500, 2.0, 2.0, 0.1), 1e-2),
    "no ridge": (power_law(1500, 1.5, 1.5, 0.05), 0.0),
    "strong ridge": (power_law(1500, 1.3, 2.0), 2.0),
}
every_population = pytest.mark.parametrize("name", POPULATIONS)


@every_population
def test_one_gram_matrix_shows_the_populations_curve(name: str) -> None:
    population, ridge = POPULATIONS[name]
    curves = [curve_of(*population.sample(200, seed), ridge) for seed in range(6)]
    for rows in (12, 50, 100, 200):
        mean = np.mean([curve.error(rows) for curve in curves])
        assert mean == pytest.approx(theory(population, rows, ridge), rel=0.15)


@every_population
def test_the_power_laws_go_on_as_the_populations(name: str) -> None:
    population, ridge = POPULATIONS[name]
    curves = [curve_of(*population.sample(200, seed), ridge) for seed in range(6)]
    mean = np.mean([curve.error(500) for curve in curves])
    assert mean == pytest.approx(theory(population, 500, ridge), rel=0.25)


def test_the_prediction_is_what_fits_to_some_of_the_rows_come_to() -> None:
    population, ridge = power_law(1500, 1.5, 2.0, 0.1), 0.05
    gram, y = population.sample(300, 0)
    curve, random = curve_of(gram, y, ridge), np.random.default_rng(1)
    for rows in (20, 75, 150):
        errors = []
        for _ in range(40):
            own, rest = np.split(random.permutation(300), [rows])
            inside = gram[np.ix_(own, own)] + ridge * np.eye(rows)
            predicted = gram[np.ix_(rest, own)] @ np.linalg.solve(inside, y[own])
            errors.append(np.mean((predicted - y[rest]) ** 2))
        assert curve.error(rows) == pytest.approx(np.mean(errors), rel=0.1)


def test_all_rows_come_to_generalised_cross_validation() -> None:
    gram, y = power_law(400, 1.5, 2.0, 0.1).sample(60, 0)
    for ridge in (0.0, 0.1):
        inverse = np.linalg.inv(gram + ridge * np.eye(60))
        expected = np.mean((inverse @ y) ** 2) / np.mean(inverse.diagonal()) ** 2
        assert curve_of(gram, y, ridge).error(60) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_the_unit_of_the_kernel_does_not_matter(unit: float) -> None:
    gram, y = power_law(400, 1.5, 2.0, 0.1).sample(60, 0)
    one, other = curve_of(gram, y, 0.1), curve_of(unit * gram, y, unit * 0.1)
    for rows in (3, 30, 60, 200):
        assert other.error(rows) == pytest.approx(one.error(rows), rel=1e-6)


def test_several_targets_have_the_mean_error() -> None:
    gram, y = power_law(400, 1.5, 2.0, 0.1).sample(60, 0)
    one, other = (curve_of(gram, targets, 0.1) for targets in (y, np.flip(y)))
    both = curve_of(gram, np.hstack([y, np.flip(y)]), 0.1)
    for rows in (5, 60):
        assert both.error(rows) == pytest.approx((one.error(rows) + other.error(rows)) / 2, rel=1e-9)


def test_a_kernel_of_zero_predicts_zero() -> None:
    y = np.arange(1.0, 7.0)[:, None]
    curve = curve_of(np.zeros((6, 6)), y, 0.5)
    assert [curve.error(rows) for rows in (2, 6)] == pytest.approx([np.mean(y**2)] * 2)
    assert math.isnan(curve_of(np.zeros((6, 6)), y, 0.0).error(3))


def test_a_singular_matrix_predicts_what_its_rank_allows() -> None:
    gram, y = power_law(400, 1.5, 2.0, 0.1).sample(40, 0)
    twice = np.repeat(np.arange(40), 2)
    curve = curve_of(gram[np.ix_(twice, twice)], y[twice], 0.0)
    assert 0 < curve.error(20) < math.inf
    assert all(math.isnan(curve.error(rows)) for rows in (40, 45, 80, 200))
    with_ridge = curve_of(gram[np.ix_(twice, twice)], y[twice], 1e-3)
    assert all(0 < with_ridge.error(rows) < math.inf for rows in (2, 20, 45, 80, 200, 800))


def test_features_that_end_leave_the_noise_and_its_variance() -> None:
    """Ten equal eigenvalues and a ridge: E -> noise / (1 - 10 / n) as for least squares."""
    population = Population(np.ones(10), np.zeros(10), 1.0)
    curve = curve_of(*population.sample(100, 0), 1e-4)
    assert curve.error(1000) == pytest.approx(1.0, rel=0.25)


@pytest.mark.parametrize("ridge", [0.05, 1.0])
def test_the_power_laws_go_on_from_the_prediction_for_all_rows(ridge: float) -> None:
    rng, population = np.random.default_rng(3), power_law(2000, 1.5, 2.0)
    features = rng.standard_normal((300, 2000)) * np.sqrt(population.eigenvalues)
    y = features @ rng.standard_normal((2000, 1)) * 0.1 + 0.1 * rng.standard_normal((300, 1))
    curve = curve_of(features @ features.T, y, ridge)
    assert curve.error(300.01) == pytest.approx(curve.error(300), rel=1e-3)
    assert curve.error(3000) < curve.error(300)
