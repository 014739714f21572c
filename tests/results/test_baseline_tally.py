from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.arrays import FloatArray
from ntkcli.results.baseline_tally import BaselineTally
from ntkcli.results.baselines import Baseline

shapes = given(n=st.integers(1, 12), d=st.integers(0, 15), seed=st.integers(0, 99))


def data(n: int, d: int, seed: int = 0) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng([seed, n, d])
    return rng.normal(size=(n, d)) + 3.0, rng.normal(size=(n, 2)) - 5.0


def tally(x: FloatArray, y: FloatArray, lengths: Sequence[int] = ()) -> BaselineTally:
    """The tally of rows added in parts of some lengths, and of the rest."""
    found = BaselineTally(x.shape[1], y.shape[1])
    cuts = np.cumsum([*lengths])
    for part in zip(np.split(x, cuts), np.split(y, cuts), strict=True):
        found.add(*part)
    return found


def linear_baseline(x: FloatArray, y: FloatArray) -> Baseline:
    return tally(x, y).linear


def mean_baseline(y: FloatArray, features: int) -> Baseline:
    return tally(np.zeros((len(y), features)), y).mean


@shapes
def test_the_mean_is_predicted_anywhere(n: int, d: int, seed: int) -> None:
    x, y = data(n, d, seed)
    model = mean_baseline(y, d)
    assert model.weights.shape == (d, 2)
    np.testing.assert_allclose(model.predict(x), np.tile(y.mean(axis=0), (n, 1)), rtol=1e-13)
    expected = np.var(y, axis=0, ddof=1) if n > 1 else [0.0, 0.0]
    np.testing.assert_allclose(model.variance, expected, rtol=1e-10)


@shapes
def test_the_linear_model_has_the_least_squares_of_all(n: int, d: int, seed: int) -> None:
    """Its residuals are orthogonal to every feature and to the intercept."""
    x, y = data(n, d, seed)
    model = linear_baseline(x, y)
    residual = y - model.predict(x)
    assert model.weights.shape == (d, 2)
    np.testing.assert_allclose(residual.sum(axis=0), 0.0, atol=1e-10)
    np.testing.assert_allclose(x.T @ residual, 0.0, atol=1e-9)
    squares = np.sum(residual**2, axis=0)
    np.testing.assert_allclose(model.variance, squares / max(n - 1 - d, 1), rtol=1e-10, atol=1e-20)


@shapes
def test_the_solution_is_the_shortest_of_all(n: int, d: int, seed: int) -> None:
    """It has no part in what the training rows do not span around their mean."""
    x, y = data(n, d, seed)
    centred = x - x.mean(axis=0)
    model = linear_baseline(x, y)
    within = np.linalg.pinv(centred, rcond=1e-12) @ centred
    np.testing.assert_allclose(within @ model.weights, model.weights, atol=1e-10)


def test_a_linear_law_is_found() -> None:
    x, _ = data(12, 3)
    weights, intercept = np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]]), np.array([7.0, -2.0])
    model = linear_baseline(x, x @ weights + intercept)
    np.testing.assert_allclose(model.weights, weights, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(model.intercept, intercept, rtol=1e-10)
    np.testing.assert_allclose(model.variance, 0.0, atol=1e-24)


def test_the_variance_is_unbiased() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, 3))
    y = rng.normal(scale=[1.0, 3.0], size=(20_000, 8, 2)).transpose(1, 0, 2).reshape(8, -1)
    linear, mean = linear_baseline(x, y).variance.reshape(-1, 2), mean_baseline(y, 3).variance.reshape(-1, 2)
    np.testing.assert_allclose(linear.mean(axis=0), [1.0, 9.0], rtol=0.03)
    np.testing.assert_allclose(mean.mean(axis=0), [1.0, 9.0], rtol=0.03)


def test_a_repeated_feature_shares_its_weight_and_costs_no_degree_of_freedom() -> None:
    x, y = data(12, 2)
    once, twice = linear_baseline(x, y), linear_baseline(x[:, [0, 1, 1]], y)
    np.testing.assert_allclose(twice.weights[1], once.weights[1] / 2, rtol=1e-10)
    np.testing.assert_allclose(twice.weights[2], once.weights[1] / 2, rtol=1e-10)
    np.testing.assert_allclose(twice.variance, once.variance, rtol=1e-10)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6 / 3])
def test_a_constant_feature_has_no_weight(value: float) -> None:
    """Not even that of what rounding would leave of it, were it all there is."""
    _, y = data(12, 1)
    model = linear_baseline(np.full((12, 1), value), y)
    assert np.array_equal(model.weights, np.zeros((1, 2)))
    np.testing.assert_allclose(model.variance, mean_baseline(y, 1).variance, rtol=1e-12)


