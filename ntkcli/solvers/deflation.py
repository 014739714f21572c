"""Which of a matrix's largest eigenpairs are worth having before a polynomial is made of it."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.linalg.chebyshev import chebyshev_degree
from ntkcli.linalg.convergence import ConvergenceError
from ntkcli.linalg.eigenpairs import BlockKrylov, Ritz
from ntkcli.linalg.operator import Operator
from ntkcli.linalg.product import product
from ntkcli.solvers.cost import Extent
from ntkcli.solvers.solver import Factoring

# Columns of a product at once: as vectors of the polynomial, and while eigenpairs are sought.
COLUMNS, SEARCH_COLUMNS = 1024, 32
# Blocks before the largest eigenvalues are known at all.
FEWEST_BLOCKS = 4
# Vectors of the space that eigenpairs are sought in.
MOST_VECTORS = 1024
# Vectors of that space for each eigenpair, and beside; and how far apart numbers of eigenpairs are tried.
VECTORS_A_PAIR, VECTORS_BESIDE, PAIRS_APART = 2, 192, 32
# What a block more divides residuals by, mostly; the share of a wide product's rate that narrow ones reach.
STEP, SEARCH_EFFICIENCY = 5.0, 0.3
# Above the largest eigenvalue left, as far as it is known.
MARGIN = 1.05
# Roundings of the largest eigenvalue, below which 0 is not known from the others.
ROUNDINGS = 16
# The share of the tolerance that a polynomial leaves out.
SHARE = 1 / 2
# A time times an eigenvalue that does nothing.
NEGLIGIBLE = 1e-12
# A share of the tolerance for the residuals of the eigenpairs; times may double for a variance.
RESIDUAL_SHARE = 1 / 8
# The most work beyond what a factorisation takes, in multiples of it.
WORST = 3.0
# Solves for each column that come with a factorisation.
SOLVES = 25
# Columns of a mean: the targets, and the probes of its health.
MEAN_COLUMNS = 9
# Eigenvalue r + 1 is about the trace over this many times r, of usual data.
FALL = 30.0
# Nobody knows the eigenvalues beforehand: a factorisation's certain cost is preferred where it is no worse.
UNSURE = 1.5
# What goes with the search beside products, in operations: it does not pay for small matrices.
SEARCH_OPERATIONS = 5e10


@dataclass(frozen=True)
class Deflation:
    """Eigenpairs of M, and how large its other eigenvalues are.

    vectors: V (n, r), orthonormal.
    values: theta (r,).
    bound: of the other eigenvalues; 0 if there are none.
    """

    vectors: FloatArray
    values: FloatArray
    bound: float

    def take_out(self, b: FloatArray, passes: int = 2) -> FloatArray:
        """V^T b (r, c), taken out of b (n, c) in its place, twice for the sake of rounding."""
        shares = np.zeros((len(self.values), b.shape[1]))
        for _ in range(passes):
            found = product(self.vectors.T, b)
            b -= product(self.vectors, found)
            shares += found
        return shares


def deflated(matrix: Operator, task: Factoring, tolerance: float) -> Deflation:
    """The eigenpairs that are worth their price for the columns to come.

    Args:
        matrix: M (n, n).
        task: times, and the columns that are expected.
        tolerance: relative, of F_t(G) b.

    Raises:
        ConvergenceError: a polynomial would take far more work than a factorisation.
    """
    search = _Search(matrix.n, max(task.times), tolerance, max(task.columns, MEAN_COLUMNS))
    space = BlockKrylov(matrix, SEARCH_COLUMNS)
    while True:
        for _ in range(FEWEST_BLOCKS if not space.size else 1):
            if not space.is_all:
                space.extend()
        ritz = space.ritz()
        count = search.converged(ritz)
        if space.is_all or not search.is_worthwhile(ritz, count):
            break
    count = search.cheapest(ritz, count)
    eps = float(np.finfo(matrix.dtype).eps)
    values = np.maximum(ritz.values[:count], 0.0)
    if count == matrix.n:
        return Deflation(space.vectors(ritz, count), values, 0.0)
    bound = max(search.bound(ritz, count), 0.0 if count else MARGIN * task.largest)
    bound += ROUNDINGS * eps * max(float(ritz.values[0]), 0.0)
    search.check(bound)
    # An interval that is this short for the time is short enough, and nothing overflows.
    return Deflation(space.vectors(ritz, count), values, max(bound, min(NEGLIGIBLE / max(task.times), 1e250)))


@dataclass(frozen=True)
class _Search:
    """What decides when to stop: the work of what is left, against that of more eigenpairs."""

    n: int
    time: float
    tolerance: float
    columns: int

    def converged(self, ritz: Ritz) -> int:
        """How many of the largest are eigenpairs as exactly as the tolerance needs.

        Of a space that may grow half of them at most: what is beside it may exceed the last ones.
        """
        rough = ritz.residuals * self.time > RESIDUAL_SHARE * self.tolerance
        most = self.n if len(rough) == self.n else len(rough) // 2
        return min(int(np.argmax(rough)) if rough.any() else len(rough), most)

    def cheapest(self, ritz: Ritz, count: int) -> int:
        """How many of so many eigenpairs to use, as each makes every term of a polynomial dearer."""
        choices = np.unique(np.linspace(0, count, 24).astype(int))
        return int(min(choices, key=lambda some: self.work(int(some), self.bound(ritz, int(some)))))

    def bound(self, ritz: Ritz, count: int) -> float:
        """Of the eigenvalues after the first so many; those sought last are known from below only."""
        if count == self.n:
            return 0.0
        return MARGIN * max(float(ritz.values[count] + ritz.residuals[count]), 0.0)

    def is_worthwhile(self, ritz: Ritz, count: int) -> bool:
        """Whether some of the eigenvalues in sight save more than it takes to have them."""
        size = len(ritz.values)
        if size >= min(MOST_VECTORS, self.n):
            return False
        now = self.work(count, self.bound(ritz, count))
        if self.n <= MOST_VECTORS and search_work(self.n, self.n) - search_work(self.n, size) < now:
            return True
        for more in np.unique(np.linspace(count, size - 1, 24).astype(int)):
            needed = max(VECTORS_A_PAIR * int(more) + VECTORS_BESIDE, size + self._missing(ritz, int(more)))
            later = self.work(int(more), MARGIN * max(float(ritz.values[more]), 0.0))
            if (
                needed <= MOST_VECTORS
                and search_work(self.n, needed) - search_work(self.n, size) < now - later
            ):
                return True
        return False

    def _missing(self, ritz: Ritz, count: int) -> int:
        """Vectors that so many eigenpairs need, by the last one's residual."""
        limit = RESIDUAL_SHARE * self.tolerance / self.time
        rest = max(float(ritz.residuals[max(count - 1, 0)]), limit)
        return SEARCH_COLUMNS * max(1, math.ceil(math.log(rest / limit) / math.log(STEP)))

    def work(self, count: int, bound: float) -> float:
        """Operations for all columns, whose products are narrow too where they are few."""
        degree = chebyshev_degree(self.time, bound, SHARE * self.tolerance)
        rate = 1.0 if self.columns > SEARCH_COLUMNS else SEARCH_EFFICIENCY
        return self.columns * degree * (2.0 * self.n**2 / rate + 8.0 * self.n * count)

    @property
    def most(self) -> float:
        """The highest degree that is accepted."""
        return WORST * (self.n / (6 * self.columns) + SOLVES)

    def check(self, bound: float) -> None:
        """Refuse what is out of proportion.

        Raises:
            ConvergenceError: the polynomial's degree is too high.
        """
        degree = chebyshev_degree(self.time, bound, SHARE * self.tolerance)
        if degree > self.most:
            raise ConvergenceError(
                f"a polynomial of degree {degree:.0f}, of a matrix with many large eigenvalues"
            )


