from typing import Any

import numpy as np
import pytest

from ntkcli.data.scaling import Scaling
from ntkcli.errors import NumericalError
from ntkcli.inference.prediction import Prediction
from ntkcli.regression.fitted_stage import Answer
from ntkcli.regression.question import Pair
from ntkcli.results.calibration import Calibration
from ntkcli.results.result import Result

PLAIN = Scaling.identity(2)
SCALING = Scaling(np.array([10.0, -1.0]), np.array([2.0, 3.0]))


def of(prediction: Prediction, scaling: Scaling = SCALING, **calibration: Any) -> Result:
    outputs = len(scaling.mean)
    values = {"variance_scale": np.ones(outputs), "noise": np.zeros(outputs)} | calibration
    return Result.of(Answer(Pair("nngp", 2.0), prediction, 0.25), scaling, Calibration(**values))


def test_a_prediction_is_taken_back_to_the_unit_of_each_target() -> None:
    found = of(Prediction(np.ones((3, 2)), np.array([1.0, 2.0, 4.0])))
    assert (found.kernel, found.time, found.temperature, found.half_width) == ("nngp", 2.0, 1.0, None)
    np.testing.assert_array_equal(found.mean, [[12.0, 2.0]] * 3)
    assert found.variance is not None
    np.testing.assert_array_equal(found.variance, np.outer([1.0, 2.0, 4.0], [4.0, 9.0]))
    assert found.noise.tolist() == [1.0, 2.25]


def test_calibration_multiplies_variances_and_noise_and_nothing_else() -> None:
    prediction = Prediction(np.ones((3, 2)), np.array([1.0, 2.0, 4.0]))
    plain, scaled = of(prediction), of(prediction, variance_scale=np.array([2.0, 0.5]), temperature=3.0)
    np.testing.assert_array_equal(scaled.mean, plain.mean)
    assert plain.variance is not None
    assert scaled.variance is not None
    np.testing.assert_array_equal(scaled.variance, plain.variance * [2.0, 0.5])
    np.testing.assert_array_equal(scaled.noise, plain.noise * [2.0, 0.5])
    assert scaled.temperature == 3.0


def test_noise_that_was_found_is_added_in_the_squared_unit_of_each_target() -> None:
    prediction = Prediction(np.ones((3, 2)), np.array([1.0, 2.0, 4.0]))
    found = of(prediction, variance_scale=np.array([2.0, 0.5]), noise=np.array([3.0, 0.0]))
    assert found.noise.tolist() == [2 * 1.0 + 4 * 3.0, 0.5 * 2.25]


def test_without_a_variance_there_is_none() -> None:
    assert of(Prediction(np.ones((3, 2)))).variance is None


def test_a_prediction_in_float32_is_scaled_in_float64() -> None:
    prediction = Prediction(np.ones((2, 1), np.float32), np.ones(2, np.float32))
    found = of(prediction, Scaling(np.array([0.1]), np.array([1.0])))
    assert found.mean.dtype == np.float64
    assert found.mean[0, 0] == 1.1
    assert found.variance is not None
    assert found.variance.dtype == np.float64


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e308])
@pytest.mark.parametrize("part", ["mean", "variance"])
def test_what_leaves_float64_is_refused_with_kernel_and_time(value: float, part: str) -> None:
    values: dict[str, Any] = {"mean": np.ones((2, 2)), "variance": np.ones(2)}
    values[part][0] = value
    with pytest.raises(NumericalError, match=r"kernel nngp at time 2 leave the range of float64: give inf"):
        of(Prediction(**values))


def test_a_scale_whose_square_leaves_float64_has_means_and_no_variances() -> None:
    scaling = Scaling(np.zeros(2), np.array([1e200, 1.0]))
    assert of(Prediction(np.ones((3, 2))), scaling).mean.tolist() == [[1e200, 1.0]] * 3
    with pytest.raises(NumericalError, match="leave the range of float64"):
        of(Prediction(np.ones((3, 2)), np.ones(3)), scaling)
