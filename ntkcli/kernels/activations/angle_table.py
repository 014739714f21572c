"""Duals that cost too much to compute for each entry, interpolated in the angle and in both variances."""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.polynomial import chebyshev

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.activation import PrecisionError
from ntkcli.kernels.activations.chebyshev_terms import ChebyshevTerms
from ntkcli.kernels.activations.hermite_series import TOLERANCE, HermiteSeries
from ntkcli.kernels.activations.moments import beside_zero, mean, second_moment
from ntkcli.kernels.activations.polar_quadrature import PolarQuadrature
from ntkcli.kernels.activations.variance_grid import VarianceGrid, coefficients_from_values

Source = HermiteSeries | PolarQuadrature

# The last terms are as small as this, if the largest table allows, and so is what is truncated.
AIM = 1e-11
TERMS, COUNTS = [16, 32, 64, 128, 256], [6, 12, 18, 24, 32, 48, 64, 96]
TINY = 1e-300
# How many of the angles are looked at to find how many variances are enough.
PROBES = 12


@dataclass(frozen=True)
class Angle:
    """The angles of a tile: x = 2 t / pi - 1 and 2 y = 4 x^2 - 2, each (a, b); and three work arrays."""

    x: FloatArray
    double_y: FloatArray
    work: list[FloatArray]

    @classmethod
    def of(cls, rho: FloatArray, double_y: FloatArray, work: list[FloatArray]) -> Self:
        """From the cosine, which is overwritten."""
        x = np.arccos(rho, out=rho)
        x *= 2 / np.pi
        x -= 1
        np.multiply(x, x, out=double_y)
        double_y *= 4
        double_y -= 2
        return cls(x, double_y, work)


@dataclass(frozen=True)
class AngleTable:
    """E[f(u) f(v)] / sqrt(E[f(u)^2] E[f(v)^2]) as a series in the angle t, where cos t = c / sqrt(q q').

    The dual of a function that is smooth on each side of 0 is analytic in the angle, though not in the
    cosine. With x = 2 t / pi - 1, it is sum_k even_k T_k(2 x^2 - 1) + x sum_k odd_k T_k(2 x^2 - 1): odd
    functions have no even part, and others have a short odd one.

    source: computes the values at chosen angles and variances.
    grid: the variances between which the table interpolates.
    even, odd: the coefficients of the two series.
    log_moments: (count,), the logarithm of E[f^2] at the variances of the grid.
    error: the size of the last terms of the series.

    The coefficients follow from the source and the grid: tables with the same ones are equal.
    """

    source: Source
    grid: VarianceGrid
    even: ChebyshevTerms = field(compare=False, repr=False)
    odd: ChebyshevTerms = field(compare=False, repr=False)
    log_moments: FloatArray = field(compare=False, repr=False)
    error: float

    @classmethod
    def of(cls, source: Source, low: float, high: float) -> Self:
        """Choose the angles, then the variances, so that the last terms are negligible.

        Raises:
            PrecisionError: the largest table's last terms are above TOLERANCE.
        """
        terms = _enough_terms(source, low, high)
        grid = _enough_variances(source, low, high)
        coefficients = _series(source, grid.points, terms)
        error = max(_last_in_angle(coefficients), _last_in_variance(coefficients))
        _check(max(error, source.residual), high)
        even, odd = (
            ChebyshevTerms.of(part, AIM) for part in (coefficients[::2], _over_x(coefficients[1::2]))
        )
        return cls(source, grid, even, odd, np.log(second_moment(source.f, grid.points)), error)

    @property
    def report(self) -> dict[str, Any]:
        """How the table was made, and how precise it is."""
        residual = max(self.source.residual, self.error)
        return {"method": self.source.method, "degree": self.source.degree, "residual": residual}

    def fill(self, angle: Angle, q_a: FloatArray, q_b: FloatArray, *, out: FloatArray) -> None:
        """Fill `out` with E[f(u) f(v)]."""
        a, b = self._weights(q_a), self._weights(q_b)
        *work, part = angle.work
        self.odd.between(a, b).fill(angle.double_y, out=out, work=work)
        out *= angle.x
        self.even.between(a, b).fill(angle.double_y, out=part, work=work)
        out += part
        self._settle_equals(angle.x, q_a, q_b, out)
        self._settle_zeros(q_a, q_b, out)

    def _weights(self, q: FloatArray) -> FloatArray:
        """The matrix (n, count) that interpolates from the grid's points to q, times sqrt(E[f^2])."""
        weights = self.grid.weights(q)
        root = np.exp(weights @ self.log_moments / 2)
        if np.abs(beside_zero(self.source.f)).max() < TINY:
            # f(0) is 0, and below the grid f is linear.
            root *= np.sqrt(np.minimum(q / self.grid.low, 1.0))
        return np.asarray(weights * root[:, None])

    def _settle_equals(self, x: FloatArray, q_a: FloatArray, q_b: FloatArray, out: FloatArray) -> None:
        """Equal arguments get the diagonal's value exactly."""
        if x.min() == -1:
            i, j = np.nonzero(x == -1)
            equal = q_a[i] == q_b[j]
            i, j = i[equal], j[equal]
            out[i, j] = second_moment(self.source.f, q_a)[i]

    def _settle_zeros(self, q_a: FloatArray, q_b: FloatArray, out: FloatArray) -> None:
        """A row with variance 0 has u = 0: f(0) E[f(v)], where a jump counts half."""
        f = self.source.f
        at_zero = beside_zero(f).mean()
        if not q_a.all():
            out[q_a == 0] = at_zero * np.where(q_b > 0, mean(f, q_b), at_zero)
        if not q_b.all():
            out[:, q_b == 0] = at_zero * np.where(q_a > 0, mean(f, q_a), at_zero)[:, None]


