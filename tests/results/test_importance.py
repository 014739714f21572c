import math

import numpy as np
import pandas as pd
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.data.feature import Feature
from ntkcli.data.features import FeatureRules, Features
from ntkcli.data.scaling import Scaling
from ntkcli.data.targets import Targets
from ntkcli.results.class_metrics import log_loss
from ntkcli.results.importance import Importance, metric_name, metric_of, permutation_importances
from ntkcli.results.temperature import probabilities

from .made import SCORES, class_result, result

COLOUR = Feature(name="colour", kind="category", categories=["blue", "red"])
FEATURES = Features(
    [Feature(name="size"), COLOUR, Feature(name="noise")],
    FeatureRules(unknown="error", missing="mean", normalize_rows=False),
    np.zeros(4),
    Scaling.identity(4),
    np.ones(4),
)
RNG = np.random.default_rng(4)
RED = RNG.integers(0, 2, 50)
ROWS = np.column_stack([RNG.normal(size=50), 1 - RED, RED, RNG.normal(size=50)])
NUMBER = Targets(["y"], [], Scaling(np.array([3.0]), np.array([2.0])))


def squared_error(rows: FloatArray) -> float:
    """Of a prediction that is exact, 2 size + red."""
    return float(np.mean((2 * rows[:, 0] + rows[:, 2] - (2 * ROWS[:, 0] + ROWS[:, 2])) ** 2))


def test_what_predictions_do_not_use_is_worth_nothing() -> None:
    found = permutation_importances(squared_error, FEATURES, ROWS)
    assert [each.feature for each in found] == ["size", "colour", "noise"]
    assert found[-1] == Importance("noise", 0.0, 0.0)


def test_the_increase_of_a_squared_error_is_twice_the_variance_of_what_was_shuffled() -> None:
    # The mean over all orders is that of two rows drawn one after another.
    rows = np.tile(ROWS, (40, 1))
    target = 2 * rows[:, 0] + rows[:, 2]

    def metric(moved: FloatArray) -> float:
        return float(np.mean((2 * moved[:, 0] + moved[:, 2] - target) ** 2))

    size, colour, _ = permutation_importances(metric, FEATURES, rows)
    for found, values in ((size, 2 * rows[:, 0]), (colour, rows[:, 2])):
        expected = 2 * len(rows) / (len(rows) - 1) * values.var()
        assert found.increase == pytest.approx(expected, abs=6 * found.standard_error)
        assert found.increase == pytest.approx(expected, rel=0.1)


def test_the_columns_of_a_category_move_together() -> None:
    def metric(rows: FloatArray) -> float:
        assert np.all(rows[:, 1] + rows[:, 2] == 1)
        return 0.0

    permutation_importances(metric, FEATURES, ROWS)


def test_only_one_feature_moves_at_a_time_and_keeps_its_values() -> None:
    seen = []

    def metric(rows: FloatArray) -> float:
        seen.append([not np.array_equal(rows[:, j], ROWS[:, j]) for j in range(4)])
        np.testing.assert_array_equal(np.sort(rows, axis=0), np.sort(ROWS, axis=0))
        return 0.0

    permutation_importances(metric, FEATURES, ROWS)
    moved = [[True, False, False, False], [False, True, True, False], [False, False, False, True]]
    assert seen == [[False] * 4, *np.repeat(moved, 5, axis=0).tolist()]


def test_metrics_that_become_infinite_come_first_and_what_has_no_difference_last() -> None:
    def worse(rows: FloatArray) -> float:
        return squared_error(rows) if np.array_equal(rows[:, 3], ROWS[:, 3]) else math.inf

    found = permutation_importances(worse, FEATURES, ROWS)
    assert [each.feature for each in found] == ["noise", "size", "colour"]
    assert found[0].content == {"feature": "noise", "increase": None, "standard_error": None}
    never = permutation_importances(lambda rows: math.inf, FEATURES, ROWS)
    assert all(math.isnan(each.increase) for each in never)


def test_one_row_has_nothing_to_shuffle() -> None:
    found = permutation_importances(lambda rows: float(rows[0, 0]), FEATURES, ROWS[:1])
    assert {(each.increase, each.standard_error) for each in found} == {(0.0, 0.0)}


def test_the_metric_of_a_number_is_its_rmse_in_its_unit() -> None:
    observed = pd.DataFrame({"y": [5.0, 6.0, 10.0]})
    assert metric_name(NUMBER) == "rmse"
    assert metric_of(result(), NUMBER, observed) == pytest.approx(math.sqrt(3))


def test_the_metric_of_several_numbers_is_the_mean_over_the_standardised_ones() -> None:
    targets = Targets(["y", "z"], [], Scaling(np.zeros(2), np.array([2.0, 4.0])))
    # The means are 5, 7, 9 and 6, 8, 10.
    observed = pd.DataFrame({"z": [6.0, 8.0, 10.0], "y": [5.0, 7.0, 12.0]})
    assert metric_of(result(outputs=2), targets, observed) == pytest.approx(math.sqrt(3) / 2 / 2)


def test_the_metric_of_classes_is_their_log_loss() -> None:
    targets = Targets(["kind"], ["a", "b", "c"], Scaling.identity(3))
    expected = log_loss(np.array([0, 2, 2]), probabilities(SCORES, 0.5))
    found = metric_of(class_result(temperature=0.5), targets, pd.DataFrame({"kind": ["a", "c", "c"]}))
    assert (metric_name(targets), found) == ("log_loss", expected)
    impossible = class_result(mean=SCORES * 1e6)
    assert metric_of(impossible, targets, pd.DataFrame({"kind": ["b", "b", "b"]})) == math.inf
