"""Slopes on a log-log plot, with intervals from independent seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from ntkcli.arrays import FloatArray

LEVEL = 0.95
# Errors and changes that are no larger are rounding, and have no slope.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Slope:
    """An exponent with which something falls as networks get wider, beside what theory says.

    value: the mean slope; None where there is none: fewer than two widths, or values that are 0 to rounding.
    lower, upper: its 95 % interval; None with a single seed.
    theory: the exponent in theory; None where the width plays no part.
    is_bound: whether theory says only that it falls at least so fast.
    """

    value: float | None
    lower: float | None
    upper: float | None
    theory: float | None
    is_bound: bool = False


def slope(
    widths: Sequence[int], values: FloatArray, theory: float | None, *, is_bound: bool = False
) -> Slope:
    """The mean over seeds of the least squares slopes of log(values) on log(widths).

    The seeds of different widths are independent, and so are the slopes of different seeds: their scatter
    gives the interval, by Student's t.

    Args:
        widths: (w,) of the networks.
        values: (w, seeds), all >= 0.
        theory: the exponent in theory.
        is_bound: whether theory has a bound only.
    """
    if len(widths) < 2 or not (np.isfinite(values).all() and (values > ROUNDING).all()):
        return Slope(None, None, None, theory, is_bound)
    x = np.log(widths) - np.mean(np.log(widths))
    slopes = x @ np.log(values) / (x @ x)
    value, seeds = float(slopes.mean()), len(slopes)
    if seeds < 2:
        return Slope(value, None, None, theory, is_bound)
    half = float(stdtrit(seeds - 1, (1 + LEVEL) / 2) * slopes.std(ddof=1) / np.sqrt(seeds))
    return Slope(value, value - half, value + half, theory, is_bound)
