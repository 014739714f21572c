import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from ntkcli.data.dataset import Dataset
from ntkcli.results.baseline_tally import BaselineTally
from ntkcli.results.baselines import Baseline
from ntkcli.results.class_metrics import ClassMetrics
from ntkcli.results.metrics import Metrics, baseline_results
from ntkcli.results.number_metrics import NumberMetrics
from ntkcli.results.presentation import presentation_of
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
