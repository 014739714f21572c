"""One eigendecomposition, for every time and ridge."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ntkcli.arrays import ArraySink, FloatArray, IntArray
from ntkcli.inference.contour import deletion_contour
from ntkcli.inference.flow import Deletion, Health, relaxation, survival
from ntkcli.inference.leave_one_out import deletion_in_the_limit, rotated_weights, unit_columns
from ntkcli.linalg.blocks import array_bytes
from ntkcli.linalg.contraction import contract
from ntkcli.linalg.operator import ReadableOperator
from ntkcli.linalg.product import product
from ntkcli.linalg.spectrum import Spectrum
from ntkcli.solvers.cost import DELETION_VECTORS, SOLVE_EFFICIENCY, SOLVING_VECTORS, Cost, Extent
from ntkcli.solvers.solver import Factoring, KeepingSolver, SavedFlow, as_blocks

# LAPACK counts the 2 n^2 numbers of its work space in 32 bits.
MOST_ROWS = 32_000
# The share of a matrix product's rate that LAPACK reaches, counted as 9 n^3 operations.
EFFICIENCY = 0.9
# The matrix, which its eigenvectors overwrite, and LAPACK's work space.
MATRICES = 3


class EighSolver(KeepingSolver):
    """F_t at every t > 0, from G = V diag(g) V^T."""

    name = "eigh"
    noun = "an eigendecomposition"
    summary = "one eigendecomposition, in three full matrices"
    most_rows = MOST_ROWS

    def groups(self, times: Collection[float]) -> list[list[float]]:
        """All times but 0 at once."""
        positive = sorted({time for time in times if time > 0})
        return [positive] if positive else []

    def is_worthwhile(self, times: Collection[float]) -> bool:
        """The limit alone is always cheaper by Cholesky."""
        return any(0 < time < math.inf for time in times)

    def cost(self, extent: Extent) -> Cost:
        """9 n^3; one rotation of a test row serves all times, and ensembles are rotated back."""
        n, full = extent.n, extent.n**2 * extent.itemsize
        return Cost(
            factoring=9.0 * n**3 / EFFICIENCY,
            solving=2.0 * n**2 / SOLVE_EFFICIENCY,
            rotating=2.0 * n**2 / SOLVE_EFFICIENCY,
            posterior=4.0 * n / SOLVE_EFFICIENCY,
            ensemble=3.0 * n**2 / SOLVE_EFFICIENCY,
            deletion=4.0 * n**2 / SOLVE_EFFICIENCY,
            # The blocks become a full matrix, and that its eigenvectors.
            peak_bytes=max(extent.block_bytes + array_bytes(n, extent.itemsize), MATRICES * full),
            kept_bytes=full,
            solving_vectors=SOLVING_VECTORS,
            deletion_vectors=DELETION_VECTORS,
        )

    def factor(self, matrix: ReadableOperator, task: Factoring) -> "SpectralFlow":
        """V in the place of a full matrix, made of the blocks."""
        full = as_blocks(matrix).to_array()
        del matrix
        spectrum = Spectrum.of(full)
        if math.inf in task.times:
            spectrum.check_positive(task.ridge)
        return SpectralFlow(spectrum, task.ridge)

    def load(self, kept: SavedFlow) -> "SpectralFlow":
        """V and g, as they were kept."""
        vectors = kept.arrays.read(kept.name, kept.n, kept.n, mapped=True)
        eigenvalues = kept.arrays.read(_eigenvalues(kept.name), kept.n)
        return SpectralFlow(Spectrum(eigenvalues, vectors, kept.number("smallest")), kept.ridge)


@dataclass(frozen=True)
class SpectralHealth(Health):
    """The smallest eigenvalue as computed, and the condition number where that is positive."""

    smallest_eigenvalue: float
    condition: float | None


@dataclass(frozen=True)
class SpectralFlow:
    """F_t at every t, from the eigendecomposition of M in G = M + ridge I."""

    spectrum: Spectrum
    ridge: float = 0.0

    @cached_property
    def _eigenvalues(self) -> FloatArray:
        """Of G, in float64."""
        return self.spectrum.eigenvalues.astype(np.float64) + self.ridge

    @property
    def health(self) -> SpectralHealth:
        """Of G."""
        smallest = self.spectrum.smallest + self.ridge
        return SpectralHealth(smallest, float(self._eigenvalues[-1] / smallest) if smallest > 0 else None)

    def on(self, b: FloatArray) -> "_SpectralAction":
        """V^T b, and what follows from it."""
        return _SpectralAction(self.spectrum.vectors, self._eigenvalues, self.spectrum.rotate(b))

    def deletion(self, rows: IntArray, time: float, *, with_quadratic: bool) -> Deletion:
        """From the rows of V."""
        action = self.on(unit_columns(len(self._eigenvalues), rows))
        if time == math.inf:
            return deletion_in_the_limit(action, rows)
        rotated = rotated_weights(action.rotated.T, self._eigenvalues, deletion_contour(time))
        weights = product(action.vectors, rotated.T.astype(action.vectors.dtype))
        return Deletion(weights, rotated**2 @ self._eigenvalues)

    def save(self, name: str, arrays: ArraySink) -> dict[str, float]:
        """V and g."""
        arrays.write(name, self.spectrum.vectors)
        arrays.write(_eigenvalues(name), self.spectrum.eigenvalues)
        return {"smallest": self.spectrum.smallest}


@dataclass(frozen=True)
class _SpectralAction:
    vectors: FloatArray
    eigenvalues: FloatArray
    rotated: FloatArray

    def product(self, time: float) -> FloatArray:
        return product(self.vectors, self._scaled(relaxation(self.eigenvalues, time)))

    def decay(self, time: float) -> FloatArray:
        return product(self.vectors, self._scaled(survival(self.eigenvalues, time)))

    def quadratic(self, time: float, *, full: bool) -> FloatArray:
        root = self._scaled(np.sqrt(relaxation(self.eigenvalues, time)))
        return contract(root, root, full=full)

    def _scaled(self, values: FloatArray) -> FloatArray:
        return values.astype(self.rotated.dtype)[:, None] * self.rotated


def _eigenvalues(name: str) -> str:
    return f"{name}_eigenvalues"
