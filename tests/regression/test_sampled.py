"""Variances from functions of the prior are those of a solve for every test row, as near as samples are."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.inference.pathwise import relative_error
from ntkcli.linalg import pivoted_cholesky
from ntkcli.regression import sampled
from ntkcli.regression.fitted_model import FittedModel
from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.regression.question import Question
from ntkcli.regression.stages import PathSampling, ways
from ntkcli.solvers.storage import Place

from .cases import INF, Answers, Data, Regression, some_data, variance, with_repeated_rows

N, COUNT, RIDGE = 40, 256, 0.1
WAYS = [
    *((kernel, INF, "pcg") for kernel in KERNELS),
    *((kernel, time, "chebyshev") for kernel in ("ntk", "nngp") for time in (0.05, 3.0)),
]
every_way = pytest.mark.parametrize(("kernel", "time", "solver"), WAYS)


def forty_rows(m: int = 5, activation: str = "relu") -> Data:
    """In few tiles: the samples take hundreds of products, each of tiles computed anew."""
    return replace(some_data(N, m, activation=activation), tile_rows=16)


@pytest.fixture(autouse=True)
def few_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave something of the prior to the polynomial, and propose few rows for the rest at once."""
    monkeypatch.setattr(pivoted_cholesky, "FEWEST_COLUMNS", 8)
    monkeypatch.setattr(pivoted_cholesky, "PROPOSALS", 16)


def regression(
    data: Data, times: dict[KernelName, list[float]], solver: str, count: int = COUNT, least_rows: int = 1
) -> Regression:
    """One whose stages take samples."""
    plain = data.regression(times, solver, ridge=RIDGE)
    sampling = PathSampling(count, least_rows)
    return replace(plain, stages=[replace(stage, sampling=sampling) for stage in plain.stages])


def by_samples(data: Data, times: dict[KernelName, list[float]], solver: str, count: int = COUNT) -> Answers:
    return data.answers_of(regression(data, times, solver, count))


def assert_near(found: FloatArray, expected: FloatArray, count: int = COUNT) -> None:
    """Within 4.5 standard errors, twice: shares of the least variance were added, and taken out."""
    assert np.all(np.abs(found - expected) <= 2 * 4.5 * relative_error(count) * expected)


@every_way
def test_variances_are_those_of_a_factorisation(kernel: KernelName, time: float, solver: str) -> None:
    data = forty_rows(m=12)
    expected = data.predict(kernel, time, "eigh", ridge=RIDGE)
    found = by_samples(data, {kernel: [time]}, solver)[kernel, time].prediction
    np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-6, atol=1e-8)
    assert_near(variance(found), variance(expected))


def test_several_kernels_and_times_have_their_own_variances() -> None:
    data = forty_rows(m=6)
    times: dict[KernelName, list[float]] = {"ntk": [0.05, INF], "nngp": [3.0, INF], "ntkgp": [INF]}
    expected = data.answers(times, "eigh", ridge=RIDGE)
    found = by_samples(data, times, "chebyshev") | by_samples(data, {key: [INF] for key in KERNELS}, "pcg")
    for pair, answer in expected.items():
        assert_near(variance(found[pair].prediction), variance(answer.prediction))


def test_test_rows_that_are_the_training_rows_are_as_good_as_others() -> None:
    data = forty_rows()
    data = replace(data, x_test=data.x)
    expected = data.predict("nngp", INF, "cholesky", ridge=RIDGE)
    assert_near(
        variance(by_samples(data, {"nngp": [INF]}, "pcg")["nngp", INF].prediction), variance(expected)
    )


def test_training_rows_may_stand_twice() -> None:
    data = with_repeated_rows()
    expected = data.predict("ntk", INF, "cholesky", ridge=RIDGE)
    assert_near(variance(by_samples(data, {"ntk": [INF]}, "pcg")["ntk", INF].prediction), variance(expected))


def test_one_test_row_is_enough() -> None:
    data = forty_rows(m=1)
    expected = data.predict("ntkgp", INF, "cholesky", ridge=RIDGE)
    found = by_samples(data, {"ntkgp": [INF]}, "pcg")["ntkgp", INF].prediction
    assert_near(variance(found), variance(expected))


