"""F_inf(G) = G^{-1} from products alone: block conjugate gradients, preconditioned by pivoted Cholesky.

Chen, Epperly, Tropp & Webber 2024; Diaz, Epperly, Frangella, Tropp & Webber 2023.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.inference.flow import Deletion, Health
from ntkcli.inference.leave_one_out import deletion_in_the_limit, unit_columns
from ntkcli.keeping import Checkpoint, Checkpoints
from ntkcli.linalg.conjugate_gradients import Watch, solve
from ntkcli.linalg.contraction import contract
from ntkcli.linalg.operator import ReadableOperator
from ntkcli.linalg.pivoted_cholesky import PROPOSALS, randomly_pivoted_cholesky, usual_rank
from ntkcli.linalg.preconditioner import Preconditioner
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.linalg.system import System
from ntkcli.solvers.cost import DELETION_VECTORS, SOLVE_EFFICIENCY, Cost, Extent
from ntkcli.solvers.solver import Factoring, Solver

# What a product with few columns takes of each entry on one side of the diagonal, in operations of a product
# with many; by the bytes of an entry.
PRODUCT_OPERATIONS = {8: 400.0, 4: 260.0}
# The same for each entry of the preconditioner's factor, for every 32 columns.
HALF_SOLVE_OPERATIONS = {8: 600.0, 4: 300.0}
# Arrays of the right-hand sides' size, and the columns that there are at least: more by tiles computed anew.
VECTORS, LEAST_COLUMNS, TILED_COLUMNS = 14, 32, 96
# A ridge that is far below what a row has left on the average makes a poor preconditioner.
LEAST_SHIFT = 1e-4
# Columns that only help the others along need not be exact.
HELPER_TOLERANCE = 0.9


class PcgSolver(Solver):
    """F_inf = G^{-1}, from G's products; without the matrix, the preconditioner is of no use to keep."""

    name = "pcg"
    noun = "the method of conjugate gradients"
    summary = "conjugate gradients, preconditioned by pivoted Cholesky"
    is_iterative = True
    is_by_products = True
    corrects_itself = True
    can_be_refined = True
    places = ("memory", "file", "tiles")
    least_rows = 10_000

    def groups(self, times: Collection[float]) -> list[list[float]]:
        """Time inf alone."""
        return [[math.inf]] if math.inf in times else []

    def cost(self, extent: Extent) -> Cost:
        """A pass over the matrix for each iteration, whatever the columns; n r^2 for the preconditioner."""
        n, rank = extent.n, usual_rank(extent.n)
        columns = TILED_COLUMNS if extent.place == "tiles" else LEAST_COLUMNS
        iteration = PRODUCT_OPERATIONS[extent.itemsize] * n**2 / 2
        iteration += HALF_SOLVE_OPERATIONS[extent.itemsize] * n * rank * columns / LEAST_COLUMNS
        column = 2.0 * n**2 * extent.iterations / SOLVE_EFFICIENCY
        apart = 8 * n * (rank + VECTORS * columns + 2 * PROPOSALS)
        return Cost(
            factoring=4.0 * n * rank**2 / SOLVE_EFFICIENCY + extent.iterations * iteration,
            posterior=column,
            ensemble=column + n**2 / SOLVE_EFFICIENCY,
            deletion=column,
            passes=extent.iterations,
            variance_passes=extent.iterations,
            peak_bytes=extent.block_bytes + apart,
            kept_bytes=extent.block_bytes + apart,
            solving_vectors=VECTORS,
            action_vectors=VECTORS,
            deletion_vectors=DELETION_VECTORS + VECTORS,
        )

    def expectation(self, n: int, cost: Cost) -> str:
        """The rank and the iterations."""
        return f"a preconditioner of rank {usual_rank(n):,}, about {cost.passes:.0f} iterations expected"

    def factor(self, matrix: ReadableOperator, task: Factoring) -> "PcgFlow":
        """The preconditioner; SingularMatrixError where there is no ridge, and few columns leave nothing."""
        low_rank = randomly_pivoted_cholesky(matrix, usual_rank(matrix.n))
        if task.ridge == 0 and low_rank.rank < usual_rank(matrix.n):
            dependent = np.setdiff1d(np.arange(matrix.n), low_rank.pivots)
            raise SingularMatrixError(int(dependent[0]), 0.0)
        left = low_rank.left / matrix.n
        # Where there is neither a ridge nor anything left, the columns are the whole matrix.
        rounding = float(np.finfo(matrix.dtype).eps) * float(matrix.diagonal.max())
        shift = max(task.ridge, LEAST_SHIFT * left) or rounding
        preconditioner = Preconditioner.of(low_rank, shift, matrix.dtype)
        system = System(matrix, task.ridge, preconditioner, task.exact)
        share = low_rank.left / (float(matrix.diagonal.sum()) or 1.0)
        return PcgFlow(system, task.tolerance, low_rank.rank, share, task.watch, task.checkpoints)


