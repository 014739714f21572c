"""The error on new rows that theory predicts for kernel regression on n rows.

With n rows drawn at random, kernel regression with a ridge learns the share lambda / (lambda + kappa) of an
eigenfunction with eigenvalue lambda. The threshold kappa is what n rows and the ridge leave:

    n = D(kappa) + ridge / kappa,    D(kappa) = sum lambda / (lambda + kappa).
"""

import math

import numpy as np

from ntkcli.arrays import FloatArray


def capture_threshold(rows: float, ridge: float, eigenvalues: FloatArray) -> float:
    """kappa with rows = D(kappa) + ridge / kappa; 0 where the rows are more than the modes, and no ridge.

    Args:
        rows: n > 0.
        ridge: absolute, >= 0.
        eigenvalues: lambda > 0 of the population (p,).
    """
    from scipy.optimize import brentq  # 20 MiB, which no other command takes

    if ridge == 0 and rows >= len(eigenvalues):
        return 0.0

    def excess(log_kappa: float) -> float:
        kappa = math.exp(log_kappa)
        return float(np.sum(eigenvalues / (eigenvalues + kappa))) + ridge / kappa - rows

    # From n <= (sum lambda + ridge) / kappa; a little more for the rounding.
    high = math.log((float(eigenvalues.sum()) + ridge) / rows) + 1e-9
    low = high - 1
    while excess(low) < 0:
        low -= 2 * (high - low)
    return math.exp(brentq(excess, low, high, xtol=1e-13))


def expected_error(
    rows: float, ridge: float, eigenvalues: FloatArray, power: FloatArray, noise: float = 0.0
) -> float:
    """The expected squared error at new rows, for training to t = inf; inf at the interpolation threshold.

        E(n) = (sum (kappa / (lambda + kappa))^2 w^2 + noise) / (1 - sum (lambda / (lambda + kappa))^2 / n)

    It is exact as rows and modes become many, for features that are as good as random. The error is that of
    a noisy observation: it has the noise in it.

    Args:
        rows: n > 0.
        ridge: absolute, >= 0.
        eigenvalues: lambda > 0 of the kernel in the population of rows (p,).
        power: w^2 (p,), the squared coefficients of the target in the eigenfunctions.
        noise: the variance of the observations around the target.

    Simon, Dickens, Karkada & DeWeese 2021; Jacot, Simsek, Spadaro, Hongler & Gabriel 2020; Canatar, Bordelon
    & Pehlevan 2021; Wei, Hu & Steinhardt 2022.
    """
    kappa = capture_threshold(rows, ridge, eigenvalues)
    learned = eigenvalues / (eigenvalues + kappa)
    left = 1 - float(np.sum(learned**2)) / rows
    bias = float(np.sum((kappa / (eigenvalues + kappa)) ** 2 * power)) + noise
    return bias / left if left > 0 else math.inf