def _enough_terms(source: Source, low: float, high: float) -> int:
    """The number of terms in the angle that is enough at the ends of the range of variances."""
    for terms in TERMS:
        error = _last_in_angle(_series(source, np.array([low, high]), terms))
        if error <= AIM:
            return terms
    _check(error, high)
    return terms


def _enough_variances(source: Source, low: float, high: float) -> VarianceGrid:
    """The grid that is enough at a few angles."""
    for count in COUNTS:
        grid = VarianceGrid.of(low, high, count)
        error = _last_in_variance(_series(source, grid.points, PROBES))
        if error <= AIM:
            return grid
    _check(error, high)
    return grid


def _check(residual: float, high: float) -> None:
    # Not a number is not small either.
    if not residual <= TOLERANCE:
        raise PrecisionError(high, residual)


def _series(source: Source, q: FloatArray, terms: int) -> FloatArray:
    """Chebyshev coefficients in x of the correlations at pairs of variances (n,), (terms, n, n)."""
    values = source.correlations(q, (chebyshev.chebpts1(terms) + 1) * np.pi / 2)
    return np.asarray(np.tensordot(coefficients_from_values(terms), values, 1))


def _last_in_angle(coefficients: FloatArray) -> float:
    """The largest of the last two terms in the angle."""
    return float(np.abs(coefficients[-2:]).max())


def _last_in_variance(coefficients: FloatArray) -> float:
    """The largest of the last two terms in one of the variances; 0 if there is one variance only."""
    count = coefficients.shape[1]
    if count == 1:
        return 0.0
    return float(np.abs(np.tensordot(coefficients_from_values(count), coefficients, (1, 1))[-2:]).max())


def _over_x(odd: FloatArray) -> FloatArray:
    """sum_k odd_k T_(2k+1)(x) as x sum_k d_k T_k(2 x^2 - 1): 2 x T_k(2 x^2 - 1) = T_(2k+1) + T_(2k-1)."""
    d = 2 * odd
    for k in range(len(d) - 2, -1, -1):
        d[k] -= d[k + 1]
    d[0] /= 2
    return d
