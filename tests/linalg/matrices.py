"""Symmetric matrices for the tests of linear algebra, whole and in blocks."""

from collections.abc import Callable

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


def symmetric(eigenvalues: FloatArray, seed: int = 0) -> FloatArray:
    """A symmetric matrix with these eigenvalues, its eigenvectors at random."""
    n = len(eigenvalues)
    vectors, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(n, n)))
    matrix = vectors * eigenvalues @ vectors.T
    return np.asarray((matrix + matrix.T) / 2)


# Eigenvalues (n,) in [0, 1], the largest 1: what makes iterations easy or hard.
SPECTRA: dict[str, Callable[[int], FloatArray]] = {
    "identity": np.ones,
    "even": lambda n: np.arange(1, n + 1) / n,
    "condition 1e4": lambda n: np.geomspace(1, 1e-4, n),
    "condition 1e14": lambda n: np.geomspace(1, 1e-14, n),
    "singular": lambda n: np.maximum(0.0, 1 - np.arange(n) / (n // 2 + 1)),
    "repeated": lambda n: np.array([1.0, 1e-1, 1e-6])[np.arange(n) % 3],
    "clustered": lambda n: np.array([1.0, 1e-2, 1e-6])[np.arange(n) % 3] * (1 - 1e-9 * np.arange(n)),
    "one huge": lambda n: np.where(np.arange(n), np.linspace(1e-7, 2e-7, n), 1.0),
    "one tiny": lambda n: (
        np.where(np.arange(1, n + 1) == n, 1e-12, np.linspace(1, 0.5, n)) if n > 1 else np.ones(1)
    ),
}
every_spectrum = pytest.mark.parametrize("spectrum", list(SPECTRA))


def in_blocks(matrix: FloatArray, block_rows: int) -> SymmetricBlocks:
    """A symmetric matrix in blocks; above the diagonal they hold NaN, which nobody may read."""
    blocks = SymmetricBlocks(len(matrix), dtype=matrix.dtype, block_rows=block_rows)
    fill(blocks, matrix)
    return blocks


def fill(blocks: SymmetricBlocks, matrix: FloatArray) -> None:
    """Write a symmetric matrix into blocks, as `in_blocks` does."""
    lower = matrix.copy()
    lower[np.triu_indices_from(lower, 1)] = np.nan
    for (i, rows), (j, columns) in _pairs(blocks):
        blocks[i, j][:] = lower[rows, columns]


def lower_triangle(blocks: SymmetricBlocks) -> FloatArray:
    """What the blocks hold as one lower triangular matrix, zeros above."""
    out = np.zeros((blocks.n, blocks.n), blocks.dtype)
    for (i, rows), (j, columns) in _pairs(blocks):
        out[rows, columns] = blocks[i, j]
    return np.tril(out)


def _pairs(blocks: SymmetricBlocks) -> list[tuple[tuple[int, slice], tuple[int, slice]]]:
    spans = list(enumerate(blocks.spans))
    return [(row, column) for row in spans for column in spans[: row[0] + 1]]
