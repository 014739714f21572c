"""Gram matrices of prescribed eigenvalues, from the easy to the hardest that occur."""

from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Literal

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.inference.flow import Flow
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.linalg.probes import Probes
from ntkcli.solvers.catalogue import SOLVERS
from ntkcli.solvers.solver import Factoring

Solver = Literal["cholesky", "eigh", "lanczos"]

# Eigenvalues (n,) of which the largest is 1.
SPECTRA: dict[str, Callable[[int], FloatArray]] = {
    "identity": np.ones,
    "condition 1e4": lambda n: np.geomspace(1, 1e-4, n),
    "condition 1e8": lambda n: np.geomspace(1, 1e-8, n),
    "condition 1e14": lambda n: np.geomspace(1, 1e-14, n),
    "power law": lambda n: np.arange(1, n + 1) ** -4.0,
    "singular": lambda n: np.maximum(0.0, 1 - np.arange(n) / (n // 2 + 1)),
    "clustered": lambda n: np.array([1.0, 1e-2, 1e-6])[np.arange(n) % 3] * (1 - 1e-9 * np.arange(n)),
    "one huge": lambda n: np.where(np.arange(n), np.linspace(1e-7, 2e-7, n), 1.0),
    "one tiny": lambda n: np.where(np.arange(n) == n - 1, 1e-12 if n > 1 else 1.0, np.linspace(1, 0.5, n)),
}
every_spectrum = pytest.mark.parametrize("spectrum", list(SPECTRA))


def symmetric(eigenvalues: FloatArray, seed: int = 0) -> FloatArray:
    """A symmetric matrix with these eigenvalues, its eigenvectors at random."""
    vectors = _orthogonal(len(eigenvalues), seed)
    matrix = vectors * eigenvalues @ vectors.T
    return np.asarray((matrix + matrix.T) / 2)


@lru_cache(8)
def _orthogonal(n: int, seed: int) -> FloatArray:
    vectors, _ = np.linalg.qr(np.random.default_rng([seed, n]).normal(size=(n, n)))
    return np.asarray(vectors)


def in_blocks(matrix: FloatArray, block_rows: int = 7) -> SymmetricBlocks:
    """A symmetric matrix in blocks."""
    blocks = SymmetricBlocks(len(matrix), dtype=matrix.dtype, block_rows=block_rows)
    for i, rows in enumerate(blocks.spans):
        for j, columns in enumerate(blocks.spans[: i + 1]):
            blocks[i, j][:] = matrix[rows, columns]
    return blocks


def flow_of(
    matrix: FloatArray,
    solver: Solver,
    times: Collection[float],
    *,
    ridge: float = 0.0,
    tolerance: float = 1e-10,
    block_rows: int = 7,
) -> Flow:
    """The flow of matrix + ridge I, by a solver's name."""
    blocks = in_blocks(matrix, block_rows)
    largest = Probes(blocks).largest
    return SOLVERS[solver].factor(blocks, Factoring(times, ridge, tolerance, largest))


def columns(n: int, count: int, seed: int = 0) -> FloatArray:
    """Random b (n, count)."""
    return np.random.default_rng([seed, n, 1]).normal(size=(n, count))


def size(a: FloatArray) -> FloatArray:
    """Norms of the columns."""
    return np.asarray(np.linalg.norm(a, axis=0))
