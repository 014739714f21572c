"""Symmetric matrices for the tests of linear algebra, whole and in blocks."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import strategies as st

from ntkcli.arrays import FloatArray
from ntkcli.linalg.blocks import SymmetricBlocks

BLOCK = 8

# Numbers of rows below, at and above multiples of the block.
around_multiples = pytest.mark.parametrize("n", [1, 7, 8, 9, 15, 16, 17, 24, 33])

sizes = st.integers(1, 40)
block_lengths = st.integers(1, 16)


def positive_definite(n: int, seed: int = 0, dtype: npt.DTypeLike = np.float64) -> FloatArray:
    """A well-conditioned symmetric matrix (n, n)."""
    factor = np.random.default_rng(seed).normal(size=(n, n + 5))
    return np.asarray(factor @ factor.T / n + np.eye(n), dtype)


def in_blocks(matrix: FloatArray, block_rows: int) -> SymmetricBlocks:
    """A symmetric matrix in blocks; above the diagonal they hold NaN, which nobody may read."""
    blocks = SymmetricBlocks(len(matrix), dtype=matrix.dtype, block_rows=block_rows)
    lower = matrix.copy()
    lower[np.triu_indices_from(lower, 1)] = np.nan
    for (i, rows), (j, columns) in _pairs(blocks):
        blocks[i, j][:] = lower[rows, columns]
    return blocks


def lower_triangle(blocks: SymmetricBlocks) -> FloatArray:
    """What the blocks hold as one lower triangular matrix, zeros above."""
    out = np.zeros((blocks.n, blocks.n), blocks.dtype)
    for (i, rows), (j, columns) in _pairs(blocks):
        out[rows, columns] = blocks[i, j]
    return np.tril(out)


def _pairs(blocks: SymmetricBlocks) -> list[tuple[tuple[int, slice], tuple[int, slice]]]:
    spans = list(enumerate(blocks.spans))
    return [(row, column) for row in spans for column in spans[: row[0] + 1]]
