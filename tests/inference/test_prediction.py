import numpy as np

from ntkcli.inference.prediction import Prediction, concatenate, with_uncertainty

MEAN = np.arange(6.0).reshape(3, 2)


def test_a_spread_of_one_dimension_is_a_variance() -> None:
    prediction = with_uncertainty(MEAN, np.array([1.0, 2.0, 3.0]))
    assert prediction.variance is not None
    assert np.array_equal(prediction.variance, [1.0, 2.0, 3.0])
    assert prediction.covariance is None


def test_a_spread_of_two_dimensions_is_a_covariance_with_its_variance() -> None:
    covariance = np.diag([1.0, 2.0, 3.0]) + 0.5
    prediction = with_uncertainty(MEAN, covariance)
    assert prediction.variance is not None
    assert prediction.covariance is not None
    assert np.array_equal(prediction.covariance, covariance)
    assert np.array_equal(prediction.variance, [1.5, 2.5, 3.5])


def test_a_variance_that_rounding_made_negative_is_zero() -> None:
    spread = np.array([-1e-17, 0.0, 2.0])
    for prediction in (with_uncertainty(MEAN, spread), with_uncertainty(MEAN, np.diag(spread))):
        assert prediction.variance is not None
        assert np.array_equal(prediction.variance, [0.0, 0.0, 2.0])


def test_predictions_are_joined_in_order() -> None:
    parts = [Prediction(MEAN[i : i + 1], np.array([float(i)])) for i in range(3)]
    whole = concatenate(parts)
    assert whole.variance is not None
    assert np.array_equal(whole.mean, MEAN)
    assert np.array_equal(whole.variance, [0.0, 1.0, 2.0])


def test_predictions_without_a_spread_are_joined_without_one() -> None:
    whole = concatenate([Prediction(MEAN[:1]), Prediction(MEAN[1:])])
    assert np.array_equal(whole.mean, MEAN)
    assert whole.variance is None


def test_one_prediction_keeps_its_covariance() -> None:
    whole = concatenate([with_uncertainty(MEAN, np.eye(3))])
    assert whole.covariance is not None
    assert np.array_equal(whole.covariance, np.eye(3))
