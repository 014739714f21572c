"""One Cholesky factorisation, for time inf."""

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import ArraySink, FloatArray, IntArray
from ntkcli.inference.flow import Deletion, Health
from ntkcli.inference.leave_one_out import deletion_in_the_limit, unit_columns
from ntkcli.linalg.cholesky import EFFICIENCY, Cholesky
from ntkcli.linalg.contraction import contract
from ntkcli.linalg.operator import ReadableOperator
from ntkcli.solvers.cost import DELETION_VECTORS, SOLVE_EFFICIENCY, SOLVING_VECTORS, Cost, Extent
from ntkcli.solvers.solver import Factoring, KeepingSolver, SavedFlow, as_blocks
from ntkcli.solvers.stored_cholesky import load_cholesky


class CholeskySolver(KeepingSolver):
    """F_inf = G^{-1}, from G = L L^T in the place of G."""

    name = "cholesky"
    noun = "a Cholesky factorisation"
    summary = "one Cholesky factorisation"
    places = ("memory", "file")
    can_be_refined = True

    def groups(self, times: Collection[float]) -> list[list[float]]:
        """Time inf alone."""
        return [[math.inf]] if math.inf in times else []

    def cost(self, extent: Extent) -> Cost:
        """n^3 / 3, and n^2 for each triangular solve; a posterior's variance takes one, an ensemble's two."""
        solve = 2.0 * extent.n**2 / SOLVE_EFFICIENCY
        return Cost(
            factoring=extent.n**3 / 3 / EFFICIENCY,
            solving=solve,
            posterior=solve / 2,
            ensemble=solve * 1.5,
            deletion=solve,
            peak_bytes=extent.block_bytes,
            kept_bytes=extent.block_bytes,
            solving_vectors=SOLVING_VECTORS,
            deletion_vectors=DELETION_VECTORS,
        )

    def factor(self, matrix: ReadableOperator, task: Factoring) -> "CholeskyFlow":
        """L in the place of the matrix."""
        blocks = as_blocks(matrix)
        blocks.add_to_diagonal(task.ridge)
        return CholeskyFlow(Cholesky(blocks, task.advance))

    def load(self, kept: SavedFlow) -> "CholeskyFlow":
        """L, as it was kept."""
        return CholeskyFlow(load_cholesky(kept))


@dataclass(frozen=True)
class CholeskyHealth(Health):
    """The smallest squared pivot."""

    smallest_pivot: float


@dataclass(frozen=True)
class CholeskyFlow:
    """F_inf = G^{-1}, from G = L L^T. Every other time is refused with a TypeError."""

    factor: Cholesky

    @property
    def health(self) -> CholeskyHealth:
        """The smallest squared pivot."""
        return CholeskyHealth(self.factor.smallest_pivot)

    def on(self, b: FloatArray) -> "_CholeskyAction":
        """L^{-1} b, and what follows from it."""
        return _CholeskyAction(self.factor, self.factor.half_solve(b))

    def deletion(self, rows: IntArray, time: float, *, with_quadratic: bool) -> Deletion:
        """From columns of the inverse."""
        _check_infinite(time)
        return deletion_in_the_limit(self.on(unit_columns(self.factor.n, rows)), rows)

    def save(self, name: str, arrays: ArraySink) -> dict[str, float]:
        """L, its blocks one after another."""
        arrays.write(name, self.factor.lower.flat)
        return {}


@dataclass(frozen=True)
class _CholeskyAction:
    factor: Cholesky
    half: FloatArray

    def product(self, time: float) -> FloatArray:
        _check_infinite(time)
        return self.factor.half_solve_transposed(self.half)

    def decay(self, time: float) -> FloatArray:
        _check_infinite(time)
        return np.zeros_like(self.half)

    def quadratic(self, time: float, *, full: bool) -> FloatArray:
        _check_infinite(time)
        return contract(self.half, self.half, full=full)


def _check_infinite(time: float) -> None:
    if time != math.inf:
        raise TypeError(f"a Cholesky factor has no finite times such as {time}")
