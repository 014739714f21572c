import json
import math
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.linalg import expm

from ntkcli.arrays import FloatArray
from ntkcli.inference.prediction import Prediction
from ntkcli.kernels.activations import ACTIVATIONS
from ntkcli.kernels.gram import Gram
from ntkcli.kernels.network import Network
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.regression import GRAM_OF, Answer, Question, Regression

INF = math.inf
KERNELS = ["ntk", "nngp", "ntkgp"]
with np.load(Path(__file__).parent / "references" / "neural_tangents.npz") as file:
    ARRAYS = dict(file)
REFERENCES: dict[str, dict[str, Any]] = {
    case: settings
    for case, settings in json.loads(str(ARRAYS["manifest"])).items()
    if settings["kind"] == "predict"
}

every_reference = pytest.mark.parametrize("case", REFERENCES)
every_kernel = pytest.mark.parametrize("kernel", KERNELS)
flowing_kernels = pytest.mark.parametrize("kernel", ["ntk", "nngp"])
both_solvers = pytest.mark.parametrize("solver", ["eigh", "cholesky"])


@dataclass(frozen=True)
class Data:
    """A network, training rows with targets, and rows to predict."""

    network: Network
    x: FloatArray
    y: FloatArray
    x_test: FloatArray
    dtype: npt.DTypeLike = np.float64

    def regression(self, question: Question) -> Regression:
        gram = Gram(self.network, tile_rows=5, dtype=self.dtype)
        return Regression(gram, self.network.rows(self.x), self.y, question)

    def answers(self, times: dict[str, list[float]], **settings: Any) -> dict[tuple[str, float], Answer]:
        regression = self.regression(Question(times, **settings))
        matrices = regression.gram.symmetric(regression.train, regression.question.grams)
        answers = regression.answers(matrices, self.network.rows(self.x_test))
        return {(answer.kernel, answer.time): answer for answer in answers}

    def predict(self, kernel: str, time: float, **settings: Any) -> Prediction:
        return self.answers({kernel: [time]}, **settings)[kernel, time].prediction

    def limit(self, kernel: str, solver: str, **settings: Any) -> Prediction:
        return self.answers(to_the_limit(kernel, solver), **settings)[kernel, INF].prediction

    def kernels(self, a: FloatArray, b: FloatArray) -> dict[str, FloatArray]:
        gram = Gram(self.network)
        return gram.rectangle(self.network.rows(a), self.network.rows(b), ["nngp", "ntk"])


def to_the_limit(kernel: str, solver: str) -> dict[str, list[float]]:
    """Times that include inf for `kernel`; a finite time beside it asks for the eigendecomposition."""
    if solver == "cholesky":
        return {kernel: [INF]}
    return {GRAM_OF[kernel]: [1.0, INF], kernel: [INF] if kernel == "ntkgp" else [1.0, INF]}


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


def some_data(n: int = 8, m: int = 5, k: int = 2, activation: str = "relu", depth: int = 3) -> Data:
    rng = np.random.default_rng(11)
    network = Network(depth, ACTIVATIONS[activation], 1.5, 0.1)
    return Data(network, rng.normal(size=(n, 4)), rng.normal(size=(n, k)), rng.normal(size=(m, 4)))


def reference_data(case: str) -> Data:
    settings = REFERENCES[case]
    activation = ACTIVATIONS[settings["activation"]]
    network = Network(settings["depth"], activation, settings["sigma_w"], settings["sigma_b"])
    return Data(network, *(ARRAYS[f"{case}/{name}"] for name in ("x_train", "y_train", "x_test")))


def reference_prediction(case: str, kernel: str, time: float) -> tuple[FloatArray, FloatArray]:
    suffix = "" if kernel == "ntkgp" else f"_t{time:g}"
    return ARRAYS[f"{case}/{kernel}_mean{suffix}"], ARRAYS[f"{case}/{kernel}_cov{suffix}"]


def reference_settings(case: str) -> dict[str, float]:
    settings = REFERENCES[case]
    return {"rate": settings["learning_rate"], "ridge": settings["regularization_absolute"]}


def assert_matches(answer: Answer, case: str) -> None:
    mean, spread = reference_prediction(case, answer.kernel, answer.time)
    assert_close(answer.prediction.mean, mean, 1e-8)
    assert_close(variance(answer.prediction), spread.diagonal(), 1e-8)
    if answer.prediction.covariance is not None:
        assert_close(answer.prediction.covariance, spread, 1e-8)


