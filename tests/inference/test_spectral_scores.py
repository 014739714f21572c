import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import multivariate_normal

from ntkcli.arrays import FloatArray
from ntkcli.inference import spectral_scores
from ntkcli.inference.ensemble import ensemble
from ntkcli.inference.leave_one_out import LeaveOneOut
from ntkcli.inference.posterior import posterior
from ntkcli.inference.spectral_scores import Regularisation, SpectralSmoother
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.linalg.spectrum import Spectrum

from .deleting import delete_each
from .dense import Dense
from .gaussian import Joint, Problem, spectral_flow

INF = math.inf
PROBLEM = Problem()
THETA, K, Y = PROBLEM.ntk, PROBLEM.nngp, PROBLEM.y

every_time = pytest.mark.parametrize("time", [0.0, 1e-200, 1e-3, 1.0, 30.0, 1e4, INF])
every_ridge = pytest.mark.parametrize("ridge", [0.0, 1e-3, 0.3])


def smoother_of(matrix: FloatArray, y: FloatArray = Y) -> tuple[SpectralSmoother, FloatArray]:
    """And the eigenvectors."""
    spectrum = Spectrum.of(matrix.copy(order="F"))
    return SpectralSmoother(spectrum, y), spectrum.vectors


def left_out(
    smoother: SpectralSmoother, ridge: float, time: float, prior: FloatArray | None = None
) -> LeaveOneOut:
    (found,) = smoother.left_out([Regularisation(ridge, time)], prior)
    return found


def rotated_prior(vectors: FloatArray) -> FloatArray:
    return np.asarray(vectors.T @ K.train @ vectors)


@every_time
@every_ridge
def test_a_row_left_out_is_a_row_that_was_deleted(time: float, ridge: float) -> None:
    smoother, vectors = smoother_of(THETA.train)
    expected = delete_each(THETA.train, K.train, Y, ridge, time)
    found = left_out(smoother, ridge, time)
    np.testing.assert_allclose(found.residual, expected.residual, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.variance, expected.posterior, rtol=1e-9)
    ensemble = left_out(smoother, ridge, time, rotated_prior(vectors))
    np.testing.assert_allclose(ensemble.variance, expected.ensemble, rtol=1e-9)


