import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from ntkcli.arrays import FloatArray
from ntkcli.inference.time_course import TimeCourse, rotated_diagonal
from ntkcli.linalg.blocks import SymmetricBlocks

from .features import Features
from .spectra import in_blocks, symmetric

N, P, K = 6, 9, 2
RANDOM = np.random.default_rng(0)
FEATURES = Features(RANDOM.normal(size=(N, P)) / 3, RANDOM.normal(size=(N, K)))
PRIOR = symmetric(np.geomspace(2.0, 0.1, N), seed=3)

every_ridge = pytest.mark.parametrize("ridge", [0.0, 0.2])
every_time = pytest.mark.parametrize("time", [0.0, 1e-3, 0.7, 5.0, 40.0])


def course_of(ridge: float, features: Features = FEATURES) -> TimeCourse:
    spectrum = features.spectrum
    prior = np.diag(spectrum.vectors.T @ PRIOR @ spectrum.vectors)
    return TimeCourse(spectrum.eigenvalues, spectrum.rotate(features.y), prior, ridge)


def trained(ridge: float, time: float, start: FloatArray) -> FloatArray:
    """theta_t - theta_0 (p, k), by integrating the weights' differential equation from f_0 (n, k)."""
    jacobian, y = FEATURES.jacobian, FEATURES.y

    def slope(_: float, flat: FloatArray) -> FloatArray:
        theta = flat.reshape(P, K)
        change = -jacobian.T @ (start + jacobian @ theta - y) - ridge * theta
        return np.asarray(change.ravel())

    found = solve_ivp(slope, (0.0, time), np.zeros(P * K), method="DOP853", rtol=1e-11, atol=1e-12)
    return np.asarray(found.y[:, -1].reshape(P, K))


@every_ridge
@every_time
def test_the_course_is_that_of_the_weights_differential_equation(ridge: float, time: float) -> None:
    course, theta = course_of(ridge), trained(ridge, time, np.zeros((N, K)))
    change = FEATURES.jacobian @ theta
    loss = 0.5 * np.sum((change - FEATURES.y) ** 2)
    assert course.loss(time) == pytest.approx(loss, rel=1e-8)
    assert course.weight_distance(time) == pytest.approx(np.linalg.norm(theta), rel=1e-8, abs=1e-12)
    assert course.function_change(time) == pytest.approx(np.sqrt(np.mean(change**2)), rel=1e-8, abs=1e-12)


@every_ridge
@pytest.mark.parametrize("time", [0.7, 5.0])
def test_the_mean_over_initialisations_is_that_over_columns_of_the_priors_root(
    ridge: float, time: float
) -> None:
    """f_0 = sqrt(n) L e_i, one for each output and sign, has mean 0 and the covariance K of the prior."""
    root = math.sqrt(N) * np.linalg.cholesky(PRIOR)
    starts = [sign * root[:, [i] * K] for i in range(N) for sign in (1, -1)]
    squares = [np.sum(trained(ridge, time, start) ** 2) for start in starts]
    assert course_of(ridge).weight_distance_rms(time) == pytest.approx(math.sqrt(np.mean(squares)), rel=1e-8)


def test_nothing_has_happened_at_time_zero() -> None:
    course = course_of(0.2)
    assert course.loss(0.0) == pytest.approx(0.5 * np.sum(FEATURES.y**2), rel=1e-12)
    assert course.weight_distance(0.0) == course.weight_distance_rms(0.0) == course.function_change(0.0) == 0


def test_in_the_limit_the_targets_are_met_at_a_distance_of_their_norm() -> None:
    course, inverse = course_of(0.0), np.linalg.inv(FEATURES.gram)
    assert course.loss(math.inf) == 0.0
    norm = np.trace(FEATURES.y.T @ inverse @ FEATURES.y)
    assert course.weight_distance(math.inf) ** 2 == pytest.approx(norm, rel=1e-10)
    both = norm + K * np.trace(inverse @ PRIOR)
    assert course.weight_distance_rms(math.inf) ** 2 == pytest.approx(both, rel=1e-10)
    assert course.function_change(math.inf) == pytest.approx(np.sqrt(np.mean(FEATURES.y**2)), rel=1e-12)


@every_ridge
def test_loss_falls_and_distances_grow(ridge: float) -> None:
    course, times = course_of(ridge), [0.0, *np.geomspace(1e-6, 1e6, 50), math.inf]
    assert np.all(np.diff([course.loss(time) for time in times]) <= 0)
    for distance in (course.weight_distance, course.weight_distance_rms):
        assert np.all(np.diff([distance(time) for time in times]) >= 0)


def test_a_small_loss_keeps_its_digits() -> None:
    g = np.array([1.0])
    course = TimeCourse(g, np.ones((1, 1)), g, ridge=1e-12)
    assert course.loss(math.inf) == pytest.approx(0.5e-24, rel=1e-10)
    assert TimeCourse(g, np.ones((1, 1)), g).loss(40.0) == pytest.approx(0.5 * math.exp(-80), rel=1e-12)


def test_a_mode_that_the_matrix_has_not_is_never_learned() -> None:
    course = TimeCourse(np.array([0.0, 1.0]), np.ones((2, 1)), np.zeros(2))
    assert course.loss(1e300) == pytest.approx(0.5, rel=1e-12)
    assert course.weight_distance(1e300) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("strip", [1, 4, 256])
def test_the_rotated_diagonal_is_that_of_the_product(strip: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ntkcli.inference.time_course.STRIP_COLUMNS", strip)
    matrix, vectors = symmetric(np.geomspace(1, 1e-3, 11)), np.linalg.qr(RANDOM.normal(size=(11, 11)))[0]
    blocks: SymmetricBlocks = in_blocks(matrix, 4)
    np.testing.assert_allclose(
        rotated_diagonal(vectors, blocks), np.diag(vectors.T @ matrix @ vectors), rtol=1e-12
    )
