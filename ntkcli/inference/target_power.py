"""How a Gram matrix and the targets agree: power by mode, alignment, complexity."""

import math

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.linalg.singular import rounding_level
from ntkcli.linalg.spectrum import Spectrum

# Numbers in an array of shuffled targets.
MOST_NUMBERS = 4_000_000


def target_power(spectrum: Spectrum, y: FloatArray) -> FloatArray:
    """The share of the targets' squares along each eigenvector: (n,), its sum 1, or all 0 for y = 0.

        |v_i^T y|^2 / |y|^2, summed over the outputs

    Args:
        spectrum: of the Gram matrix (n, n).
        y: targets (n, k).

    Canatar, Bordelon & Pehlevan 2021.
    """
    power = np.sum(spectrum.rotate(_scaled(y)) ** 2, axis=1)
    total = power.sum()
    return np.asarray(power / total) if total > 0 else np.zeros_like(power)


def alignment(spectrum: Spectrum, y: FloatArray) -> float | None:
    """The centred alignment of a Gram matrix M and the targets, from 0 to 1; None where either is constant.

        <H M H, y y^T> / (|H M H| |H y y^T H|), H = I - 1 1^T / n, Frobenius' product and norm

    Args:
        spectrum: of M (n, n).
        y: targets (n, k).

    Cortes, Mohri & Rostamizadeh 2012.
    """
    n, g = len(y), spectrum.eigenvalues / (spectrum.eigenvalues[-1] or 1.0)
    centred = _scaled(y) - _scaled(y).mean(axis=0)
    own = float(np.linalg.norm(centred.T @ centred))
    # u = V^T 1 / sqrt(n): |H M H|^2 = sum_ij g_i g_j (delta_ij - u_i u_j)^2, a sum of positive terms.
    share = spectrum.rotate(np.full((n, 1), 1 / math.sqrt(n)))[:, 0] ** 2
    constant = g * share
    between = 2 * np.sum(constant[1:] * np.cumsum(constant)[:-1])
    matrix = math.sqrt(np.sum((g * (1 - share)) ** 2) + between)
    # The mean of equal targets is off by rounding.
    if np.abs(centred).max() <= rounding_level(n, np.float64, 1.0) or matrix == 0.0:
        return None
    product = float(np.sum(g[:, None] * spectrum.rotate(centred) ** 2))
    return product / (matrix * own)


def _scaled(y: FloatArray) -> FloatArray:
    """The targets over the largest of them, whose squares stay in range."""
    return y / (float(np.abs(y).max()) or 1.0)


def label_complexity(spectrum: Spectrum, y: FloatArray, ridge: float) -> float:
    """y^T G^{-1} y, G = M + ridge I, summed over the outputs: the squared norm of the function learned.

    Args:
        spectrum: of M (n, n).
        y: targets (n, k).
        ridge: absolute.

    Raises:
        SingularMatrixError: G is singular to rounding.

    Arora, Du, Hu, Li & Wang 2019.
    """
    spectrum.check_positive(ridge)
    return float(np.sum(spectrum.rotate(y) ** 2 / (spectrum.eigenvalues + ridge)[:, None]))


def shuffled_complexities(
    spectrum: Spectrum, y: FloatArray, ridge: float, count: int, seed: int
) -> FloatArray:
    """The label complexities of targets whose rows are shuffled: (count,). Arguments as for the targets'.

    Raises:
        SingularMatrixError: G is singular to rounding.
    """
    spectrum.check_positive(ridge)
    n, k = y.shape
    inverse = 1 / (spectrum.eigenvalues + ridge)
    orders = [np.random.default_rng([seed, draw]).permutation(n) for draw in range(count)]
    at_once = max(1, MOST_NUMBERS // (n * k))
    found = []
    for start in range(0, count, at_once):
        columns = np.hstack([y[order] for order in orders[start : start + at_once]])
        found.append((inverse @ spectrum.rotate(columns) ** 2).reshape(-1, k).sum(axis=1))
    return np.concatenate(found)


def degrees_of_freedom(eigenvalues: FloatArray, ridge: float) -> float:
    """sum g / (g + ridge), the trace of the smoother M (M + ridge I)^{-1}; 0 / 0 counts as 0.

    Args:
        eigenvalues: g (n,) of M.
        ridge: absolute.
    """
    shifted = eigenvalues + ridge
    return float(np.sum(np.divide(eigenvalues, shifted, out=np.zeros_like(shifted), where=shifted > 0)))


def effective_dimension(eigenvalues: FloatArray) -> float | None:
    """(sum g)^2 / sum g^2, the participation ratio of the eigenvalues; None where all are 0."""
    largest = eigenvalues.max()
    if largest == 0:
        return None
    g = eigenvalues / largest
    return float(g.sum() ** 2 / np.sum(g**2))
