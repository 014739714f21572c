import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from ntkcli.data.dataset import Dataset
from ntkcli.results.baseline_tally import BaselineTally
from ntkcli.results.baselines import Baseline
from ntkcli.results.class_metrics import ClassMetrics
from ntkcli.results.metrics import Metrics, MetricsTally, baseline_results
from ntkcli.results.number_metrics import NumberMetrics
from ntkcli.results.presentation import presentation_of
from ntkcli.results.relative_errors import RelativeErrors
from ntkcli.results.result import Result
from ntkcli.spec.spec import OutputSpec

from .made import class_result, result

Load = Callable[..., Dataset]


def of_baselines(dataset: Dataset) -> list[Result]:
    return baseline_results(dataset.schema.targets, baselines(dataset), dataset.test.x)


def baselines(dataset: Dataset) -> list[Baseline]:
    x, y = dataset.train.x, dataset.y_train
    tally = BaselineTally(x.shape[1], y.shape[1])
    tally.add(x, y)
    return [tally.mean, tally.linear]


def scored(dataset: Dataset, *results: Result) -> Metrics:
    report = presentation_of(dataset.schema.targets, OutputSpec(interval=0.9))
    return Metrics.of(report, dataset.test.targets, results, of_baselines(dataset))


def test_every_kernel_time_and_target_is_scored_in_order(load: Load) -> None:
    dataset = load(target=["y", "z"])
    found = scored(dataset, result("ntk", 0.5, outputs=2), result("nngp", outputs=2, ready=4.0))
    keys = [(score.kernel, score.time, score.target) for score in found.scores]
    assert keys == [("ntk", 0.5, "y"), ("ntk", 0.5, "z"), ("nngp", math.inf, "y"), ("nngp", math.inf, "z")]
    assert [score.ready for score in found.scores] == [1.0, 1.0, 4.0, 4.0]
    assert (found.rows, found.interval) == (3, 0.9)


def test_models_without_a_kernel_are_scored_beside(load: Load) -> None:
    dataset = load(target=["y", "z"])
    found = scored(dataset, result(outputs=2)).baselines
    keys = [(score.baseline, score.target) for score in found]
    assert keys == [("mean", "y"), ("mean", "z"), ("linear", "y"), ("linear", "z")]
    names = ["model", "target", "rmse", "mae", "r2", "nll", "coverage", "width"]
    assert list(found[0].content) == names
    metrics = found[0].metrics
    assert isinstance(metrics, NumberMetrics)
    assert metrics.interval is not None
    y, train = dataset.test.targets["y"].to_numpy(), dataset.train.targets["y"].to_numpy()
    assert metrics.point.rmse == pytest.approx(np.sqrt(np.mean((y - train.mean()) ** 2)), rel=1e-12)
    density = norm.logpdf(y, train.mean(), train.std(ddof=1))
    assert metrics.interval.nll == pytest.approx(-density.mean(), rel=1e-9)


def test_the_linear_model_is_least_squares_in_the_units_of_the_file(load: Load) -> None:
    dataset = load()
    _, linear = of_baselines(dataset)
    design = np.column_stack([np.ones(len(dataset.train)), dataset.train.x])
    weights, *_ = np.linalg.lstsq(design, dataset.train.targets["y"].to_numpy(), rcond=None)
    expected = np.column_stack([np.ones(3), dataset.test.x]) @ weights
    np.testing.assert_allclose(linear.mean[:, 0], expected, rtol=1e-9)


def test_the_mean_of_classes_is_their_share_in_training(
    load: Load, write: Callable[[str, str], Path]
) -> None:
    rows = "".join(f"{row},{'ppqr'[row % 4]}\n" for row in range(8))
    dataset = load(train=str(write("t.csv", "a,k\n" + rows)), target="k", features="a")
    (score, _) = scored(dataset, class_result()).baselines
    assert isinstance(score.metrics, ClassMetrics)
    assert score.metrics.log_loss == pytest.approx(-np.log([0.25, 0.25, 0.25]).mean(), rel=1e-9)
    assert score.metrics.accuracy == 0.0


