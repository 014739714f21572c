"""A logarithmic scale for numbers of many orders of magnitude."""

from typing import Self

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.spec.section import Section


class LogScale(Section):
    """The scale v -> log(1 + (v - origin) / unit); below the origin, it goes on as a straight line.

    origin: the least value in training.
    unit: the median distance from the median in training or, where that is 0, the standard deviation.
    """

    origin: float
    unit: float

    @classmethod
    def of(cls, values: FloatArray) -> Self | None:
        """Return the scale of numbers (n,), NaN where one is missing; None if all are the same."""
        present = values[~np.isnan(values)]
        with np.errstate(over="ignore", invalid="ignore"):
            unit = float(np.median(np.abs(present - np.median(present)))) or float(present.std())
        # What overflows is too large to standardise, and refused there.
        return cls(origin=float(present.min()), unit=unit) if 0 < unit < np.inf else None

    def apply(self, values: FloatArray) -> FloatArray:
        """Transform numbers to this scale; NaN stays NaN."""
        with np.errstate(over="ignore"):
            above = (values - self.origin) / self.unit
        return np.where(above > 0, np.log1p(np.maximum(above, 0)), above)


def helpful_log(values: FloatArray) -> LogScale | None:
    """Return the log scale of numbers (n,) if their skewness is above 1 and smaller on it, or None."""
    scale = LogScale.of(values)
    before = skewness(values)
    return scale if scale and before > 1 and abs(skewness(scale.apply(values))) < before else None


def skewness(values: FloatArray) -> float:
    """Return the third central moment of numbers (n,) over their standard deviation cubed, ignoring NaN."""
    present = values[~np.isnan(values)]
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = present - present.mean()
        largest = np.abs(deviation).max()
        if not 0 < largest < np.inf:
            return 0.0
        deviation /= largest
    return float(np.mean(deviation**3) / np.mean(deviation**2) ** 1.5)
