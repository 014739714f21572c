"""Rows with weights and in groups are scored as by dense formulas, whose ridge is a diagonal."""

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.inference.spectral_scores import Regularisation
from ntkcli.kernels.rows import GramName
from ntkcli.regression.kernel import KernelName
from ntkcli.spec.inference import InferenceSpec
from ntkcli.tuning.candidates import Candidate
from ntkcli.tuning.closed_forms import closed_forms
from ntkcli.tuning.decomposed import Decomposed, Kernels, Targets
from ntkcli.tuning.held_out import HeldOut

N, RIDGE = 14, 0.3
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(N, 20))
NNGP, NTK = X @ X.T / 20, (X[:, :18] @ X[:, :18].T + 1) / 9
KERNELS = Kernels({"nngp": NNGP, "ntk": NTK}, {"nngp": NNGP.diagonal(), "ntk": NTK.diagonal()})
Y = RANDOM.normal(size=(N, 1))
WEIGHTS = RANDOM.uniform(0.3, 2.0, size=N)
GROUPS = np.arange(N) % 5
TRAIN, HELD_OUT = np.arange(9), np.arange(9, N)
every_kernel = pytest.mark.parametrize("kernel", ["nngp", "ntk", "ntkgp"])
every_noise = pytest.mark.parametrize("is_known", [False, True])


def gram_of(kernel: KernelName) -> GramName:
    return "nngp" if kernel == "nngp" else "ntk"


def targets(*, is_known: bool = False, groups: bool = False) -> Targets:
    return Targets(Y, np.ones(1), None, WEIGHTS, GROUPS if groups else None, is_known)


def dense(
    kernel: KernelName, train: IntArray, new: IntArray, *, is_known: bool
) -> tuple[FloatArray, FloatArray]:
    """Means (m, k), and variances of observations (m,), at t = inf."""
    m = NNGP if kernel == "nngp" else NTK
    inverse = np.linalg.inv(m[np.ix_(train, train)] + RIDGE * np.diag(1 / WEIGHTS[train]))
    gain = m[np.ix_(new, train)] @ inverse
    noise = RIDGE / WEIGHTS[new]
    if kernel != "ntk":
        covariance = m[np.ix_(new, new)] - gain @ m[np.ix_(train, new)]
        return gain @ Y[train], covariance.diagonal() + noise
    left = NNGP[np.ix_(new, new)] - gain @ NNGP[np.ix_(train, new)] - NNGP[np.ix_(new, train)] @ gain.T
    covariance = left + gain @ NNGP[np.ix_(train, train)] @ gain.T
    return gain @ Y[train], covariance.diagonal() + is_known * noise


@every_kernel
@every_noise
def test_rows_held_out_are_predicted_by_weighted_ones(kernel: KernelName, is_known: bool) -> None:
    fold = Decomposed(KERNELS, gram_of(kernel), TRAIN, targets(is_known=is_known))
    held_out = HeldOut(fold, HELD_OUT, InferenceSpec(kernel=[kernel]))
    candidate = Candidate(kernel, "absolute", RIDGE, math.inf)
    means, variances = dense(kernel, TRAIN, HELD_OUT, is_known=is_known)
    np.testing.assert_allclose(held_out.means([candidate])[0], means, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(held_out.variances([candidate])[0][:, 0], variances, rtol=1e-9)


@every_kernel
@every_noise
@pytest.mark.parametrize("groups", [False, True])
def test_rows_left_out_are_predicted_by_weighted_ones(
    kernel: KernelName, is_known: bool, groups: bool
) -> None:
    own = targets(is_known=is_known, groups=groups)
    whole = Decomposed(KERNELS, gram_of(kernel), np.arange(N), own)
    (found,) = whole.left_out(kernel, [Regularisation(RIDGE, math.inf)])
    labels = GROUPS if groups else np.arange(N)
    for row in range(N):
        others = np.flatnonzero(labels != labels[row])
        mean, variance = dense(kernel, others, np.array([row]), is_known=is_known)
        np.testing.assert_allclose(found.residual[row], (Y[row] - mean)[0], rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(found.variance[row], variance[0], rtol=1e-8)


def test_the_evidence_is_the_density_of_the_targets_themselves() -> None:
    whole = Decomposed(KERNELS, "ntk", np.arange(N), targets())
    inference = InferenceSpec(kernel=["ntkgp"], variance_scale=2.0)
    candidate = Candidate("ntkgp", "absolute", RIDGE, math.inf)
    (score,) = closed_forms("log_marginal_likelihood", whole, [candidate], targets(), inference)
    covariance = 2.0 * (NTK + RIDGE * np.diag(1 / WEIGHTS))
    assert score.value == pytest.approx(multivariate_normal.logpdf(Y[:, 0], cov=covariance), rel=1e-9)


def test_a_ridge_by_the_trace_is_a_share_of_the_weighted_one() -> None:
    fold = Decomposed(KERNELS, "nngp", TRAIN, targets())
    found = fold.regularisation(Candidate("nngp", "trace", 0.1, math.inf), InferenceSpec())
    assert found.ridge == pytest.approx(0.1 * np.mean(WEIGHTS[TRAIN] * NNGP.diagonal()[TRAIN]))
