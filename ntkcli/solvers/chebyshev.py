"""F_t(G) at finite times from products alone: the largest eigenvalues taken out, a polynomial for the rest.

Flow of G = M + ridge I on b. With V the eigenvectors of M's largest eigenvalues theta, and c = b - V V^T b,

    F_t(G) b = V F_t(theta + ridge) V^T b + p(M) c,

where p is F_t's Chebyshev series on what is left of the spectrum, [0, bound]. Where t bound is small, its
degree is too, and it serves all columns at once by products with wide blocks.
"""

import math
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.inference.contour import Contour, deletion_contour
from ntkcli.inference.flow import Deletion, Health, relaxation, survival
from ntkcli.inference.leave_one_out import unit_columns
from ntkcli.kernels.tiling import CHUNK_ROWS, strips
from ntkcli.linalg.chebyshev import chebyshev_coefficients, chebyshev_vectors
from ntkcli.linalg.contraction import column_dots, contract
from ntkcli.linalg.lanczos import WORST_TOLERANCE, Values
from ntkcli.linalg.operator import Operator
from ntkcli.linalg.product import product
from ntkcli.solvers.cost import DELETION_VECTORS, SOLVING_VECTORS, Cost, Extent
from ntkcli.solvers.deflation import COLUMNS, MOST_VECTORS, SHARE, Deflation, deflated, typical_work
from ntkcli.solvers.solver import Factoring, Solver

# Numbers of a strip of columns: enough for fast products, few enough not to matter beside the matrix.
STRIP_NUMBERS = 2**23
# Arrays of a strip's size that a polynomial takes.
ACTION_VECTORS = 9
# Columns whose polynomials are kept.
KEPT_COLUMNS = 16
# Polynomials that deleting rows keeps, mostly.
DELETION_TERMS = 40
# Roundings of G's largest eigenvalue that eigenpairs and products may have, together.
ROUNDINGS = 16


