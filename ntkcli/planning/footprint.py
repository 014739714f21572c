"""The memory of a stage at its peak.

The bytes are those of the arrays that are alive together, counted in the code and held near measured peaks by
tests/planning/test_peak_memory.py. They are rather too many than too few.
"""

from collections.abc import Collection
from dataclasses import replace

from ntkcli.kernels.tiling import CHUNK_ROWS
from ntkcli.linalg.blocks import array_bytes, block_bytes, panel_bytes
from ntkcli.linalg.probes import COUNT as PROBES
from ntkcli.planning.path_sampling import sampling_bytes
from ntkcli.planning.sizes import Sizes, matrix_parts
from ntkcli.planning.work import stage_cost
from ntkcli.regression.kernel import KERNELS
from ntkcli.regression.predict import strip_rows
from ntkcli.regression.question import Question
from ntkcli.regression.sampled import PILOT_ROWS
from ntkcli.regression.stages import Stage
from ntkcli.solvers.cost import Cost
from ntkcli.solvers.storage import Place

# Copies of the predictions' table while it is written: of one kernel at one time, or of several.
TABLE_COPIES, JOINED_TABLE_COPIES = 2.0, 3.5
# Copies of the training rows that least squares takes in at once, and of as many rows as there are features.
LINEAR_COPIES, LINEAR_ROWS = 6, 2048
# Arrays of the draws' size, and of the covariance's, that drawing takes.
DRAWING_ARRAYS, DRAWING_SQUARES = 4, 5


def stage_bytes(stage: Stage, sizes: Sizes, question: Question, place: Place = "memory") -> int:
    """Bytes at the peak of reading, of a stage and of writing its predictions, beside the base."""
    pairs, k, with_std = len(question.pairs), sizes.k, question.has_uncertainty
    results = 8 * sizes.m * pairs * (k + with_std)
    columns = 3 + k * (5 if with_std else 2)
    copies = JOINED_TABLE_COPIES if pairs > 1 else TABLE_COPIES
    table = int(copies * 8 * sizes.m * pairs * columns)
    linear = linear_bytes(sizes)
    computing = _computing(stage, sizes, question, place)
    return max(sizes.reading, results + max(table, linear, computing))


def linear_bytes(sizes: Sizes) -> int:
    """Bytes that least squares takes beside the training rows."""
    rows = min(sizes.n, max(LINEAR_ROWS, sizes.d) + sizes.d)
    return LINEAR_COPIES * 8 * rows * sizes.d


def _computing(stage: Stage, sizes: Sizes, question: Question, place: Place) -> int:
    cost = stage_cost(stage, sizes, question, place)
    others = max(0, len(stage.matrices(question)) - 1) * (sizes.matrix if place == "memory" else 0)
    predicting = _predicting(stage, sizes, question, cost)
    at_once = max(map(len, question.left_out_at_once), default=0)
    deleting = 8 * sizes.n * at_once * cost.deletion_vectors
    solving = 8 * sizes.n * cost.solving_vectors * (sizes.k + PROBES)
    return others + max(cost.peak_bytes, cost.kept_bytes + max(predicting, deleting, solving))


def _predicting(stage: Stage, sizes: Sizes, question: Question, cost: Cost) -> int:
    """Bytes beside the factorisation: of solves for test rows, of samples after those for a few."""
    if stage.sampling is None or not stage.is_sampled(question, sizes.m):
        return _solving_rows(stage, sizes, question, cost)
    pilot = _solving_rows(stage, replace(sizes, m=PILOT_ROWS), question, cost)
    return max(pilot, sampling_bytes(stage.sampling, sizes, cost.action_vectors))


def _solving_rows(stage: Stage, sizes: Sizes, question: Question, cost: Cost) -> int:
    """Bytes counted in arrays (rows, n) and, for the covariance, (rows, rows)."""
    n, whole, reads_gram = sizes.n, question.uncertainty == "covariance", stage.solver.reads_gram
    rows = min(sizes.m, strip_rows(question, stage, n, sizes.m))
    # Kernels of test rows and covariances are float64 whatever the Gram matrix is.
    wide, square = 8 * rows * n, 8 * rows**2 if whole else 0
    if not question.has_uncertainty:
        return 2 * wide if reads_gram else 0
    grams = len(question.read_grams(stage.kernels))
    # Covariances that wait to be written, and the one that was written last.
    kept = square * (len(stage.pairs) - 1 + (len(question.pairs) > 1))
    begin = grams * block_bytes(rows, sizes.itemsize) + (grams - 1) * square
    begin = begin + array_bytes(rows, sizes.itemsize) if whole else 0
    drawing = _drawing(sizes, question)
    if not reads_gram:
        return kept + max(begin, drawing)
    # Of posteriors the kernels' rows and the solution; of ensembles K's rows, half a solution, a whole one
    # and K's product with it; of each a panel or two that is being copied.
    if all(KERNELS[kernel].is_posterior for kernel in stage.kernels):
        moments = [3 * wide + square, 2 * wide + 3 * square]
    else:
        moments = [5 * wide + 2 * square, 4 * wide + 5 * square]
    if cost.action_vectors:
        iterating = 8 * n * min(rows, stage.solver.rows_at_once(n)) * cost.action_vectors
        moments.append((grams + 2) * wide + grams * square + iterating)
    return max(begin, kept + max(*moments, drawing))


def _drawing(sizes: Sizes, question: Question) -> int:
    """Bytes of the functions drawn, of what they are made from, and of the root of the covariance."""
    if not question.draws:
        return 0
    return 8 * (DRAWING_ARRAYS * question.draws * sizes.m * sizes.k + DRAWING_SQUARES * sizes.m**2)


def writing_bytes(name: str, sizes: Sizes, grams: Collection[str], place: Place) -> int:
    """Bytes that writing a kernel matrix takes beside the Gram matrices at hand; or reading the files."""
    gram, rows, columns = matrix_parts(name)
    if rows != columns:
        return max(sizes.reading, 2 * CHUNK_ROWS * sizes.length(columns) * sizes.itemsize)
    at_hand = rows == "train" and gram in grams
    length = sizes.length(rows)
    blocks = 0 if at_hand or place == "file" else block_bytes(length, sizes.itemsize)
    return max(sizes.reading, blocks + panel_bytes(length, sizes.itemsize))
