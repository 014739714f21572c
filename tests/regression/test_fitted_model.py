from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import expm

from ntkcli.inference.prediction import Prediction
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.regression.kernel import KERNELS, KernelName

from .cases import (
    INF,
    KERNEL_NAMES,
    Data,
    assert_close,
    assert_same,
    covariance,
    every_kernel,
    every_way,
    finite_solvers,
    flowing_kernels,
    limit_solvers,
    some_data,
    variance,
)


@flowing_kernels
@finite_solvers
@pytest.mark.parametrize("beside", [[], [1.0], [INF], [1.0, INF]])
def test_time_zero_is_the_prior_exactly(kernel: KernelName, solver: str, beside: list[float]) -> None:
    data = some_data()
    prior = Evaluator(data.network, 5).symmetric(data.network.rows(data.x_test), ["nngp"])["nngp"]
    answers = data.answers({kernel: [0.0, *beside]}, solver, ridge=0.1, uncertainty="covariance")
    prediction = answers[kernel, 0.0].prediction
    assert np.array_equal(prediction.mean, np.zeros((5, 2)))
    assert np.array_equal(variance(prediction), prior.diagonal)
    assert np.array_equal(covariance(prediction), prior.to_array())


@every_kernel
@limit_solvers
def test_training_rows_are_interpolated_in_the_end(kernel: KernelName, solver: str) -> None:
    data = some_data()
    prediction = replace(data, x_test=data.x).predict(kernel, INF, solver)
    assert_close(prediction.mean, data.y)
    assert_close(variance(prediction), np.zeros(len(data.y)))


@pytest.mark.parametrize("kernel", ["nngp", "ntkgp"])
@pytest.mark.parametrize("activation", ["relu", "erf", "identity"])
@pytest.mark.parametrize("ridge", [0.01, 2.0])
@limit_solvers
def test_depth_one_with_a_ridge_is_bayesian_linear_regression(
    kernel: KernelName, activation: str, ridge: float, solver: str
) -> None:
    """Weights and bias are N(0, I) before, and Gaussian after, with noise variance `ridge`."""
    data = some_data(activation=activation, depth=1)
    x, x_test = (
        np.hstack([1.5 * rows / np.sqrt(4), np.full((len(rows), 1), 0.1)]) for rows in (data.x, data.x_test)
    )
    precision = x.T @ x / ridge + np.eye(5)
    prediction = data.predict(kernel, INF, solver, ridge=ridge, uncertainty="covariance")
    assert_close(prediction.mean, x_test @ np.linalg.solve(precision, x.T @ data.y / ridge))
    assert_close(covariance(prediction), x_test @ np.linalg.solve(precision, x_test.T))


@every_way
def test_a_ridge_in_units_of_the_trace_is_that_share_of_the_mean_diagonal(
    kernel: KernelName, time: float, solver: str
) -> None:
    data = some_data()
    mean_diagonal = data.network.rows(data.x).diagonal(KERNELS[kernel].gram).mean()
    relative = data.predict(kernel, time, solver, ridge=0.2, ridge_scale="trace")
    assert_same(relative, data.predict(kernel, time, solver, ridge=0.2 * mean_diagonal))


@pytest.mark.parametrize("ridge_scale", ["absolute", "trace"])
@limit_solvers
def test_the_ridge_is_noise_to_a_posterior_alone(ridge_scale: str, solver: str) -> None:
    data = some_data()
    asked = {kernel: [INF] for kernel in KERNEL_NAMES}
    answers = data.answers(asked, solver, ridge=0.25, ridge_scale=ridge_scale)
    scales = {gram: data.network.rows(data.x).diagonal(gram).mean() for gram in ("nngp", "ntk")}
    nngp, ntk = (0.25 * (scales[gram] if ridge_scale == "trace" else 1.0) for gram in ("nngp", "ntk"))
    noise = {answer.pair.kernel: answer.noise for answer in answers.values()}
    assert noise == pytest.approx({"ntk": 0.0, "nngp": nngp, "ntkgp": ntk})


