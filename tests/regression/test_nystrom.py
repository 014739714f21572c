"""Predictions by the features of some centres, against dense formulas and the exact answer."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.inference.features import FeatureSmoother
from ntkcli.inference.spectral_scores import Regularisation
from ntkcli.jobs.network import network_of
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.rows import GramName
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.regression.centres import Centres
from ntkcli.regression.fitted_model import FittedModel
from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.regression.nystrom import Nystrom, needs_cross, read_grams
from ntkcli.regression.question import Pair, Question
from ntkcli.spec.network import NetworkSpec

from .cases import INF, Data, assert_same, covariance, every_kernel, flowing_kernels, some_data, variance
from .dense_nystrom import GRAMS, DenseNystrom, approximated, log_likelihood, summed

EVERYTHING: dict[KernelName, list[float]] = {
    "ntk": [0.0, 1e-3, 0.5, 20.0, INF],
    "nngp": [0.0, 1e-3, 0.5, 20.0, INF],
    "ntkgp": [INF],
}
CENTRES = np.array([17, 3, 8, 0, 21, 12, 5])
every_gram = pytest.mark.parametrize("gram", GRAMS)


def assert_all_same(found: FittedModel, data: Data, expected: Any, tolerance: float) -> None:
    """Every kernel and time predicts the data's test rows as `expected` says."""
    answers = found.predict(data.x_test)
    assert [answer.pair for answer in answers] == found.question.pairs
    for answer in answers:
        assert_same(answer.prediction, expected(answer.pair), tolerance)


@pytest.mark.parametrize("ridge_scale", ["absolute", "trace"])
@pytest.mark.parametrize("ridge", [0.0, 1e-3, 0.7])
@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_every_kernel_and_time_predicts_by_the_dense_formulas(
    activation: str, ridge: float, ridge_scale: Any
) -> None:
    data = some_data(n=24, m=6, k=3, activation=activation)
    question = Question(EVERYTHING, 0.3, ridge, ridge_scale, "covariance")
    units = {
        gram: data.network.rows(data.x).diagonal(gram).mean() if ridge_scale == "trace" else 1.0
        for gram in GRAMS
    }

    def expected(pair: Pair) -> Any:
        dense = DenseNystrom(data, CENTRES, ridge * units[KERNELS[pair.kernel].gram])
        return dense.predict(pair.kernel, 0.3 * pair.time)

    assert_all_same(approximated(data, CENTRES).model(question), data, expected, 1e-9)


@pytest.mark.parametrize("ridge", [{"ntk": 0.1, "nngp": 0.02}, {"ntk": 0.0, "nngp": 3.0}])
def test_each_gram_matrix_has_its_own_ridge(ridge: dict[GramName, float]) -> None:
    data = some_data(n=24)
    model = approximated(data, CENTRES[:4]).model(Question(EVERYTHING, ridge=ridge))

    def expected(pair: Pair) -> Any:
        dense = DenseNystrom(data, CENTRES[:4], ridge[KERNELS[pair.kernel].gram])
        return dense.predict(pair.kernel, pair.time)

    assert_all_same(model, data, expected, 1e-9)


