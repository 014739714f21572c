"""The flow of Phi Phi^T from the eigenvalues of Phi^T Phi, against that of the whole matrix."""

import math
from functools import cached_property

import numpy as np
import pytest
from scipy.linalg import expm

from ntkcli.arrays import FloatArray
from ntkcli.inference.features import FeatureFlow, FeatureSmoother, evidence_bound
from ntkcli.inference.spectral_scores import Regularisation
from ntkcli.linalg.spectrum import Spectrum

from .gaussian import dense_flow

INF = math.inf
N, R = 12, 5
PHI = np.random.default_rng(0).normal(size=(N, R))
Y = np.random.default_rng(1).normal(size=(N, 2))
B = np.random.default_rng(2).normal(size=(R, 3))
every_time = pytest.mark.parametrize("time", [1e-3, 0.5, 30.0, INF])
every_ridge = pytest.mark.parametrize("ridge", [0.1, 3.0])


class Sums:
    """A = Phi^T Phi = U diag(s) U^T, decomposed."""

    @cached_property
    def spectrum(self) -> Spectrum:
        return Spectrum.of((PHI.T @ PHI).copy(order="F"))

    @property
    def rotated(self) -> FloatArray:
        """Phi U."""
        return PHI @ self.spectrum.vectors

    def flow(self, ridge: float) -> FeatureFlow:
        return FeatureFlow(self.spectrum.eigenvalues, ridge)


def gram(ridge: float) -> FloatArray:
    return np.asarray(PHI @ PHI.T + ridge * np.eye(N))


@every_ridge
@every_time
def test_the_flow_of_features_is_that_of_the_whole_matrix(ridge: float, time: float) -> None:
    """F_t(G) Phi U b, exp(-t G) Phi U b and the quadratic form, for G = Phi Phi^T + ridge I."""
    sums, flow = Sums(), dense_flow(gram(ridge), time)
    action, columns = sums.flow(ridge).on(B), Sums().rotated @ B
    np.testing.assert_allclose(sums.rotated @ action.product(time), flow @ columns, rtol=1e-9, atol=1e-12)
    decay = np.zeros((N, N)) if time == INF else expm(-time * gram(ridge))
    np.testing.assert_allclose(sums.rotated @ action.decay(time), decay @ columns, rtol=1e-9, atol=1e-12)
    quadratic = columns.T @ flow @ columns
    np.testing.assert_allclose(action.quadratic(time, full=True), quadratic, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(action.quadratic(time, full=False), quadratic.diagonal(), 1e-9, 1e-12)


@pytest.mark.parametrize("time", [1e-3, 0.5, 30.0])
def test_without_a_ridge_the_training_rows_keep_what_no_feature_has(time: float) -> None:
    """G is singular, and has a flow: the residual is exp(-t G) Y."""
    sums = Sums()
    learned = sums.rotated @ sums.flow(0.0).on(sums.rotated.T @ Y).product(time)
    np.testing.assert_allclose(Y - learned, expm(-time * gram(0.0)) @ Y, rtol=1e-9, atol=1e-11)


@every_ridge
def test_health_tells_what_is_learned_of_how_many_features(ridge: float) -> None:
    health = Sums().flow(ridge).health
    smoother = PHI @ PHI.T @ np.linalg.inv(gram(ridge))
    assert health.features == R
    assert health.smallest_eigenvalue == pytest.approx(np.linalg.eigvalsh(PHI.T @ PHI)[0], rel=1e-10)
    assert health.effective_degrees_of_freedom == pytest.approx(np.trace(smoother), rel=1e-10)


def test_features_of_zeros_learn_nothing_without_a_ridge() -> None:
    assert FeatureFlow(np.array([0.0, 2.0]), 0.0).health.effective_degrees_of_freedom == 1.0


def test_rows_that_are_not_kept_cannot_be_deleted() -> None:
    with pytest.raises(TypeError, match="do not keep the rows"):
        Sums().flow(0.1).deletion(np.array([0]), 1.0, with_quadratic=False)


def log_likelihood(covariance: FloatArray) -> float:
    """log N(Y; 0, C), summed over the outputs."""
    _, volume = np.linalg.slogdet(2 * np.pi * covariance)
    return float(-0.5 * (np.sum(Y * np.linalg.solve(covariance, Y)) + Y.shape[1] * volume))


def bound(ridge: float, left_out: float = 0.0) -> float:
    spectrum = Sums().spectrum
    targets = spectrum.rotate(PHI.T @ Y)
    return evidence_bound(spectrum.eigenvalues, targets, np.sum(Y**2, axis=0), N, ridge, left_out)


@pytest.mark.parametrize("ridge", [1e-3, 0.1, 30.0])
def test_where_nothing_is_left_out_the_bound_is_the_evidence(ridge: float) -> None:
    assert bound(ridge) == pytest.approx(log_likelihood(gram(ridge)), rel=1e-9)


@every_ridge
def test_the_bound_is_below_the_evidence_of_what_the_features_leave_out(ridge: float) -> None:
    """Of K = Phi Phi^T and more."""
    more = np.random.default_rng(3).normal(size=(N, 4))
    left = more @ more.T
    found = bound(ridge, float(np.trace(left)))
    assert found == pytest.approx(bound(ridge) - Y.shape[1] * np.trace(left) / (2 * ridge), rel=1e-12)
    assert found < log_likelihood(gram(ridge) + left)


SETTINGS = [Regularisation(ridge, time) for ridge in (0.0, 0.1, 3.0) for time in (0.0, 1e-3, 0.5, INF)]


def test_unseen_rows_are_predicted_as_by_the_whole_matrix_at_every_setting() -> None:
    phi = np.random.default_rng(4).normal(size=(4, R))
    y = np.random.default_rng(5).normal(size=(4, 2))
    spectrum = Sums().spectrum
    smoother = FeatureSmoother(spectrum, spectrum.rotate(PHI.T @ Y), phi @ spectrum.vectors, y)
    for at, found in zip(SETTINGS, smoother.left_out(SETTINGS), strict=True):
        # Weights of features follow their own flow, A's: F_t(A + ridge I) Phi^T Y.
        a = PHI.T @ PHI + at.ridge * np.eye(R)
        weights = dense_flow(a, at.time) @ PHI.T @ Y
        np.testing.assert_allclose(found.residual, y - phi @ weights, rtol=1e-9, atol=1e-11)
        assert np.isnan(found.variance).all()


def test_unseen_rows_have_no_answer_where_sums_are_singular() -> None:
    few = np.random.default_rng(6).normal(size=(3, R))
    spectrum = Spectrum.of((few.T @ few).copy(order="F"))
    smoother = FeatureSmoother(spectrum, spectrum.rotate(few.T @ Y[:3]), np.ones((4, R)), np.zeros((4, 2)))
    for at, found in zip(SETTINGS, smoother.left_out(SETTINGS, with_variance=False), strict=True):
        has_answer = at.ridge > 0 or at.time < INF
        assert np.isfinite(found.residual).all() == has_answer
        assert np.isnan(found.residual).all() != has_answer
