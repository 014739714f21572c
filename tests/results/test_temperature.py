import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.results.temperature import fit_temperature, probabilities, temperature_error

RNG = np.random.default_rng(0)
SCORES = RNG.normal(size=(40, 3))


def labels_of(scores: FloatArray, temperature: float, seed: int = 0) -> IntArray:
    """Drawn as softmax(scores / temperature) says."""
    noise = np.random.default_rng(seed).gumbel(size=scores.shape)
    return np.asarray(np.argmax(scores / temperature + noise, axis=1))


LABELS = labels_of(SCORES, 0.5)


def loss(scores: FloatArray, labels: IntArray, temperature: float) -> float:
    """Of the labels, and of one more that is anyone's and any."""
    total = 0.0
    for row, label in zip(scores.tolist(), labels.tolist(), strict=True):
        odds = [math.exp((score - max(row)) / temperature) for score in row]
        logs = [math.log(o / sum(odds)) for o in odds]
        total -= logs[label] + sum(logs) / len(logs) / len(scores)
    return total


@given(temperature=st.floats(0.1, 1e3), seed=st.integers(0, 99))
def test_probabilities_are_exponentials_over_their_sum(temperature: float, seed: int) -> None:
    scores = np.random.default_rng(seed).normal(size=(5, 4))
    odds = np.exp(scores / temperature)
    expected = odds / odds.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities(scores, temperature), expected, rtol=1e-12)


def test_huge_scores_and_low_temperatures_do_not_overflow() -> None:
    scores = np.array([[1e300, -1e300, 0.0], [700.0, 800.0, 800.0]])
    for temperature in (1e-300, 1e-10):
        expected = [[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]]
        assert np.array_equal(probabilities(scores, temperature), expected)


def test_the_fitted_temperature_has_the_least_loss() -> None:
    found = fit_temperature(SCORES, LABELS)
    best = loss(SCORES, LABELS, found)
    for factor in (0.01, 0.5, 0.9, 0.999, 1.001, 1.1, 2.0, 100.0):
        assert loss(SCORES, LABELS, found * factor) > best


@pytest.mark.parametrize("temperature", [0.02, 0.3, 1.0, 5.0])
def test_the_temperature_that_made_the_labels_is_found(temperature: float) -> None:
    scores = np.random.default_rng(1).normal(size=(20_000, 4))
    found = fit_temperature(scores, labels_of(scores, temperature))
    assert found == pytest.approx(temperature, rel=0.1)


@given(factor=st.floats(1e-100, 1e100), shift=st.floats(-10, 10))
def test_the_temperature_has_the_scores_unit_and_no_origin(factor: float, shift: float) -> None:
    found = fit_temperature(factor * (SCORES + shift), LABELS)
    assert found == pytest.approx(factor * fit_temperature(SCORES, LABELS), rel=1e-6)


@pytest.mark.parametrize("m", [1, 3, 30, 300])
def test_rows_that_are_all_right_are_not_certain(m: int) -> None:
    """Two classes, margin 1: m + 1/2 labels are right and 1/2 is wrong, so that the odds are 2 m + 1."""
    labels = np.arange(m) % 2
    found = fit_temperature(np.eye(2)[labels], labels)
    assert found == pytest.approx(1 / math.log(2 * m + 1), rel=1e-9)


def test_labels_that_contradict_the_scores_leave_the_classes_nearly_equal_and_in_their_order() -> None:
    labels = SCORES.argmin(axis=1)
    found = fit_temperature(SCORES, labels)
    assert found == pytest.approx(len(labels) * np.ptp(SCORES, axis=1).max(), rel=1e-12)
    predicted = probabilities(SCORES, found)
    np.testing.assert_allclose(predicted, 1 / 3, rtol=1 / len(labels))
    assert np.array_equal(predicted.argmax(axis=1), SCORES.argmax(axis=1))


def test_equal_scores_fit_any_temperature() -> None:
    assert fit_temperature(np.full((4, 3), 0.1), np.array([0, 1, 2, 0])) == 1.0
    assert fit_temperature(np.array([[3.0], [4.0]]), np.array([0, 0])) == 1.0


def test_a_row_of_equal_scores_among_others_is_no_obstacle() -> None:
    scores = np.vstack([SCORES, np.zeros((1, 3))])
    labels = np.append(LABELS, 2)
    assert fit_temperature(scores, labels) == pytest.approx(fit_temperature(SCORES, LABELS), rel=0.02)


def test_the_error_of_a_temperature_is_its_spread_over_draws() -> None:
    scores = np.random.default_rng(1).normal(size=(300, 3))
    found, errors = [], []
    for seed in range(60):
        labels = labels_of(scores, 0.5, seed)
        found.append(fit_temperature(scores, labels))
        error = temperature_error(scores, labels, found[-1])
        assert error is not None
        errors.append(error)
    assert np.mean(errors) == pytest.approx(np.std(found) / np.mean(found), rel=0.3)


def test_the_unit_of_scores_does_not_change_the_error_of_their_temperature() -> None:
    error = temperature_error(SCORES, LABELS, 0.5)
    assert temperature_error(1e6 * SCORES, LABELS, 0.5e6) == pytest.approx(error, rel=1e-12)


def test_scores_that_say_nothing_have_no_error() -> None:
    assert temperature_error(np.zeros((5, 3)), np.zeros(5, dtype=int), 1.0) is None
    assert temperature_error(SCORES[:1], LABELS[:1], 1.0) is None
