import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.activation import Activation
from ntkcli.kernels.activations.catalogue import make
from ntkcli.kernels.architecture import fully_connected
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Threads
from ntkcli.kernels.gradients import gram_gradient
from ntkcli.kernels.network import Network
from ntkcli.kernels.steps import Affine

RNG = np.random.default_rng(5)
EXECUTOR = Threads()
HOMOGENEOUS = [
    make("relu"),
    make("identity"),
    make("leaky_relu", slope=0.2),
    make("abs"),
    make("rectified_monomial", degree=2),
    make("exp_normalized"),
    make("hermite", degree=3),
]


def network(activation: Activation, depth: int = 3, bias: float = 0.1) -> Network:
    return fully_connected([Affine(1.7, bias, 1.7, bias)] * depth, [activation] * (depth - 1))


def gram(net: Network, a: FloatArray, b: FloatArray) -> FloatArray:
    return Evaluator(net).rectangle(net.rows(a), net.rows(b), ["nngp"])["nngp"]


def symmetric(n: int) -> FloatArray:
    slope = RNG.normal(size=(n, n))
    return np.asarray(slope + slope.T)


def weighted(net: Network, x: FloatArray, slope: FloatArray) -> float:
    kernel = Evaluator(net).symmetric(net.rows(x), ["nngp"])["nngp"].to_array()
    return float(np.sum(slope * kernel))


def central(function: object, x: FloatArray, step: float = 1e-5) -> FloatArray:
    found = np.empty(x.shape)
    for place in np.ndindex(*x.shape):
        moved = np.zeros(x.shape)
        moved[place] = step
        found[place] = (function(x + moved) - function(x - moved)) / (2 * step)  # type: ignore[operator]
    return found


@pytest.mark.parametrize("activation", HOMOGENEOUS, ids=str)
def test_the_gradient_of_a_gram_matrix_is_its_difference_quotient(activation: Activation) -> None:
    net, x, slope = network(activation), RNG.normal(size=(6, 3)), symmetric(6)
    found = gram_gradient(net, x, slope, EXECUTOR)
    expected = central(lambda moved: weighted(net, moved, slope), x)
    np.testing.assert_allclose(found.inputs, expected, rtol=1e-6, atol=1e-7 * np.abs(expected).max())


@pytest.mark.parametrize("activation", HOMOGENEOUS, ids=str)
def test_the_gradient_by_the_biases_is_their_difference_quotient(activation: Activation) -> None:
    x, slope = RNG.normal(size=(6, 3)), symmetric(6)
    found = gram_gradient(network(activation), x, slope, EXECUTOR).bias
    high, low = (weighted(network(activation, bias=0.1 + step), x, slope) for step in (1e-5, -1e-5))
    assert found == pytest.approx((high - low) / 2e-5, rel=1e-6)


def test_equal_rows_have_the_derivative_of_their_variance() -> None:
    # Without biases K(x, x) is a multiple of x.x, and so is K(x, x') near x = x', to first order.
    net, x = network(make("relu"), bias=0.0), RNG.normal(size=(1, 4))
    variance = gram(net, x, x)[0, 0] / float(x[0] @ x[0])
    twice = np.vstack([x, x])
    found = gram_gradient(net, twice, np.ones((2, 2)), EXECUTOR).inputs
    np.testing.assert_allclose(found, 4 * variance * twice, rtol=1e-13)


def test_rows_of_zeros_have_no_part_in_a_gradient() -> None:
    net, x, slope = network(make("relu"), bias=0.0), RNG.normal(size=(5, 3)), symmetric(5)
    x[[1, 3]] = 0.0
    found, kept = gram_gradient(net, x, slope, EXECUTOR).inputs, [0, 2, 4]
    alone = gram_gradient(net, x[kept], slope[np.ix_(kept, kept)], EXECUTOR).inputs
    np.testing.assert_allclose(found[kept], alone, rtol=1e-12)
    assert np.isfinite(found).all()


def test_tiles_add_up_to_the_whole() -> None:
    net, x = network(make("relu")), RNG.normal(size=(300, 3))
    slope = symmetric(300)
    found = gram_gradient(net, x, slope, Threads(2)).inputs
    way, step = RNG.normal(size=x.shape), 1e-5
    quotient = (weighted(net, x + step * way, slope) - weighted(net, x - step * way, slope)) / (2 * step)
    assert np.sum(found * way) == pytest.approx(quotient, rel=1e-6)
    np.testing.assert_allclose(found, gram_gradient(net, x, slope, EXECUTOR).inputs, rtol=1e-12)


def test_other_networks_are_refused() -> None:
    with pytest.raises(ValueError, match="homogeneous"):
        gram_gradient(network(make("erf")), np.ones((2, 3)), np.eye(2), EXECUTOR)
