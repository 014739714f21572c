"""The Nystrom approximation by dense matrices between all rows, and features to compare with it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.inference.prediction import Prediction
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.rows import GramName
from ntkcli.regression.feature_map import FeatureMap
from ntkcli.regression.feature_sums import FeatureSums
from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.regression.nystrom import Nystrom

from .cases import INF, Data

GRAMS: list[GramName] = ["nngp", "ntk"]
# Eigenvalues below this share of the largest are rounding.
ROUNDING = 1e-12


@dataclass(frozen=True)
class DenseNystrom:
    """Predictions of data by the features of some centres, with F_t of the whole matrix G (n, n).

        phi(x) = W^T k(C, x),    W = V diag(w)^(-1/2),    k(C, C) = V diag(w) V^T
        G = Phi Phi^T + ridge I

    centres: which of the data's rows are centres.
    ridge: absolute.
    """

    data: Data
    centres: IntArray
    ridge: float = 0.0

    def features(self, gram: GramName, x: FloatArray) -> FloatArray:
        """phi of rows x (c, d), (c, r)."""
        centres = self.data.x[self.centres]
        w, vectors = np.linalg.eigh(self.data.kernels(centres, centres)[gram])
        kept = w > ROUNDING * w[-1]
        whitening = vectors[:, kept] / np.sqrt(w[kept])
        return np.asarray(self.data.kernels(x, centres)[gram] @ whitening)

    def gram(self, gram: GramName) -> FloatArray:
        """Phi Phi^T, (n, n)."""
        phi = self.features(gram, self.data.x)
        return np.asarray(phi @ phi.T)

    def flow(self, gram: GramName, exponent: float) -> FloatArray:
        """F_t(G), (n, n); at inf the pseudo-inverse."""
        g, vectors = np.linalg.eigh(self.gram(gram) + self.ridge * np.eye(len(self.data.x)))
        is_zero = g < ROUNDING * g[-1]
        divisor = np.where(is_zero, 1.0, g)
        limit = 0.0 if exponent == INF else exponent
        decay = np.exp(-exponent * divisor)
        return np.asarray(vectors * np.where(is_zero, limit, (1 - decay) / divisor) @ vectors.T)

    def predict(self, kernel: KernelName, exponent: float) -> Prediction:
        """The data's test rows."""
        gram, prior = KERNELS[kernel].gram, KERNELS[kernel].prior
        x_test, x = self.data.x_test, self.data.x
        phi = self.features(gram, x_test)
        test_train = phi @ self.features(gram, x).T
        weights = test_train @ self.flow(gram, exponent)
        psi = self.features(prior, x_test)
        # The part of the prior that features do not have is not learned.
        covariance = self.data.kernels(x_test, x_test)[prior] - psi @ psi.T
        if KERNELS[kernel].is_posterior:
            covariance += psi @ psi.T - test_train @ self.flow(gram, 2 * exponent) @ test_train.T
        else:
            left = psi - weights @ self.features(prior, x)
            covariance += left @ left.T
        return Prediction(weights @ self.data.y, covariance.diagonal(), covariance)

    def log_likelihood_bound(self, gram: GramName) -> float:
        """log N(Y; 0, Phi Phi^T + ridge I) - k tr(K - Phi Phi^T) / (2 ridge)."""
        approximated, x = self.gram(gram), self.data.x
        left_out = float(np.trace(self.data.kernels(x, x)[gram] - approximated))
        outputs = self.data.y.shape[1]
        known = log_likelihood(self.data.y, approximated + self.ridge * np.eye(len(x)))
        return float(known - outputs * left_out / (2 * self.ridge))


def log_likelihood(y: FloatArray, covariance: FloatArray) -> float:
    """log N(Y; 0, C), summed over the outputs (n, k)."""
    n, outputs = y.shape
    _, volume = np.linalg.slogdet(covariance)
    misfit = np.sum(y * np.linalg.solve(covariance, y))
    return float(-0.5 * (misfit + outputs * (volume + n * np.log(2 * np.pi))))


def summed(
    data: Data, centres: FloatArray, grams: Sequence[GramName] = GRAMS, *, with_cross: bool = True
) -> FeatureSums:
    """The sums over the data's rows of the features of some centres (m, d)."""
    features = FeatureMap.of(Evaluator(data.network, tile_rows=5), centres, grams)
    sums = FeatureSums.empty(features, data.y.shape[1], with_cross=with_cross)
    sums.add(data.x, data.y)
    return sums


def approximated(data: Data, centres: IntArray) -> Nystrom:
    """The data's rows by the features of some of them."""
    return Nystrom.of(summed(data, data.x[centres]), GRAMS)
