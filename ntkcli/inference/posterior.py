"""Posteriors of Gaussian processes: nngp at any time, ntkgp at time inf."""

from ntkcli.arrays import FloatArray
from ntkcli.inference.flow import Action
from ntkcli.inference.prediction import Prediction, with_uncertainty


def posterior(action: Action, time: float, mean: FloatArray, test: FloatArray) -> Prediction:
    """Mean and covariance of the noise-free function when only the readout is trained for `time`.

        mean = k(x*, X) F_t(G) Y,    G = k(X, X) + ridge I,    F_t(G) = G^{-1} (I - exp(-t G))
        cov  = k(x*, x*') - k(x*, X) F_2t(G) k(X, x*')

    At t = inf it is the exact Bayesian posterior with noise variance `ridge`.

    Args:
        action: G's flow acting on k(X, x*), (n, m).
        time: t > 0 or inf, in units of the exponent (learning rate and loss are in it).
        mean: k(x*, X) F_t(G) Y, (m, k).
        test: k(x*, x*) as its diagonal (m,) for variances, or (m, m) for the covariance.

    Rasmussen & Williams 2006, equations (2.25) and (2.26), for t = inf.
    """
    return with_uncertainty(mean, test - action.quadratic(2 * time, full=test.ndim == 2))
