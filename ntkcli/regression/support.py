"""The rows that predictions are made from, and those of their Gram matrices that are at hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ntkcli.arrays import Allocate, in_memory
from ntkcli.journal import Journal
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.rows import GramName, Rows
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.linalg.operator import Operator


@dataclass
class Support:
    """The rows whose kernels with a test row make its prediction: today the training rows.

    evaluator: computes kernels.
    rows: the rows.
    allocate: where the blocks of their Gram matrices live.
    matrices: the Gram matrices at hand; one that is factored is taken out, as its memory is overwritten.
    """

    evaluator: Evaluator
    rows: Rows
    allocate: Allocate = in_memory
    matrices: dict[GramName, SymmetricBlocks] = field(default_factory=dict)

    def need(self, grams: Sequence[GramName], journal: Journal) -> None:
        """Compute those of the Gram matrices that are not at hand, in one pass."""
        missing = [gram for gram in grams if gram not in self.matrices]
        if missing:
            with journal.phase("gram", len(self.rows)) as advance:
                found = self.evaluator.symmetric(self.rows, missing, advance, allocate=self.allocate)
            self.matrices |= found

    def operator(self, gram: GramName) -> Operator:
        """A Gram matrix that is at hand, for products with it."""
        return self.matrices[gram]

    def block_count(self, gram: GramName) -> int:
        """The blocks of a Gram matrix that is at hand: steps of its factorisation."""
        return self.matrices[gram].block_count

    def take(self, gram: GramName) -> SymmetricBlocks:
        """A Gram matrix that is at hand, to be overwritten: nothing here keeps it alive."""
        return self.matrices.pop(gram)
