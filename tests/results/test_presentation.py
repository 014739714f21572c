"""The columns that predictions have in a table, and how they are scored."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import softmax
from scipy.stats import norm

from ntkcli.data.dataset import Dataset
from ntkcli.errors import NumericalError
from ntkcli.results.class_metrics import ClassMetrics
from ntkcli.results.number_metrics import NumberMetrics
from ntkcli.results.presentation import Presentation, presentation_of
from ntkcli.results.result import Result
from ntkcli.results.score import TargetMetrics
from ntkcli.spec.spec import OutputSpec

from .made import SCORES, class_result, result

Load = Callable[..., Dataset]


def report(dataset: Dataset, **output: Any) -> Presentation:
    return presentation_of(dataset.schema.targets, OutputSpec(**output))


def metrics_of(shown: Presentation, found: Any, observed: pd.DataFrame) -> dict[str, TargetMetrics | None]:
    tallies = shown.tallies(found, observed)
    return {name: None if tally is None else tally.metrics for name, tally in tallies.items()}


def number_metrics(shown: Presentation, found: Any, observed: pd.DataFrame) -> NumberMetrics:
    (metrics,) = metrics_of(shown, found, observed).values()
    assert isinstance(metrics, NumberMetrics)
    return metrics


def class_metrics(shown: Presentation, found: Any, observed: pd.DataFrame) -> ClassMetrics:
    (metrics,) = metrics_of(shown, found, observed).values()
    assert isinstance(metrics, ClassMetrics)
    return metrics


def columns(shown: Presentation, found: Any, observed: pd.DataFrame) -> dict[str, Any]:
    return {name: np.asarray(values) for name, values in shown.columns(found, observed)}


@pytest.mark.parametrize("interval", [0.5, 0.95, 0.999])
def test_lower_and_upper_bound_the_central_interval(load: Load, interval: float) -> None:
    dataset = load()
    found = columns(report(dataset, interval=interval), result(), dataset.test.targets)
    np.testing.assert_array_equal(found["y_std"], np.sqrt([4.0, 5.0, 6.0]))
    lower, upper = norm.interval(interval, found["y_mean"], found["y_std"])
    np.testing.assert_allclose(found["y_lower"], lower, rtol=1e-12)
    np.testing.assert_allclose(found["y_upper"], upper, rtol=1e-12)


def test_a_half_width_that_was_fitted_makes_intervals_of_observations_and_their_scores(load: Load) -> None:
    dataset = load()
    shown, known = report(dataset), result(half_width=np.array([0.5]), mean=np.array([[5.0], [8.0], [7.5]]))
    found = columns(shown, known, dataset.test.targets)
    half = 0.5 * np.sqrt([4.5, 5.5, 6.5])
    np.testing.assert_allclose(found["y_upper"] - found["y_mean"], half, rtol=1e-12)
    np.testing.assert_allclose(found["y_mean"] - found["y_lower"], half, rtol=1e-12)
    np.testing.assert_array_equal(found["y_std"], np.sqrt([4.0, 5.0, 6.0]))
    interval = number_metrics(shown, known, dataset.test.targets).interval
    assert interval is not None
    assert interval.coverage == pytest.approx(2 / 3)
    assert interval.width == pytest.approx(np.sqrt([4.5, 5.5, 6.5]).mean())


def test_noise_is_in_the_std_only_when_asked_for(load: Load) -> None:
    dataset = load()
    for noise, extra in ((True, 0.5), (False, 0.0)):
        found = columns(report(dataset, noise=noise), result(), dataset.test.targets)
        np.testing.assert_array_equal(found["y_std"], np.sqrt(np.array([4.0, 5.0, 6.0]) + extra))


@pytest.mark.parametrize("target", [["y"], ["y", "z"], ["k"]])
def test_no_column_is_shown_that_is_not_among_the_names(load: Load, target: list[str]) -> None:
    dataset = load(target=target)
    shown = report(dataset)
    found = result(outputs=2) if len(target) == 2 else class_result() if target == ["k"] else result()
    assert columns(shown, found, dataset.test.targets).keys() == set(shown.names)
    assert len(set(shown.names)) == len(shown.names)


def test_scores_include_the_noise(load: Load) -> None:
    dataset = load()
    metrics = number_metrics(report(dataset), result(), dataset.test.targets)
    y, mean, variance = np.array([5.0, 6.0, 7.0]), np.array([5.0, 6.0, 7.0]), np.array([4.5, 5.5, 6.5])
    assert metrics.interval is not None
    assert metrics.interval.nll == pytest.approx(-norm.logpdf(y, mean, np.sqrt(variance)).mean(), rel=1e-12)
    assert metrics.interval.width == pytest.approx(2 * norm.ppf(0.975) * np.sqrt(variance).mean(), rel=1e-12)
    assert (metrics.point.rmse, metrics.interval.coverage) == (0.0, 1.0)
    assert list(metrics_of(report(dataset), result(), dataset.test.targets)) == ["y"]


def test_a_target_that_the_test_file_lacks_has_no_scores(
    load: Load, write: Callable[[str, str], Path]
) -> None:
    dataset = load(test=str(write("bare.csv", "a,b,z\n1,2,3\n3,4,3\n5,6,4\n")), target=["y", "z"])
    found = metrics_of(report(dataset), result(outputs=2), dataset.test.targets)
    assert list(found) == ["y", "z"]
    assert found["y"] is None
    assert found["z"] is not None
    assert set(found["z"].content) == {"rmse", "mae", "r2", "nll", "coverage", "width"}


def test_without_a_variance_only_points_are_scored(load: Load) -> None:
    dataset = load()
    metrics = number_metrics(report(dataset), result(variance=None), dataset.test.targets)
    assert metrics.interval is None
    assert set(metrics.content) == {"rmse", "mae", "r2"}
    assert set(columns(report(dataset), result(variance=None), dataset.test.targets)) == {"y_mean", "y"}


@pytest.mark.parametrize("temperature", [0.1, 1.0, 30.0, None])
def test_probabilities_add_up_to_1_and_the_class_is_the_likeliest(
    load: Load, temperature: float | None
) -> None:
    dataset = load(target="k")
    found = columns(report(dataset), class_result(temperature=temperature), dataset.test.targets)
    chances = np.column_stack([found[f"k_probability_{label}"] for label in "pqr"])
    scores = np.column_stack([found[f"k_score_{label}"] for label in "pqr"])
    np.testing.assert_allclose(chances.sum(axis=1), 1.0, rtol=1e-14)
    assert (chances >= 0).all()
    assert ["pqr"[place] for place in chances.argmax(axis=1)] == found["k_class"].tolist() == ["p", "r", "q"]
    np.testing.assert_array_equal(scores, SCORES)
    if temperature is not None:
        np.testing.assert_allclose(chances, softmax(SCORES / temperature, axis=1), rtol=1e-12)


def test_shares_of_a_model_without_a_kernel_are_its_probabilities(load: Load) -> None:
    dataset = load(target="k")
    shares = np.array([[0.2, 0.3, 0.5]] * 3)
    plain = class_result(mean=shares - 1 / 3, temperature=None)
    found = columns(report(dataset), plain, dataset.test.targets)
    for place, label in enumerate("pqr"):
        np.testing.assert_allclose(found[f"k_probability_{label}"], shares[:, place], rtol=1e-12)
    beyond = class_result(mean=np.array([[0.9, -0.4, -0.5]] * 3), temperature=None)
    found = columns(report(dataset), beyond, dataset.test.targets)
    assert found["k_probability_q"].tolist() == [0.0] * 3


def test_shares_that_say_nothing_of_the_classes_are_equal(load: Load) -> None:
    dataset = load(target="k")
    odd = class_result(mean=np.array([[-1.0] * 3, [np.nan, 0.0, 0.0], [1.7e308] * 3]), temperature=None)
    found = columns(report(dataset), odd, dataset.test.targets)
    assert {found[f"k_probability_{label}"].tolist()[row] for label in "pqr" for row in range(3)} == {1 / 3}


def test_the_confusion_matrix_has_a_row_for_every_true_class(load: Load) -> None:
    dataset = load(target="k")
    metrics = class_metrics(report(dataset), class_result(), dataset.test.targets)
    # True: q, q, r; predicted: p, r, q.
    assert metrics.classes == ["p", "q", "r"]
    assert metrics.confusion_matrix == [[0, 0, 0], [1, 0, 1], [0, 1, 0]]
    assert metrics.accuracy == 0.0
    right = class_result(mean=np.eye(3)[[1, 1, 2]])
    metrics = class_metrics(report(dataset), right, dataset.test.targets)
    assert (metrics.accuracy, metrics.confusion_matrix) == (1.0, [[0, 0, 0], [0, 2, 0], [0, 0, 1]])


def test_classes_are_scored_by_their_probabilities(load: Load) -> None:
    dataset = load(target="k")
    metrics = class_metrics(report(dataset), class_result(temperature=0.5), dataset.test.targets)
    chances = softmax(SCORES / 0.5, axis=1)[np.arange(3), [1, 1, 2]]
    assert metrics.log_loss == pytest.approx(-np.log(chances).mean(), rel=1e-12)


def test_classes_that_were_not_observed_have_no_scores(load: Load) -> None:
    dataset = load(target="k")
    assert metrics_of(report(dataset), class_result(), pd.DataFrame(index=range(3))) == {"k": None}


def test_rows_without_a_target_are_not_scored(load: Load) -> None:
    shown, observed = (
        report(load(target=["y", "z"])),
        pd.DataFrame({"y": [4.0, np.nan, 9.0], "z": [np.nan] * 3}),
    )
    found = metrics_of(shown, result(outputs=2), observed)
    of_two = Result("nngp", np.inf, np.array([[5.0], [9.0]]), np.array([[4.0], [6.0]]), np.array([0.5]))
    assert found["y"] == number_metrics(report(load()), of_two, observed[["y"]].dropna())
    assert found["z"] is None


def test_rows_without_a_class_are_not_scored(load: Load) -> None:
    shown, observed = report(load(target="k")), pd.DataFrame({"k": ["p", "", "q"]})
    of_two = class_result(mean=SCORES[[0, 2]], variance=None)
    expected = class_metrics(shown, of_two, pd.DataFrame({"k": ["p", "q"]}))
    assert class_metrics(shown, class_result(), observed) == expected


def test_a_prediction_without_an_inverse_in_float64_is_refused_with_its_row(load: Load) -> None:
    dataset = load(target_transform="log")
    shown, rows = report(dataset), dataset.test.targets
    far = result(mean=np.array([[700.0], [709.0], [711.0]]))
    with pytest.raises(NumericalError, match="leave the range of float64 once") as refusal:
        columns(shown, far, rows)
    assert f"data.target_transform: log of 'y' is undone (first in row {rows.index[2]})" in str(refusal.value)
    found = columns(shown, result(mean=np.array([[700.0], [709.0], [-800.0]])), rows)
    np.testing.assert_array_equal(found["y_median"], np.exp([700.0, 709.0, -800.0]))
    assert np.isfinite(found["y_lower"]).all()
    # An interval may well have no end in float64.
    assert np.isinf(found["y_upper"][1])
