"""The sizes that decide what a job costs, and the bytes that follow from them alone."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Literal, cast

from ntkcli.extras import is_installed
from ntkcli.kernels.rows import GramName
from ntkcli.linalg.blocks import block_bytes
from ntkcli.solvers.cost import Extent
from ntkcli.solvers.storage import Place

# The interpreter with its libraries; pyarrow, which pandas loads where it is installed; a thread's tiles and
# BLAS buffers.
OVERHEAD_BYTES = 109 * 2**20
PYARROW_BYTES = 34 * 2**20
THREAD_BYTES = 7 * 2**20
# Copies of a file's values while it is read; of the training rows' while the test rows are read; and of both
# afterwards, when two are in use and malloc has not given back all of the others.
TRAIN_COPIES, TEST_COPIES, BESIDE_TEST_COPIES, KEPT_COPIES = 5.3, 5.0, 3.5, 3.5
# What pandas takes for a column beside its values.
COLUMN_BYTES = 4096
# Of conjugate gradients; and a typical kernel with itself.
USUAL_ITERATIONS, USUAL_DIAGONAL = 50.0, 5.0

Side = Literal["train", "test"]


def usual_iterations(gram: GramName, n: int) -> float:
    """Of conjugate gradients, where nobody has tried."""
    return USUAL_ITERATIONS


def usual_diagonal(gram: GramName) -> float:
    """Of a Gram matrix, where nobody has looked."""
    return USUAL_DIAGONAL


@dataclass(frozen=True)
class Sizes:
    """The sizes that decide what a job costs.

    n, m, d, k: training rows, rows to predict, features, outputs.
    itemsize: bytes of a number in a matrix.
    depth: of the network.
    threads: that compute tiles.
    iterations: that conjugate gradients are expected to take for a Gram matrix of so many rows.
    diagonal: the mean of a Gram matrix's diagonal.
    """

    n: int
    m: int
    d: int
    k: int = 1
    itemsize: int = 8
    depth: int = 3
    threads: int = 1
    iterations: Callable[[GramName, int], float] = usual_iterations
    diagonal: Callable[[GramName], float] = usual_diagonal

    @property
    def base(self) -> int:
        """Bytes that every job takes: the interpreter, its threads, and the rows as read and as scaled."""
        libraries = OVERHEAD_BYTES + PYARROW_BYTES * _has_pyarrow()
        return libraries + THREAD_BYTES * self.threads + self._rows

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

    def extent(
        self, gram: GramName, digits: float, columns: int, longest: float, place: Place = "memory"
    ) -> Extent:
        """What a solver's cost depends on, for iterations to so many digits."""
        held = self.matrix if place == "memory" else 0
        diagonal, expected = self.diagonal(gram), partial(self.iterations, gram)
        return Extent(self.n, self.itemsize, held, digits, columns, longest, diagonal, place, expected)

    def length(self, rows: Side) -> int:
        """Rows of "train" or "test"."""
        return {"train": self.n, "test": self.m}[rows]

    def bytes_of(self, name: str) -> int:
        """Bytes of a kernel matrix such as "ntk_test_train" as it is written."""
        _, rows, columns = matrix_parts(name)
        return self.length(rows) * self.length(columns) * self.itemsize


@cache
def _has_pyarrow() -> bool:
    return is_installed("pyarrow")


def matrix_parts(name: str) -> tuple[GramName, Side, Side]:
    """What a kernel matrix's name such as "ntk_test_train" says: the Gram matrix, rows and columns."""
    gram, rows, columns = name.split("_")
    return cast("GramName", gram), cast("Side", rows), cast("Side", columns)
