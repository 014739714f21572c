"""The learning curve that the training rows' own Gram matrix shows, the population unknown.

With n rows drawn at random, kernel regression with a ridge learns the share lambda / (lambda + kappa) of
an eigenfunction with eigenvalue lambda in the population. What n rows and the ridge leave is kappa:

    n = D(kappa) + ridge / kappa,    D(kappa) = sum lambda / (lambda + kappa).

For large matrices, tr (M + rho)^{-1} = 1 / kappa(rho) on n0 rows, whatever the population, so that
D(kappa) = n0 - rho / kappa. Training on n <= n0 rows with a ridge is then like
training on all n0 with the larger ridge rho that has the same kappa:

    (rho - ridge) tr (M + rho)^{-1} = n0 - n,
    E(n) = B n / (n - D2),    B = q / t2,    D2 = n0 - t1^2 / t2,

with t1 = tr (M + rho)^{-1}, t2 = tr (M + rho)^{-2}, q = y^T (M + rho)^{-2} y. At n = n0 it is generalised
cross-validation (Craven & Wahba 1979; Wei, Hu & Steinhardt 2022). That is exact in the limit of many rows,
drawn independently, with features as good as random: not where some rows are much larger than others, and
not where they come in groups. What n > n0 rows would do is extrapolated: D and B as functions of kappa are
continued by power laws, fitted where the rows reach.
"""

import math
from typing import NamedTuple

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.linalg.singular import rounding_level
from ntkcli.linalg.spectrum import Spectrum

# The power laws are fitted from an eighth of the rows on.
WINDOW, POINTS = 8.0, 12
# Powers c of kappa that the error's part B is tried with: B = s2 + b kappa^c.
POWERS = np.linspace(0.05, 2.0, 40)
# Power laws that miss the prediction for all rows by a larger share are not what the curve goes on as.
MOST_MISSED = 0.5
# Without a ridge, a flatter power law of D has nothing to tell about more rows.
LEAST_SLOPE = 0.05


class _Point(NamedTuple):
    """kappa and what belongs to it: D, D2 = D + kappa D', and B."""

    kappa: float
    dimension: float
    second: float
    bias: float


class _PowerLaws(NamedTuple):
    """D = dimension (kappa / start)^-slope and B = constant + factor (kappa / start)^power."""

    start: float
    dimension: float
    slope: float
    constant: float
    factor: float
    power: float

    def at(self, kappa: float) -> _Point:
        """What belongs to a kappa below the start."""
        ratio = kappa / self.start
        dimension = self.dimension * ratio**-self.slope
        bias = self.constant + self.factor * ratio**self.power
        return _Point(kappa, dimension, dimension * (1 - self.slope), bias)


