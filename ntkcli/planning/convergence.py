"""How many iterations conjugate gradients will take, from what they take on a few of the rows."""

import math
from dataclasses import replace

import numpy as np

from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.rows import GramName, Rows
from ntkcli.kernels.stored_operator import StoredOperator
from ntkcli.linalg.conjugate_gradients import MAX_ITERATIONS
from ntkcli.linalg.convergence import ConvergenceError
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.linalg.threads import blas_threads
from ntkcli.regression.kernel import inverted_grams
from ntkcli.regression.question import Question
from ntkcli.solvers.pcg import MOST_COLUMNS, ROWS_PER_COLUMN, PcgSolver
from ntkcli.solvers.solver import Factoring

# The rows that are tried, and their targets.
TRIED_ROWS = (2000, 4000)
TARGETS = 8
# The power of the rows that iterations grow with, at most.
MOST_GROWTH = 0.7


def expected_iterations(evaluator: Evaluator, rows: Rows, question: Question) -> float:
    """Return the iterations for the limit of a question's kernels; those of the slowest.

    They grow as a power of the rows, which two samples tell; a preconditioner that no longer grows with the
    rows adds a square root.

    Args:
        evaluator: computes kernels.
        rows: the training rows.
        question: says which kernels, and the ridge.
    """
    kernels = [kernel for kernel, times in question.times.items() if math.inf in times]
    return max((_expected(evaluator, rows, question, gram) for gram in inverted_grams(kernels)), default=0.0)


def _expected(evaluator: Evaluator, rows: Rows, question: Question, gram: GramName) -> float:
    n = len(rows)
    tried = [count for count in TRIED_ROWS if count <= n] or [n]
    found = [_tried(evaluator, rows, question, gram, count) for count in tried]
    growth = math.log(found[-1] / found[0]) / math.log(tried[-1] / tried[0]) if len(tried) > 1 else 0.0
    fewer_columns = max(1.0, n / ROWS_PER_COLUMN / MOST_COLUMNS)
    expected: float = (
        found[-1] * (n / tried[-1]) ** min(max(growth, 0.0), MOST_GROWTH) * math.sqrt(fewer_columns)
    )
    return min(expected, float(MAX_ITERATIONS))


def _tried(evaluator: Evaluator, rows: Rows, question: Question, gram: GramName, count: int) -> float:
    """The iterations for some of the rows, with the ridge of all of them."""
    random = np.random.default_rng(0)
    some = rows[np.sort(random.choice(len(rows), count, replace=False))]
    exact = replace(evaluator, dtype=np.float64)
    matrix = StoredOperator(exact.symmetric(some, [gram])[gram], evaluator.executor)
    ridge = question.absolute_ridge(gram, rows.diagonal(gram))
    try:
        with blas_threads(0):
            flow = PcgSolver().factor(matrix, Factoring([math.inf], ridge, question.tolerance))
            flow.solve(random.standard_normal((count, TARGETS)))
    except (ConvergenceError, SingularMatrixError):
        return float(MAX_ITERATIONS)
    return float(max(1, flow.iterations))