@flowing_kernels
@finite_solvers
def test_the_rate_multiplies_the_time(kernel: KernelName, solver: str) -> None:
    data = some_data()
    assert_same(data.predict(kernel, 6.0, solver, rate=0.5), data.predict(kernel, 3.0, solver))


@flowing_kernels
@finite_solvers
def test_a_rate_of_one_over_the_targets_is_gradient_flow_on_the_mean_loss(
    kernel: KernelName, solver: str
) -> None:
    """The network on the training rows follows df/dt = -G (f - y) / (n k), from f = 0 on average."""
    data = some_data()
    decay = expm(-5.0 / data.y.size * data.kernels(data.x, data.x)[KERNELS[kernel].gram])
    prediction = replace(data, x_test=data.x).predict(kernel, 5.0, solver, rate=1 / data.y.size)
    assert_close(prediction.mean, data.y - decay @ data.y)


@pytest.mark.parametrize("times", [[0.5, 2.0], [INF], [0.5, INF], [0.0, 1e-3, 50.0, INF]])
@finite_solvers
def test_kernels_asked_together_answer_as_alone(times: list[float], solver: str) -> None:
    data = some_data()
    asked: dict[KernelName, list[float]] = {
        "nngp": times,
        "ntk": times,
        "ntkgp": [INF] if INF in times else [],
    }
    answers = data.answers(asked, solver, ridge=0.1)
    assert answers.keys() == {(kernel, time) for kernel in asked for time in asked[kernel]}
    for (kernel, time), answer in answers.items():
        assert_same(answer.prediction, data.predict(kernel, time, solver, ridge=0.1))


@every_way
def test_the_mean_does_not_need_the_spread(kernel: KernelName, time: float, solver: str) -> None:
    data = some_data()
    prediction = data.predict(kernel, time, solver, uncertainty="none")
    assert (prediction.variance, prediction.covariance) == (None, None)
    assert_close(prediction.mean, data.predict(kernel, time, solver).mean, 1e-11)


@every_way
def test_the_diagonal_of_a_covariance_is_the_variance(kernel: KernelName, time: float, solver: str) -> None:
    data = some_data(m=9)
    whole = data.predict(kernel, time, solver, ridge=0.05, uncertainty="covariance")
    assert_close(covariance(whole), covariance(whole).T, 1e-12)
    assert np.array_equal(covariance(whole).diagonal(), variance(whole))
    assert_close(variance(data.predict(kernel, time, solver, ridge=0.05)), variance(whole), 1e-11)


@every_way
def test_the_order_of_rows_does_not_matter(kernel: KernelName, time: float, solver: str) -> None:
    data = some_data()
    prediction = data.predict(kernel, time, solver)
    reverse = Data(data.network, data.x[::-1], data.y[::-1], data.x_test[::-1]).predict(kernel, time, solver)
    assert_same(reverse, Prediction(prediction.mean[::-1], variance(prediction)[::-1]))


@every_way
def test_outputs_do_not_touch_each_other(kernel: KernelName, time: float, solver: str) -> None:
    data = some_data(k=3)
    together = data.predict(kernel, time, solver)
    for output in range(3):
        alone = replace(data, y=data.y[:, [output]]).predict(kernel, time, solver)
        assert_close(together.mean[:, [output]], alone.mean)


@every_way
def test_answers_from_float32_are_close_to_float64_ones(kernel: KernelName, time: float, solver: str) -> None:
    data = some_data()
    single = replace(data, dtype=np.float32).predict(kernel, time, solver, ridge=0.1, tolerance=1e-5)
    assert_same(single, data.predict(kernel, time, solver, ridge=0.1), 1e-4)


@every_kernel
def test_a_solution_from_float32_is_refined_to_float64(kernel: KernelName) -> None:
    """Its mean, that is: the uncertainty stays as float32 left it."""
    data = some_data()
    exact, single, refined = (
        replace(data, dtype=dtype).predict(kernel, INF, "cholesky", ridge=0.01, refine=refine)
        for dtype, refine in [(np.float64, False), (np.float32, False), (np.float32, True)]
    )
    assert np.abs(single.mean - exact.mean).max() > 1e-8
    assert_close(refined.mean, exact.mean)
    assert_close(variance(refined), variance(exact), 1e-4)