@every_reference
@pytest.mark.parametrize("spread", ["variance", "covariance"])
def test_predictions_at_all_times_match_neural_tangents(case: str, spread: str) -> None:
    times = [float(time) for time in REFERENCES[case]["times"]]
    asked = {"ntk": times, "nngp": times, "ntkgp": [INF]}
    answers = reference_data(case).answers(asked, spread=spread, **reference_settings(case))
    assert len(answers) == 2 * len(times) + 1
    for answer in answers.values():
        assert_matches(answer, case)


@every_reference
@every_kernel
@pytest.mark.parametrize("spread", ["variance", "covariance"])
def test_limits_by_cholesky_match_neural_tangents(case: str, kernel: str, spread: str) -> None:
    answers = reference_data(case).answers({kernel: [INF]}, spread=spread, **reference_settings(case))
    assert_matches(answers[kernel, INF], case)


@every_reference
@every_kernel
@both_solvers
def test_predictions_from_several_blocks_match_neural_tangents(
    case: str, kernel: str, solver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ntkcli.kernels.gram.SymmetricBlocks", partial(SymmetricBlocks, block_rows=3))
    asked = to_the_limit(kernel, solver)
    answers = reference_data(case).answers(asked, spread="covariance", **reference_settings(case))
    for answer in answers.values():
        assert_matches(answer, case)


@flowing_kernels
@pytest.mark.parametrize("beside", [[], [1.0], [INF], [1.0, INF]])
def test_time_zero_is_the_prior_exactly(kernel: str, beside: list[float]) -> None:
    data = some_data()
    prior = Gram(data.network, 5).symmetric(data.network.rows(data.x_test), ["nngp"])["nngp"]
    answers = data.answers({kernel: [0.0, *beside]}, ridge=0.1, spread="covariance")
    prediction = answers[kernel, 0.0].prediction
    assert np.array_equal(prediction.mean, np.zeros((5, 2)))
    assert np.array_equal(variance(prediction), prior.diagonal)
    assert np.array_equal(covariance(prediction), prior.to_array())


@flowing_kernels
@pytest.mark.parametrize("ridge", [0.0, 0.1])
def test_a_long_time_approaches_the_limit(kernel: str, ridge: float) -> None:
    early, late, limit = (some_data().predict(kernel, time, ridge=ridge) for time in (1.0, 1e6, INF))
    assert np.abs(variance(early) - variance(limit)).max() > 1e-3
    assert_same(late, limit)


@every_kernel
@both_solvers
def test_training_rows_are_interpolated_in_the_end(kernel: str, solver: str) -> None:
    data = some_data()
    prediction = replace(data, x_test=data.x).limit(kernel, solver)
    assert_close(prediction.mean, data.y)
    assert_close(variance(prediction), np.zeros(len(data.y)))


@pytest.mark.parametrize("activation", ["relu", "erf"])
@pytest.mark.parametrize("ridge", [0.0, 1e-3])
def test_the_variance_of_nngp_is_finite_and_falls_at_every_time(activation: str, ridge: float) -> None:
    times = [0.0, *(10.0**exponent for exponent in range(-6, 9)), INF]
    answers = some_data(n=20, activation=activation).answers({"nngp": times}, ridge=ridge)
    variances = np.array([variance(answers["nngp", time].prediction) for time in times])
    assert np.all(np.isfinite(variances))
    assert np.all(np.diff(variances, axis=0) <= 1e-12)
    assert np.all(variances[-1] < 0.9 * variances[0])


def with_repeated_rows() -> Data:
    """Rows of which one stands twice and one three times, each time with another target."""
    data, rng = some_data(n=6), np.random.default_rng(3)
    repeated = rng.permutation(np.repeat(np.arange(6), [1, 2, 1, 3, 1, 1]))
    return replace(data, x=data.x[repeated], y=rng.normal(size=(len(repeated), 2)))


def weighted_flow(weights: FloatArray, gram: FloatArray, time: float) -> FloatArray:
    """W^(1/2) F_t(W^(1/2) G W^(1/2)) W^(1/2): gradient flow in which row i counts w_i times."""
    root = np.diag(np.sqrt(weights))
    weighted = root @ gram @ root
    return np.asarray(root @ np.linalg.solve(weighted, np.eye(len(gram)) - expm(-time * weighted)) @ root)


@flowing_kernels
@pytest.mark.parametrize("time", [0.1, 3.0])
def test_repeated_rows_act_as_one_with_their_mean_and_their_weight(kernel: str, time: float) -> None:
    data = with_repeated_rows()
    x, index = np.unique(data.x, axis=0, return_inverse=True)
    y = np.array([data.y[index == row].mean(axis=0) for row in range(len(x))])
    train, test_train = data.kernels(x, x), data.kernels(data.x_test, x)
    weights = np.bincount(index).astype(np.float64)
    a = test_train[kernel] @ weighted_flow(weights, train[kernel], time)
    cross = a @ test_train["nngp"].T
    expected = data.kernels(data.x_test, data.x_test)["nngp"] - cross - cross.T + a @ train["nngp"] @ a.T
    prediction = data.predict(kernel, time, spread="covariance")
    assert_close(prediction.mean, a @ y)
    assert_close(covariance(prediction), expected)


@every_kernel
@both_solvers
def test_repeated_rows_have_no_limit_without_a_ridge(kernel: str, solver: str) -> None:
    data = with_repeated_rows()
    with pytest.raises(SingularMatrixError):
        data.limit(kernel, solver)
    assert np.all(np.isfinite(data.limit(kernel, solver, ridge=0.1).mean))


@every_kernel
def test_a_repeated_row_is_named(kernel: str) -> None:
    data = some_data()
    x = data.x.copy()
    x[6] = x[2]
    with pytest.raises(SingularMatrixError) as caught:
        replace(data, x=x).limit(kernel, "cholesky")
    assert caught.value.row == 6


@pytest.mark.parametrize("kernel", ["nngp", "ntkgp"])
@pytest.mark.parametrize("activation", ["relu", "erf", "identity"])
@pytest.mark.parametrize("ridge", [0.01, 2.0])
@both_solvers
def test_depth_one_with_a_ridge_is_bayesian_linear_regression(
    kernel: str, activation: str, ridge: float, solver: str
) -> None:
    """Weights and bias are N(0, I) before, and Gaussian after, with noise variance `ridge`."""
    data = some_data(activation=activation, depth=1)
    x, x_test = (
        np.hstack([1.5 * rows / np.sqrt(4), np.full((len(rows), 1), 0.1)]) for rows in (data.x, data.x_test)
    )
    precision = x.T @ x / ridge + np.eye(5)
    prediction = data.limit(kernel, solver, ridge=ridge, spread="covariance")
    assert_close(prediction.mean, x_test @ np.linalg.solve(precision, x.T @ data.y / ridge))
    assert_close(covariance(prediction), x_test @ np.linalg.solve(precision, x_test.T))


@every_kernel
@both_solvers
def test_a_ridge_in_units_of_the_trace_is_that_share_of_the_mean_diagonal(kernel: str, solver: str) -> None:
    data = some_data()
    mean_diagonal = data.network.rows(data.x).diagonal(GRAM_OF[kernel]).mean()
    relative = data.limit(kernel, solver, ridge=0.2, ridge_scale="trace")
    assert_same(relative, data.limit(kernel, solver, ridge=0.2 * mean_diagonal))


@pytest.mark.parametrize("ridge_scale", ["absolute", "trace"])
def test_the_ridge_is_noise_to_a_posterior_alone(ridge_scale: str) -> None:
    data = some_data()
    answers = data.answers({kernel: [INF] for kernel in KERNELS}, ridge=0.25, ridge_scale=ridge_scale)
    scales = {gram: data.network.rows(data.x).diagonal(gram).mean() for gram in ("nngp", "ntk")}
    nngp, ntk = (0.25 * (scales[gram] if ridge_scale == "trace" else 1.0) for gram in ("nngp", "ntk"))
    noise = {answer.kernel: answer.noise for answer in answers.values()}
    assert noise == pytest.approx({"ntk": 0.0, "nngp": nngp, "ntkgp": ntk})


@flowing_kernels
def test_the_rate_multiplies_the_time(kernel: str) -> None:
    data = some_data()
    assert_same(data.predict(kernel, 6.0, rate=0.5), data.predict(kernel, 3.0))


@flowing_kernels
def test_a_rate_of_one_over_the_targets_is_gradient_flow_on_the_mean_loss(kernel: str) -> None:
    """The network on the training rows follows df/dt = -G (f - y) / (n k), from f = 0 on average."""
    data = some_data()
    decay = expm(-5.0 / data.y.size * data.kernels(data.x, data.x)[kernel])
    prediction = replace(data, x_test=data.x).predict(kernel, 5.0, rate=1 / data.y.size)
    assert_close(prediction.mean, data.y - decay @ data.y)


@every_kernel
@both_solvers
@pytest.mark.parametrize("rows", [1, 2, 4, 7, 100])
def test_chunks_of_test_rows_make_the_whole(
    kernel: str, solver: str, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, asked = some_data(m=7), to_the_limit(kernel, solver)
    whole = data.answers(asked, spread="covariance")
    monkeypatch.setattr("ntkcli.regression.CHUNK_ROWS", rows)
    streamed = data.answers(asked)
    assert whole.keys() == streamed.keys()
    for key, answer in streamed.items():
        assert_same(answer.prediction, whole[key].prediction, 1e-11)
        assert_close(variance(answer.prediction), covariance(whole[key].prediction).diagonal(), 1e-11)


@pytest.mark.parametrize("times", [[0.5, 2.0], [INF], [0.5, INF]])
def test_kernels_asked_together_answer_as_alone(times: list[float]) -> None:
    data = some_data()
    asked = {"nngp": times, "ntk": times, "ntkgp": [INF] if INF in times else []}
    answers = data.answers(asked, ridge=0.1)
    assert answers.keys() == {(kernel, time) for kernel in asked for time in asked[kernel]}
    for (kernel, time), answer in answers.items():
        assert_same(answer.prediction, data.predict(kernel, time, ridge=0.1), 1e-11)


@every_kernel
@both_solvers
def test_the_mean_does_not_need_the_spread(kernel: str, solver: str) -> None:
    data = some_data()
    prediction = data.limit(kernel, solver, spread="none")
    assert prediction.variance is None
    assert_close(prediction.mean, data.limit(kernel, solver).mean, 1e-11)


@every_kernel
@both_solvers
def test_the_order_of_rows_does_not_matter(kernel: str, solver: str) -> None:
    data = some_data()
    prediction = data.limit(kernel, solver)
    reverse = Data(data.network, data.x[::-1], data.y[::-1], data.x_test[::-1]).limit(kernel, solver)
    assert_same(reverse, Prediction(prediction.mean[::-1], variance(prediction)[::-1]))


@every_kernel
@both_solvers
def test_outputs_do_not_touch_each_other(kernel: str, solver: str) -> None:
    data = some_data(k=3)
    together = data.limit(kernel, solver)
    for output in range(3):
        alone = replace(data, y=data.y[:, [output]]).limit(kernel, solver)
        assert_close(together.mean[:, [output]], alone.mean)


@every_kernel
@both_solvers
def test_float32_answers_are_close_to_float64_ones(kernel: str, solver: str) -> None:
    data = some_data()
    single = replace(data, dtype=np.float32).limit(kernel, solver, ridge=0.1)
    assert_same(single, data.limit(kernel, solver, ridge=0.1), 1e-3)


@pytest.mark.parametrize(
    ("kernels", "spread", "grams"),
    [
        (["nngp"], "variance", ["nngp"]),
        (["ntkgp"], "covariance", ["ntk"]),
        (["ntk"], "none", ["ntk"]),
        (["ntk"], "variance", ["nngp", "ntk"]),
        (["ntkgp", "nngp"], "none", ["nngp", "ntk"]),
    ],
)
def test_a_question_names_the_gram_matrices_that_it_needs(
    kernels: list[str], spread: Any, grams: list[str]
) -> None:
    assert Question({kernel: [INF] for kernel in kernels}, spread=spread).grams == grams


@pytest.mark.parametrize(
    ("time", "solver", "health"),
    [(0.0, "none", []), (INF, "cholesky", ["smallest_pivot"]), (1.0, "eigh", ["smallest_eigenvalue"])],
)
def test_solver_ridge_and_health_are_kept(time: float, solver: str, health: list[str]) -> None:
    data = some_data()
    regression = data.regression(Question({"nngp": [time]}, ridge=0.5))
    matrices = regression.gram.symmetric(regression.train, ["nngp"])
    assert len(list(regression.answers(matrices, data.network.rows(data.x_test)))) == 1
    kept = regression.solvers["nngp"]
    assert list(kept) == ["solver", "ridge", *health]
    assert (kept["solver"], kept["ridge"]) == (solver, 0.5)
    assert all(kept[key] > 0.5 for key in health)
