"""Posteriors of Gaussian processes: nngp at any time, ntkgp at time inf."""

from ntkcli.arrays import FloatArray
from ntkcli.inference.flow import Flow
from ntkcli.inference.prediction import Prediction, contract, with_spread


def posterior(
    flow: Flow, time: float, coefficients: FloatArray, test_train: FloatArray, test: FloatArray
) -> Prediction:
    """Mean and covariance of the noise-free function when only the readout is trained for `time`.

        mean = k(x*, X) F_t(G) Y,    G = k(X, X) + ridge I,    F_t(G) = G^{-1} (I - exp(-t G))
        cov  = k(x*, x*') - k(x*, X) F_2t(G) k(X, x*')

    At t = inf it is the exact Bayesian posterior with noise variance `ridge`.

    Args:
        flow: G.
        time: t >= 0 or inf, in units of the exponent (learning rate and loss are in it).
        coefficients: F_t(G) Y, (n, k).
        test_train: k(x*, X), (m, n).
        test: k(x*, x*) as its diagonal (m,) for variances, or (m, m) for the covariance.

    Rasmussen & Williams 2006, equations (2.25) and (2.26), for t = inf.
    """
    root = flow.root(2 * time, test_train.T)
    return with_spread(test_train @ coefficients, test - contract(root, root, full=test.ndim == 2))
