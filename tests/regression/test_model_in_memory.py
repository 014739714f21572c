"""A model that is fitted, kept, and asked again, all in memory."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.inference.prediction import Prediction
from ntkcli.jobs.network import network_of
from ntkcli.regression.fitted_model import FittedModel
from ntkcli.regression.kernel import KernelName
from ntkcli.regression.question import Pair, Question
from ntkcli.regression.stages import ways
from ntkcli.spec.network import NetworkSpec

from .cases import INF, KERNEL_NAMES, Data, assert_same, covariance, some_data

EVERYTHING: dict[KernelName, list[float]] = {"ntk": [0.0, 0.5, INF], "nngp": [2.0, INF], "ntkgp": [INF]}


@dataclass
class Shelf:
    """Arrays by name."""

    arrays: dict[str, FloatArray] = field(default_factory=dict)

    def write(self, name: str, array: FloatArray) -> None:
        self.arrays[name] = array.copy()

    def read(
        self, name: str, *shape: int, dtype: npt.DTypeLike | None = None, mapped: bool = False
    ) -> FloatArray:
        array = self.arrays[name]
        assert len(shape) == array.ndim
        assert all(a in (b, -1) for a, b in zip(shape, array.shape, strict=True))
        return array


def fitted(data: Data, question: Question, solver: str = "auto") -> FittedModel:
    (way, *_) = ways(question, solver)
    return FittedModel.fit(data.network, data.x, data.y, question, way)


def predictions(model: FittedModel, x: FloatArray) -> dict[Pair, Prediction]:
    return {answer.pair: answer.prediction for answer in model.predict(x)}


@pytest.mark.parametrize("solver", ["auto", "eigh", "lanczos"])
def test_stages_kept_together_predict_as_stages_one_after_another(solver: str) -> None:
    """Though K is factored in place for nngp, and read for the variances of ntk."""
    data = some_data()
    question = Question(EVERYTHING, ridge=0.1)
    found = predictions(fitted(data, question, solver), data.x_test)
    (way, *_) = ways(question, solver)
    expected = data.answers_of(data.staged(question, way))
    assert list(found) == question.pairs
    for pair, prediction in found.items():
        assert_same(prediction, expected[pair].prediction)


def test_noise_is_the_ridge_of_posteriors() -> None:
    data = some_data()
    model = fitted(data, Question({kernel: [INF] for kernel in KERNEL_NAMES}, ridge=0.25))
    assert [(answer.pair.kernel, answer.noise) for answer in model.predict(data.x_test)] == [
        ("ntk", 0.0),
        ("nngp", 0.25),
        ("ntkgp", 0.25),
    ]


@pytest.mark.parametrize("with_factors", [True, False])
@pytest.mark.parametrize("solver", ["eigh", "lanczos"])
def test_a_model_that_was_kept_predicts_the_same(solver: str, with_factors: bool) -> None:
    data, shelf = some_data(), Shelf()
    question = Question(EVERYTHING, ridge=0.1)
    model = fitted(data, question, solver)
    kept = model.save(shelf, with_factors=with_factors)
    assert any(name.startswith("factors/") for name in shelf.arrays) == with_factors
    again = FittedModel.load(model.evaluator, kept, question, (4, 2), shelf)
    for pair, prediction in predictions(model, data.x_test).items():
        assert_same(predictions(again, data.x_test)[pair], prediction, 1e-12)


def test_a_part_of_the_question_is_answered_by_the_stages_that_it_needs() -> None:
    data, shelf = some_data(), Shelf()
    model = fitted(data, Question(EVERYTHING, ridge=0.1))
    kept = model.save(shelf)
    part = Question({"nngp": [INF]}, ridge=0.1, uncertainty="none")
    again = FittedModel.load(model.evaluator, kept, part, (4, 2), shelf)
    assert [stage.stage.pairs for stage in again.stages] == [(("nngp", INF),)]
    (answer,) = again.predict(data.x_test)
    whole = predictions(model, data.x_test)
    np.testing.assert_allclose(answer.prediction.mean, whole[answer.pair].mean, rtol=1e-12)
    assert answer.prediction.variance is None


@pytest.mark.slow
@pytest.mark.parametrize("uncertainty", ["variance", "covariance"])
def test_rows_beyond_the_tables_are_predicted_by_wider_ones(uncertainty: Any) -> None:
    """As by a network that knew of them, in whatever order they come, and the others as ever."""
    data = some_data(activation="tanh")
    question = Question({"ntk": [INF]}, ridge=0.1, uncertainty=uncertainty)
    model = fitted(data, question)
    far = np.concatenate([9.0 * data.x_test[:2], data.x_test])[[3, 0, 4, 1, 2, 5, 6]]
    everywhere = np.concatenate([data.x, far])
    tabulated = data.network.tabulated(data.network.spans(everywhere))
    knowing = Data(tabulated, data.x, data.y, far)
    expected = knowing.answers({"ntk": [INF]}, "cholesky", ridge=0.1, uncertainty=uncertainty)
    found = predictions(model, far)["ntk", INF]  # type: ignore[index]
    assert_same(found, expected["ntk", INF].prediction, 1e-7)
    if uncertainty == "covariance":
        assert covariance(found).shape == (len(far), len(far))


def test_arrays_are_enough_and_five_lines_too() -> None:
    x = np.random.default_rng(0).normal(size=(30, 4))
    y = x[:, :1] * 5.0 + 3.0
    network = network_of(NetworkSpec(depth=3, activation="relu"), x.shape[1])
    model = FittedModel.fit(network, x, y - y.mean(), Question({"nngp": [INF]}, ridge=1e-3))
    (answer,) = model.predict(x)
    assert np.corrcoef(answer.prediction.mean[:, 0], y[:, 0])[0, 1] > 0.99
