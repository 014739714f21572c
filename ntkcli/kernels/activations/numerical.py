"""Activations whose duals have no closed form: they are integrated numerically, to a known precision."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.activation import Activation, PrecisionError, Tile, cosine
from ntkcli.kernels.activations.angle_table import Angle, AngleTable
from ntkcli.kernels.activations.functions import Function, Phi
from ntkcli.kernels.activations.hermite_series import HermiteSeries
from ntkcli.kernels.activations.moments import beside_zero, second_moment
from ntkcli.kernels.activations.polar_quadrature import PolarQuadrature

# A series passes over the same arrays again and again: these rows of them stay in the cache.
STRIP_ROWS = 64


@dataclass(frozen=True)
class Numerical(Activation):
    """Any phi that is smooth on each side of 0."""

    phi: Phi
    work_arrays: ClassVar[int] = 5

    def tabulated(self, low: float, high: float) -> "Tabulated":
        """Tables of phi and phi' for the range of variances."""
        # What leaves the range of floating point ends as a residual that is not a number.
        with np.errstate(all="ignore"):
            tables = [_table(f, self.phi.strip, low, high) for f in (self.phi.value, self.phi.derivative)]
        return Tabulated(self.phi, *tables)

    def value(self, x: FloatArray) -> FloatArray:
        """phi(x)."""
        return self.phi.value(x)

    def derivative(self, x: FloatArray) -> FloatArray:
        """phi'(x)."""
        return self.phi.derivative(x)

    def dual(self, tile: Tile) -> None:
        """The duals, from tables for this tile alone."""
        q = np.concatenate([tile.q_a, tile.q_b])
        positive = q[q > 0] if q.any() else np.ones(1)
        self.tabulated(positive.min(), positive.max()).dual(tile)

    def variance(self, q: FloatArray) -> FloatArray:
        """E[phi(u)^2] by quadrature."""
        return second_moment(self.phi.value, q)

    def slope(self, q: FloatArray) -> FloatArray:
        """E[phi'(u)^2] by quadrature; at a kink itself, the square of the mean derivative."""
        at_zero = beside_zero(self.phi.derivative).mean() ** 2
        return np.where(q > 0, second_moment(self.phi.derivative, q), at_zero)


@dataclass(frozen=True)
class Tabulated(Numerical):
    """A numerical activation with tables for a range of variances.

    dual_table, slope_table: of E[phi phi] and of E[phi' phi'].
    """

    dual_table: AngleTable
    slope_table: AngleTable
    has_tables: ClassVar[bool] = True

    def dual(self, tile: Tile) -> None:
        """The duals, from the tables."""
        rho, double_y, *work = tile.work[:5]
        cosine(tile, out=rho)
        angle = Angle.of(rho, double_y, work)
        if tile.slope is not None:
            self.slope_table.fill(angle, tile.q_a, tile.q_b, out=tile.slope)
        self.dual_table.fill(angle, tile.q_a, tile.q_b, out=tile.c)

    @property
    def report(self) -> dict[str, Any]:
        """How the duals are computed, by the less precise one of the two tables."""
        return max(self.dual_table.report, self.slope_table.report, key=lambda report: report["residual"])


# Below these variances a smooth phi is linear to rounding, and so are the halves of one with a kink at 0.
LINEAR, HALVES_LINEAR = 1e-12, 1e-24


def _table(f: Function, strip: float, low: float, high: float) -> AngleTable:
    """From a Hermite expansion where that converges, or else from quadrature."""
    floor = LINEAR if strip > 0 else HALVES_LINEAR
    low, high = max(low, floor), max(high, floor)
    if strip > 0:
        with suppress(PrecisionError):
            return AngleTable.of(HermiteSeries.of(f, strip, low, high), low, high)
    return AngleTable.of(PolarQuadrature.of(f, low, high), low, high)
