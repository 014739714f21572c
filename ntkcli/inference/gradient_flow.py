"""The infinite ensemble of networks trained by gradient flow on the squared loss."""

from collections.abc import Callable

from ntkcli.arrays import FloatArray
from ntkcli.inference.flow import Flow
from ntkcli.inference.prediction import Prediction, contract, with_spread


def ensemble(
    flow: Flow,
    time: float,
    coefficients: FloatArray,
    ntk_test_train: FloatArray,
    nngp_test_train: FloatArray,
    nngp_test: FloatArray,
    nngp_product: Callable[[FloatArray], FloatArray],
) -> Prediction:
    """Mean and covariance over networks trained for `time`, initialisation marginalised out.

        A = Theta(x*, X) F_t(G),    G = Theta(X, X) + ridge I,    mean = A Y
        cov = K(x*, x*') - A K(X, x*') - K(x*, X) A'^T + A K(X, X) A'^T

    Args:
        flow: G, with F_t(G) = G^{-1} (I - exp(-t G)).
        time: t >= 0 or inf, in units of the exponent (learning rate and loss are in it).
        coefficients: F_t(G) Y, (n, k).
        ntk_test_train, nngp_test_train: Theta(x*, X) and K(x*, X), (m, n).
        nngp_test: K(x*, x*) as its diagonal (m,) for variances, or (m, m) for the covariance.
        nngp_product: multiplies K(X, X) with an (n, m) array.

    Lee et al. 2019, equation (16).
    """
    full = nngp_test.ndim == 2
    weights = flow.apply(time, ntk_test_train.T)
    cross = contract(weights, nngp_test_train.T, full=full)
    spread = contract(weights, nngp_product(weights), full=full)
    spread += nngp_test - cross - cross.T
    return with_spread(ntk_test_train @ coefficients, spread)
