"""Variances from functions of the prior that are carried along the path of a fit.

A function f ~ GP(0, K) that is seen with noise at the training rows, and fitted for a time, is missed by

    e_* = f_* - G(x*, X) F_t(G) (f_X + eps)

which has the covariance of what is predicted. For an ensemble eps = 0, and this is equation (16) of Lee et
al. 2019. For a posterior G = K + ridge I and eps ~ N(0, ridge I), so that with k = K(X, x*)

    cov = K(x*, x*) - 2 k^T F_t k + k^T F_t (K + ridge I) F_t k = K(x*, x*) - k^T F_2t k,

as 2 F_t - F_t G F_t = F_2t. Wilson, Borovitskiy, Terenin, Mostowsky & Deisenroth 2021.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.linalg.operator import ReadableOperator
from ntkcli.linalg.product import product
from ntkcli.linalg.square_root import SquareRoot

# The error of the prior's covariance, as a share of what the number of samples leaves open.
ERROR_SHARE = 0.25
# Samples for each one of the noise that is taken out again, as there is little of it.
SAMPLES_PER_NOISE = 4
# How much of the ridge the shift may be.
KNOWN_SHARE = 0.9
# Columns at once: 128 functions with their noise. More would take more memory, and no less time.
COLUMNS = 160
# A variance is not told to be less than so many of its standard errors, for want of knowing better.
LEAST_ERRORS = 0.5


@dataclass(frozen=True)
class PathSamples:
    """Functions of the prior at training and test rows, as a fit sees them.

    The root of K adds shift D to it, D = diag(K), which is known. At training rows it is noise: for a
    posterior a part of its own, otherwise it has samples of its own, to be taken out again.

    observed: f_X + eps, and samples of the noise that is to be taken out, (n, s + r): what is fitted.
    test: f_*, (m, s).
    added: shift D at the test rows, (m,).
    degree: of the root's polynomial.
    """

    observed: FloatArray
    test: FloatArray
    added: FloatArray
    degree: int

    @classmethod
    def drawn(
        cls, prior: ReadableOperator, n: int, count: int, shift: float, ridge: float = 0.0, seed: int = 0
    ) -> Self:
        """Draw functions.

        Args:
            prior: K of n training rows and the test rows after them.
            n: of training rows.
            count: s, of functions.
            shift: that is small beside the variances to come, in units of the diagonal.
            ridge: the variance of the noise that the fit is told of, lambda >= 0; 0 for an ensemble.
            seed: of NumPy's default generator.
        """
        diagonal = prior.diagonal.astype(np.float64)
        most = KNOWN_SHARE * ridge / float(diagonal[:n].max(initial=0.0) or math.inf)
        # As a part of the ridge the shift costs nothing, and solving for the ridge is dearer than this root.
        root = SquareRoot.of(prior, min(shift, most or shift), ERROR_SHARE * relative_error(count))
        added = root.shift * diagonal
        random = np.random.default_rng(seed)
        found = np.hstack([
            root.product(random.standard_normal((root.columns, group.stop - group.start)))
            for group in column_groups(count)
        ])  # fmt: skip
        return cls(_observed(found[:n], added[:n], ridge, random), found[n:], added[n:], root.degree)

    def variance(self, kernels: FloatArray, fitted: FloatArray, rows: slice) -> tuple[FloatArray, FloatArray]:
        """The variances of some test rows, (c,), and the standard errors of their roots, relative, (c,).

            mean of e_*^2 over the functions - shift D - mean of (G(x*, X) F_t(G) noise)^2

        Where the variance is little of the mean of e_*^2, it is that much less certain.

        Args:
            kernels: G(x*, X) of the rows, (c, n).
            fitted: F_t(G) `observed`, (n, s + r).
            rows: which of the test rows.
        """
        seen = product(kernels, fitted)
        count = self.test.shape[1]
        squares = np.mean((self.test[rows] - seen[:, :count]) ** 2, axis=1)
        found = squares - self.added[rows]
        if seen.shape[1] > count:
            found -= np.mean(seen[:, count:] ** 2, axis=1)
        error = relative_error(count) * squares
        variance = np.maximum(found, LEAST_ERRORS * error)
        return variance, np.divide(error, 2 * variance, out=np.zeros_like(error), where=variance > 0)


def _observed(
    functions: FloatArray, added: FloatArray, ridge: float, random: np.random.Generator
) -> FloatArray:
    """What a fit sees: functions with the ridge as noise, and samples of noise to be taken out, (n, s + r).

    Args:
        functions: at the training rows (n, s), with noise of the variance `added` (n,) in them.
        added: a part of the ridge where that is as large everywhere; else noise that is to be taken out.
        ridge: lambda.
        random: draws.
    """
    n, count = functions.shape
    left = ridge - added
    is_part = bool(np.all(left >= 0))
    deviations = np.sqrt(left if is_part else np.full(n, ridge))[:, None]
    seen = functions + random.standard_normal((n, count)) * deviations
    if is_part:
        return np.asarray(seen)
    apart = random.standard_normal((n, max(1, count // SAMPLES_PER_NOISE)))
    return np.hstack([seen, apart * np.sqrt(added)[:, None]])


def column_groups(count: int) -> list[slice]:
    """Columns that are drawn or fitted at once."""
    return [slice(start, min(start + COLUMNS, count)) for start in range(0, count, COLUMNS)]


def relative_error(count: int) -> float:
    """The relative standard error of a variance that is the mean of so many normal squares."""
    return math.sqrt(2 / count)
