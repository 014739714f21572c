"""Data to predict from, with every solver, for the tests of regression."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ntkcli.arrays import Allocate, FloatArray, in_memory
from ntkcli.inference.prediction import Prediction
from ntkcli.jobs.network import network_of
from ntkcli.journal import Journal
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.network import Network
from ntkcli.kernels.rows import GramName, Rows
from ntkcli.regression.deletion import delete_rows
from ntkcli.regression.fitted_model import FittedModel
from ntkcli.regression.fitted_stage import Answer, SolverRecord
from ntkcli.regression.kernel import KernelName
from ntkcli.regression.predict import predict
from ntkcli.regression.question import Question
from ntkcli.regression.stages import Stage, ways
from ntkcli.regression.support import Support
from ntkcli.solvers.storage import Place
from ntkcli.spec.network import NetworkSpec

INF = math.inf
KERNEL_NAMES: list[KernelName] = ["ntk", "nngp", "ntkgp"]

every_kernel = pytest.mark.parametrize("kernel", KERNEL_NAMES)
flowing_kernels = pytest.mark.parametrize("kernel", ["ntk", "nngp"])
FINITE_SOLVERS, LIMIT_SOLVERS = ("eigh", "lanczos", "chebyshev"), ("eigh", "cholesky", "pcg")
finite_solvers = pytest.mark.parametrize("solver", FINITE_SOLVERS)
limit_solvers = pytest.mark.parametrize("solver", LIMIT_SOLVERS)
WAYS = [
    *((kernel, INF, solver) for kernel in KERNEL_NAMES for solver in LIMIT_SOLVERS),
    *((kernel, 1.0, solver) for kernel in ("ntk", "nngp") for solver in FINITE_SOLVERS),
]
every_way = pytest.mark.parametrize(("kernel", "time", "solver"), WAYS)
# Those whose residuals are estimated by probes; conjugate gradients know their own.
every_probed_way = pytest.mark.parametrize(
    ("kernel", "time", "solver"), [way for way in WAYS if way[2] != "pcg"]
)

Answers = dict[tuple[KernelName, float], Answer]


def way_of(question: Question, solver: str) -> list[Stage]:
    """The stages that a choice other than auto has, with the first of the others for what it leaves."""
    return next(ways(question, solver))


@dataclass
class Regression:
    """Stages that are fitted one after another, as `ntk fit` does.

    journal: is told of phases.
    records: of the solvers, filled while answering.
    """

    support: Support
    y: FloatArray
    question: Question
    stages: Sequence[Stage]
    journal: Journal = field(default_factory=Journal)
    records: list[SolverRecord] = field(default_factory=list)

    def answers(self, test: Rows) -> Iterator[Answer]:
        """Predictions for the rows `test`, and training rows predicted without themselves."""
        model = FittedModel(self.support.rows.x, self.support.evaluator, self.question)
        for fitted in model.fit_in_turn(self.stages, self.support, self.y, self.journal):
            with self.journal.phase("predict"):
                predictions = predict(fitted, test, fitted.stage.pairs)
            deleted = delete_rows(fitted, self.y, self.journal)
            if fitted.record:
                self.records.append(fitted.record)
            for pair in fitted.stage.pairs:
                yield fitted.answer(pair, predictions[pair], deleted.get(pair))


@dataclass(frozen=True)
class Data:
    """A network, training rows with targets, and rows to predict.

    allocate: where the Gram matrices' blocks live.
    place: where the Gram matrices are.
    tile_rows: of the kernels' tiles.
    """

    network: Network
    x: FloatArray
    y: FloatArray
    x_test: FloatArray
    dtype: npt.DTypeLike = np.float64
    allocate: Allocate = field(default=in_memory)
    place: Place = "memory"
    tile_rows: int = 5

    def staged(self, question: Question, stages: Sequence[Stage]) -> Regression:
        """A regression answered by these stages."""
        evaluator = Evaluator(self.network, tile_rows=self.tile_rows, dtype=self.dtype)
        support = Support(evaluator, self.network.rows(self.x), self.allocate, self.place)
        return Regression(support, self.y, question, stages)

    def regression(self, times: dict[KernelName, list[float]], solver: str, **settings: Any) -> Regression:
        """A regression answered by a solver, as far as it can."""
        question = Question(times, **settings)
        return self.staged(question, way_of(question, solver))

    def answers(self, times: dict[KernelName, list[float]], solver: str, **settings: Any) -> Answers:
        """The answers by kernel and time."""
        return self.answers_of(self.regression(times, solver, **settings))

    def answers_of(self, regression: Regression) -> Answers:
        answers = list(regression.answers(self.network.rows(self.x_test)))
        found: Answers = {answer.pair: answer for answer in answers}
        assert len(found) == len(answers)
        return found

    def predict(self, kernel: KernelName, time: float, solver: str, **settings: Any) -> Prediction:
        return self.answers({kernel: [time]}, solver, **settings)[kernel, time].prediction

    def kernels(self, a: FloatArray, b: FloatArray) -> dict[GramName, FloatArray]:
        evaluator = Evaluator(self.network)
        return evaluator.rectangle(self.network.rows(a), self.network.rows(b), ["nngp", "ntk"])


def some_data(n: int = 8, m: int = 5, k: int = 2, activation: str = "relu", depth: int = 3) -> Data:
    rng = np.random.default_rng(11)
    network = network_of(NetworkSpec(depth=depth, activation=activation, sigma_w=1.5), 4)
    return Data(network, rng.normal(size=(n, 4)), rng.normal(size=(n, k)), rng.normal(size=(m, 4)))


def with_repeated_rows() -> Data:
    """Rows of which one stands twice and one three times, each time with another target."""
    data, rng = some_data(n=6), np.random.default_rng(3)
    repeated = rng.permutation(np.repeat(np.arange(6), [1, 2, 1, 3, 1, 1]))
    return replace(data, x=data.x[repeated], y=rng.normal(size=(len(repeated), 2)))


def variance(prediction: Prediction) -> FloatArray:
    assert prediction.variance is not None
    return prediction.variance


def covariance(prediction: Prediction) -> FloatArray:
    assert prediction.covariance is not None
    return prediction.covariance


def assert_close(actual: FloatArray, expected: FloatArray, tolerance: float = 1e-9) -> None:
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def assert_same(actual: Prediction, expected: Prediction, tolerance: float = 1e-9) -> None:
    assert_close(actual.mean, expected.mean, tolerance)
    assert_close(variance(actual), variance(expected), tolerance)
    if actual.covariance is not None and expected.covariance is not None:
        assert_close(actual.covariance, expected.covariance, tolerance)
