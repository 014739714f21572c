"""A network's Gram matrix of some of the training rows, decomposed."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.inference.leave_one_out import LeaveOneOut
from ntkcli.inference.spectral_scores import Regularisation, SpectralSmoother
from ntkcli.kernels.rows import GramName
from ntkcli.linalg.spectrum import Spectrum
from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.regression.question import ridge_unit
from ntkcli.results.calibration import variance_scale
from ntkcli.spec.inference import InferenceSpec
from ntkcli.tuning.candidates import Candidate
from ntkcli.tuning.splits import Indices


@dataclass(frozen=True)
class Targets:
    """What is to be predicted.

    y: (n, k) as the solvers see them. scale: (k,) their units.
    labels: (n,) classes, where they are that.
    """

    y: FloatArray
    scale: FloatArray
    labels: Indices | None


@dataclass(frozen=True)
class Kernels:
    """A network's kernels of the training rows, by Gram matrix ("nngp", "ntk").

    matrices: (n, n). diagonals: (n,).
    """

    matrices: dict[GramName, FloatArray]
    diagonals: dict[GramName, FloatArray]

    def of(self, gram: GramName, a: Indices, b: Indices) -> FloatArray:
        """Those between some rows and others, (a, b)."""
        return self.matrices[gram][np.ix_(a, b)]


class Decomposed:
    """One Gram matrix M of some rows, M = V diag(g) V^T.

    Args:
        kernels: of all rows.
        gram: which of them is decomposed.
        rows: indices (r,) of the rows, ascending.
        y: (n, k) targets of all rows.
        alone: whether no other thread decomposes one meanwhile.

    Raises:
        NumericalError: LAPACK's iteration does not converge.
    """

    def __init__(
        self, kernels: Kernels, gram: GramName, rows: Indices, y: FloatArray, *, alone: bool = True
    ) -> None:
        self.kernels, self.gram, self.rows = kernels, gram, rows
        # Symmetric: its transpose is itself in the order that LAPACK works on in place.
        self.spectrum = Spectrum.of(kernels.of(gram, rows, rows).T, alone=alone)
        self.y = y[rows]
        self.smoother = SpectralSmoother(self.spectrum, self.y)

    @cached_property
    def rotated_prior(self) -> FloatArray:
        """V^T K V with the NNGP matrix K of the rows."""
        vectors = self.spectrum.vectors
        return np.asarray(vectors.T @ (self.kernels.of("nngp", self.rows, self.rows) @ vectors))

    def rate(self, inference: InferenceSpec) -> float:
        """What a time is multiplied with in the exponent."""
        return inference.rate(self.y.size)

    def regularisation(self, candidate: Candidate, inference: InferenceSpec) -> Regularisation:
        """A candidate's ridge in absolute terms, and its time in units of the exponent."""
        unit = ridge_unit(candidate.ridge_scale, self.kernels.diagonals[self.gram][self.rows])
        return Regularisation(candidate.ridge * unit, candidate.time * self.rate(inference))

    def leave_one_out_variance(self, kernel: KernelName, at: Regularisation) -> FloatArray:
        """Of every row, predicted without itself, as an observation: (r,)."""
        if KERNELS[kernel].is_posterior:
            return self.smoother.variance_posterior(*at)
        return self.smoother.variance_ensemble(self.rotated_prior, *at)

    def variance_scale(
        self, kernel: KernelName, at: Regularisation, given: Literal["auto"] | float
    ) -> FloatArray:
        """What variances are multiplied with, (k,): as given, or by leave-one-out."""
        if given != "auto":
            return np.full(self.y.shape[1], given)
        return variance_scale(
            LeaveOneOut(self.smoother.residual(*at), self.leave_one_out_variance(kernel, at))
        )
