"""A symmetric matrix that is known by its products, wherever its entries are."""

from typing import Any, Protocol

import numpy as np

from ntkcli.arrays import FloatArray, IntArray


class Operator(Protocol):
    """A symmetric matrix A (n, n): blocks in memory or in a file, or tiles that are computed anew."""

    @property
    def n(self) -> int:
        """The number of rows."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the entries."""

    @property
    def diagonal(self) -> FloatArray:
        """The diagonal, (n,)."""

    def product(self, b: FloatArray) -> FloatArray:
        """A b for b (n, c)."""

    def half_product(self, b: FloatArray) -> FloatArray:
        """T b for b (n, c), where T + T^T = A: what a quadratic form needs, b^T A b = b^T T b + (T b)^T b."""


class ReadableOperator(Operator, Protocol):
    """A symmetric matrix some of whose entries can be read too."""

    @property
    def best_columns(self) -> int:
        """How many columns a product may have before they cost more than the entries themselves."""

    def columns(self, rows: IntArray) -> FloatArray:
        """The columns (n, s) with these indices, in float64."""

    def principal(self, rows: IntArray) -> FloatArray:
        """The entries (s, s) between these rows, in float64."""
