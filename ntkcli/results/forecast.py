"""Forecasts: a normal distribution and an interval for each of some rows, of one target in its unit."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.data.target_transform import TargetTransform
from ntkcli.results.number_tally import IntervalTally, NumberTally, PointTally

# Points of a Gauss-Hermite quadrature: the variance of a log-normal is exact if its logarithm's is up to 9.
POINTS = 64


class Spread(NamedTuple):
    """Standard deviations and the ends of intervals, (m,) each."""

    std: FloatArray
    lower: FloatArray
    upper: FloatArray


@dataclass(frozen=True)
class NormalForecast:
    """A forecast of a target as it is.

    mean: (m,).
    variance: (m,), or None.
    half: half the widths of the intervals, (m,); None without a variance.
    """

    mean: FloatArray
    variance: FloatArray | None
    half: FloatArray | None
    kind = "mean"

    @property
    def centre(self) -> FloatArray:
        """What is predicted, (m,)."""
        return self.mean

    @property
    def spread(self) -> Spread | None:
        """How far observations, or functions, are from it; None without a variance."""
        if self.variance is None or self.half is None:
            return None
        return Spread(np.sqrt(self.variance), self.mean - self.half, self.mean + self.half)

    def tally(self, y: FloatArray) -> NumberTally:
        """Compare the forecast of observations with these, (m,)."""
        point = PointTally.of(y, self.mean)
        if self.variance is None or self.half is None:
            return NumberTally(point, None)
        return NumberTally(point, IntervalTally.of(y, self.mean, self.variance, self.half))


@dataclass(frozen=True)
class TransformedForecast:
    """A forecast of a target that is normal once it is transformed.

    normal: of the transformed target.
    transform: of the target.
    """

    normal: NormalForecast
    transform: TargetTransform
    kind = "median"

    @property
    def centre(self) -> FloatArray:
        """What is predicted, (m,): the median, which takes no variance."""
        return self.transform.undo(self.normal.mean)

    @property
    def spread(self) -> Spread | None:
        """Standard deviations by quadrature, and the intervals of the transformed target, taken back."""
        normal = self.normal.spread
        if normal is None:
            return None
        undo = self.transform.undo
        return Spread(self._std(normal.std), undo(normal.lower), undo(normal.upper))

    def _std(self, deviation: FloatArray) -> FloatArray:
        nodes, weights = np.polynomial.hermite_e.hermegauss(POINTS)
        median, first, second = self.centre, np.zeros_like(deviation), np.zeros_like(deviation)
        with np.errstate(over="ignore", invalid="ignore"):
            for node, weight in zip(nodes, weights / weights.sum(), strict=True):
                distance = self.transform.undo(self.normal.mean + node * deviation) - median
                first += weight * distance
                second += weight * distance**2
            return np.asarray(np.sqrt(np.maximum(second - first**2, 0.0)))

    def tally(self, y: FloatArray) -> NumberTally:
        """Compare the forecast of observations with these, (m,).

        The density of y is that of the transformed z, times dz / dy.
        """
        point, normal = PointTally.of(y, self.centre), self.normal.spread
        found = self.normal.tally(self.transform.apply(y)).interval
        if normal is None or found is None:
            return NumberTally(point, None)
        slopes = self.transform.log_slope(y)
        lower, upper = self.transform.undo(normal.lower), self.transform.undo(normal.upper)
        with np.errstate(over="ignore", invalid="ignore"):
            own = replace(
                found,
                losses=found.losses - 2 * float(np.sum(slopes)),
                has_density=found.has_density and bool(np.isfinite(slopes).all()),
                inside=int(np.count_nonzero((lower <= y) & (y <= upper))),
                width=float(np.sum(upper - lower)),
            )
        return NumberTally(point, own)


Forecast = NormalForecast | TransformedForecast
