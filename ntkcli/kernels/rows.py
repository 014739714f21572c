"""Input rows, prepared for a network."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Self

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.keeping import digest

# The Gram matrices of a network: the covariance of its functions before training, and the tangent kernel.
GramName = Literal["nngp", "ntk"]


@dataclass(frozen=True)
class Rows:
    """Input rows, with what the recursion on pairs of rows needs to know of each row alone.

    x: (n, d) inputs over sqrt(d).
    variances: (s, n), K(x, x) at every step that reads it, and at last that of the network's output.
    ntk_diagonal: (n,), Theta(x, x) of the network's output.
    roots: (n,), square roots of the rows' weights in a fit, with which all their kernels are multiplied; None
        where every weight is 1. A fit of W^{1/2} k W^{1/2} to W^{1/2} y is one of the squares weighted by W.
    """

    x: FloatArray
    variances: FloatArray
    ntk_diagonal: FloatArray
    roots: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: slice | IntArray) -> Self:
        """Some of the rows; those of a slice as views."""
        roots = None if self.roots is None else self.roots[rows]
        return type(self)(self.x[rows], self.variances[:, rows], self.ntk_diagonal[rows], roots)

    def followed_by(self, others: Self) -> Self:
        """These rows and some others after them."""
        return type(self)(
            np.concatenate([self.x, others.x]),
            np.concatenate([self.variances, others.variances], axis=1),
            np.concatenate([self.ntk_diagonal, others.ntk_diagonal]),
            None if self.roots is others.roots is None else np.concatenate([self._roots, others._roots]),
        )

    def with_weights(self, weights: FloatArray | None) -> Self:
        """These rows with weights (n,) in a fit; None for rows that all count alike."""
        return replace(self, roots=None if weights is None else np.sqrt(weights))

    def weigh(self, values: FloatArray) -> FloatArray:
        """Some values (n, c) of the rows, times the roots of their weights."""
        return values if self.roots is None else values * self.roots[:, None]

    @cached_property
    def digest(self) -> str:
        """Of all that is known of the rows."""
        return digest(self.x, self.variances, self.ntk_diagonal, self.roots)

    def diagonal(self, kernel: GramName) -> FloatArray:
        """k(x, x) of every row, (n,), for kernel "nngp" or "ntk", times its weight."""
        plain = self.variances[-1] if kernel == "nngp" else self.ntk_diagonal
        return plain if self.roots is None else plain * self.roots**2

    @property
    def _roots(self) -> FloatArray:
        return np.ones(len(self)) if self.roots is None else self.roots
