"""Metrics of predicted numbers, in the target's own units."""

from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from ntkcli.arrays import FloatArray


@dataclass(frozen=True)
class PointMetrics:
    """Errors of predicted means; each is None where it leaves the range of float64.

    rmse: root mean squared error, in the target's unit.
    mae: mean absolute error, in the target's unit.
    r2: coefficient of determination, at most 1; None where all observations are the same.
    """

    rmse: float | None
    mae: float | None
    r2: float | None


@dataclass(frozen=True)
class IntervalMetrics:
    """Quality of predictive variances and intervals.

    nll: mean negative log density; None where a variance is 0 or the number leaves the range of float64.
    coverage: share of the observations inside their interval, from 0 to 1.
    width: mean width of the intervals, in the target's unit; None where it is infinite.
    """

    nll: float | None
    coverage: float
    width: float | None


@dataclass(frozen=True)
class NumberMetrics:
    """Metrics of the predictions of one numeric target.

    point: of the means.
    interval: of the variances; None where there are none.
    """

    point: PointMetrics
    interval: IntervalMetrics | None

    @property
    def content(self) -> dict[str, float | None]:
        """All metrics by the names that they have in metrics.json, without those that were not measured."""
        return asdict(self.point) | ({} if self.interval is None else asdict(self.interval))

    @property
    def summary(self) -> dict[str, float | None]:
        """The three metrics that a table has room for, by name."""
        interval = self.interval
        return {
            "rmse": self.point.rmse,
            "nll": None if interval is None else interval.nll,
            "coverage": None if interval is None else interval.coverage,
        }


def normal_quantile(interval: float) -> float:
    """Return the half width, in standard deviations, of a normal distribution's central interval.

    Args:
        interval: probability of the interval, between 0 and 1.
    """
    return -NormalDist().inv_cdf(0.5 - interval / 2)


def joined_rmse(residual: FloatArray, scale: FloatArray) -> float:
    """Return the root mean squared error of k standardised targets as one number.

    For one target it is in the target's unit; for several it is the mean over the standardised targets.

    Args:
        residual: of the standardised targets, (n, k).
        scale: the targets' units, (k,).
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return float(joined_roots(np.sqrt(np.mean(residual**2, axis=0)), scale))


def joined_rmse_error(residual: FloatArray, scale: FloatArray) -> float | None:
    """Return the standard error of `joined_rmse`, the rows taken as independent; None where it is not known.

        std_i(mean_j (r_ij^2 - m_j) / (2 sqrt(m_j))) / sqrt(n),    m_j = mean_i r_ij^2

    Args:
        residual: of the standardised targets, (n, k).
        scale: the targets' units, (k,).
    """
    with np.errstate(over="ignore", invalid="ignore"):
        squares = residual**2
        roots = np.sqrt(np.mean(squares, axis=0))
        # A target that is hit everywhere has no error.
        influence = np.divide(squares, 2 * roots, out=np.zeros_like(squares), where=roots > 0)
        return mean_standard_error(joined_roots(influence, scale))


def mean_standard_error(values: FloatArray) -> float | None:
    """Return the standard error of a mean of independent values (n,); None where it is not known."""
    if len(values) < 2:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        return json_number(np.std(values, ddof=1) / np.sqrt(len(values)))


def joined_roots(roots: FloatArray, scale: FloatArray) -> FloatArray:
    """Combine root mean squared errors of k standardised targets (..., k) into one number each, (...).

    For one target it is in the target's unit; for several it is the mean over the standardised targets.

    Args:
        roots: root mean squared errors (..., k).
        scale: the targets' units, (k,).
    """
    return np.asarray(roots[..., 0] * scale[0] if len(scale) == 1 else roots.mean(axis=-1))


def json_number(value: float | np.floating[Any]) -> float | None:
    """Return a number, or None where JSON has none: for infinity and NaN."""
    return float(value) if np.isfinite(value) else None
