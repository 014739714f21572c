import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from ntkcli.data.dataset import Dataset, load_dataset
from ntkcli.data.scaling import Scaling
from ntkcli.errors import DataError
from ntkcli.inference.prediction import Prediction
from ntkcli.regression import Answer
from ntkcli.runs.results import Result, check_names, prediction_table, scores
from ntkcli.spec.spec import DataSpec, OutputSpec

Load = Callable[..., Dataset]


@pytest.fixture
def load(write: Callable[[str, str], Path]) -> Load:
    """A dataset of three rows to predict; keyword arguments are keys of the data section."""
    train = write("train.csv", "a,b,y,z\n1,2,5,1\n3,4,6,2\n")
    test = write("test.csv", "n,kernel,a,b,y,z\nu,r,1,2,5,1\nv,s,3,4,6,2\nw,t,5,6,7,4\n")

    def load_with(**keys: Any) -> Dataset:
        values = {"target": "y", "features": ["a", "b"], "train": str(train), "test": str(test)}
        return load_dataset(DataSpec.model_validate(values | keys))

    return load_with


def result(kernel: str = "nngp", time: float = math.inf, *, outputs: int = 1, noise: float = 0.5) -> Result:
    """A result for three rows."""
    mean = np.arange(3.0 * outputs).reshape(3, outputs) + 5.0
    variance = np.full((3, outputs), 4.0) + np.arange(3.0)[:, None]
    return Result(kernel, time, mean, variance, np.full(outputs, noise), ready=1.0)


def test_the_table_goes_by_row_then_by_result(load: Load) -> None:
    results = [result("ntk", 0.5), result("ntk", math.inf), result("nngp", math.inf)]
    table = prediction_table(load(), results, OutputSpec())
    assert table["row"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert table["kernel"].tolist() == ["ntk", "ntk", "nngp"] * 3
    assert table["time"].tolist() == ["0.5", "inf", "inf"] * 3
    assert table["y"].tolist() == [5.0] * 3 + [6.0] * 3 + [7.0] * 3


def test_the_columns_of_a_target_stand_together(load: Load) -> None:
    table = prediction_table(load(target=["z", "y"]), [result(outputs=2)], OutputSpec())
    kinds = ("_mean", "_std", "_lower", "_upper", "")
    assert list(table.columns) == [
        "row",
        "kernel",
        "time",
        *(f"{name}{kind}" for name in "zy" for kind in kinds),
    ]
    assert table["z_mean"].tolist() == [5.0, 7.0, 9.0]
    assert table["y_mean"].tolist() == [6.0, 8.0, 10.0]
    assert table["z"].tolist() == [1.0, 2.0, 4.0]


def test_ids_stand_in_for_the_row_number(load: Load) -> None:
    table = prediction_table(load(id="n"), [result(), result("ntk")], OutputSpec())
    assert list(table.columns[:3]) == ["n", "kernel", "time"]
    assert table["n"].tolist() == ["u", "u", "v", "v", "w", "w"]


def test_without_std_there_are_means_only(load: Load) -> None:
    table = prediction_table(load(), [result()], OutputSpec(std=False))
    assert list(table.columns) == ["row", "kernel", "time", "y_mean", "y"]


@pytest.mark.parametrize("interval", [0.5, 0.95, 0.999])
def test_lower_and_upper_bound_the_central_interval(load: Load, interval: float) -> None:
    table = prediction_table(load(), [result()], OutputSpec(interval=interval))
    np.testing.assert_array_equal(table["y_std"], np.sqrt([4.0, 5.0, 6.0]))
    lower, upper = norm.interval(interval, table["y_mean"], table["y_std"])
    np.testing.assert_allclose(table["y_lower"], lower, rtol=1e-12)
    np.testing.assert_allclose(table["y_upper"], upper, rtol=1e-12)


def test_noise_is_in_the_std_only_when_asked_for(load: Load) -> None:
    table = prediction_table(load(), [result(noise=0.5)], OutputSpec(noise=True))
    np.testing.assert_array_equal(table["y_std"], np.sqrt([4.5, 5.5, 6.5]))


@pytest.mark.parametrize(
    "keys", [{"id": "kernel"}, {"target": ["y", "y_mean"]}, {"id": ["n", "y_std"]}, {"id": "y_lower"}]
)
def test_two_columns_of_one_name_are_refused(
    load: Load, write: Callable[[str, str], Path], keys: dict[str, Any]
) -> None:
    rows = "\n1,2,3,4,5,6,7,8\n2,3,4,5,6,7,8,9\n"
    for file in ("train", "test"):
        keys[file] = str(write(f"clash_{file}.csv", "a,b,y,kernel,y_mean,y_std,y_lower,n" + rows))
    dataset = load(**keys)
    with pytest.raises(DataError, match=r"predictions\.csv would have two columns '.*': rename"):
        check_names(dataset)


def test_scores_include_the_noise_and_name_kernel_time_and_target(load: Load) -> None:
    (score,) = scores(load(), result(noise=0.5), interval=0.95)
    y, mean, variance = np.array([5.0, 6.0, 7.0]), np.array([5.0, 6.0, 7.0]), np.array([4.5, 5.5, 6.5])
    assert (score["kernel"], score["time"], score["target"]) == ("nngp", "inf", "y")
    assert score["nll"] == pytest.approx(-norm.logpdf(y, mean, np.sqrt(variance)).mean(), rel=1e-12)
    assert (score["rmse"], score["coverage"]) == (0.0, 1.0)


def test_a_target_that_the_test_file_lacks_has_no_scores(
    load: Load, write: Callable[[str, str], Path]
) -> None:
    dataset = load(test=str(write("bare.csv", "a,b,z\n1,2,3\n3,4,3\n5,6,4\n")), target=["y", "z"])
    bare, scored = scores(dataset, result(outputs=2), interval=0.95)
    assert set(bare) == {"kernel", "time", "target"}
    assert set(scored) == {"kernel", "time", "target", "rmse", "mae", "r2", "nll", "coverage"}


def answer(prediction: Prediction) -> Answer:
    return Answer("nngp", 2.0, prediction, noise=0.25)


def test_an_answer_is_taken_back_to_the_unit_of_each_target() -> None:
    scaling = Scaling(np.array([10.0, -1.0]), np.array([2.0, 3.0]))
    found = Result.of(answer(Prediction(np.ones((3, 2)), np.array([1.0, 2.0, 4.0]))), scaling, ready=0.0)
    np.testing.assert_array_equal(found.mean, [[12.0, 2.0]] * 3)
    assert found.variance is not None
    np.testing.assert_array_equal(found.variance, np.outer([1.0, 2.0, 4.0], [4.0, 9.0]))
    assert found.noise.tolist() == [1.0, 2.25]


def test_a_prediction_in_float32_is_scaled_in_float64() -> None:
    prediction = Prediction(np.ones((2, 1), np.float32), np.ones(2, np.float32))
    found = Result.of(answer(prediction), Scaling(np.array([0.1]), np.array([1.0])), ready=0.0)
    assert found.mean.dtype == np.float64
    assert found.mean[0, 0] == 1.1
    assert pd.DataFrame(found.variance).dtypes.tolist() == [np.dtype(np.float64)]