def test_the_content_is_json_with_what_was_observed_only(
    load: Load, write: Callable[[str, str], Path]
) -> None:
    bare = str(write("bare.csv", "a,b,z\n1,2,3\n3,4,3\n5,6,4\n"))
    content = scored(load(test=bare, target=["y", "z"]), result(outputs=2)).content
    assert [score["target"] for score in content["scores"]] == ["z"]
    assert list(content["scores"][0])[:4] == ["kernel", "time", "target", "rmse"]
    assert content["scores"][0]["time"] == "inf"
    assert {score["target"] for score in content["baselines"]} == {"z"}
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    nothing = str(write("nothing.csv", "a,b\n1,2\n3,4\n5,6\n"))
    found = scored(load(test=nothing), result())
    assert found.content == {"interval": 0.9, "interval_from": "normal", "scores": [], "baselines": []}
    assert len(found.scores) == 1


def test_the_content_of_classes_is_json_too(load: Load) -> None:
    content = scored(load(target="k"), class_result()).content
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert len(content["baselines"]) == 2


def parted(dataset: Dataset, cuts: list[int], *results: Result) -> Metrics:
    """The metrics of all rows, added up in parts."""
    tally = MetricsTally(presentation_of(dataset.schema.targets, OutputSpec(interval=0.9)))
    for rows in np.split(np.arange(3), cuts):
        parts = [
            [
                replace(
                    whole,
                    mean=whole.mean[rows],
                    variance=None if whole.variance is None else whole.variance[rows],
                    ready=float(len(rows)),
                )
                for whole in those
            ]
            for those in (results, of_baselines(dataset))
        ]
        tally.add(dataset.test.targets.iloc[rows], *parts)
    return tally.metrics()


def contents(metrics: Metrics) -> list[dict[str, Any]]:
    return [*metrics.content["scores"], *metrics.content["baselines"]]


@pytest.mark.parametrize("cuts", [[1], [2], [1, 2], [0, 3]])
@pytest.mark.parametrize("target", ["y", ["y", "z"], "k"])
def test_parts_have_the_metrics_of_the_whole(load: Load, cuts: list[int], target: str | list[str]) -> None:
    dataset = load(target=target)
    of_one = class_result if target == "k" else result
    fields: dict[str, Any] = {} if target != ["y", "z"] else {"outputs": 2}
    results = [of_one("ntk", 0.5, **fields), of_one(**fields, variance=None)]
    whole, found = scored(dataset, *results), parted(dataset, cuts, *results)
    assert found.rows == 3
    for one, other in zip(contents(whole), contents(found), strict=True):
        assert other.keys() == one.keys()
        for name, value in one.items():
            same = pytest.approx(value, rel=1e-12, abs=1e-12) if isinstance(value, float) else value
            assert other[name] == same


def test_parts_are_ready_when_the_last_is_and_keep_what_is_known_of_the_calibration(load: Load) -> None:
    errors = RelativeErrors([0.1], [0.2], [0.3])
    found = parted(load(), [1], result(half_width=np.array([0.5]), errors=errors))
    assert found.scores[0].ready == 2.0
    assert found.are_fitted
    assert found.errors == [errors]


def test_the_tally_of_nothing_has_no_scores(load: Load) -> None:
    tally = MetricsTally(presentation_of(load().schema.targets, OutputSpec(interval=0.9)))
    found = tally.metrics()
    assert (found.rows, found.interval, found.scores, found.baselines) == (0, 0.9, [], [])


def test_a_part_without_rows_is_not_scored(load: Load) -> None:
    dataset = load()
    tally = MetricsTally(presentation_of(dataset.schema.targets, OutputSpec()))
    nothing = result(mean=np.zeros((0, 1)), variance=np.zeros((0, 1)))
    tally.add(dataset.test.targets.iloc[:0], [nothing], [])
    assert [score.metrics for score in tally.metrics().scores] == [None]
