"""What is predicted for some rows: a Gaussian for every row, the same covariance for every output."""

from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import FloatArray


@dataclass(frozen=True)
class Prediction:
    """Mean and covariance at m rows.

    mean: (m, k).
    variance: (m,), or None when not asked for.
    covariance: (m, m), or None when not asked for.
    """

    mean: FloatArray
    variance: FloatArray | None = None
    covariance: FloatArray | None = None


def with_uncertainty(mean: FloatArray, uncertainty: FloatArray) -> Prediction:
    """A prediction whose `uncertainty` is its variance (m,) or its covariance (m, m).

    A variance that rounding made negative becomes 0.
    """
    if uncertainty.ndim == 1:
        return Prediction(mean, np.maximum(uncertainty, 0.0))
    return Prediction(mean, np.maximum(uncertainty.diagonal(), 0.0), uncertainty)


def concatenate(parts: list[Prediction]) -> Prediction:
    """Predictions of consecutive rows as one; a covariance is of one part only, and kept."""
    if len(parts) == 1:
        return parts[0]
    variances = [part.variance for part in parts if part.variance is not None]
    return Prediction(
        np.concatenate([part.mean for part in parts]), np.concatenate(variances) if variances else None
    )
