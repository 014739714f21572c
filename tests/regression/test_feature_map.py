"""Features' products are kernels with the centres, whatever rows come and however far away they are."""

from dataclasses import replace

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.errors import NumericalError
from ntkcli.jobs.network import network_of
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.network import Network
from ntkcli.kernels.rows import GramName
from ntkcli.regression.feature_map import FeatureMap
from ntkcli.spec.network import NetworkSpec

from .cases import Data, some_data
from .dense_nystrom import GRAMS, DenseNystrom

RNG = np.random.default_rng(5)
CENTRES, ROWS = RNG.normal(size=(9, 4)), RNG.normal(size=(14, 4))
every_gram = pytest.mark.parametrize("gram", GRAMS)


def network(activation: str, *reached: FloatArray, sigma_b: float = 0.3) -> Network:
    """A network whose tables reach to some rows."""
    plain = network_of(NetworkSpec(depth=3, activation=activation, sigma_w=1.5, sigma_b=sigma_b), 4)
    return plain.tabulated(plain.spans(np.concatenate(reached)))


def feature_map(of: Network, centres: FloatArray = CENTRES) -> FeatureMap:
    return FeatureMap.of(Evaluator(of, tile_rows=5), centres, GRAMS)


def kernels(of: Network, a: FloatArray, b: FloatArray, gram: GramName) -> FloatArray:
    return Data(of, a, a, b).kernels(a, b)[gram]


@every_gram
@pytest.mark.parametrize("activation", ["relu", "erf", "tanh"])
def test_products_with_the_features_of_a_centre_are_its_kernels(gram: GramName, activation: str) -> None:
    used = network(activation, CENTRES, ROWS)
    features = feature_map(used)
    values, diagonals = features.features(ROWS)
    own = features.features(CENTRES).values[gram]
    np.testing.assert_allclose(
        values[gram] @ own.T, kernels(used, ROWS, CENTRES, gram), rtol=1e-11, atol=1e-12
    )
    np.testing.assert_allclose(own @ own.T, kernels(used, CENTRES, CENTRES, gram), rtol=1e-11, atol=1e-12)
    assert np.array_equal(diagonals[gram], used.rows(ROWS).diagonal(gram))
    # The features of other rows have no more of their kernels than there is.
    assert np.all(np.sum(values[gram] ** 2, axis=1) <= diagonals[gram])


@every_gram
def test_products_of_features_do_not_depend_on_how_they_are_whitened(gram: GramName) -> None:
    data, chosen = some_data(n=20), np.array([3, 8, 0, 15, 11])
    found = feature_map(data.network, data.x[chosen]).features(data.x_test).values[gram]
    expected = DenseNystrom(data, chosen).features(gram, data.x_test)
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, rtol=1e-10, atol=1e-12)


@every_gram
def test_centres_that_stand_twice_or_have_no_kernel_add_no_features(gram: GramName) -> None:
    used = network("relu", CENTRES, sigma_b=0.0)
    awkward = np.concatenate([CENTRES, np.zeros((2, 4)), CENTRES[[4, 2]]])
    features = feature_map(used, awkward)
    assert features.whitenings[gram].rank == len(CENTRES)
    found, plain = (each.features(ROWS).values[gram] for each in (features, feature_map(used)))
    np.testing.assert_allclose(found @ found.T, plain @ plain.T, rtol=1e-10, atol=1e-12)


def test_a_row_of_zeros_without_a_bias_has_features_of_zeros() -> None:
    values, diagonals = feature_map(network("relu", CENTRES, sigma_b=0.0)).features(np.zeros((2, 4)))
    for gram in GRAMS:
        assert not values[gram].any()
        assert not diagonals[gram].any()


@pytest.mark.parametrize("activation", ["elu", "sigmoid"])
def test_rows_beyond_the_tables_have_the_features_of_a_network_that_knew_them(activation: str) -> None:
    """In any order among rows within reach, whose features are those without them."""
    near, far = ROWS[:6], 4.0 * ROWS[6:8]
    order = np.array([2, 0, 3, 4, 1, 5, 6, 7])
    mixed, is_far = np.concatenate([far, near])[order], order < 2
    short = network(activation, CENTRES, near)
    assert short.has_tables
    found = feature_map(short).features(mixed)
    knowing = feature_map(network(activation, CENTRES, near, far)).features(mixed)
    alone = feature_map(short).features(mixed[~is_far])
    for gram in GRAMS:
        np.testing.assert_allclose(found.values[gram], knowing.values[gram], rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(found.diagonals[gram], knowing.diagonals[gram], rtol=1e-9)
        np.testing.assert_allclose(found.values[gram][~is_far], alone.values[gram], rtol=1e-13, atol=1e-13)
        assert np.array_equal(found.diagonals[gram][~is_far], alone.diagonals[gram])


def test_features_are_float64_whatever_matrices_are_stored_as() -> None:
    used = network("relu", CENTRES)
    single = FeatureMap.of(replace(Evaluator(used), dtype=np.float32), CENTRES, GRAMS).features(ROWS)
    double = FeatureMap.of(Evaluator(used), CENTRES, GRAMS).features(ROWS)
    for gram in GRAMS:
        assert np.array_equal(single.values[gram], double.values[gram])


def test_centres_without_a_kernel_are_refused() -> None:
    with pytest.raises(NumericalError, match=r"network\.sigma_b"):
        feature_map(network("relu", CENTRES, sigma_b=0.0), np.zeros((3, 4)))
