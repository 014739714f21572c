"""What a stage costs: bytes at its peak, and arithmetic.

The bytes are those of the arrays that are alive together, counted in the code and checked against measured
peaks (tests/test_peak_memory.py).
"""

import math
from collections.abc import Collection
from dataclasses import dataclass

from ntkcli.inference.lanczos_flow import COLUMNS_AT_ONCE
from ntkcli.kernels.gram import CHUNK_ROWS
from ntkcli.linalg.blocks import BLOCK_ROWS, block_bytes
from ntkcli.linalg.lanczos import MAX_STEPS
from ntkcli.linalg.probes import COUNT as PROBES
from ntkcli.question import Question
from ntkcli.stages import Stage

# Steps of a shift-invert Lanczos iteration for each digit of its tolerance: what they take on the whole, and
# what hardly any takes more than.
STEPS_A_DIGIT, MOST_STEPS_A_DIGIT = 2, 3
# Arithmetic of an entry's layer and feature, in the time of so many operations of a matrix product.
LAYER_OPERATIONS, FEATURE_OPERATIONS = 700, 4
# The share of a matrix product's rate that the others reach.
EFFICIENCY = {"cholesky": 0.85, "eigh": 0.9, "solve": 0.7}
# A factorisation in a file waits for the disk most of the time.
FILE_SLOWDOWN = 4.0

# The interpreter with its libraries; a thread's tiles and BLAS buffers.
OVERHEAD_BYTES = 104 * 2**20
THREAD_BYTES = 7 * 2**20
# Copies of a file's values: while the training rows are read, and the test rows after them. Two stay, and what
# malloc does not give back.
TRAIN_COPIES, TEST_COPIES, BESIDE_TEST_COPIES, KEPT_COPIES = 5.3, 5.0, 3.5, 3.5
# What pandas takes for a column beside its values.
COLUMN_BYTES = 4096
# Copies of the predictions' table while it is written: of one kernel at one time, or of several.
TABLE_COPIES, JOINED_TABLE_COPIES = 2.0, 3.5
# Arrays of a Lanczos iteration beside the basis.
LANCZOS_ARRAYS = 6


@dataclass(frozen=True)
class Sizes:
    """The sizes that decide what a job costs.

    n, m, d, k: training rows, rows to predict, features, outputs.
    itemsize: bytes of a number in a matrix.
    depth: of the network.
    threads: that compute tiles.
    """

    n: int
    m: int
    d: int
    k: int = 1
    itemsize: int = 8
    depth: int = 3
    threads: int = 1

    @property
    def base(self) -> int:
        """Bytes that every job takes: the interpreter, its threads, and the rows as read and as scaled."""
        return OVERHEAD_BYTES + THREAD_BYTES * self.threads + self._rows

    @property
    def _rows(self) -> int:
        return int(8 * (self.n + self.m) * (KEPT_COPIES * self.d + self.k + self.depth + 1))

    @property
    def reading(self) -> int:
        """Bytes that reading the files takes beside the base."""
        copies = max(TRAIN_COPIES * self.n, BESIDE_TEST_COPIES * self.n + TEST_COPIES * self.m)
        columns = self.d + self.k
        return max(0, int(8 * copies * columns) + COLUMN_BYTES * columns - self._rows)

    @property
    def matrix(self) -> int:
        """Bytes of a Gram matrix of the training rows, in blocks."""
        return block_bytes(self.n, self.itemsize)

    def length(self, rows: str) -> int:
        """Rows of "train" or "test"."""
        return {"train": self.n, "test": self.m}[rows]

    def bytes_of(self, name: str) -> int:
        """Bytes of a kernel matrix such as "ntk_test_train" as it is written."""
        _, rows, columns = name.split("_")
        return self.length(rows) * self.length(columns) * self.itemsize

    def writing(self, name: str, grams: Collection[str], *, in_file: bool) -> int:
        """Bytes that writing a kernel matrix takes beside the Gram matrices at hand; or reading the files."""
        kernel, rows, columns = name.split("_")
        if rows != columns:
            return max(self.reading, 2 * CHUNK_ROWS * self.length(columns) * self.itemsize)
        at_hand = rows == "train" and kernel in grams
        length = self.length(rows)
        blocks = 0 if at_hand or in_file else block_bytes(length, self.itemsize)
        return max(self.reading, blocks + _panels(length, self.itemsize))


