"""The default ranges of ridges and times that are searched."""

import math

import numpy as np

from ntkcli.arrays import FloatArray

AUTOMATIC_STEPS = 20
# In units of trace / n of the Gram matrix.
LEAST_RIDGE, LARGEST_RIDGE = 1e-8, 10.0
# Training does not wait for eigenvalues that are a smaller share of the largest.
LEAST_SHARE = 1e-8
DIGITS = 6


def automatic_ridges(steps: int = AUTOMATIC_STEPS, least: float = LEAST_RIDGE) -> list[float]:
    """Return ridges in units of trace / n of the Gram matrix, ascending from the least."""
    return spaced(_rounded(least), max(least, LARGEST_RIDGE), steps, log=True)


def automatic_times(eigenvalues: FloatArray, rate: float, steps: int = AUTOMATIC_STEPS) -> list[float]:
    """Return ascending times, from where almost nothing is learned to where almost everything is, and inf.

    Args:
        eigenvalues: of the Gram matrix, ascending.
        rate: what a time is multiplied by to be in units of the exponent.
        steps: how many finite times to return.
    """
    largest = float(eigenvalues[-1])
    if largest <= 0:
        return [math.inf]
    least = max(float(eigenvalues[0]), LEAST_SHARE * largest)
    low, high = _rounded(0.1 / largest / rate), _rounded(10 / least / rate)
    return [*spaced(low, high, steps, log=True), math.inf]


def spaced(low: float, high: float, count: int, *, log: bool) -> list[float]:
    """Return `count` numbers from `low` to `high`, both included, in even steps or, if `log`, even ratios."""
    points = np.geomspace(low, high, count) if log else np.linspace(low, high, count)
    return [low, *(_rounded(point) for point in points[1:-1]), high]


def _rounded(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")
