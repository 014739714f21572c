"""What a solver takes, and what that depends on."""

from collections.abc import Callable
from dataclasses import dataclass

from ntkcli.solvers.storage import Place

# The share of a matrix product's rate that triangular solves and the like reach.
SOLVE_EFFICIENCY = 0.7
# Arrays of the right-hand sides' size that any solve takes, and any leave-one-out.
SOLVING_VECTORS, DELETION_VECTORS = 6, 10


@dataclass(frozen=True)
class Extent:
    """What a solver's cost depends on.

    n: rows of the Gram matrix.
    itemsize: bytes of its numbers.
    block_bytes: that its blocks take in memory; 0 where they are not there.
    digits: decimal digits of the tolerance at which iterations stop.
    columns: right-hand sides that F_t will act on, about.
    longest: the longest finite time, in units of the exponent.
    diagonal: the mean of the Gram matrix's diagonal.
    place: where the Gram matrix is.
    expected: the iterations that conjugate gradients take for so many rows; it may take a second to find out.
    """

    n: int
    itemsize: int
    block_bytes: int
    digits: float
    columns: int
    longest: float
    diagonal: float
    place: Place
    expected: Callable[[int], float]

    @property
    def iterations(self) -> float:
        """That conjugate gradients take for a block of right-hand sides, expected."""
        return self.expected(self.n)


@dataclass(frozen=True)
class Cost:
    """What a solver takes: arithmetic in operations of a matrix product that would last as long, and memory.

    factoring: operations of the factorisation.
    solving: operations for each right-hand side and time.
    rotating: operations for each test row with a variance, once for all kernels and times.
    posterior, ensemble: operations for each test row's variance, at each time of such a kernel.
    deletion: operations for each row that is left out, at each time.
    passes: over all entries of the Gram matrix, where it is not factored in its place, for each time.
    variance_passes: the same, for each strip of test rows with a variance.
    peak_bytes: at the peak of factoring, the Gram matrix itself included.
    kept_bytes: of the factor.
    solving_vectors: arrays of a right-hand side's length, for each of them.
    action_vectors: arrays of length n, for each test row of a strip, that variances take beyond the usual.
    deletion_vectors: arrays of length n, for each row of a strip that is deleted.
    is_refused: whether the solver is expected to give up, because another takes far less.
    """

    factoring: float = 0.0
    solving: float = 0.0
    rotating: float = 0.0
    posterior: float = 0.0
    ensemble: float = 0.0
    deletion: float = 0.0
    passes: float = 0.0
    variance_passes: float = 0.0
    peak_bytes: int = 0
    kept_bytes: int = 0
    solving_vectors: int = 0
    action_vectors: int = 0
    deletion_vectors: int = 0
    is_refused: bool = False