@every_kernel
def test_the_posterior_in_the_end_is_that_of_as_many_weights_and_of_what_they_leave(
    kernel: KernelName,
) -> None:
    """k - phi^T phi + ridge phi^T (A + ridge I)^-1 phi, for nngp and ntkgp."""
    data, gram = some_data(n=24), KERNELS[kernel].gram
    model = approximated(data, CENTRES).model(Question({kernel: [INF]}, ridge=0.2))
    (answer,) = model.predict(data.x_test)
    dense = DenseNystrom(data, CENTRES)
    phi, train = dense.features(gram, data.x_test), dense.features(gram, data.x)
    precision = train.T @ train + 0.2 * np.eye(len(CENTRES))
    np.testing.assert_allclose(answer.prediction.mean, phi @ np.linalg.solve(precision, train.T @ data.y))
    if KERNELS[kernel].is_posterior:
        left = data.network.rows(data.x_test).diagonal(gram) - np.sum(phi**2, axis=1)
        weights = 0.2 * np.sum(phi * np.linalg.solve(precision, phi.T).T, axis=1)
        np.testing.assert_allclose(variance(answer.prediction), left + weights, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("uncertainty", ["none", "variance", "covariance"])
def test_a_question_is_answered_alike_with_and_without_its_uncertainty(uncertainty: Any) -> None:
    """Each asks for no more sums than it needs."""
    data = some_data(n=24)
    question = Question(EVERYTHING, ridge=0.1, uncertainty=uncertainty)
    sums = summed(data, data.x[CENTRES], read_grams(question), with_cross=needs_cross(question))
    model = Nystrom.of(sums, GRAMS).model(question)
    whole = approximated(data, CENTRES).model(Question(EVERYTHING, ridge=0.1, uncertainty="covariance"))
    expected = {answer.pair: answer.prediction for answer in whole.predict(data.x_test)}
    for answer in model.predict(data.x_test):
        found = answer.prediction
        np.testing.assert_allclose(found.mean, expected[answer.pair].mean, atol=1e-12)
        if uncertainty != "none":
            np.testing.assert_allclose(variance(found), variance(expected[answer.pair]), atol=1e-11)
        if uncertainty == "covariance":
            assert np.array_equal(covariance(found), covariance(expected[answer.pair]))


@flowing_kernels
@pytest.mark.parametrize("uncertainty", ["none", "variance", "covariance"])
def test_before_training_there_is_the_prior_exactly(kernel: KernelName, uncertainty: Any) -> None:
    """It has no features."""
    data = some_data(n=24)
    question = Question({kernel: [0.0]}, uncertainty=uncertainty)
    (answer,) = approximated(data, CENTRES).model(question).predict(data.x_test)
    assert np.array_equal(answer.prediction.mean, np.zeros((5, 2)))
    if uncertainty != "none":
        assert np.array_equal(variance(answer.prediction), data.network.rows(data.x_test).diagonal("nngp"))


def test_the_ridge_is_noise_to_posteriors_alone() -> None:
    data = some_data(n=24)
    question = Question({"ntk": [INF], "nngp": [INF], "ntkgp": [INF]}, ridge=0.25)
    answers = approximated(data, CENTRES).model(question).predict(data.x_test)
    assert {answer.pair.kernel: answer.noise for answer in answers} == {
        "ntk": 0.0,
        "nngp": 0.25,
        "ntkgp": 0.25,
    }


def awkward_data(activation: str, sigma_b: float) -> Data:
    """Rows of which some are equal, with other targets, and some are zeros."""
    network = network_of(NetworkSpec(depth=3, activation=activation, sigma_w=1.5, sigma_b=sigma_b), 4)
    data = some_data(n=18, m=7)
    x, x_test = data.x.copy(), data.x_test.copy()
    x[[4, 11]] = 0.0
    x[[7, 16]] = x[2]
    x_test[1], x_test[3] = 0.0, x[2]
    return replace(data, network=network.tabulated(network.spans(x)), x=x, x_test=x_test)


@pytest.mark.parametrize("sigma_b", [0.0, 0.3])
@pytest.mark.parametrize("activation", ["relu", "erf", "sigmoid"])
def test_with_every_row_a_centre_the_answer_is_the_exact_one(activation: str, sigma_b: float) -> None:
    """Among them rows that stand twice, and rows whose kernel with all others is 0."""
    data = awkward_data(activation, sigma_b)
    finite: dict[KernelName, list[float]] = {"ntk": [0.0, 0.5, 20.0], "nngp": [0.5, 20.0]}
    for times, ridge in ((EVERYTHING, 0.1), (finite, 0.0)):
        question = Question(times, 0.3, ridge, "trace", "covariance")
        exact = FittedModel.fit(data.network, data.x, data.y, question).predict(data.x_test)
        expected = {answer.pair: answer.prediction for answer in exact}
        model = approximated(data, np.arange(len(data.x))).model(question)
        assert_all_same(model, data, expected.__getitem__, 1e-8)


@every_gram
@pytest.mark.parametrize("ridge", [1e-2, 0.7])
def test_the_evidence_bound_is_that_of_the_dense_formula(gram: GramName, ridge: float) -> None:
    data = some_data(n=24, k=3)
    found = approximated(data, CENTRES).evidence_bound(gram, ridge)
    assert found == pytest.approx(DenseNystrom(data, CENTRES, ridge).log_likelihood_bound(gram), rel=1e-9)


@every_gram
@pytest.mark.parametrize("activation", ["relu", "erf", "sigmoid"])
def test_the_evidence_bound_of_every_row_is_the_evidence(gram: GramName, activation: str) -> None:
    data = awkward_data(activation, 0.0)
    covariance_of_all = data.kernels(data.x, data.x)[gram] + 0.1 * np.eye(len(data.x))
    found = approximated(data, np.arange(len(data.x))).evidence_bound(gram, 0.1)
    assert found == pytest.approx(log_likelihood(data.y, covariance_of_all), rel=1e-9)


def smooth_data(n: int = 240) -> Data:
    """A smooth function of three features, without noise."""
    network = network_of(NetworkSpec(depth=3, activation="relu", sigma_w=1.5, sigma_b=0.3), 3)
    x = np.random.default_rng(4).normal(size=(n + 100, 3))
    return Data(network, x[:n], smooth(x[:n]), x[n:])


def smooth(x: FloatArray) -> FloatArray:
    return np.column_stack([np.sin(x[:, 0]) + x[:, 1] * x[:, 2], np.cos(x @ [0.5, 1.0, -0.5])])


COUNTS = [2, 4, 8, 16, 32, 64, 128]


@pytest.fixture(scope="module")
def nested() -> tuple[Data, Centres, list[Nystrom]]:
    """Smooth data by the first 2, 4, 8 ... of the same centres."""
    data = smooth_data()
    centres = Centres.chosen(Evaluator(data.network), data.x, "ntk", COUNTS[-1], seed=0)
    return data, centres, [approximated(data, centres.rows[:count]) for count in COUNTS]


@every_gram
def test_more_centres_leave_out_less(gram: GramName, nested: tuple[Data, Centres, list[Nystrom]]) -> None:
    """Of the trace over the rows that are summed, and of the kernel of any row with itself."""
    data, _, found = nested
    shares = [nystrom.sums.grams[gram].left_out for nystrom in found]
    assert np.all(np.diff(shares) < 0)
    assert shares[-1] < 0.05 < 0.2 < shares[0]
    known = [
        np.sum(nystrom.sums.features.features(data.x_test).values[gram] ** 2, axis=1) for nystrom in found
    ]
    assert np.all(np.diff(known, axis=0) >= -1e-12)
    assert np.all(known[-1] <= data.network.rows(data.x_test).diagonal(gram) * (1 + 1e-12))


@every_gram
@pytest.mark.parametrize("ridge", [1e-2, 1.0])
def test_the_evidence_bound_grows_with_the_centres_up_to_the_evidence(
    gram: GramName, ridge: float, nested: tuple[Data, Centres, list[Nystrom]]
) -> None:
    data, _, found = nested
    bounds = [nystrom.evidence_bound(gram, ridge) for nystrom in found]
    evidence = log_likelihood(data.y, data.kernels(data.x, data.x)[gram] + ridge * np.eye(len(data.x)))
    assert np.all(np.diff([*bounds, evidence]) > 0)


@every_kernel
def test_no_variance_is_less_than_what_the_features_leave_of_the_prior(
    kernel: KernelName, nested: tuple[Data, Centres, list[Nystrom]]
) -> None:
    """However sure the features are."""
    data, _, found = nested
    prior = KERNELS[kernel].prior
    for nystrom in found:
        (answer,) = nystrom.model(Question({kernel: [INF]}, ridge=1e-3)).predict(data.x_test)
        psi, diagonal = nystrom.sums.features.features(data.x_test)
        left = diagonal[prior] - np.sum(psi[prior] ** 2, axis=1)
        assert np.all(variance(answer.prediction) >= left - 1e-12)


def rms(errors: FloatArray) -> float:
    return float(np.sqrt(np.mean(errors**2)))


@flowing_kernels
@pytest.mark.parametrize("time", [10.0, INF])
def test_more_centres_predict_a_smooth_function_no_worse(
    kernel: KernelName, time: float, nested: tuple[Data, Centres, list[Nystrom]]
) -> None:
    """A root mean square of 200 numbers has a standard error of about 1 / 20 of it."""
    data, _, found = nested
    truth = smooth(data.x_test)
    question = Question({kernel: [time]}, ridge=1e-3, uncertainty="none")
    exact = FittedModel.fit(data.network, data.x, data.y, question)
    models = [*(nystrom.model(question) for nystrom in found), exact]
    errors = np.array([rms(model.predict(data.x_test)[0].prediction.mean - truth) for model in models])
    assert np.all(errors[1:] <= 1.05 * errors[:-1])
    assert errors[-1] < 0.25 * errors[0]


SETTINGS = [Regularisation(ridge, time) for ridge in (0.0, 0.01, 0.5) for time in (0.0, 1e-3, 0.5, 40.0, INF)]


def smoother_of(nystrom: Nystrom, gram: GramName, x: FloatArray, y: FloatArray) -> FeatureSmoother:
    own = nystrom.spectra[gram]
    features = nystrom.sums.features.features(x).values[gram] @ own.spectrum.vectors
    return FeatureSmoother(own.spectrum, own.targets, features, y)


@flowing_kernels
def test_rows_held_out_are_smoothed_as_by_a_model_of_each_setting(kernel: KernelName) -> None:
    data, gram = some_data(n=24, m=9), KERNELS[kernel].gram
    nystrom, y = approximated(data, CENTRES), np.random.default_rng(2).normal(size=(9, 2))
    smoother = smoother_of(nystrom, gram, data.x_test, y)
    for at, left_out in zip(SETTINGS, smoother.left_out(SETTINGS), strict=True):
        model = nystrom.model(Question({kernel: [at.time]}, ridge=at.ridge, uncertainty="none"))
        (answer,) = model.predict(data.x_test)
        np.testing.assert_allclose(left_out.residual, y - answer.prediction.mean, atol=1e-11)
        assert left_out.variance.shape == (9,)
        assert np.isnan(left_out.variance).all()


def with_fewer_rows_than_centres() -> tuple[Data, Nystrom]:
    """A is singular: it is of less rank than there are features."""
    data = some_data(n=8)
    few = replace(data, x=data.x[:4], y=data.y[:4])
    return data, Nystrom.of(summed(few, data.x), GRAMS)


@every_kernel
def test_sums_of_too_few_rows_have_no_limit_without_a_ridge(kernel: KernelName) -> None:
    data, nystrom = with_fewer_rows_than_centres()
    with pytest.raises(SingularMatrixError):
        nystrom.model(Question({kernel: [INF]}))
    (answer,) = nystrom.model(Question({kernel: [INF]}, ridge=0.1)).predict(data.x_test)
    exact = FittedModel.fit(data.network, data.x[:4], data.y[:4], Question({kernel: [INF]}, ridge=0.1))
    assert_same(answer.prediction, exact.predict(data.x_test)[0].prediction, 1e-8)


@every_gram
def test_a_setting_without_an_answer_is_smoothed_to_nan(gram: GramName) -> None:
    data, nystrom = with_fewer_rows_than_centres()
    smoother = smoother_of(nystrom, gram, data.x_test, np.zeros((5, 2)))
    for at, left_out in zip(SETTINGS, smoother.left_out(SETTINGS), strict=True):
        has_answer = at.ridge > 0 or at.time < INF
        assert np.isfinite(left_out.residual).all() == has_answer
        assert np.isnan(left_out.residual).all() != has_answer


def test_rows_added_after_a_decomposition_count_in_the_next() -> None:
    data = some_data(n=24)
    first = replace(data, x=data.x[:13], y=data.y[:13])
    sums = summed(first, data.x[CENTRES])
    Nystrom.of(sums, GRAMS).model(Question(EVERYTHING, ridge=0.1)).predict(data.x_test)
    sums.add(data.x[13:], data.y[13:])
    after = Nystrom.of(sums, GRAMS).model(Question(EVERYTHING, ridge=0.1))
    assert_all_same(after, data, lambda pair: DenseNystrom(data, CENTRES, 0.1).predict(*pair), 1e-9)