@pytest.mark.parametrize("value", [0.1, 1e6 / 3])
def test_a_constant_target_is_known_exactly(value: float) -> None:
    x, _ = data(12, 3)
    y = np.full((12, 1), value)
    for model in (mean_baseline(y, 3), linear_baseline(x, y)):
        assert np.array_equal(model.predict(x), y)
        assert np.array_equal(model.variance, [0.0])


def test_far_from_the_origin_nothing_is_lost() -> None:
    x, y = data(12, 2)
    near, far = linear_baseline(x, y), linear_baseline(x + 2.0**30, y)
    np.testing.assert_allclose(far.weights, near.weights, rtol=1e-5)
    np.testing.assert_allclose(far.variance, near.variance, rtol=1e-5)


def test_the_models_have_their_names() -> None:
    x, y = data(5, 2)
    assert (mean_baseline(y, 2).name, linear_baseline(x, y).name) == ("mean", "linear")


def assert_same(found: Baseline, expected: Baseline, rtol: float = 1e-10) -> None:
    assert found.name == expected.name
    np.testing.assert_allclose(found.weights, expected.weights, rtol=rtol, atol=rtol)
    np.testing.assert_allclose(found.intercept, expected.intercept, rtol=rtol, atol=rtol)
    np.testing.assert_allclose(found.variance, expected.variance, rtol=rtol, atol=1e-20)


@given(
    lengths=st.lists(st.integers(0, 9), max_size=5),
    d=st.integers(0, 12),
    repeats=st.booleans(),
    far=st.sampled_from([0.0, 1e3]),
)
def test_parts_of_any_lengths_have_the_baselines_of_the_whole(
    lengths: list[int], d: int, repeats: bool, far: float
) -> None:
    """With more features than rows, constant features and repeated ones too."""
    x, y = data(sum(lengths) + 2, d)
    x = x + far
    x = np.column_stack([x, np.full(len(x), 0.1), x[:, :1] if repeats else x[:, :0]])
    whole, parts = tally(x, y), tally(x, y, lengths)
    assert_same(parts.mean, whole.mean)
    assert_same(parts.linear, whole.linear, 1e-8)
    assert np.array_equal(parts.linear.weights[d], [0.0, 0.0])


def test_many_rows_have_the_least_squares_of_all_at_once() -> None:
    x, y = data(5000, 4)
    x[:, 2] = x[:, 0] - 2 * x[:, 1]
    design = np.column_stack([np.ones(len(x)), x])
    found = linear_baseline(x, y)
    fitted = design @ np.linalg.lstsq(design, y, rcond=None)[0]
    np.testing.assert_allclose(found.predict(x), fitted, rtol=1e-10)
    # Three of the four features are independent.
    np.testing.assert_allclose(found.variance, np.sum((y - fitted) ** 2, axis=0) / (5000 - 4), rtol=1e-10)


def test_the_condition_of_the_features_is_not_squared() -> None:
    """Two features that differ by 1e-10 are two, and their products are equal in float64."""
    x, _ = data(3000, 1)
    rng = np.random.default_rng(0)
    step = rng.normal(size=(3000, 1))
    twins = np.column_stack([x, x + 1e-10 * step])
    found = tally(twins, step, [1000, 1000]).linear
    np.testing.assert_allclose(found.weights[:, 0], [-1e10, 1e10], rtol=1e-3)


@pytest.mark.parametrize("lengths", [[], [1], [2, 2], [3]])
def test_a_target_that_leaves_float64_takes_no_other_with_it(lengths: list[int]) -> None:
    x, y = data(6, 2)
    huge = np.column_stack([y[:, 0], [1e308, -1e308, 1e308, -1e308, 1e308, 0.0], y[:, 1]])
    found, alone = tally(x, huge, lengths), tally(x, y)
    for one, other in ((found.linear, alone.linear), (found.mean, alone.mean)):
        np.testing.assert_allclose(one.weights[:, [0, 2]], other.weights, rtol=1e-10)
        np.testing.assert_allclose(one.variance[[0, 2]], other.variance, rtol=1e-10)
        assert np.isinf(one.variance[1])


def test_no_rows_predict_nothing() -> None:
    found = BaselineTally(2, 1)
    for model in (found.mean, found.linear):
        assert np.array_equal(model.predict(np.ones((1, 2))), [[0.0]])
        assert np.array_equal(model.variance, [0.0])
