"""What a layer, infinitely wide or finite, needs of its activation, and what the closed forms share.

For (u, v) ~ N(0, [[q, c], [c, q']]) the *dual activation* is E[phi(u) phi(v)], and its derivative's is
E[phi'(u) phi'(v)].
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from ntkcli.arrays import FloatArray

# A cosine this close to +-1 is +-1 to rounding.
COSINE_ROUNDING = 8 * float(np.finfo(np.float64).eps)


@dataclass(slots=True)
class Tile:
    """One tile of a layer: what the duals read, and where they write.

    c: (a, b) covariances K(x, x'); overwritten by E[phi phi].
    slope: (a, b), receives E[phi' phi']; None where it is not wanted.
    q_a, q_b: (a,) and (b,) variances K(x, x) and K(x', x').
    work: more (a, b) arrays, free to use; at least the activation's `work_arrays`.
    tolerance: how far below 1 a cosine counts as 1.
    """

    c: FloatArray
    slope: FloatArray | None
    q_a: FloatArray
    q_b: FloatArray
    work: list[FloatArray]
    tolerance: float


class Activation(ABC):
    """An activation phi, known by its values and by its duals.

    Activations are equal if they have the same phi and duals by the same computation; all of them can be
    pickled.

    work_arrays: how many arrays `dual` needs in Tile.work.
    has_tables: whether `dual` reads tables, which end at some variance.
    has_values: whether there is a phi; without one, the duals are a map of kernels and no more.
    unit_variance: whether `value` and `derivative` are what the duals are of for inputs of variance 1 only.
    """

    work_arrays: ClassVar[int] = 2
    has_tables: ClassVar[bool] = False
    has_values: ClassVar[bool] = True
    unit_variance: ClassVar[bool] = False

    @property
    def largest_variance(self) -> float:
        """The variance of its input from which on there are no duals, or none that can be trusted."""
        return np.inf

    @property
    def homogeneity(self) -> int | None:
        """The p with which the dual is s^p as large if (q, c) become (s^2 q, s c), for s > 0; None if none.

        It is told only where the derivative's dual is that of the dual by c.
        """
        return None

    def tabulated(self, low: float, high: float) -> "Activation":
        """The activation, ready for `dual` on variances from `low` > 0 to `high`; closed forms always are.

        Raises:
            PrecisionError: the duals cannot be had to 1e-9 there.
        """
        return self

    @abstractmethod
    def value(self, x: FloatArray) -> FloatArray:
        """phi(x), as a new array.

        Args:
            x: float64, of any shape.

        Raises:
            NotImplementedError: there is no phi, as `has_values` tells.
        """

    @abstractmethod
    def derivative(self, x: FloatArray) -> FloatArray:
        """phi'(x), as a new array: at a kink the mean of both sides, and 0 at a jump, as beside it.

        Args:
            x: float64, of any shape.

        Raises:
            NotImplementedError: there is no phi, as `has_values` tells.
        """

    @abstractmethod
    def dual(self, tile: Tile) -> None:
        """Overwrite tile.c with E[phi(u) phi(v)] and fill tile.slope with E[phi'(u) phi'(v)]."""

    @abstractmethod
    def variance(self, q: FloatArray) -> FloatArray:
        """E[phi(u)^2] for u ~ N(0, q): the dual on the diagonal."""

    @abstractmethod
    def slope(self, q: FloatArray) -> FloatArray:
        """E[phi'(u)^2] for u ~ N(0, q)."""


class PrecisionError(ArithmeticError):
    """A dual activation cannot be computed to the precision that is wanted.

    high: the largest variance asked for.
    residual: the relative error that can be had there.
    """

    def __init__(self, high: float, residual: float) -> None:
        super().__init__(f"residual {residual:.1g} at variance {high:.3g}")
        self.high = high
        self.residual = residual

    def __reduce__(self) -> tuple[Any, ...]:
        """It can be sent by another process."""
        return type(self), (self.high, self.residual)


@dataclass(frozen=True)
class ScaledCosine:
    """u = c s / sqrt((1 + s q)(1 + s q')) and 1 - u^2, which the duals of erf and its kin are functions of.

    With p = 1 / (1 + s q), r = 1 - p and cos = c / sqrt(q q'), 1 - u^2 is r (r' (1 - cos^2) + p') + p: for
    s > 0 a sum of positive terms below 1, so that nothing cancels or overflows for parallel rows of large
    variance.

    p_a, p_b: 1 / (1 + s q) of the rows and columns, (a, 1) and (b,).
    """

    p_a: FloatArray
    p_b: FloatArray

    @classmethod
    def of(cls, tile: Tile, scale: float, *, u: FloatArray, complement: FloatArray) -> Self:
        """Fill `u` with |s| / s u and `complement` with 1 - u^2; tile.c is overwritten."""
        p_a, p_b = 1 / (1 + scale * tile.q_a[:, None]), 1 / (1 + scale * tile.q_b)
        r_a, r_b = scale * tile.q_a[:, None] * p_a, scale * tile.q_b * p_b
        cosine(tile, out=u)
        one_minus_square(u, out=complement, work=tile.c)
        complement *= r_b
        complement += p_b
        complement *= r_a
        complement += p_a
        u *= np.sqrt(np.abs(r_a))
        u *= np.sqrt(np.abs(r_b))
        return cls(p_a, p_b)


def cosine(tile: Tile, out: FloatArray) -> None:
    """c / sqrt(q q'), with what is +-1 to rounding set to it, and 0 where a variance is 0."""
    np.multiply(tile.c, inverse_root(tile.q_a)[:, None], out=out)
    out *= inverse_root(tile.q_b)
    limit = 1.0 - tile.tolerance
    if out.max() > limit:
        out[out > limit] = 1.0
    if out.min() < -limit:
        out[out < -limit] = -1.0


def inverse_root(q: FloatArray) -> FloatArray:
    """1 / sqrt(q), and 0 for q = 0."""
    return np.divide(1.0, np.sqrt(q), out=np.zeros_like(q), where=q > 0)


def one_minus_square(x: FloatArray, out: FloatArray, work: FloatArray) -> None:
    """1 - x^2 as (1 - x)(1 + x), exact to rounding near +-1."""
    np.subtract(1.0, x, out=out)
    np.add(1.0, x, out=work)
    out *= work


def exp_square(x: FloatArray, rate: float) -> FloatArray:
    """exp(rate x^2), also where x^2 itself is beyond float64."""
    with np.errstate(over="ignore"):
        exponent = rate * x * x
    return np.asarray(np.exp(exponent))


def distance(tile: Tile, magnitude: FloatArray, out: FloatArray) -> None:
    """q + q' - 2 |c| as (sqrt q - sqrt q')^2 + 2 sqrt(q q') (1 - |cos|), which is 0 for equal rows.

    magnitude: |cos|; may be `out`.
    """
    root_a, root_b = np.sqrt(tile.q_a)[:, None], np.sqrt(tile.q_b)
    np.subtract(1.0, magnitude, out=out)
    out *= 2 * root_a
    out *= root_b
    out += (root_a - root_b) ** 2