class GramLearningCurve:
    """The expected squared error at new rows of training on any number of rows to t = inf.

    Args:
        spectrum: of the Gram matrix M of n0 rows.
        y: targets (n0, k), in the unit that errors are wanted in; the error is the mean over the outputs.
        ridge: absolute.
    """

    def __init__(self, spectrum: Spectrum, y: FloatArray, ridge: float) -> None:
        self._rows = len(y)
        # The error does not change with the unit of the kernel.
        unit = float(spectrum.eigenvalues[-1]) + ridge or 1.0
        self._eigenvalues, self._ridge = spectrum.eigenvalues / unit, ridge / unit
        self._power = np.mean(spectrum.rotate(y) ** 2, axis=1)
        self._is_regular = spectrum.is_positive(ridge)
        # Without an inverse there is no telling apart what rounding has left of the zeros.
        self._least = 0.0 if self._is_regular else rounding_level(self._rows, np.float64, 1.0)
        self._rank = self._rows if self._is_regular else int(np.sum(self._eigenvalues > self._least))
        self._laws = self._fitted() if self._is_regular else None

    def error(self, rows: float) -> float:
        """The expected squared error of training on so many rows, with the noise in it.

        It is NaN where there is none to be had: where the Gram matrix is singular to rounding, at as many
        rows as its rank and more; and beyond n0 where the power laws do not meet the prediction for n0 rows
        or, without a ridge, D no longer grows.

        Args:
            rows: n > 0.
        """
        point = self._reached(rows) if rows <= self._rows else self._continued(rows)
        if point is None or not point.second < rows:
            return math.nan
        return point.bias * rows / (rows - point.second)

    def _reached(self, rows: float) -> _Point | None:
        """What n <= n0 rows come to, by the ridge that makes n0 rows like them."""
        from scipy.optimize import brentq  # 20 MiB, which no other command takes

        missing = self._rows - rows
        if not self._is_regular and rows >= self._rank:
            return None
        if missing == 0:
            return self._point(0.0)
        shifted = self._eigenvalues + self._ridge

        def excess(log_more: float) -> float:
            more = math.exp(log_more)
            return float(np.sum(more / (shifted + more))) - missing

        low = self._least or missing / float(np.sum(1 / shifted)) / 2
        high = 2 * float(shifted.sum()) / rows
        if not (low < high and excess(math.log(low)) < 0):
            return None
        return self._point(math.exp(brentq(excess, math.log(low), math.log(high), xtol=1e-13)))

    def _point(self, more: float) -> _Point:
        """What belongs to rho = ridge + more."""
        inverse = 1 / (self._eigenvalues + self._ridge + more)
        first, second = float(inverse.sum()), float(np.sum(inverse**2))
        # n0 - rho t1 and n0 - t1^2 / t2.
        dimension = float(np.sum(self._eigenvalues * inverse))
        bias = float(np.sum(self._power * inverse**2)) / second
        return _Point(1 / first, dimension, self._rows - first**2 / second, bias)

    def _fitted(self) -> _PowerLaws | None:
        rows = np.geomspace(self._rows / WINDOW, self._rows, POINTS)
        points = [point for point in map(self._reached, rows) if point is not None]
        kappa, dimension, _, bias = np.array(points).T
        if not (np.all(dimension > 0) and np.all((bias > 0) & np.isfinite(bias)) and kappa[-1] < kappa[0]):
            return None
        slope = float(-np.polyfit(np.log(kappa), np.log(dimension), 1)[0])
        law = _fitted_bias(kappa / kappa[-1], bias)
        laws = _PowerLaws(float(kappa[-1]), float(dimension[-1]), min(max(slope, 0.0), 1.0), *law)
        return self._pinned(laws, points[-1])

    def _pinned(self, laws: _PowerLaws, last: _Point) -> _PowerLaws | None:
        """The power laws, made to go on from the prediction for all rows, if they nearly do."""
        first = laws.at(laws.start)
        if not (last.second < self._rows and first.second < self._rows):
            return None
        missed = last.bias / (self._rows - last.second) * (self._rows - first.second) / first.bias
        if not abs(missed - 1) <= MOST_MISSED:
            return None
        return laws._replace(constant=laws.constant * missed, factor=laws.factor * missed)

    def _continued(self, rows: float) -> _Point | None:
        """What n > n0 rows would come to, by the power laws."""
        from scipy.optimize import brentq

        laws = self._laws
        if laws is None or (self._ridge == 0 and laws.slope < LEAST_SLOPE):
            return None

        def excess(log_kappa: float) -> float:
            kappa = math.exp(log_kappa)
            return laws.at(kappa).dimension + self._ridge / kappa - rows

        high = math.log(laws.start) + 1e-9
        low = high - 1
        while excess(low) < 0:
            low -= 1
        return laws.at(math.exp(brentq(excess, low, high, xtol=1e-13)))


def _fitted_bias(kappa: FloatArray, bias: FloatArray) -> tuple[float, float, float]:
    """s2, b and c of B = s2 + b kappa^c with the least relative squares, s2 and b >= 0."""
    from scipy.optimize import nnls

    fits = []
    for power in POWERS:
        columns = np.column_stack([np.ones_like(kappa), kappa**power]) / bias[:, None]
        (constant, factor), misfit = nnls(columns, np.ones_like(bias))
        fits.append((float(misfit), float(constant), float(factor), float(power)))
    return min(fits)[1:]
