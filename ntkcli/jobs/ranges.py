"""Where ridges and times are looked for when nobody says."""

import math

import numpy as np

from ntkcli.arrays import FloatArray

AUTOMATIC_STEPS = 20
# In units of trace / n of the Gram matrix.
LEAST_RIDGE, LARGEST_RIDGE = 1e-8, 10.0
# Of eigenvalues smaller than this share of the largest, no training waits for.
LEAST_SHARE = 1e-8
DIGITS = 6


def automatic_ridges(steps: int = AUTOMATIC_STEPS) -> list[float]:
    """Ridges in units of trace / n of the Gram matrix, ascending."""
    return spaced(LEAST_RIDGE, LARGEST_RIDGE, steps, log=True)


def automatic_times(eigenvalues: FloatArray, rate: float, steps: int = AUTOMATIC_STEPS) -> list[float]:
    """Times from before anything is learned to where all is, and inf.

    Args:
        eigenvalues: of the Gram matrix, ascending.
        rate: what a time is multiplied with in the exponent.
        steps: how many finite times.
    """
    largest = float(eigenvalues[-1])
    if largest <= 0:
        return [math.inf]
    least = max(float(eigenvalues[0]), LEAST_SHARE * largest)
    low, high = _rounded(0.1 / largest / rate), _rounded(10 / least / rate)
    return [*spaced(low, high, steps, log=True), math.inf]


def spaced(low: float, high: float, count: int, *, log: bool) -> list[float]:
    """Numbers from `low` to `high`, both among them, evenly apart or, if `log`, in even ratios."""
    points = np.geomspace(low, high, count) if log else np.linspace(low, high, count)
    return [low, *(_rounded(point) for point in points[1:-1]), high]


def _rounded(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")
