"""The rows that predictions are made from, and those of their Gram matrices that are at hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from ntkcli.arrays import Allocate, ArraySink, FloatArray, in_memory
from ntkcli.journal import Journal
from ntkcli.keeping import NOWHERE, Checkpoints, Keeper
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Executor
from ntkcli.kernels.rows import GramName, Rows
from ntkcli.kernels.stored_operator import StoredOperator
from ntkcli.kernels.tiled_operator import TiledOperator
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.linalg.operator import Operator, ReadableOperator
from ntkcli.solvers.storage import Place


@dataclass
class Support:
    """The rows whose kernels with a test row make its prediction: the training rows, or what stands for them.

    evaluator: computes kernels.
    rows: the rows.
    allocate: where the blocks of their Gram matrices live.
    place: where Gram matrices are; where they are nowhere, every product computes them anew.
    matrices: the Gram matrices at hand; one that is factored is taken out, as its memory is overwritten.
    cluster: computes Gram matrices, and multiplies with those that are computed anew; None where the
        evaluator does. Kernels with other rows are the evaluator's.
    keeper: keeps Gram matrices as they are computed.
    checkpoints: keep iterates of what is solved.
    """

    evaluator: Evaluator
    rows: Rows
    allocate: Allocate = in_memory
    place: Place = "memory"
    matrices: dict[GramName, SymmetricBlocks] = field(default_factory=dict)
    cluster: Executor | None = None
    keeper: Keeper = NOWHERE
    checkpoints: Checkpoints = NOWHERE

    @property
    def size(self) -> int:
        """The number of kernels with a test row that make its prediction."""
        return len(self.rows)

    def kernels_with(self, rows: Rows, grams: Sequence[GramName]) -> dict[GramName, FloatArray]:
        """The kernels of some rows (c,) with the support, (c, size), by the names of Gram matrices."""
        return self.evaluator.rectangle(rows, self.rows, grams)

    def save(self, place: int, arrays: ArraySink) -> int | None:
        """Keep what is made of the kernels for the stage at a place; returns the number of features."""
        return None

    @property
    def plain(self) -> Self:
        """The same without weights of the rows."""
        return (
            self if self.rows.roots is None else replace(self, rows=self.rows.with_weights(None), matrices={})
        )

    @property
    def gram_evaluator(self) -> Evaluator:
        """What computes the many tiles of Gram matrices."""
        return replace(self.evaluator, executor=self.cluster) if self.cluster else self.evaluator

    def need(self, grams: Sequence[GramName], journal: Journal) -> None:
        """Compute those of the Gram matrices that are not at hand, in one pass, if they are to be kept."""
        missing = [gram for gram in grams if gram not in self.matrices and self.place != "tiles"]
        if missing:
            with journal.phase("gram", len(self.rows)) as advance:
                found = self.gram_evaluator.symmetric(
                    self.rows, missing, advance, allocate=self.allocate, keeper=self.keeper
                )
            self.matrices |= found

    @property
    def is_coarse(self) -> bool:
        """Whether Gram matrices have less than float64's digits."""
        return self.place != "tiles" and np.dtype(self.evaluator.dtype) != np.float64

    def operator(self, gram: GramName) -> Operator:
        """A Gram matrix that is at hand, or is computed anew, for products with it."""
        return self.exact(gram) if self.place == "tiles" else self.matrices[gram]

    def exact(self, gram: GramName) -> TiledOperator:
        """A Gram matrix in float64, whatever it is stored as: computed anew for every product."""
        return TiledOperator(self.gram_evaluator, self.rows, gram)

    def take_operator(self, gram: GramName) -> ReadableOperator:
        """A Gram matrix for many products with few columns; nothing here keeps it alive."""
        if self.place == "tiles":
            return self.exact(gram)
        return StoredOperator(self.matrices.pop(gram), self.evaluator.executor)

    def block_count(self, gram: GramName) -> int:
        """The blocks of a Gram matrix that is at hand: steps of its factorisation."""
        return self.matrices[gram].block_count

    def take(self, gram: GramName) -> SymmetricBlocks:
        """A Gram matrix that is at hand, to be overwritten: nothing here keeps it alive."""
        return self.matrices.pop(gram)
