from functools import reduce
from operator import add

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.results.class_metrics import ClassMetrics
from ntkcli.results.class_tally import ClassTally

lengths = st.lists(st.integers(0, 20), min_size=1, max_size=6).filter(any)


def rows(count: int, seed: int = 0) -> tuple[IntArray, FloatArray]:
    rng = np.random.default_rng([seed, count])
    return rng.integers(3, size=count), rng.dirichlet(np.full(3, 0.5), size=count)


def of_parts(labels: IntArray, probabilities: FloatArray, sizes: list[int]) -> ClassMetrics | None:
    cuts = np.cumsum(sizes)[:-1]
    parts = zip(np.split(labels, cuts), np.split(probabilities, cuts), strict=True)
    return reduce(add, [ClassTally.of(*part, [*"pqr"]) for part in parts]).metrics


@given(sizes=lengths, seed=st.integers(0, 99))
def test_parts_of_any_lengths_have_the_metrics_of_the_whole(sizes: list[int], seed: int) -> None:
    labels, probabilities = rows(sum(sizes), seed)
    found = of_parts(labels, probabilities, sizes)
    expected = ClassTally.of(labels, probabilities, [*"pqr"]).metrics
    assert found is not None
    assert expected is not None
    assert found.confusion_matrix == expected.confusion_matrix
    assert (found.accuracy, found.balanced_accuracy) == (expected.accuracy, expected.balanced_accuracy)
    for name in ("log_loss", "brier", "ece"):
        assert found.content[name] == pytest.approx(expected.content[name], rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("row", range(4))
def test_a_true_class_without_probability_in_any_part_leaves_no_log_loss(row: int) -> None:
    labels, probabilities = np.array([0, 1, 2, 0]), np.full((4, 3), 1 / 3)
    probabilities[row] = np.eye(3)[labels[row] - 1]
    found = of_parts(labels, probabilities, [1, 2, 1])
    assert found is not None
    assert found.log_loss is None


def test_nothing_has_no_metrics_and_adds_nothing() -> None:
    assert of_parts(*rows(0), [0]) is None
    assert of_parts(*rows(0), [0, 0]) is None
    assert of_parts(*rows(5), [0, 5, 0]) == of_parts(*rows(5), [5])