@every_time
@pytest.mark.parametrize("ridge", [1e-3, 0.3])
def test_a_group_left_out_is_a_group_that_was_deleted(time: float, ridge: float) -> None:
    smoother, vectors = smoother_of(THETA.train)
    groups = np.array([3, 1, 1, 7] * len(Y))[: len(Y)]
    expected = delete_each(THETA.train, K.train, Y, ridge, time, groups)
    for prior, variance in ((None, expected.posterior), (rotated_prior(vectors), expected.ensemble)):
        (found,) = smoother.left_out([Regularisation(ridge, time)], prior, groups=groups)
        np.testing.assert_allclose(found.residual, expected.residual, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(found.variance, variance, rtol=1e-8, atol=1e-12)


def test_groups_of_one_row_are_rows() -> None:
    smoother, _ = smoother_of(THETA.train)
    settings = [Regularisation(0.1, time) for time in (0.5, INF)]
    rows, groups = np.arange(len(Y))[::-1], smoother.left_out(settings)
    for one, other in zip(smoother.left_out(settings, groups=rows), groups, strict=True):
        np.testing.assert_allclose(one.residual, other.residual, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(one.variance, other.variance, rtol=1e-9)


def test_nothing_is_learnt_at_time_zero() -> None:
    smoother, vectors = smoother_of(THETA.train)
    found = left_out(smoother, 0.3, 0.0)
    np.testing.assert_allclose(found.residual, Y, rtol=1e-13)
    np.testing.assert_allclose(found.variance, THETA.train.diagonal() + 0.3, rtol=1e-13)
    ensemble = left_out(smoother, 0.3, 0.0, rotated_prior(vectors))
    np.testing.assert_allclose(ensemble.variance, K.train.diagonal(), rtol=1e-13)


@every_ridge
def test_the_limit_is_the_textbooks(ridge: float) -> None:
    smoother, _ = smoother_of(K.train)
    inverse = np.linalg.inv(K.train + ridge * np.eye(len(Y)))
    expected = inverse @ Y / inverse.diagonal()[:, None]
    found = left_out(smoother, ridge, INF)
    np.testing.assert_allclose(found.residual, expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found.variance, 1 / inverse.diagonal(), rtol=1e-10)


def test_the_rows_come_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    smoother, vectors = smoother_of(THETA.train)

    def scores() -> list[FloatArray]:
        prior = rotated_prior(vectors)
        settings = [Regularisation(0.1, 2.0), Regularisation(0.2, INF)]
        found = [*smoother.left_out(settings), *smoother.left_out(settings, prior)]
        return [array for one in found for array in (one.residual, one.variance)]

    whole = scores()
    monkeypatch.setattr(spectral_scores, "ROWS_AT_ONCE", 4)
    for a, b in zip(scores(), whole, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize("most", [1, 2000, 4_000_000])
@pytest.mark.parametrize("of_ensemble", [False, True])
def test_many_settings_have_what_each_has_alone(
    of_ensemble: bool, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spectral_scores, "MOST_NODES", most)
    monkeypatch.setattr(spectral_scores, "ROWS_AT_ONCE", 4)
    smoother, vectors = smoother_of(THETA.train)
    prior = rotated_prior(vectors) if of_ensemble else None
    times = [0.0, 1e-200, 1e-3, 1.0, INF, 30.0, 1e4]
    settings = [Regularisation(ridge, time) for time in times for ridge in (0.0, 1e-3, 0.3)]
    for at, found in zip(settings, smoother.left_out(settings, prior), strict=True):
        alone = left_out(smoother, *at, prior)
        np.testing.assert_allclose(found.residual, alone.residual, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found.variance, alone.variance, rtol=1e-9)


def test_variances_that_nobody_wants_are_not_computed() -> None:
    smoother, _ = smoother_of(THETA.train)
    (found,) = smoother.left_out([Regularisation(0.1, 1.0)], with_variance=False)
    np.testing.assert_array_equal(found.residual, left_out(smoother, 0.1, 1.0).residual)
    assert np.isnan(found.variance).all()


@every_ridge
def test_the_evidence_is_the_density_of_the_targets(ridge: float) -> None:
    smoother, _ = smoother_of(K.train)
    density = multivariate_normal(np.zeros(len(Y)), K.train + ridge * np.eye(len(Y)))
    expected = sum(density.logpdf(column) for column in Y.T)
    assert smoother.evidence(ridge) == pytest.approx(expected, rel=1e-10)


@every_ridge
def test_the_scaled_evidence_is_the_best_of_all_scales(ridge: float) -> None:
    def loss(log_scale: float) -> float:
        covariance = math.exp(log_scale) * (K.train + ridge * np.eye(len(Y)))
        density = multivariate_normal(np.zeros(len(Y)), covariance)
        return -float(sum(density.logpdf(column) for column in Y.T))

    smoother, _ = smoother_of(K.train)
    found = minimize_scalar(loss, bounds=(-10, 10), method="bounded", options={"xatol": 1e-8})
    assert smoother.evidence_scaled(ridge) == pytest.approx(-found.fun, rel=1e-10)


@given(factor=st.floats(1e-3, 1e3))
def test_the_scaled_evidence_does_not_see_the_kernels_scale(factor: float) -> None:
    one, other = (smoother_of(matrix)[0].evidence_scaled(0.0) for matrix in (K.train, factor * K.train))
    assert other == pytest.approx(one, rel=1e-9)


def test_targets_of_zero_are_infinitely_likely_at_scale_zero() -> None:
    smoother, _ = smoother_of(K.train, np.zeros_like(Y))
    assert smoother.evidence_scaled(0.1) == INF
    assert smoother.evidence(0.1) < INF


@every_time
@every_ridge
def test_validation_predictions_are_the_posteriors(time: float, ridge: float) -> None:
    smoother, vectors = smoother_of(K.train)
    flow, rotated = spectral_flow(K.train, ridge), K.test_train @ vectors
    mean = K.test_train @ flow.on(Y).product(time)
    expected = posterior(flow.on(K.test_train.T), time, mean, K.test.diagonal())
    assert expected.variance is not None
    np.testing.assert_allclose(
        smoother.means(rotated, [Regularisation(ridge, time)])[0], mean, rtol=1e-10, atol=1e-13
    )
    found = smoother.posterior_variances(rotated, K.test.diagonal(), [Regularisation(ridge, time)])[0]
    np.testing.assert_allclose(found, expected.variance, rtol=1e-9)


@every_time
@every_ridge
def test_validation_predictions_are_the_ensembles(time: float, ridge: float) -> None:
    smoother, vectors = smoother_of(THETA.train)
    flow, rotated = spectral_flow(THETA.train, ridge), THETA.test_train @ vectors
    mean = THETA.test_train @ flow.on(Y).product(time)
    action, prior = flow.on(THETA.test_train.T), Dense(K.train)
    expected = ensemble(action, time, mean, K.test_train, K.test.diagonal(), prior)
    assert expected.variance is not None
    np.testing.assert_allclose(
        smoother.means(rotated, [Regularisation(ridge, time)])[0], mean, rtol=1e-10, atol=1e-13
    )
    found = smoother.ensemble_variance(
        rotated, K.test_train @ vectors, K.test.diagonal(), rotated_prior(vectors), ridge, time
    )
    np.testing.assert_allclose(found, expected.variance, rtol=1e-9)


def test_a_known_row_has_no_variance_rather_than_a_negative_one() -> None:
    smoother, vectors = smoother_of(K.train)
    rotated, prior = K.train @ vectors, K.train.diagonal()
    variances = [
        smoother.posterior_variances(rotated, prior, [Regularisation(0.0, INF)])[0],
        smoother.ensemble_variance(rotated, rotated, prior, rotated_prior(vectors), 0.0, INF),
    ]
    for variance in variances:
        assert np.all((variance >= 0) & (variance < 1e-12))


@pytest.fixture
def twins() -> Joint:
    """A Gram matrix with two equal rows."""
    rows = [*range(PROBLEM.n - 1), 0]
    return Joint(K.train[np.ix_(rows, rows)], PROBLEM.n)


def test_a_singular_matrix_is_not_inverted(twins: Joint) -> None:
    smoother, vectors = smoother_of(twins.train)
    rotated, prior, among = twins.train @ vectors, twins.train.diagonal(), rotated_prior(vectors)
    for refused in (smoother.evidence, smoother.evidence_scaled):
        with pytest.raises(SingularMatrixError) as refusal:
            refused(0.0)
        assert refusal.value.row in (0, PROBLEM.n - 1)
    settings = [Regularisation(0.0, INF), Regularisation(0.1, INF), Regularisation(0.0, 1.0)]
    for stacked in (
        smoother.means(rotated, settings),
        smoother.posterior_variances(rotated, prior, settings),
        np.stack([found.residual for found in smoother.left_out(settings)]),
        np.stack([found.variance for found in smoother.left_out(settings)]),
        np.stack([found.variance for found in smoother.left_out(settings, among)]),
    ):
        assert np.isnan(stacked).any(axis=tuple(range(1, stacked.ndim))).tolist() == [True, False, False]


@pytest.mark.parametrize("ridge", [0.0, 1e-17, 1e-13, 1e-3])
def test_what_is_singular_is_what_is_singular_to_the_spectrum(twins: Joint, ridge: float) -> None:
    spectrum = Spectrum.of(twins.train.copy(order="F"))
    smoother = SpectralSmoother(spectrum, Y)

    def singular(check: object) -> bool:
        assert callable(check)
        try:
            check()
        except SingularMatrixError:
            return True
        return False

    assert singular(lambda: spectrum.check_positive(ridge)) == singular(lambda: smoother.evidence(ridge))


def test_a_singular_matrix_is_no_obstacle_with_a_ridge_or_before_the_end(twins: Joint) -> None:
    """A row is as good as known by its twin, if only to the noise."""
    smoother, _ = smoother_of(twins.train)
    variance = left_out(smoother, 1e-6, INF).variance
    np.testing.assert_allclose(variance[[0, -1]], 2e-6, rtol=1e-3)
    expected = Y[0] - Y[-1]
    np.testing.assert_allclose(left_out(smoother, 1e-9, INF).residual[0], expected, rtol=1e-4)
    np.testing.assert_allclose(left_out(smoother, 0.0, 1e6).residual[0], expected, rtol=1e-4)


def test_float32_vectors_give_float64_of_less_digits() -> None:
    spectrum = Spectrum.of(K.train.astype(np.float32, order="F"))
    smoother, (exact, _) = SpectralSmoother(spectrum, Y), smoother_of(K.train)
    for time in (1.0, INF):
        found, expected = left_out(smoother, 0.3, time), left_out(exact, 0.3, time)
        assert found.residual.dtype == found.variance.dtype == np.float64
        np.testing.assert_allclose(found.residual, expected.residual, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(found.variance, expected.variance, rtol=1e-4)
