"""The arithmetic of a stage."""

from dataclasses import dataclass

from ntkcli.linalg.probes import COUNT as PROBES
from ntkcli.planning.sizes import Sizes
from ntkcli.regression.kernel import KERNELS, Kernel
from ntkcli.regression.question import Question
from ntkcli.regression.stages import Stage
from ntkcli.solvers.solver import SOLVE_EFFICIENCY, Cost

# Arithmetic of an entry's layer and feature, in the time of so many operations of a matrix product.
LAYER_OPERATIONS, FEATURE_OPERATIONS = 700, 4
# A factorisation in a file waits for the disk most of the time.
FILE_SLOWDOWN = 4.0
# Products with the Gram matrix, computed anew, that refining takes.
REFINEMENTS = 4


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
    algebra = cost.factoring + 2 * len(stage.times) * (sizes.k + PROBES) * cost.solving
    if question.has_uncertainty:
        for_each = [
            cost.posterior if KERNELS[pair.kernel].is_posterior else cost.ensemble for pair in stage.pairs
        ]
        algebra += m * (cost.rotating + sum(for_each))
    algebra += len(question.leave_one_out) * sum(
        _deletion(KERNELS[pair.kernel], n, cost) for pair in stage.pairs
    )
    if question.uncertainty == "covariance":
        entries += m * m / 2
        algebra += len(stage.pairs) * 2.0 * m * m * n / SOLVE_EFFICIENCY
    return Work(entries, algebra)


def _deletion(kernel: Kernel, n: int, cost: Cost) -> float:
    """The algebra of a row that is left out; an ensemble's variance takes a product with K too."""
    return cost.deletion + (0.0 if kernel.is_posterior else 2.0 * n**2 / SOLVE_EFFICIENCY)
