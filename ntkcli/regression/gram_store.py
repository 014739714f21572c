"""The training rows' Gram matrices: computed when a stage needs them, given away when it factors them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ntkcli.arrays import Allocate, in_memory
from ntkcli.journal import Journal
from ntkcli.kernels.gram import Gram
from ntkcli.kernels.rows import Rows
from ntkcli.linalg.blocks import SymmetricBlocks


@dataclass
class GramStore:
    """Gram matrices of one set of rows, by kernel ("nngp", "ntk").

    allocate: where their blocks live.
    matrices: those at hand.
    """

    gram: Gram
    rows: Rows
    journal: Journal = field(default_factory=Journal)
    allocate: Allocate = in_memory
    matrices: dict[str, SymmetricBlocks] = field(default_factory=dict)

    def need(self, kernels: Sequence[str]) -> None:
        """Compute those of the matrices that are not at hand, in one pass."""
        missing = [kernel for kernel in kernels if kernel not in self.matrices]
        if missing:
            with self.journal.phase("gram", len(self.rows)) as advance:
                self.matrices |= self.gram.symmetric(self.rows, missing, advance, allocate=self.allocate)