class ChebyshevSolver(Solver):
    """F_t at finite t > 0, from G's products; without the matrix, the eigenpairs are of no use to keep."""

    name = "chebyshev"
    noun = "a Chebyshev polynomial"
    summary = "the largest eigenvalues, then polynomials of the matrix"
    is_iterative = True
    places = ("memory", "file", "tiles")
    is_by_products = True

    def groups(self, times: Collection[float]) -> list[list[float]]:
        """All finite times at once: the eigenpairs that the longest needs serve them all."""
        finite = sorted({time for time in times if 0 < time < math.inf})
        return [finite] if finite else []

    def rows_at_once(self, n: int) -> int:
        """As many as make products fast."""
        return max(CHUNK_ROWS, min(COLUMNS, STRIP_NUMBERS // n))

    def cost(self, extent: Extent) -> Cost:
        """Of eigenvalues that fall as they usually do; G itself is kept for its products."""
        typical = typical_work(extent)
        return Cost(
            factoring=typical.search,
            solving=typical.column,
            posterior=typical.column,
            ensemble=typical.column + 1.4 * extent.n**2,
            deletion=2 * typical.column,
            passes=typical.search_passes + typical.degree,
            variance_passes=typical.degree,
            peak_bytes=extent.block_bytes + 8 * extent.n * 2 * min(extent.n, MOST_VECTORS),
            kept_bytes=extent.block_bytes + 8 * extent.n * min(extent.n, MOST_VECTORS) // 2,
            solving_vectors=SOLVING_VECTORS + ACTION_VECTORS,
            action_vectors=ACTION_VECTORS,
            deletion_vectors=DELETION_VECTORS + DELETION_TERMS,
            is_refused=typical.is_refused,
        )

    def expectation(self, n: int, cost: Cost) -> str:
        """The degree, which may be too high."""
        verdict = ", at which it is likely to give up" if cost.is_refused else ""
        return f"polynomials of degree {cost.variance_passes:.0f} expected{verdict}"

    def factor(self, matrix: Operator, task: Factoring) -> "ChebyshevFlow":
        """The eigenpairs; ConvergenceError where a polynomial takes more than other solvers even so."""
        rounding = ROUNDINGS * float(np.finfo(matrix.dtype).eps) * max(task.times) * task.largest
        tolerance = max(task.tolerance, min(rounding, WORST_TOLERANCE))
        return ChebyshevFlow(matrix, deflated(matrix, task, tolerance), task.ridge, tolerance)


@dataclass(frozen=True)
class ChebyshevHealth(Health):
    """The eigenvalues taken out, the largest of the others, the degree, and the tolerance."""

    eigenvalues: int
    bound: float
    degree: int
    tolerance: float


@dataclass
class ChebyshevFlow:
    """F_t at finite times.

    matrix: M, for its products.
    deflation: its largest eigenpairs.
    tolerance: relative, of every column.
    degree: the highest so far.
    """

    matrix: Operator
    deflation: Deflation
    ridge: float
    tolerance: float
    degree: int = field(default=0, init=False)

    @property
    def health(self) -> ChebyshevHealth:
        """What was taken out, and what the polynomials took."""
        rest = self.deflation
        return ChebyshevHealth(len(rest.values), rest.bound, self.degree, self.tolerance)

    @cached_property
    def eigenvalues(self) -> FloatArray:
        """Of G, those taken out."""
        return self.deflation.values + self.ridge

    def on(self, b: FloatArray) -> "_ChebyshevAction":
        """The flow acting on b; nothing is computed yet."""
        return _ChebyshevAction(self, b)

    def polynomials(self, rest: FloatArray, count: int) -> Iterator[FloatArray]:
        """Chebyshev's polynomials of M on what the eigenvectors leave of columns."""
        self.degree = max(self.degree, count - 1)
        return chebyshev_vectors(self._product, rest, self.deflation.bound, count)

    def coefficients(self, function: Callable[[FloatArray], Values], floor: float) -> Values:
        """Of f(G) on the rest of the spectrum, to a share of the tolerance relative to `floor` too."""
        bound = self.deflation.bound
        if not bound:
            return np.zeros(0)
        smallest = np.abs(function(self.ridge + bound * np.linspace(0, 1, 200))).min(axis=-1)
        error = SHARE * self.tolerance * np.maximum(smallest, floor)
        return chebyshev_coefficients(lambda m: function(m + self.ridge), bound, error)

    def _product(self, b: FloatArray) -> FloatArray:
        """M b without the eigenvectors, into which rounding would lead, to grow there."""
        image = self.matrix.product(b).astype(np.float64, copy=False)
        self.deflation.take_out(image, passes=1)
        return image

    def deletion(self, rows: IntArray, time: float, *, with_quadratic: bool) -> Deletion:
        """All nodes of the contour from the same polynomials."""
        contour, columns = deletion_contour(time), np.arange(len(rows))
        rest = unit_columns(self.matrix.n, rows)
        rotated = self.deflation.take_out(rest)
        resolvents = partial(_resolvents, contour=contour)
        coefficients = self.coefficients(resolvents, 0.0)
        kept = list(self.polynomials(rest, coefficients.shape[-1]))
        parts = resolvents(self.eigenvalues)
        own = parts @ rotated**2
        for j, vectors in enumerate(kept):
            own += coefficients[:, j, None] * vectors[rows, columns]
        factors = contour.weights[:, None] / own
        rotated *= (parts.T @ factors).real
        rest = np.zeros_like(rest)
        for j, vectors in enumerate(kept):
            rest += (coefficients[:, j] @ factors).real * vectors
        weights = rest + product(self.deflation.vectors, rotated)
        return Deletion(weights, self._quadratic(rotated, rest) if with_quadratic else None)

    def _quadratic(self, rotated: FloatArray, rest: FloatArray) -> FloatArray:
        """w^T G w of w = V rotated + rest."""
        inner = column_dots(rest, self.matrix.product(rest)) + self.ridge * column_dots(rest, rest)
        return np.maximum(self.eigenvalues @ rotated**2 + inner, 0.0)


def _resolvents(eigenvalues: FloatArray, contour: Contour) -> Values:
    """1 / (scale g + shift) at every node, (L, r)."""
    return np.asarray(1 / (contour.scale * eigenvalues + contour.shifts[:, None]))


class _ChebyshevAction:
    """Works on some columns at a time; polynomials of one narrow group are kept for other times."""

    def __init__(self, flow: ChebyshevFlow, b: FloatArray) -> None:
        self._flow = flow
        self._b = b
        self._kept: list[FloatArray] = []

    def product(self, time: float) -> FloatArray:
        return self._apply(partial(relaxation, time=time), 0.0)

    def decay(self, time: float) -> FloatArray:
        # What has died out is zero beside what it was, and needs no digits of its own.
        return self._apply(partial(survival, time=time), 1.0)

    def quadratic(self, time: float, *, full: bool) -> FloatArray:
        form = contract(self._b, self.product(time), full=full)
        # Symmetric up to the tolerance; now exactly.
        return (form + form.T) / 2

    def _apply(self, function: Callable[[FloatArray], FloatArray], floor: float) -> FloatArray:
        flow = self._flow
        coefficients = flow.coefficients(function, floor)
        values = function(flow.eigenvalues)
        found = np.empty(self._b.shape)
        for group in strips(slice(0, self._b.shape[1]), COLUMNS):
            rest = np.array(self._b[:, group], np.float64)
            rotated = flow.deflation.take_out(rest)
            part = product(flow.deflation.vectors, values[:, None] * rotated)
            polynomials = self._polynomials(rest, len(coefficients))
            for coefficient, vectors in zip(coefficients, polynomials, strict=True):
                part += coefficient * vectors
            found[:, group] = part
        return found

    def _polynomials(self, rest: FloatArray, count: int) -> Iterable[FloatArray]:
        """Kept where columns are few: a solution needs them for its product and for what is left."""
        if rest.shape[1] > KEPT_COLUMNS:
            return self._flow.polynomials(rest, count)
        if len(self._kept) < count:
            self._kept = list(self._flow.polynomials(rest, count))
        return self._kept[:count]