def test_more_test_rows_than_training_rows_are_drawn_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampled, "CHUNK_ROWS", 8)
    data = some_data(8, m=20)
    expected = data.predict("nngp", INF, "cholesky", ridge=RIDGE)
    found = by_samples(data, {"nngp": [INF]}, "pcg")["nngp", INF].prediction
    assert found.mean.shape == expected.mean.shape
    assert_near(variance(found), variance(expected))


def test_fewer_rows_than_the_least_are_solved_for() -> None:
    data = forty_rows(m=5)
    few = data.answers_of(regression(data, {"nngp": [INF]}, "pcg", least_rows=6))
    many = data.answers_of(regression(data, {"nngp": [INF]}, "pcg", count=16, least_rows=5))
    expected = variance(data.predict("nngp", INF, "cholesky", ridge=RIDGE))
    np.testing.assert_allclose(variance(few["nngp", INF].prediction), expected, rtol=1e-6)
    assert not np.allclose(variance(many["nngp", INF].prediction), expected, rtol=1e-3)


def test_a_covariance_is_solved_for() -> None:
    data = forty_rows()
    plain = data.regression({"nngp": [INF]}, "pcg", ridge=RIDGE, uncertainty="covariance")
    stages = [replace(stage, sampling=PathSampling(16)) for stage in plain.stages]
    found = data.answers_of(replace(plain, stages=stages))["nngp", INF].prediction
    expected = data.predict("nngp", INF, "cholesky", ridge=RIDGE, uncertainty="covariance")
    np.testing.assert_allclose(variance(found), variance(expected), rtol=1e-6)


def test_the_record_tells_how_many_samples_there_were_and_how_far_off_they_are() -> None:
    run = regression(forty_rows(), {"nngp": [INF]}, "pcg", count=128)
    list(run.answers(forty_rows().network.rows(forty_rows().x_test)))
    (record,) = run.records
    assert record.sampled
    assert record.sampled.samples == 128
    assert 1 / 16 <= record.sampled.relative_error <= record.sampled.largest_relative_error
    assert record.sampled.degree > 0


def test_answers_do_not_depend_on_chance() -> None:
    data = forty_rows()
    one, other = (by_samples(data, {"ntk": [INF]}, "pcg", count=16)["ntk", INF] for _ in range(2))
    np.testing.assert_array_equal(variance(one.prediction), variance(other.prediction))


@pytest.mark.parametrize("place", ["memory", "tiles"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("kernel", "time", "solver"), [("ntk", 3.0, "chebyshev"), ("nngp", INF, "pcg")])
def test_samples_are_taken_wherever_and_in_whatever_numbers_the_gram_matrix_is(
    kernel: KernelName, time: float, solver: str, dtype: npt.DTypeLike, place: Place
) -> None:
    data = replace(forty_rows(), place=place, dtype=dtype)
    expected = forty_rows().predict(kernel, time, "eigh", ridge=RIDGE)
    run = regression(data, {kernel: [time]}, solver)
    run = replace(run, question=replace(run.question, tolerance=1e-5))
    assert_near(variance(data.answers_of(run)[kernel, time].prediction), variance(expected))


def test_rows_beyond_the_tables_of_the_fit_have_samples_too() -> None:
    data = forty_rows(m=12, activation="tanh")
    x = data.x_test * np.where(np.arange(12) % 2, 1.0, 4.0)[:, None]
    question = Question({"ntk": [INF]}, ridge=RIDGE)
    stages = next(ways(question, "pcg"))
    sampling = [replace(stage, sampling=PathSampling(COUNT)) for stage in stages]
    exact, rough = (
        FittedModel.fit(data.network, data.x, data.y, question, some).predict(x)[0].prediction
        for some in (stages, sampling)
    )
    np.testing.assert_allclose(rough.mean, exact.mean, rtol=1e-9)
    assert_near(variance(rough), variance(exact))
    assert not np.any(variance(rough) == variance(exact))
