"""Variances from functions of the prior are those of a solve for every test row, as near as samples are."""

from dataclasses import replace

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.inference.pathwise import relative_error
from ntkcli.linalg import square_root
from ntkcli.regression import sampled
from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.regression.stages import PathSampling

from .cases import INF, Answers, Data, Regression, some_data, variance, with_repeated_rows

N, COUNT, RIDGE = 40, 256, 0.1
WAYS = [
    *((kernel, INF, "pcg") for kernel in KERNELS),
    *((kernel, time, "chebyshev") for kernel in ("ntk", "nngp") for time in (0.05, 3.0)),
]
every_way = pytest.mark.parametrize(("kernel", "time", "solver"), WAYS)


@pytest.fixture(autouse=True)
def few_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave something of the prior to the polynomial."""
    monkeypatch.setattr(square_root, "FEWEST_COLUMNS", 8)


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
    data = some_data(N, m=12)
    expected = data.predict(kernel, time, "eigh", ridge=RIDGE)
    found = by_samples(data, {kernel: [time]}, solver)[kernel, time].prediction
    np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-6, atol=1e-8)
    assert_near(variance(found), variance(expected))


def test_several_kernels_and_times_have_their_own_variances() -> None:
    data = some_data(N, m=6)
    times: dict[KernelName, list[float]] = {"ntk": [0.05, INF], "nngp": [3.0, INF], "ntkgp": [INF]}
    expected = data.answers(times, "eigh", ridge=RIDGE)
    found = by_samples(data, times, "chebyshev") | by_samples(data, {key: [INF] for key in KERNELS}, "pcg")
    for pair, answer in expected.items():
        assert_near(variance(found[pair].prediction), variance(answer.prediction))


def test_test_rows_that_are_the_training_rows_are_as_good_as_others() -> None:
    data = some_data(N)
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
    data = some_data(N, m=1)
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
    data = some_data(N, m=5)
    few = data.answers_of(regression(data, {"nngp": [INF]}, "pcg", least_rows=6))
    many = data.answers_of(regression(data, {"nngp": [INF]}, "pcg", count=16, least_rows=5))
    expected = variance(data.predict("nngp", INF, "cholesky", ridge=RIDGE))
    np.testing.assert_allclose(variance(few["nngp", INF].prediction), expected, rtol=1e-6)
    assert not np.allclose(variance(many["nngp", INF].prediction), expected, rtol=1e-3)


def test_a_covariance_is_solved_for() -> None:
    data = some_data(N)
    plain = data.regression({"nngp": [INF]}, "pcg", ridge=RIDGE, uncertainty="covariance")
    stages = [replace(stage, sampling=PathSampling(16)) for stage in plain.stages]
    found = data.answers_of(replace(plain, stages=stages))["nngp", INF].prediction
    expected = data.predict("nngp", INF, "cholesky", ridge=RIDGE, uncertainty="covariance")
    np.testing.assert_allclose(variance(found), variance(expected), rtol=1e-6)


def test_the_record_tells_how_many_samples_there_were_and_how_far_off_they_are() -> None:
    run = regression(some_data(N), {"nngp": [INF]}, "pcg", count=128)
    list(run.answers(some_data(N).network.rows(some_data(N).x_test)))
    (record,) = run.records
    assert record.sampled
    assert record.sampled.samples == 128
    assert record.sampled.relative_error == pytest.approx(1 / 16)
    assert record.sampled.degree > 0


def test_answers_do_not_depend_on_chance() -> None:
    data = some_data(N)
    one, other = (by_samples(data, {"ntk": [INF]}, "pcg", count=16)["ntk", INF] for _ in range(2))
    np.testing.assert_array_equal(variance(one.prediction), variance(other.prediction))
