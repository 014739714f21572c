"""The infinite ensemble of networks trained by gradient flow on the squared loss."""

from ntkcli.arrays import FloatArray
from ntkcli.inference.flow import Action
from ntkcli.inference.prediction import Prediction, with_uncertainty
from ntkcli.linalg.contraction import contract
from ntkcli.linalg.operator import Operator


def ensemble(
    action: Action,
    time: float,
    mean: FloatArray,
    nngp_test_train: FloatArray,
    nngp_test: FloatArray,
    nngp: Operator,
) -> Prediction:
    """Mean and covariance over networks trained for `time`, initialisation marginalised out.

        A = Theta(x*, X) F_t(G),    G = Theta(X, X) + ridge I,    mean = A Y
        cov = K(x*, x*') - A K(X, x*') - K(x*, X) A'^T + A K(X, X) A'^T

    Args:
        action: G's flow acting on Theta(X, x*), (n, m).
        time: t > 0 or inf, in units of the exponent (learning rate and loss are in it).
        mean: A Y, (m, k).
        nngp_test_train: K(x*, X), (m, n).
        nngp_test: K(x*, x*) as its diagonal (m,) for variances, or (m, m) for the covariance.
        nngp: K(X, X), by its half product T b with T + T^T = K(X, X).

    Lee et al. 2019, equation (16).
    """
    weights = action.product(time)
    # The covariance is K(x*, x*') + H + H^T with H = A T A'^T - A K(X, x*').
    rest = nngp.half_product(weights).astype(nngp_test_train.dtype, copy=False)
    rest -= nngp_test_train.T
    half = contract(weights, rest, full=nngp_test.ndim == 2)
    return with_uncertainty(mean, nngp_test + (half + half.T))
