import math

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.inference.ensemble import ensemble
from ntkcli.inference.flow import Flow
from ntkcli.inference.pathwise import PathSamples, relative_error
from ntkcli.inference.posterior import posterior
from ntkcli.inference.prediction import Prediction

from .dense import Dense
from .gaussian import Joint, Problem, spectral_flow
from .spectra import in_blocks

COUNT, TIMES = 20_000, [0.01, 1.0, 30.0, math.inf]
EVERY_ROW = slice(0, None)

every_time = pytest.mark.parametrize("time", TIMES)


def drawn(prior: Joint, shift: float, ridge: float = 0.0, count: int = COUNT, seed: int = 0) -> PathSamples:
    return PathSamples.drawn(in_blocks(prior.whole, 8), prior.n, count, shift, ridge, seed)


def estimated(samples: PathSamples, flow: Flow, gram: Joint, time: float) -> FloatArray:
    carried = flow.on(samples.observed).product(time)
    return samples.variance(gram.test_train, carried, EVERY_ROW)[0]


def variance(prediction: Prediction) -> FloatArray:
    assert prediction.variance is not None
    return prediction.variance


def of_posterior(gram: Joint, ridge: float, time: float) -> FloatArray:
    action, mean = spectral_flow(gram.train, ridge).on(gram.test_train.T), np.zeros((len(gram.test), 1))
    return variance(posterior(action, time, mean, gram.test.diagonal()))


def of_ensemble(problem: Problem, ridge: float, time: float) -> FloatArray:
    nngp, ntk = problem.nngp, problem.ntk
    action, mean = spectral_flow(ntk.train, ridge).on(ntk.test_train.T), np.zeros((problem.m, 1))
    train = Dense(nngp.train)
    return variance(ensemble(action, time, mean, nngp.test_train, nngp.test.diagonal(), train))


def assert_within_standard_errors(found: FloatArray, expected: FloatArray, added: FloatArray) -> None:
    """Within 4.5 of them in every row; what the root adds has an error too, and is taken out."""
    assert np.all(np.abs(found - expected) <= 4.5 * relative_error(COUNT) * (expected + added))


@every_time
@pytest.mark.parametrize("shift", [1e-3, 0.3])
@pytest.mark.parametrize("ridge", [0.0, 0.2])
def test_the_variance_of_a_posterior_is_the_mean_of_squares(shift: float, ridge: float, time: float) -> None:
    gram = Problem().nngp
    samples = drawn(gram, shift, ridge)
    found = estimated(samples, spectral_flow(gram.train, ridge), gram, time)
    added = 2 * samples.added + samples.added.max()
    assert_within_standard_errors(found, of_posterior(gram, ridge, time), added)


@every_time
@pytest.mark.parametrize("shift", [1e-3, 0.3])
@pytest.mark.parametrize("ridge", [0.0, 0.2])
def test_the_variance_of_an_ensemble_is_the_mean_of_squares(shift: float, ridge: float, time: float) -> None:
    problem = Problem()
    samples, flow = drawn(problem.nngp, shift), spectral_flow(problem.ntk.train, ridge)
    found = estimated(samples, flow, problem.ntk, time)
    weights = flow.on(problem.ntk.test_train.T).product(time)
    # The noise to be taken out has fewer samples.
    added = 3 * samples.added.max() * (1 + np.sum(weights**2, axis=0))
    assert_within_standard_errors(found, of_ensemble(problem, ridge, time), added)


@pytest.mark.parametrize("time", [1.0, math.inf])
def test_few_samples_are_right_on_the_average_over_seeds(time: float) -> None:
    gram, ridge, count, seeds = Problem().nngp, 0.2, 16, 200
    flow, expected = spectral_flow(gram.train, ridge), of_posterior(Problem().nngp, ridge, time)
    found = np.array([
        estimated(drawn(gram, 0.01, ridge, count, seed), flow, gram, time) for seed in range(seeds)
    ])  # fmt: skip
    errors = (found.mean(axis=0) / expected - 1) / relative_error(count * seeds)
    assert np.all(np.abs(errors) <= 4.5)
    # And as far off as they are said to be.
    spread = found.std(axis=0) / expected
    assert np.all(np.abs(spread / relative_error(count) - 1) < 0.3)


def test_shift_beyond_the_ridge_is_taken_out_of_a_posterior_too() -> None:
    gram, ridge = Problem().nngp, 1e-9
    samples = drawn(gram, 0.1, ridge)
    found = estimated(samples, spectral_flow(gram.train, ridge), gram, math.inf)
    added = 3 * samples.added.max() * np.ones(len(found))
    assert_within_standard_errors(found, of_posterior(gram, ridge, math.inf), added)


@pytest.mark.parametrize("shift", [1e-3, 1.0])
def test_the_errors_told_are_those_of_other_seeds(shift: float) -> None:
    """Also where most of what is measured is taken out again."""
    gram, seeds = Problem().nngp, 200
    flow, deviations, told = spectral_flow(gram.train), [], []
    for seed in range(seeds):
        samples = drawn(gram, shift, count=400, seed=seed)
        carried = flow.on(samples.observed).product(30.0)
        found, errors = samples.variance(gram.test_train, carried, EVERY_ROW)
        deviations.append(np.sqrt(found))
        told.append(errors)
    deviation, expected = np.std(deviations, axis=0), np.sqrt(of_posterior(gram, 0.0, 30.0))
    # The noise that is taken out has an error of its own.
    ratio = deviation / expected / np.median(told, axis=0)
    assert np.all((ratio > 0.7) & (ratio < 1.8))


def test_noise_that_is_part_of_the_ridge_needs_no_samples_of_its_own() -> None:
    gram = Problem().nngp
    assert drawn(gram, 0.1, 0.3, count=8).observed.shape == (gram.n, 8)
    assert drawn(gram, 0.1, 0.0, count=8).observed.shape == (gram.n, 10)


def test_rows_that_are_certain_have_no_negative_variance() -> None:
    gram = Problem().nngp
    same = np.r_[: gram.n, : gram.n]
    whole = Joint(gram.train[np.ix_(same, same)], gram.n)
    samples = drawn(whole, 1e-3, count=8)
    found = estimated(samples, spectral_flow(whole.train), whole, math.inf)
    assert np.all(found > 0)
    assert np.all(found <= 4 * samples.added.max())


def test_a_row_of_zeros_has_no_variance() -> None:
    gram = Problem().nngp
    whole = gram.whole.copy()
    whole[-1] = whole[:, -1] = 0.0
    zeroed = Joint(whole, gram.n)
    found = estimated(drawn(zeroed, 1e-2, 0.1, count=8), spectral_flow(zeroed.train, 0.1), zeroed, math.inf)
    assert found[-1] == 0.0
    assert np.all(found[:-1] > 0)


def test_one_seed_gives_the_same_samples_and_another_gives_others() -> None:
    gram = Problem().nngp
    one, same, other = (drawn(gram, 0.1, 0.2, count=4, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.test, same.test)
    np.testing.assert_array_equal(one.observed, same.observed)
    assert not np.any(one.test == other.test)
