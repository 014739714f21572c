"""What a solver is: one way from a Gram matrix to its flow."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar

from ntkcli.arrays import ArraySource
from ntkcli.inference.flow import Flow
from ntkcli.journal import Advance, unshown
from ntkcli.linalg.blocks import SymmetricBlocks

# The share of a matrix product's rate that triangular solves and the like reach.
SOLVE_EFFICIENCY = 0.7
# Arrays of the right-hand sides' size that any solve takes, and any leave-one-out.
SOLVING_VECTORS, DELETION_VECTORS = 6, 10


@dataclass(frozen=True)
class Extent:
    """What a solver's cost depends on.

    n: rows of the Gram matrix.
    itemsize: bytes of its numbers.
    block_bytes: that its blocks take in memory; 0 where they are in a file.
    digits: decimal digits of the tolerance at which iterations stop.
    """

    n: int
    itemsize: int
    block_bytes: int
    digits: float


@dataclass(frozen=True)
class Cost:
    """What a solver takes: arithmetic in operations of a matrix product that would last as long, and memory.

    factoring: operations of the factorisation.
    solving: operations for each right-hand side and time.
    rotating: operations for each test row with a variance, once for all kernels and times.
    posterior, ensemble: operations for each test row's variance, at each time of such a kernel.
    deletion: operations for each row that is left out, at each time.
    peak_bytes: at the peak of factoring, the Gram matrix itself included.
    kept_bytes: of the factor.
    solving_vectors: arrays of a right-hand side's length, for each of them.
    action_vectors: arrays of length n, for each test row of a strip, that variances take beyond the usual.
    deletion_vectors: arrays of length n, for each row of a strip that is deleted.
    """

    factoring: float = 0.0
    solving: float = 0.0
    rotating: float = 0.0
    posterior: float = 0.0
    ensemble: float = 0.0
    deletion: float = 0.0
    peak_bytes: int = 0
    kept_bytes: int = 0
    solving_vectors: int = 0
    action_vectors: int = 0
    deletion_vectors: int = 0


@dataclass(frozen=True)
class Factoring:
    """What is asked of a factorisation of G = M + ridge I.

    times: a group of them, in units of the exponent.
    ridge: lambda >= 0, absolute.
    tolerance: relative, at which iterations stop as far as rounding allows.
    largest: M's largest eigenvalue, or an estimate of it.
    advance: called with the number of blocks finished.
    """

    times: Collection[float]
    ridge: float = 0.0
    tolerance: float = 1e-10
    largest: float = 1.0
    advance: Advance = unshown


@dataclass(frozen=True)
class SavedFlow:
    """A factorisation that `Flow.save` kept.

    arrays: where its arrays are.
    name: of the arrays.
    numbers: that go with them.
    n: rows of the Gram matrix.
    ridge: as it was when the matrix was factored.
    dtype: of the Gram matrix.
    """

    arrays: ArraySource
    name: str
    numbers: Mapping[str, float]
    n: int
    ridge: float
    dtype: str

    def number(self, name: str) -> float:
        """One of the numbers.

        Raises:
            MissingNumberError: it was not kept.
        """
        if name not in self.numbers:
            raise MissingNumberError(f"{self.name} lacks {name!r}")
        return self.numbers[name]


class MissingNumberError(LookupError):
    """A number that a factorisation needs is not among those that were kept."""


class Solver(ABC):
    """One way to have F_t(G), G = M + ridge I, at some of the times.

    name: in specs, run.json and model.json.
    noun: what it makes, in messages.
    summary: what `ntk check` says of it.
    is_choice: whether compute.solver can name it.
    is_iterative: whether it may fail to converge.
    reads_gram: whether it reads the Gram matrix at all.
    can_be_in_file: whether the Gram matrix's blocks may lie in a file.
    can_be_refined: whether a solution from float32 can be refined in float64.
    most_rows: that it takes; None for any number.
    """

    name: ClassVar[str]
    noun: ClassVar[str]
    summary: ClassVar[str]
    is_choice: ClassVar[bool] = True
    is_iterative: ClassVar[bool] = False
    reads_gram: ClassVar[bool] = True
    can_be_in_file: ClassVar[bool] = False
    can_be_refined: ClassVar[bool] = False
    most_rows: ClassVar[int | None] = None

    @abstractmethod
    def groups(self, times: Collection[float]) -> list[list[float]]:
        """Those of the times t >= 0 that it answers, in groups of one factorisation each."""

    def answers(self, time: float) -> bool:
        """Whether it answers a time."""
        return bool(self.groups([time]))

    @property
    def has_finite_times(self) -> bool:
        """Whether it answers times that are neither 0 nor inf."""
        return self.answers(1.0)

    def is_worthwhile(self, times: Collection[float]) -> bool:
        """Whether it may be the cheapest for some times; a choice of it by name is followed anyway."""
        return bool(self.groups(times))

    @abstractmethod
    def cost(self, extent: Extent) -> Cost:
        """What it takes for one group of times."""

    @abstractmethod
    def factor(self, matrix: SymmetricBlocks, task: Factoring) -> Flow:
        """Factor G = M + ridge I for F_t(G) at all of the task's times.

        Args:
            matrix: M (n, n), used up: its memory is overwritten.
            task: the rest.

        Raises:
            SingularMatrixError: inf is among the times and G is singular to rounding.
            ConvergenceError: an iteration cannot begin.
        """

    @abstractmethod
    def load(self, kept: SavedFlow) -> Flow:
        """The flow that `Flow.save` kept; large arrays stay where they are kept until they are used.

        Raises:
            DataError: an array is missing, damaged, or of another size.
            MissingNumberError: a number is missing.
        """
