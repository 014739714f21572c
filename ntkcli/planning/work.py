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
from ntkcli.solvers.eigh import EFFICIENCY as EIGH_EFFICIENCY
from ntkcli.solvers.solver import SOLVE_EFFICIENCY, Cost

# Arithmetic of an entry's layer and feature, in the time of so many operations of a matrix product.
LAYER_OPERATIONS, FEATURE_OPERATIONS = 700, 4
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
    """Arithmetic of two kinds.

    entries: of kernel matrices that are computed.
    algebra: operations of a matrix product that would take as long as the linear algebra.
    """

    entries: float = 0.0
    algebra: float = 0.0

    def __add__(self, other: "Work") -> "Work":
        return Work(self.entries + other.entries, self.algebra + other.algebra)

    def operations(self, sizes: Sizes) -> float:
        """Operations of a matrix product that would take as long, kernels included."""
        entry = LAYER_OPERATIONS * (sizes.depth - 1) + FEATURE_OPERATIONS * sizes.d
        return self.algebra + self.entries * entry


def stage_work(stage: Stage, sizes: Sizes, question: Question) -> Work:
    """The arithmetic of a stage."""
    if not stage.solver.reads_gram:
        return Work()
    n, m, cost = sizes.n, sizes.m, stage.solver.cost(sizes.extent(question.digits))
    passes = 1 + REFINEMENTS * question.refine
    entries = passes * n * n / 2 + m * n
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
    return Work(entries, algebra)


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