@dataclass(frozen=True)
class Work:
    """Arithmetic: kernel entries computed, and operations of linear algebra by kind."""

    entries: float = 0.0
    cholesky: float = 0.0
    eigh: float = 0.0
    solve: float = 0.0

    def __add__(self, other: "Work") -> "Work":
        return Work(
            self.entries + other.entries,
            self.cholesky + other.cholesky,
            self.eigh + other.eigh,
            self.solve + other.solve,
        )

    @property
    def linear_algebra(self) -> float:
        """Operations of a matrix product that would take as long."""
        return sum((getattr(self, kind) / share for kind, share in EFFICIENCY.items()), 0.0)

    def operations(self, sizes: Sizes) -> float:
        """Operations of a matrix product that would take as long, kernels included."""
        entry = LAYER_OPERATIONS * (sizes.depth - 1) + FEATURE_OPERATIONS * sizes.d
        return self.linear_algebra + self.entries * entry


def stage_work(stage: Stage, sizes: Sizes, question: Question) -> Work:
    """The arithmetic of a stage."""
    n, m, spread = sizes.n, sizes.m, question.spread != "none"
    if stage.solver == "none":
        return Work()
    entries = n * n / 2 + m * n
    solves = (_steps(question, STEPS_A_DIGIT) if stage.solver == "lanczos" else 1) * 2.0 * n * n
    columns = 2 * len(stage.times) * (sizes.k + PROBES)
    if stage.solver == "eigh":
        # One rotation for all times; each ensemble is rotated back, and each quadratic form is cheap.
        per_row = 2.0 * n * n * spread
        per_pair = {"ntk": 3.0 * n * n, "nngp": 4.0 * n, "ntkgp": 4.0 * n}
    else:
        per_row = 0.0
        posterior = solves if stage.solver == "lanczos" else solves / 2
        per_pair = {"ntk": solves + n * n, "nngp": posterior, "ntkgp": posterior}
    spreads = m * (per_row + sum(per_pair[kernel] for kernel, _ in stage.pairs)) if spread else 0.0
    kind = "eigh" if stage.solver == "eigh" else "cholesky"
    factorisation = {"eigh": 9.0 * n**3, "cholesky": n**3 / 3}[kind]
    return Work(entries=entries, solve=columns * solves + spreads, **{kind: factorisation})


def stage_bytes(stage: Stage, sizes: Sizes, question: Question, *, in_file: bool) -> int:
    """Bytes at the peak of reading, of a stage and of writing its predictions, beside the base."""
    pairs, k, spread = len(question.pairs), sizes.k, question.spread != "none"
    results = 8 * sizes.m * pairs * (k + spread)
    columns = 3 + k * (5 if spread else 2)
    copies = JOINED_TABLE_COPIES if pairs > 1 else TABLE_COPIES
    table = int(copies * 8 * sizes.m * pairs * columns)
    return max(sizes.reading, results + table, results + _computing(stage, sizes, question, in_file=in_file))


def _computing(stage: Stage, sizes: Sizes, question: Question, *, in_file: bool) -> int:
    n, full = sizes.n, sizes.n**2 * sizes.itemsize
    matrices = len(stage.matrices(question))
    blocks = 0 if in_file else sizes.matrix
    predicting = _predicting(stage, sizes, question)
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
    wide, square = rows * n * size, rows * rows * size if whole else 0
    if question.spread == "none":
        return 0 if stage.solver == "none" else 2 * wide
    grams = len(question.grams_of(stage.kernels))
    # One covariance for every other pair waits to be written, and one is being written.
    kept = square * (len(stage.pairs) - 1 + (len(question.pairs) > 1))
    begin = grams * block_bytes(rows, size) + (grams - 1) * square + _full(rows, size) if whole else 0
    if stage.solver == "none":
        return kept + begin
    if "ntk" in stage.kernels:
        moments = [8 * wide + 2 * square, 4 * wide + 5 * square]
    else:
        moments = [4 * wide + square, 2 * wide + 3 * square]
    if stage.solver == "lanczos":
        columns = min(rows, COLUMNS_AT_ONCE)
        moments.append((grams + 2) * wide + grams * square + 8 * n * columns * _arrays(stage, question))
    return max(begin, kept + max(moments))


def _arrays(stage: Stage, question: Question) -> int:
    """Arrays of the size of a right-hand side that solving takes."""
    return LANCZOS_ARRAYS + (_steps(question, MOST_STEPS_A_DIGIT) if stage.solver == "lanczos" else 0)


def _steps(question: Question, a_digit: int) -> int:
    return min(MAX_STEPS, max(1, round(-a_digit * math.log10(question.tolerance))))


def _panels(n: int, itemsize: int) -> int:
    """Bytes of the panels, one of them in the making, that `SymmetricBlocks.panels` cuts a matrix into."""
    count = -(-n // BLOCK_ROWS)
    rows = -(-n // count)
    return itemsize * (min(count, 2) * rows * n + 3 * rows**2)


def _full(n: int, itemsize: int) -> int:
    """Bytes that `SymmetricBlocks.to_array` takes beside the blocks; the last panel is not in it yet."""
    count = -(-n // BLOCK_ROWS)
    return itemsize * n * n * (count - 1) // count + _panels(n, itemsize)
