"""The memory of a stage at its peak.

The bytes are those of the arrays that are alive together, counted in the code and held near measured peaks by
tests/test_peak_memory.py. They are rather too many than too few.
"""

from collections.abc import Collection

from ntkcli.inference.lanczos_flow import COLUMNS_AT_ONCE
from ntkcli.kernels.tiling import CHUNK_ROWS
from ntkcli.linalg.blocks import BLOCK_ROWS, block_bytes
from ntkcli.linalg.lanczos import MAX_STEPS
from ntkcli.linalg.probes import COUNT as PROBES
from ntkcli.question import Question
from ntkcli.sizes import Sizes
from ntkcli.stages import Stage

# Copies of the predictions' table while it is written: of one kernel at one time, or of several.
TABLE_COPIES, JOINED_TABLE_COPIES = 2.0, 3.5
# Arrays of a solve; Lanczos adds one for each step, of which a digit of tolerance hardly ever takes more.
SOLVING_ARRAYS = 6
LEAVING_OUT_ARRAYS = 10
# Copies of the training rows that least squares takes.
LINEAR_COPIES = 3
# Arrays of the draws' size, and of the covariance's, that drawing takes.
DRAWING_ARRAYS, DRAWING_SQUARES = 4, 5
MOST_STEPS_A_DIGIT = 3


def stage_bytes(stage: Stage, sizes: Sizes, question: Question, *, in_file: bool) -> int:
    """Bytes at the peak of reading, of a stage and of writing its predictions, beside the base."""
    pairs, k, spread = len(question.pairs), sizes.k, question.spread != "none"
    results = 8 * sizes.m * pairs * (k + spread)
    columns = 3 + k * (5 if spread else 2)
    copies = JOINED_TABLE_COPIES if pairs > 1 else TABLE_COPIES
    table = int(copies * 8 * sizes.m * pairs * columns)
    linear = LINEAR_COPIES * 8 * sizes.n * sizes.d
    computing = _computing(stage, sizes, question, in_file=in_file)
    return max(sizes.reading, results + max(table, linear, computing))


def _computing(stage: Stage, sizes: Sizes, question: Question, *, in_file: bool) -> int:
    n, full = sizes.n, sizes.n**2 * sizes.itemsize
    matrices = len(stage.matrices(question))
    blocks = 0 if in_file else sizes.matrix
    predicting = max(_predicting(stage, sizes, question), _leaving_out(stage, sizes, question))
    solving = 8 * n * _arrays(stage, question) * (sizes.k + PROBES)
    if stage.solver != "eigh":
        return matrices * blocks + max(predicting, solving)
    # The blocks become a full matrix, and that its eigenvectors; LAPACK's work space is 2 n^2.
    others = (matrices - 1) * blocks
    return others + max(blocks + _full(n, sizes.itemsize), 3 * full, full + max(predicting, solving))


def _predicting(stage: Stage, sizes: Sizes, question: Question) -> int:
    """Bytes beside the factorisation, counted in arrays (rows, n) and, for the covariance, (rows, rows)."""
    n, size, whole = sizes.n, sizes.itemsize, question.spread == "covariance"
    rows = sizes.m if whole else min(sizes.m, CHUNK_ROWS)
    # Kernels of test rows and covariances are float64 whatever the Gram matrix is.
    wide, square = 8 * rows * n, 8 * rows**2 if whole else 0
    if question.spread == "none":
        return 0 if stage.solver == "none" else 2 * wide
    grams = len(question.grams_of(stage.kernels))
    # Covariances that wait to be written, and the one that was written last.
    kept = square * (len(stage.pairs) - 1 + (len(question.pairs) > 1))
    begin = grams * block_bytes(rows, size) + (grams - 1) * square + _full(rows, size) if whole else 0
    drawing = _drawing(sizes, question)
    if stage.solver == "none":
        return kept + max(begin, drawing)
    # Of posteriors the kernels' rows, the solution, and copies of both; of ensembles K's product with it too.
    if "ntk" in stage.kernels:
        moments = [8 * wide + 2 * square, 4 * wide + 5 * square]
    else:
        moments = [4 * wide + square, 2 * wide + 3 * square]
    if stage.solver == "lanczos":
        columns = min(rows, COLUMNS_AT_ONCE)
        moments.append((grams + 2) * wide + grams * square + 8 * n * columns * _arrays(stage, question))
    return max(begin, kept + max(*moments, drawing))


def _drawing(sizes: Sizes, question: Question) -> int:
    """Bytes of the functions drawn, of what they are made from, and of the root of the covariance."""
    if not question.draws:
        return 0
    return 8 * (DRAWING_ARRAYS * question.draws * sizes.m * sizes.k + DRAWING_SQUARES * sizes.m**2)


def _leaving_out(stage: Stage, sizes: Sizes, question: Question) -> int:
    """Bytes of the training rows that are predicted without themselves, some at a time."""
    rows = min(len(question.left_out), CHUNK_ROWS)
    if stage.solver == "none":
        return 0
    # Bases grow until they serve every node of the contour: far longer than for the mean.
    steps = MAX_STEPS if stage.solver == "lanczos" else 0
    return 8 * sizes.n * rows * (LEAVING_OUT_ARRAYS + steps)


def _arrays(stage: Stage, question: Question) -> int:
    """Arrays of the size of a right-hand side that solving takes."""
    steps = round(question.digits * MOST_STEPS_A_DIGIT) if stage.solver == "lanczos" else 0
    return SOLVING_ARRAYS + min(MAX_STEPS, steps)


def writing_bytes(name: str, sizes: Sizes, grams: Collection[str], *, in_file: bool) -> int:
    """Bytes that writing a kernel matrix takes beside the Gram matrices at hand; or reading the files."""
    kernel, rows, columns = name.split("_")
    if rows != columns:
        return max(sizes.reading, 2 * CHUNK_ROWS * sizes.length(columns) * sizes.itemsize)
    at_hand = rows == "train" and kernel in grams
    length = sizes.length(rows)
    blocks = 0 if at_hand or in_file else block_bytes(length, sizes.itemsize)
    return max(sizes.reading, blocks + _panels(length, sizes.itemsize))


def _panels(n: int, itemsize: int) -> int:
    """Bytes of the panels, one of them in the making, that `SymmetricBlocks.panels` cuts a matrix into."""
    count = -(-n // BLOCK_ROWS)
    rows = -(-n // count)
    return itemsize * (min(count, 2) * rows * n + 3 * rows**2)


def _full(n: int, itemsize: int) -> int:
    """Bytes that `SymmetricBlocks.to_array` takes beside the blocks; the last panel is not in it yet."""
    count = -(-n // BLOCK_ROWS)
    return itemsize * n * n * (count - 1) // count + _panels(n, itemsize)