def search_work(n: int, vectors: float) -> float:
    """Operations of so many vectors of a space: products, orthogonalisation, and eigenvalues on it."""
    return vectors * 2.0 * n**2 / SEARCH_EFFICIENCY + 4.0 * n * vectors**2 + 4.0 * vectors**3


@dataclass(frozen=True)
class TypicalWork:
    """What a matrix takes whose eigenvalues fall as they usually do.

    search, column: operations of the search, and of each column.
    search_passes, degree: products one after another, of the search and of a polynomial.
    is_refused: whether the degree is more than is accepted.
    """

    search: float
    column: float
    search_passes: float
    degree: float
    is_refused: bool


def typical_work(extent: Extent) -> TypicalWork:
    """The work for the cheapest number of eigenpairs."""
    columns = max(extent.columns, MEAN_COLUMNS)
    return _cheapest(_Search(extent.n, extent.longest, 10.0**-extent.digits, columns), extent.diagonal)


# A plan asks several times.
@lru_cache(maxsize=256)
def _cheapest(search: _Search, diagonal: float) -> TypicalWork:
    n = search.n
    # All of them leave nothing to a polynomial.
    choices = [(n, n, 0.0)] if n <= MOST_VECTORS else []
    for count in range(0, max(0, MOST_VECTORS - VECTORS_BESIDE) // VECTORS_A_PAIR + 1, PAIRS_APART):
        bound = diagonal * n / max(1.0, FALL * count)
        choices.append((count, VECTORS_A_PAIR * count + VECTORS_BESIDE, bound))

    def operations(choice: tuple[int, int, float]) -> float:
        count, vectors, bound = choice
        return search_work(n, vectors) + search.work(count, bound)

    count, vectors, bound = min(choices, key=operations)
    degree = chebyshev_degree(search.time, bound, SHARE * search.tolerance)
    return TypicalWork(
        UNSURE * (SEARCH_OPERATIONS + search_work(n, vectors)),
        UNSURE * search.work(count, bound) / search.columns,
        vectors / SEARCH_COLUMNS,
        degree,
        degree > search.most,
    )
