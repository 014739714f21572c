"""How many iterations conjugate gradients will take, from what they take on a few of the rows."""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.keeping import NOWHERE, Checkpoint, Checkpoints, State
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.rows import GramName, Rows
from ntkcli.kernels.stored_operator import StoredOperator
from ntkcli.linalg.blocks import block_bytes
from ntkcli.linalg.conjugate_gradients import MAX_ITERATIONS
from ntkcli.linalg.convergence import ConvergenceError
from ntkcli.linalg.pivoted_cholesky import MOST_COLUMNS, ROWS_PER_COLUMN
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.regression.question import Question
from ntkcli.solvers.cost import Extent
from ntkcli.solvers.pcg import PcgSolver
from ntkcli.solvers.solver import Factoring

# The rows that are tried, and their targets.
TRIED_ROWS = (2000, 4000)
TARGETS = 8
# The power of the rows that iterations grow with, at most.
MOST_GROWTH = 0.7


@dataclass(frozen=True)
class Growth:
    """How iterations grow with the rows, as a few of the rows tell.

    They grow as a power of the rows; a preconditioner that no longer grows with these adds a square root.

    rows: that were tried, the most.
    iterations: that these took.
    power: of the rows.
    """

    rows: int
    iterations: float
    power: float = 0.0

    def at(self, n: int) -> float:
        """The iterations for n rows."""
        fewer_columns = max(1.0, n / ROWS_PER_COLUMN / MOST_COLUMNS)
        expected: float = self.iterations * (n / self.rows) ** self.power * math.sqrt(fewer_columns)
        return min(expected, float(MAX_ITERATIONS))


@dataclass(frozen=True)
class Convergence:
    """What conjugate gradients take on some rows; each Gram matrix is tried once, when it is first asked for.

    evaluator: computes kernels.
    rows: the training rows.
    checkpoints: know the trials of earlier calls.
    """

    evaluator: Evaluator
    rows: Rows
    checkpoints: Checkpoints = NOWHERE
    _found: dict[tuple[GramName, float, float], Growth] = field(default_factory=dict, init=False, repr=False)
    _trials: list[tuple[Checkpoint, State]] = field(default_factory=list, init=False, repr=False)

    def iterations(self, question: Question, gram: GramName, n: int) -> float:
        """Return the iterations that the limit takes for n rows such as these.

        Args:
            question: says the ridge and the tolerance.
            gram: the Gram matrix that is inverted.
            n: all of the rows, or fewer, or more.
        """
        ridge = question.absolute_ridge(gram, self.rows.diagonal(gram))
        key = gram, ridge, question.tolerance
        if key not in self._found:
            self._found[key] = self._growth(gram, Factoring([math.inf], ridge, question.tolerance))
        return self._found[key].at(n)

    def keep(self) -> None:
        """Keep the trials, which are made before there is a place for it."""
        for checkpoint, state in self._trials:
            checkpoint.save(state)

    @property
    def bytes(self) -> int:
        """Of memory that a trial takes at its peak."""
        n = self._tried_rows[-1]
        extent = Extent(n, 8, block_bytes(n, 8), 0.0, TARGETS, 0.0, 0.0, "memory", lambda _: 1.0)
        return PcgSolver().cost(extent).peak_bytes

    @property
    def _tried_rows(self) -> list[int]:
        return [count for count in TRIED_ROWS if count <= len(self.rows)] or [len(self.rows)]

    def _growth(self, gram: GramName, task: Factoring) -> Growth:
        tried = self._tried_rows
        found = [self._tried(gram, task, count) for count in tried]
        if len(tried) == 1:
            return Growth(tried[0], found[0])
        power = math.log(found[-1] / found[0]) / math.log(tried[-1] / tried[0])
        return Growth(tried[-1], found[-1], min(max(power, 0.0), MOST_GROWTH))

    def _tried(self, gram: GramName, task: Factoring, count: int) -> float:
        """The iterations for some of the rows, with the ridge of all of them."""
        random = np.random.default_rng(0)
        some = self.rows[np.sort(random.choice(len(self.rows), count, replace=False))]
        exact = replace(self.evaluator, dtype=np.float64)
        matrix = StoredOperator(exact.symmetric(some, [gram])[gram], self.evaluator.executor)
        targets = random.standard_normal((count, TARGETS))
        numbers, images = np.array([task.ridge, task.tolerance]), matrix.product(targets)
        checkpoint = self.checkpoints.of("trial", "iteration", numbers, matrix.diagonal, images)
        known = checkpoint.load()
        iterations = known.done if known else _iterations(matrix, task, targets)
        self._trials.append((checkpoint, State(iterations, {}, is_result=True)))
        return float(iterations)


def _iterations(matrix: StoredOperator, task: Factoring, targets: FloatArray) -> int:
    """The iterations that some targets (n, c) take."""
    try:
        flow = PcgSolver().factor(matrix, task)
        flow.solve(targets)
    except (ConvergenceError, SingularMatrixError):
        return MAX_ITERATIONS
    return max(1, flow.iterations)