@dataclass(frozen=True)
class PcgHealth(Health):
    """The preconditioner and the iterations.

    rank: columns of the preconditioner. trace_left: the share of the trace that they leave out.
    tolerance: of the residuals. iterations: the most that any right-hand sides took.
    largest_residual: |b - G x| / |b| of the worst column that was to be exact.
    """

    rank: int
    trace_left: float
    tolerance: float
    iterations: int
    largest_residual: float

    @property
    def true_residual(self) -> float:
        """The largest, as it is the true one."""
        return self.largest_residual


@dataclass
class PcgFlow:
    """F_inf = G^{-1}. Every other time is refused with a TypeError.

    tolerance: of |b - G x| / |b|, for every column.
    checkpoints: keep iterates.
    iterations, residual: the worst so far.
    """

    system: System
    tolerance: float
    rank: int
    trace_left: float
    watch: Watch
    checkpoints: Checkpoints
    iterations: int = field(default=0, init=False)
    residual: float = field(default=0.0, init=False)

    @property
    def health(self) -> PcgHealth:
        """The preconditioner, and what the iterations took."""
        return PcgHealth(self.rank, self.trace_left, self.tolerance, self.iterations, self.residual)

    def on(self, b: FloatArray) -> "_PcgAction":
        """G^{-1} b, once it is asked for."""
        return _PcgAction(self, b)

    def deletion(self, rows: IntArray, time: float, *, with_quadratic: bool) -> Deletion:
        """From columns of the inverse."""
        _check_infinite(time)
        return deletion_in_the_limit(self.on(unit_columns(self.system.matrix.n, rows)), rows)

    def solve(self, b: FloatArray) -> FloatArray:
        """G^{-1} b for b (n, c): random columns join few ones, as all share a space that grows with each.

        Raises:
            ConvergenceError: the tolerance is not reached.
        """
        n, columns = b.shape
        # Without a ridge, b may have a solution though G is singular; then a random column has none.
        witnesses = int(self.system.ridge == 0)
        helpers = max(witnesses, min(n, self.system.matrix.best_columns) - columns)
        random = np.random.default_rng(0).normal(size=(n, helpers))
        tolerances = np.full(columns + helpers, self.tolerance)
        tolerances[columns + witnesses :] = HELPER_TOLERANCE
        b = np.hstack([b, random])
        solved = solve(self.system, b, tolerances, self.watch, self._checkpoint(b, tolerances))
        self.iterations = max(self.iterations, solved.iterations)
        self.residual = max(self.residual, float(solved.residuals[:columns].max(initial=0.0)))
        return solved.x[:, :columns]

    def _checkpoint(self, b: FloatArray, tolerances: FloatArray) -> Checkpoint:
        """Of the same matrix, ridge, preconditioner, right-hand sides and tolerances alone."""
        matrix, is_coarse = self.system.matrix, self.system.exact is not None
        # Sums of products are made in another order by another kind of operator.
        numbers = np.array([self.system.ridge, matrix.best_columns, is_coarse])
        known = numbers, matrix.diagonal, self._preconditioned, b, tolerances
        return self.checkpoints.of("pcg", "iteration", *known)

    @cached_property
    def _preconditioned(self) -> FloatArray:
        """What the preconditioner makes of a vector, which depends on all columns that it was made of."""
        return self.system.preconditioner.half_solve(np.ones((self.system.matrix.n, 1)))


class _PcgAction:
    """G^{-1} on some columns."""

    def __init__(self, flow: PcgFlow, b: FloatArray) -> None:
        self._flow, self._b = flow, b
        self._solved: FloatArray | None = None

    def product(self, time: float) -> FloatArray:
        _check_infinite(time)
        if self._solved is None:
            self._solved = self._flow.solve(self._b)
        return self._solved

    def decay(self, time: float) -> FloatArray:
        _check_infinite(time)
        return np.zeros_like(self._b)

    def quadratic(self, time: float, *, full: bool) -> FloatArray:
        form = contract(self._b, self.product(time), full=full)
        # Symmetric up to the tolerance; now exactly.
        return (form + form.T) / 2


def _check_infinite(time: float) -> None:
    if time != math.inf:
        raise TypeError(f"conjugate gradients solve for time inf, not for {time}")
