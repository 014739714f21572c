import math
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.arrays import BoolArray, FloatArray, IntArray
from ntkcli.results.class_metrics import (
    ClassMetrics,
    confusion_matrix,
    log_loss,
)
from ntkcli.results.class_tally import ClassTally

MATRIX = ("classes", "confusion_matrix")

cases = given(m=st.integers(1, 60), count=st.integers(2, 5), seed=st.integers(0, 99))


def case(m: int, count: int, seed: int) -> tuple[IntArray, FloatArray]:
    rng = np.random.default_rng([seed, m, count])
    return rng.integers(count, size=m), rng.dirichlet(np.full(count, 0.5), size=m)


def metrics_of(labels: IntArray, probabilities: FloatArray) -> ClassMetrics:
    found = ClassTally.of(labels, probabilities, [*"abcde"][: probabilities.shape[1]]).metrics
    assert found is not None
    return found


def calibration_error(right: BoolArray, confidence: FloatArray) -> float:
    """The error of two classes, of which the first is always predicted."""
    probabilities = np.column_stack([confidence, 1 - confidence])
    return metrics_of((~right).astype(np.intp), probabilities).ece


def assert_numbers(found: ClassMetrics, expected: Mapping[str, float | None]) -> None:
    assert {name: value for name, value in asdict(found).items() if name not in MATRIX} == expected


@cases
def test_they_are_sums_over_rows(m: int, count: int, seed: int) -> None:
    labels, probabilities = case(m, count, seed)
    rows = list(zip(labels.tolist(), probabilities.tolist(), strict=True))
    right: dict[int, list[bool]] = {}
    loss = brier = 0.0
    for label, row in rows:
        right.setdefault(label, []).append(row[label] == max(row))
        loss -= math.log(row[label]) / m
        brier += sum((p - (c == label)) ** 2 for c, p in enumerate(row)) / m
    recalls = [sum(one) / len(one) for one in right.values()]
    found = metrics_of(labels, probabilities)
    assert found.accuracy == pytest.approx(sum(sum(one) for one in right.values()) / m)
    assert found.balanced_accuracy == pytest.approx(sum(recalls) / len(recalls))
    assert found.log_loss == pytest.approx(loss)
    assert found.log_loss == log_loss(labels, probabilities)
    assert found.brier == pytest.approx(brier)


@cases
def test_the_calibration_error_goes_by_tenths_of_confidence(m: int, count: int, seed: int) -> None:
    labels, probabilities = case(m, count, seed)
    expected = 0.0
    for lower in np.arange(10) / 10:
        inside = [
            (float(row.max()), bool(row.argmax() == label))
            for label, row in zip(labels, probabilities, strict=True)
            if lower <= row.max() < lower + 0.1
        ]
        if inside:
            confidence, right = (sum(values) / len(inside) for values in zip(*inside, strict=True))
            expected += len(inside) / m * abs(confidence - right)
    assert metrics_of(labels, probabilities).ece == pytest.approx(expected)


def test_certainty_that_is_right_is_perfect() -> None:
    labels = np.array([0, 2, 1, 1])
    expected = {"accuracy": 1.0, "balanced_accuracy": 1.0, "log_loss": 0.0, "brier": 0.0, "ece": 0.0}
    assert_numbers(metrics_of(labels, np.eye(3)[labels]), expected)


def test_certainty_that_is_wrong_has_no_log_loss() -> None:
    found = metrics_of(np.array([0, 1]), np.eye(2)[[1, 0]])
    expected = {"accuracy": 0.0, "balanced_accuracy": 0.0, "log_loss": None, "brier": 2.0, "ece": 1.0}
    assert_numbers(found, expected)


def test_the_calibration_of_those_who_keep_their_word_is_perfect() -> None:
    right = np.arange(20) % 4 > 0
    assert calibration_error(right, np.full(20, 0.75)) == 0.0


def test_within_a_bin_errors_cancel_and_between_bins_they_do_not() -> None:
    right = np.array([True, False])
    assert calibration_error(right, np.array([0.52, 0.54])) == pytest.approx(0.03)
    assert calibration_error(right, np.array([0.52, 0.62])) == pytest.approx((0.48 + 0.62) / 2)


def test_certainty_is_in_the_highest_tenth() -> None:
    right = np.array([True, False])
    assert calibration_error(right, np.array([0.95, 1.0])) == pytest.approx(0.95 / 2)


def test_a_rare_class_weighs_as_much_as_a_common_one_and_an_absent_one_nothing() -> None:
    labels = np.array([0] * 9 + [1])
    found = metrics_of(labels, np.tile([0.7, 0.2, 0.1], (10, 1)))
    assert (found.accuracy, found.balanced_accuracy) == (0.9, 0.5)


def test_the_probabilities_are_left_as_they_are() -> None:
    labels, probabilities = case(5, 3, 0)
    before = probabilities.copy()
    metrics_of(labels, probabilities)
    assert np.array_equal(probabilities, before)


@cases
def test_the_confusion_matrix_counts_pairs_with_true_classes_as_rows(m: int, count: int, seed: int) -> None:
    labels, probabilities = case(m, count, seed)
    predicted = probabilities.argmax(axis=1)
    found = confusion_matrix(labels, predicted, count)
    assert found.shape == (count, count)
    assert np.issubdtype(found.dtype, np.integer)
    pairs = list(zip(labels.tolist(), predicted.tolist(), strict=True))
    assert found.tolist() == [[pairs.count((i, j)) for j in range(count)] for i in range(count)]
    assert found.tolist() == metrics_of(labels, probabilities).confusion_matrix
    assert found.trace() / m == pytest.approx(metrics_of(labels, probabilities).accuracy)


def test_small_integers_count_up_to_many_classes() -> None:
    classes = np.arange(20, dtype=np.int8)
    assert np.array_equal(confusion_matrix(classes, classes, 20), np.eye(20))


def test_the_content_has_all_metrics_in_order_and_the_summary_some() -> None:
    found = metrics_of(*case(5, 3, 0))
    numbers = ["accuracy", "balanced_accuracy", "log_loss", "brier", "ece"]
    assert list(found.content) == [*numbers, *MATRIX]
    assert found.content["classes"] == ["a", "b", "c"]
    assert found.summary == {name: found.content[name] for name in ("accuracy", "log_loss", "brier")}
