"""What an approximation by centres takes."""

from dataclasses import dataclass, replace

from ntkcli.kernels.rows import GramName
from ntkcli.kernels.tiling import CHUNK_ROWS
from ntkcli.linalg.pivoted_cholesky import PROPOSALS
from ntkcli.planning.features import MEAN_ARRAYS, VARIANCE_ARRAYS
from ntkcli.planning.sizes import Sizes
from ntkcli.planning.work import Work, eigendecomposition_work
from ntkcli.regression.feature_sums import GROUP_ROWS, ROWS
from ntkcli.regression.kernel import inverted_grams
from ntkcli.regression.nystrom import needs_cross, read_grams
from ntkcli.regression.predict import STRIP_ENTRIES
from ntkcli.regression.question import Question
from ntkcli.solvers.catalogue import SOLVERS
from ntkcli.solvers.cost import SOLVE_EFFICIENCY

# What a row takes that is summed, and one that is predicted by a kernel at a time, in the time of so many
# operations of a matrix product: it is read, encoded and checked, or written and scored.
ROW_OPERATIONS, RESULT_OPERATIONS = 2e6, 5e6
# Cells of the file that are in memory while it is read, and copies of them.
READ_CELLS, READ_COPIES = 1_000_000, 5


@dataclass(frozen=True)
class NystromPlan:
    """How an approximation is fitted, and what that takes.

    centres: m.
    sample: rows that they are chosen from.
    seed: of the choice.
    question: that is answered.
    sizes: of the data and the network; of the rows at hand, and of all.
    held_out: rows that are left out of the sums at first.
    at_hand: rows that are in memory.
    kept_bytes: of the rows of a file that are kept beside these.
    """

    centres: int
    sample: int
    seed: int
    question: Question
    sizes: Sizes
    held_out: int
    at_hand: int
    kept_bytes: int = 0

    @property
    def grams(self) -> list[GramName]:
        """The Gram matrices whose features are summed."""
        return read_grams(self.question)

    @property
    def inverted(self) -> list[GramName]:
        """The Gram matrices that are inverted."""
        return inverted_grams([*self.question.times])

    @property
    def leading(self) -> GramName:
        """The Gram matrix whose centres they are: the NTK's eigenvalues fall more slowly."""
        return "ntk" if "ntk" in self.inverted else "nngp"

    @property
    def has_cross(self) -> bool:
        """Whether the features of both Gram matrices are summed with each other."""
        return needs_cross(self.question)

    @property
    def work(self) -> Work:
        """The arithmetic."""
        n, m, s, grams = self.sizes.n, self.centres, self.sample, len(self.grams)
        solved = len(self.inverted) * (2 if self.held_out else 1)
        # Whitening and a symmetric product take half as much as a product of full matrices.
        summing = n * m**2 * (2.0 * grams + 2.0 * self.has_cross)
        choosing = 2.0 * s * m**2
        solving = solved * eigendecomposition_work(m) + (grams + solved) * m**3 / SOLVE_EFFICIENCY
        rows = self.sizes.m + self.held_out
        predicting = rows * (2.0 * m**2 * self._products + len(self.question.pairs) * RESULT_OPERATIONS)
        entries = (n + len(self.inverted) * rows + s) * float(m) + m**2 / 2
        return Work(entries, n * ROW_OPERATIONS + summing + choosing + solving + predicting)

    @property
    def _products(self) -> int:
        """Products with a map, for each row to predict."""
        return len(self.inverted) + (2 * self.has_cross)

    @property
    def operations(self) -> float:
        """All of it, in operations of a matrix product that would take as long."""
        return self.work.operations(self.sizes)

    @property
    def memory_bytes(self) -> int:
        """Bytes at the peak."""
        parts = self._choosing, self._summing, self._solving, self._searching, self._predicting
        return self.base + max(parts) + self._joint

    @property
    def base(self) -> int:
        """Bytes of the interpreter, its threads, and the rows at hand."""
        sizes = self.sizes
        cells = min(READ_CELLS, sizes.n * (sizes.d + sizes.k))
        return replace(sizes, n=self.at_hand, m=0).base + self.kept_bytes + 8 * READ_COPIES * cells

    @property
    def shared_bytes(self) -> int:
        """Bytes of what all tasks of a cluster's worker share: the centres, whitened."""
        return self._of(len(self.grams)) + 8 * self.centres * self.sizes.d

    @property
    def task_bytes(self) -> int:
        """Bytes of a task of a cluster's worker: sums over a group of rows."""
        return self._summing - self._of(self._squares)

    @property
    def model_bytes(self) -> int:
        """Bytes of the model's arrays."""
        m = self.centres
        return 8 * (m**2 * (len(self.inverted) + 2 * self.has_cross) + m * self.sizes.d)

    @property
    def _choosing(self) -> int:
        return 8 * self.sample * (self.centres + 3 * PROPOSALS)

    @property
    def _squares(self) -> int:
        """Arrays of m^2 numbers that are there all the time: whitenings and sums."""
        return 2 * len(self.grams) + self.has_cross

    @property
    def _summing(self) -> int:
        """Sums of a group beside those of all rows, its rows as they came and cut, and features of a unit."""
        rows = 2 * GROUP_ROWS * (self.sizes.d + self.sizes.k) + ROWS * self.centres * len(self.grams)
        return self._of(self._squares + len(self.grams) + self.has_cross) + 8 * rows

    @property
    def _solving(self) -> int:
        """A matrix, LAPACK's two, and the eigenvectors of others."""
        return self._of(self._squares + 2 + len(self.inverted))

    @property
    def _searching(self) -> int:
        """Eigenvectors, and the features of the rows held out, as they are, rotated and weighted."""
        features = 8 * self.held_out * self.centres * (len(self.grams) + 2)
        return self._of(self._squares + len(self.inverted)) + features

    @property
    def _predicting(self) -> int:
        """Eigenvectors, the maps made of them, and what each thread has of its rows."""
        m, has_variance = self.centres, self.question.has_uncertainty
        strip = m * SOLVERS["eigh"].rows_at_once(m) if has_variance else max(CHUNK_ROWS * m, STRIP_ENTRIES)
        arrays = VARIANCE_ARRAYS if has_variance else MEAN_ARRAYS
        maps = len(self.inverted) + self._products + self.has_cross
        return self._of(self._squares + maps) + 8 * self.sizes.threads * strip * arrays

    def _of(self, squares: int) -> int:
        return 8 * self.centres**2 * squares

    @property
    def _joint(self) -> int:
        """Bytes of covariances, and of what they are made from."""
        if self.question.uncertainty != "covariance":
            return 0
        return 8 * self.sizes.m * (self.sizes.m * (len(self.question.pairs) + 3) + 3 * self.centres)
