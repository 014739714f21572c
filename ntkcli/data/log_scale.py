"""Numbers that spread over orders of magnitude, on a scale where they spread evenly."""

from typing import Self

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.spec.section import Section


class LogScale(Section):
    """v -> log(1 + (v - origin) / unit); below the origin, the straight line that goes on from there.

    origin: the least value in training.
    unit: the median distance from the median there, or else the standard deviation.
    """

    origin: float
    unit: float

    @classmethod
    def of(cls, values: FloatArray) -> Self | None:
        """The scale of some numbers (n,), NaN where one is missing; None if all are the same."""
        present = values[~np.isnan(values)]
        with np.errstate(over="ignore", invalid="ignore"):
            spread = float(np.median(np.abs(present - np.median(present)))) or float(present.std())
        # What overflows is too large to standardise, and refused there.
        return cls(origin=float(present.min()), unit=spread) if 0 < spread < np.inf else None

    def apply(self, values: FloatArray) -> FloatArray:
        """The numbers on this scale; NaN stays NaN."""
        with np.errstate(over="ignore"):
            above = (values - self.origin) / self.unit
        return np.where(above > 0, np.log1p(np.maximum(above, 0)), above)


def helpful_log(values: FloatArray) -> LogScale | None:
    """The log scale of numbers whose skewness is above 1, if that makes it smaller."""
    scale = LogScale.of(values)
    before = skewness(values)
    return scale if scale and before > 1 and abs(skewness(scale.apply(values))) < before else None


def skewness(values: FloatArray) -> float:
    """The third central moment over the standard deviation cubed; NaN entries do not count."""
    present = values[~np.isnan(values)]
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = present - present.mean()
        largest = np.abs(deviation).max()
        if not 0 < largest < np.inf:
            return 0.0
        deviation /= largest
    return float(np.mean(deviation**3) / np.mean(deviation**2) ** 1.5)
