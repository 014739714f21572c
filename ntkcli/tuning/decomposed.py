"""The eigendecomposition of a network's Gram matrix on some of the training rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.inference.leave_one_out import LeaveOneOut
from ntkcli.inference.spectral_scores import Regularisation, SpectralSmoother
from ntkcli.kernels.rows import GramName
from ntkcli.linalg.spectrum import Spectrum
from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.regression.question import ridge_unit
from ntkcli.results.calibration import variance_scale
from ntkcli.spec.inference import InferenceSpec
from ntkcli.tuning.candidates import Candidate


@dataclass(frozen=True)
class Targets:
    """The targets of the n rows that are scored.

    y: (n, k), as the solvers see them.
    scale: (k,), the units that y is in.
    labels: (n,), the classes as integers from 0; None for a regression.
    """

    y: FloatArray
    scale: FloatArray
    labels: IntArray | None


@dataclass(frozen=True)
class Kernels:
    """A network's Gram matrices on the training rows, by name ("nngp", "ntk").

    matrices: (n, n) each.
    diagonals: (n,) each.
    """

    matrices: dict[GramName, FloatArray]
    diagonals: dict[GramName, FloatArray]

    def of(self, gram: GramName, a: IntArray, b: IntArray) -> FloatArray:
        """Return the kernel between some rows and others, (a, b).

        Args:
            gram: the name of the Gram matrix.
            a, b: indices of the rows.
        """
        return np.asarray(self.matrices[gram][np.ix_(a, b)])


class Decomposed:
    """The eigendecomposition M = V diag(g) V^T of one Gram matrix on some rows.

    Args:
        kernels: the Gram matrices of all n rows.
        gram: the name of the one to decompose.
        rows: indices (r,) of the rows, ascending.
        y: (n, k) targets of all rows.

    Raises:
        NumericalError: LAPACK's iteration does not converge.
    """

    def __init__(self, kernels: Kernels, gram: GramName, rows: IntArray, y: FloatArray) -> None:
        self.kernels, self.gram, self.rows = kernels, gram, rows
        # Others may be decomposed meanwhile, or a worker tell its scheduler that it is there; and the digits
        # shall not depend on that.
        self.spectrum = Spectrum.of(kernels.of(gram, rows, rows), alone=False)
        self.y = y[rows]
        self.smoother = SpectralSmoother(self.spectrum, self.y)

    @cached_property
    def rotated_prior(self) -> FloatArray:
        """The NNGP Gram matrix K of the rows in the eigenbasis, V^T K V, (r, r)."""
        vectors = self.spectrum.vectors
        return np.asarray(vectors.T @ (self.kernels.of("nngp", self.rows, self.rows) @ vectors))

    def rate(self, inference: InferenceSpec) -> float:
        """Return the factor that turns a time of the spec into units of the exponent."""
        return inference.rate(self.y.size)

    def regularisation(self, candidate: Candidate, inference: InferenceSpec) -> Regularisation:
        """Return a candidate's ridge as added to the diagonal, and its time in units of the exponent."""
        unit = ridge_unit(candidate.ridge_scale, self.kernels.diagonals[self.gram][self.rows])
        return Regularisation(candidate.ridge * unit, candidate.time * self.rate(inference))

    def left_out(self, kernel: KernelName, settings: Sequence[Regularisation]) -> Iterator[LeaveOneOut]:
        """Yield the leave-one-out residuals and variances of every row, as `SpectralSmoother.left_out` does.

        For a posterior the variance is that of a noisy observation; for the ensemble, that over its networks.
        """
        prior = None if KERNELS[kernel].is_posterior else self.rotated_prior
        return self.smoother.left_out(settings, prior)

    def variance_scales(
        self, kernel: KernelName, settings: Sequence[Regularisation], given: Literal["auto"] | float
    ) -> FloatArray:
        """Return the factors (p, k) that variances are multiplied by: as given, or fitted by leave-one-out.

        They are NaN where they are to be fitted, time is inf, and M + ridge I is singular to rounding.
        """
        if given != "auto":
            return np.full((len(settings), self.y.shape[1]), given)
        return np.stack([variance_scale(found) for found in self.left_out(kernel, settings)])
