"""Input rows, prepared for a network."""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from ntkcli.arrays import FloatArray, IntArray

# The Gram matrices of a network: the covariance of its functions before training, and the tangent kernel.
GramName = Literal["nngp", "ntk"]


@dataclass(frozen=True)
class Rows:
    """Input rows, with what the recursion on pairs of rows needs to know of each row alone.

    x: (n, d) inputs over sqrt(d).
    variances: (s, n), K(x, x) at every step that reads it, and at last that of the network's output.
    ntk_diagonal: (n,), Theta(x, x) of the network's output.
    """

    x: FloatArray
    variances: FloatArray
    ntk_diagonal: FloatArray

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: slice | IntArray) -> Self:
        """Some of the rows; those of a slice as views."""
        return type(self)(self.x[rows], self.variances[:, rows], self.ntk_diagonal[rows])

    def followed_by(self, others: Self) -> Self:
        """These rows and some others after them."""
        return type(self)(
            np.concatenate([self.x, others.x]),
            np.concatenate([self.variances, others.variances], axis=1),
            np.concatenate([self.ntk_diagonal, others.ntk_diagonal]),
        )

    def diagonal(self, kernel: GramName) -> FloatArray:
        """k(x, x) of every row, (n,), for kernel "nngp" or "ntk"."""
        return self.variances[-1] if kernel == "nngp" else self.ntk_diagonal
