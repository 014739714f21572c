"""What a solver is: one way from a Gram matrix to its flow."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar

from ntkcli.arrays import ArraySource
from ntkcli.inference.flow import Flow
from ntkcli.journal import Advance, unshown
from ntkcli.keeping import NOWHERE, Checkpoints
from ntkcli.kernels.tiling import CHUNK_ROWS
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.linalg.conjugate_gradients import Watch, unwatched
from ntkcli.linalg.operator import Operator, ReadableOperator
from ntkcli.solvers.cost import Cost, Extent
from ntkcli.solvers.storage import Place

# Rows with a variance at once, at most, and support rows for each of them. Longer strips bring triangular
# solves nearer to the rate of a matrix product; an ensemble's take a sixth of its two Gram matrices at most.
LONGEST_STRIP, SUPPORT_ROWS = 512, 32


@dataclass(frozen=True)
class Factoring:
    """What is asked of a factorisation of G = M + ridge I.

    times: a group of them, in units of the exponent.
    ridge: lambda >= 0, absolute.
    tolerance: relative, at which iterations stop as far as rounding allows.
    largest: M's largest eigenvalue, or an estimate of it.
    columns: right-hand sides that F_t will act on, about.
    exact: M in float64, for a matrix that has less digits than the answer should; None for any other.
    advance: called with the number of blocks finished.
    watch: told how far iterations have come.
    checkpoints: keep iterates.
    """

    times: Collection[float]
    ridge: float = 0.0
    tolerance: float = 1e-10
    largest: float = 1.0
    columns: int = 0
    exact: ReadableOperator | None = None
    advance: Advance = unshown
    watch: Watch = unwatched
    checkpoints: Checkpoints = NOWHERE


@dataclass(frozen=True)
class SavedFlow:
    """A factorisation that `Keepable.save` kept.

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


def as_blocks(matrix: Operator) -> SymmetricBlocks:
    """The blocks that a matrix is in.

    Raises:
        TypeError: it is known by its products alone.
    """
    if not isinstance(matrix, SymmetricBlocks):
        raise TypeError(f"{type(matrix).__name__} has no blocks")
    return matrix


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
    places: where the Gram matrix may be.
    is_by_products: whether it only multiplies with the Gram matrix, which it then gets as an operator.
    corrects_itself: whether answers are in float64 though the matrix it multiplies with is in float32.
    can_be_refined: whether a solution from float32 can be refined in float64.
    least_rows: with fewer it is considered only where it is chosen by name.
    most_rows: that it takes; None for any number.
    """

    name: ClassVar[str]
    noun: ClassVar[str]
    summary: ClassVar[str]
    is_choice: ClassVar[bool] = True
    is_iterative: ClassVar[bool] = False
    reads_gram: ClassVar[bool] = True
    places: ClassVar[tuple[Place, ...]] = ("memory",)
    is_by_products: ClassVar[bool] = False
    corrects_itself: ClassVar[bool] = False
    can_be_refined: ClassVar[bool] = False
    least_rows: ClassVar[int] = 0
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

    def rows_at_once(self, n: int) -> int:
        """Test rows whose variances it takes at once best, for n training rows."""
        # Iterations have a basis for every row, and keep those of one short strip from time to time.
        return CHUNK_ROWS if self.is_iterative else max(CHUNK_ROWS, min(LONGEST_STRIP, n // SUPPORT_ROWS))

    @abstractmethod
    def cost(self, extent: Extent) -> Cost:
        """What it takes for one group of times."""

    def expectation(self, n: int, cost: Cost) -> str:
        """What `ntk check` says of how a cost is made up; nothing where there is nothing to say."""
        return ""

    @abstractmethod
    def factor(self, matrix: ReadableOperator, task: Factoring) -> Flow:
        """Factor G = M + ridge I for F_t(G) at all of the task's times.

        Args:
            matrix: M (n, n): blocks that are used up, their memory overwritten; an operator that stays as it
                is for a solver by products.
            task: the rest.

        Raises:
            SingularMatrixError: inf is among the times and G is singular to rounding.
            ConvergenceError: an iteration cannot begin.
        """


class KeepingSolver(Solver):
    """A solver whose factorisation a model can have; that of any other is computed again where it is needed.

    What it factors can be kept: see `Keepable`.
    """

    @abstractmethod
    def load(self, kept: SavedFlow) -> Flow:
        """The flow that `Keepable.save` kept; large arrays stay where they are kept until they are used.

        Raises:
            DataError: an array is missing, damaged, or of another size.
            MissingNumberError: a number is missing.
        """
