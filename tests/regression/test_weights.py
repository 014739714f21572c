"""Rows with weights: each has a ridge of its own, and counts as if it were there so many times."""

import math

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.journal import Journal
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.regression.deletion import delete_rows
from ntkcli.regression.feature_map import FeatureMap
from ntkcli.regression.feature_sums import FeatureSums, in_units
from ntkcli.regression.fitted_model import FittedModel
from ntkcli.regression.fitted_stage import Answer
from ntkcli.regression.kernel import KernelName
from ntkcli.regression.nystrom import Nystrom
from ntkcli.regression.question import Question
from ntkcli.regression.stages import ways

from ..kernels.inputs import make_network
from ..kernels.matrices import kernels
from .test_model_in_memory import Shelf

N, RIDGE = 12, 0.3
RANDOM = np.random.default_rng(0)
X, NEW = RANDOM.normal(size=(N, 3)), RANDOM.normal(size=(5, 3))
Y = RANDOM.normal(size=(N, 2))
WEIGHTS = RANDOM.uniform(0.2, 3.0, size=N)
COUNTS = np.arange(N) % 3 + 1
NETWORK = make_network("erf")

every_solver = pytest.mark.parametrize("solver", ["cholesky", "eigh", "lanczos", "pcg"])
every_finite_solver = pytest.mark.parametrize("solver", ["eigh", "lanczos", "chebyshev"])


def gram(kernel: KernelName, a: FloatArray, b: FloatArray) -> FloatArray:
    nngp, ntk = kernels(NETWORK, a, b)
    return nngp if kernel == "nngp" else ntk


def variances(answer: Answer) -> FloatArray:
    found = answer.prediction.variance
    assert found is not None
    return found


def question(kernel: KernelName, *times: float, left_out: tuple[int, ...] = ()) -> Question:
    return Question(times={kernel: times}, rate=0.1, ridge=RIDGE, tolerance=1e-13, leave_one_out=left_out)


def fitted(
    asked: Question,
    solver: str,
    weights: FloatArray | None = WEIGHTS,
    rows: FloatArray = X,
    y: FloatArray = Y,
) -> FittedModel:
    stages = next(ways(asked, solver))
    return FittedModel.fit(NETWORK, rows, y, asked, stages, weights=weights)


def assert_same(found: list[Answer], expected: list[Answer]) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.prediction.mean, other.prediction.mean, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(variances(one), variances(other), rtol=1e-8, atol=1e-9)


@every_solver
@pytest.mark.parametrize("kernel", ["nngp", "ntkgp"])
def test_a_posterior_is_that_with_a_ridge_for_every_row(kernel: KernelName, solver: str) -> None:
    (answer,) = fitted(question(kernel, math.inf), solver).predict(NEW)
    inverse = np.linalg.inv(gram(kernel, X, X) + RIDGE * np.diag(1 / WEIGHTS))
    cross = gram(kernel, NEW, X)
    np.testing.assert_allclose(answer.prediction.mean, cross @ inverse @ Y, rtol=1e-10, atol=1e-10)
    variance = (gram(kernel, NEW, NEW) - cross @ inverse @ cross.T).diagonal()
    np.testing.assert_allclose(variances(answer), variance, rtol=1e-9, atol=1e-10)


@every_solver
def test_an_ensemble_is_that_with_a_ridge_for_every_row(solver: str) -> None:
    (answer,) = fitted(question("ntk", math.inf), solver).predict(NEW)
    a = gram("ntk", NEW, X) @ np.linalg.inv(gram("ntk", X, X) + RIDGE * np.diag(1 / WEIGHTS))
    prior, cross = gram("nngp", X, X), gram("nngp", NEW, X)
    covariance = gram("nngp", NEW, NEW) - a @ cross.T - cross @ a.T + a @ prior @ a.T
    np.testing.assert_allclose(answer.prediction.mean, a @ Y, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(variances(answer), covariance.diagonal(), rtol=1e-9, atol=1e-10)


@every_finite_solver
@pytest.mark.parametrize("kernel", ["ntk", "nngp"])
def test_a_weight_counts_like_so_many_equal_rows_at_every_time(kernel: KernelName, solver: str) -> None:
    asked = question(kernel, 0.5, 20.0)
    weighted = fitted(asked, solver, COUNTS.astype(np.float64))
    repeated = fitted(asked, "eigh", None, np.repeat(X, COUNTS, axis=0), np.repeat(Y, COUNTS, axis=0))
    assert_same(weighted.predict(NEW), repeated.predict(NEW))


def test_weights_of_one_change_nothing() -> None:
    asked = question("ntk", 3.0, math.inf)
    assert_same(fitted(asked, "eigh", np.ones(N)).predict(NEW), fitted(asked, "eigh", None).predict(NEW))


@pytest.mark.parametrize(
    ("kernel", "time"), [("nngp", math.inf), ("ntk", math.inf), ("nngp", 2.0), ("ntk", 2.0)]
)
def test_rows_left_out_are_predicted_as_by_deleting_them(kernel: KernelName, time: float) -> None:
    asked = question(kernel, time, left_out=tuple(range(N)))
    ((stage),) = fitted(asked, "eigh").stages
    (found,) = delete_rows(stage, Y, Journal()).values()
    for row in range(N):
        others = np.delete(np.arange(N), row)
        model = fitted(question(kernel, time), "eigh", WEIGHTS[others], X[others], Y[others])
        (answer,) = model.predict(X[[row]])
        variance = variances(answer) + answer.noise / WEIGHTS[row]
        np.testing.assert_allclose(found.residual[row], (Y[row] - answer.prediction.mean)[0], atol=1e-8)
        np.testing.assert_allclose(found.variance[row], variance[0], rtol=1e-7)


def test_a_saved_model_has_its_weights() -> None:
    shelf = Shelf()
    asked = question("nngp", math.inf)
    model = fitted(asked, "cholesky")
    kept = model.save(shelf, with_factors=False)
    loaded = FittedModel.load(model.evaluator, kept, asked, (3, 2), shelf, weighted=True)
    assert_same(loaded.predict(NEW), model.predict(NEW))


@pytest.mark.parametrize("kernel", ["ntk", "nngp"])
def test_a_weight_counts_like_so_many_equal_rows_in_an_approximation(kernel: KernelName) -> None:
    features = FeatureMap.of(Evaluator(NETWORK), X[:7], ["nngp", "ntk"])
    weighted = FeatureSums.empty(features, 2, with_cross=True)
    for part in in_units([(X, Y, COUNTS.astype(np.float64))], 5):
        weighted.add(*part)
    repeated = FeatureSums.empty(features, 2, with_cross=True)
    repeated.add(np.repeat(X, COUNTS, axis=0), np.repeat(Y, COUNTS, axis=0))
    asked = question(kernel, 2.0, math.inf)
    one, other = (Nystrom.of(sums, ["nngp", "ntk"]).model(asked) for sums in (weighted, repeated))
    assert_same(one.predict(NEW), other.predict(NEW))
    assert weighted.rows == N
