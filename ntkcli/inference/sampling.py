"""Functions drawn from what is predicted."""

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.linalg.singular import rounding_level
from ntkcli.linalg.spectrum import Spectrum


def draw(mean: FloatArray, covariance: FloatArray, count: int, seed: int) -> FloatArray:
    """Joint draws at m rows, mean + V sqrt(g) z with covariance = V diag(g) V^T: (count, m, k).

    The outputs are independent, with the same covariance. Eigenvalues that are zero to rounding, or negative,
    are 0, so that rows which are the same row have the same draws. The first draws are the same for any
    count.

    Args:
        mean: (m, k).
        covariance: (m, m), symmetric positive semidefinite to rounding.
        count: of draws.
        seed: of NumPy's default generator.

    Raises:
        NumericalError: LAPACK's iteration does not converge.
    """
    m, k = mean.shape
    spectrum = Spectrum.of(covariance.astype(np.float64, order="F", copy=True))
    eigenvalues = spectrum.eigenvalues
    # The square root of a zero's rounding would be half of all digits.
    zero = eigenvalues <= rounding_level(m, covariance.dtype, float(eigenvalues[-1]))
    root = spectrum.vectors * np.sqrt(np.where(zero, 0.0, eigenvalues))
    normal = np.random.default_rng(seed).standard_normal((count, k, m))
    return np.asarray(mean + (normal @ root.T).transpose(0, 2, 1))
