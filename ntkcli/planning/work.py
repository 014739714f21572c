"""The arithmetic of a stage, and of what is done with all eigenvectors of a Gram matrix."""

import math
from dataclasses import dataclass

from ntkcli.inference.contour import PAIRS
from ntkcli.linalg.probes import COUNT as PROBES
from ntkcli.linalg.threads import ONE_THREAD_ROWS
from ntkcli.planning.sizes import Sizes
from ntkcli.regression.kernel import KERNELS
from ntkcli.regression.question import Question
from ntkcli.regression.stages import Stage
from ntkcli.solvers.cost import SOLVE_EFFICIENCY, Cost
from ntkcli.solvers.eigh import EFFICIENCY as EIGH_EFFICIENCY
from ntkcli.solvers.storage import Place

# Arithmetic of an entry's layer and feature, in the time of so many operations of a matrix product.
LAYER_OPERATIONS, FEATURE_OPERATIONS = 700, 4
# Operations in the time that a byte takes from a disk.
BYTE_OPERATIONS = 100.0
# Digits that a matrix in float32 gives until its answers are corrected by a product with the exact one.
COARSE_DIGITS = 4
# A factorisation in a file waits for the disk most of the time.
FILE_SLOWDOWN = 4.0
# Products with the Gram matrix, computed anew, that refining takes.
REFINEMENTS = 4
# A pass over an array that is too large for the cache, for each of its numbers.
PASS_OPERATIONS = 60.0
# Passes over the eigenvectors that deleting every row takes.
DELETION_PASSES = 4


@dataclass(frozen=True)
class Work:
    """Arithmetic of two kinds, and reading.

    entries: of kernel matrices that are computed.
    algebra: operations of a matrix product that would take as long as the linear algebra.
    stored: bytes that are read from a file, by solvers that only multiply.
    """

    entries: float = 0.0
    algebra: float = 0.0
    stored: float = 0.0

    def __add__(self, other: "Work") -> "Work":
        return Work(self.entries + other.entries, self.algebra + other.algebra, self.stored + other.stored)

    def operations(self, sizes: Sizes) -> float:
        """Operations of a matrix product that would take as long, kernels included."""
        entry = LAYER_OPERATIONS * (sizes.depth - 1) + FEATURE_OPERATIONS * sizes.d
        return self.algebra + self.entries * entry + self.stored * BYTE_OPERATIONS


def stage_cost(stage: Stage, sizes: Sizes, question: Question, place: Place = "memory") -> Cost:
    """What the solver of a stage takes."""
    columns = stage.columns(question, sizes.k, sizes.m)
    longest = max((question.exponent(time) for time in stage.times if time < math.inf), default=0.0)
    return stage.solver.cost(sizes.extent(stage.gram, question.digits, columns, longest, place))


def stage_work(stage: Stage, sizes: Sizes, question: Question, place: Place = "memory") -> Work:
    """The arithmetic of a stage."""
    if not stage.solver.reads_gram:
        return Work()
    n, m, cost = sizes.n, sizes.m, stage_cost(stage, sizes, question, place)
    entries = (1 + _refinements(stage, sizes, question)) * n * n / 2 + m * n
    algebra = cost.factoring + _deletions(stage, question, cost, n)
    algebra += 2 * len(stage.times) * (sizes.k + PROBES) * cost.solving
    if question.has_uncertainty:
        for_each = [
            cost.posterior if KERNELS[pair.kernel].is_posterior else cost.ensemble for pair in stage.pairs
        ]
        algebra += m * (cost.rotating + sum(for_each))
    if question.uncertainty == "covariance":
        entries += m * m / 2
        algebra += len(stage.pairs) * 2.0 * m * m * n / SOLVE_EFFICIENCY
    return Work(entries, algebra) + _passes(stage, sizes, question, cost, place)


def _refinements(stage: Stage, sizes: Sizes, question: Question) -> int:
    """Products with the Gram matrix in float64 that answers from float32 are corrected by."""
    if stage.solver.corrects_itself:
        return max(1, math.ceil(question.digits / COARSE_DIGITS) - 1) if sizes.itemsize == 4 else 0
    return REFINEMENTS if question.refine else 0


def _passes(stage: Stage, sizes: Sizes, question: Question, cost: Cost, place: Place) -> Work:
    """Passes over a matrix that stays as it is: those of solutions, and of every strip of test rows."""
    entries = sizes.n**2 / 2
    strips = -(-sizes.m // stage.solver.rows_at_once(sizes.n)) if question.has_uncertainty else 0
    read = len(stage.times) * cost.passes * entries
    read += strips * len(stage.pairs) * cost.variance_passes * entries
    return Work(
        entries=read if place == "tiles" else 0.0,
        stored=read * sizes.itemsize if place == "file" else 0.0,
    )


def _deletions(stage: Stage, question: Question, cost: Cost, n: int) -> float:
    """Operations of deleting the rows that calibrate, one at a time; an ensemble takes K as well."""
    rows, operations = len(question.leave_one_out), 0.0
    for pair in stage.pairs:
        has_prior = question.has_uncertainty and not KERNELS[pair.kernel].is_posterior
        operations += rows * (cost.deletion + (2.0 * n**2 / SOLVE_EFFICIENCY if has_prior else 0.0))
    return operations


def threads_lost(rows: int, threads: int) -> float:
    """Return by how much algebra on matrices of so many rows is slower than on all threads: BLAS has one."""
    return threads if rows < ONE_THREAD_ROWS else 1.0


def eigendecomposition_work(rows: int) -> float:
    """Operations of an eigendecomposition."""
    return 9.0 * rows**3 / EIGH_EFFICIENCY


def deletion_work(rows: int, time: float) -> float:
    """Operations of deleting every row, one at a time, where the eigenvectors are known."""
    nodes = 1 if time == math.inf else 2 * PAIRS
    return rows**2 * (PASS_OPERATIONS * DELETION_PASSES + 4.0 * nodes / SOLVE_EFFICIENCY)
