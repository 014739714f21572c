"""A network's Gram matrix of some of the training rows, decomposed."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.inference.leave_one_out import LeftOut
from ntkcli.inference.spectral_scores import SpectralSmoother
from ntkcli.linalg.spectrum import Spectrum
from ntkcli.results.calibration import variance_scale
from ntkcli.spec.inference import InferenceSpec
from ntkcli.tuning.candidates import Candidate
from ntkcli.tuning.splits import Indices
from ntkcli.tuning.stack import Pair


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

    matrices: dict[str, FloatArray]
    diagonals: dict[str, FloatArray]

    def of(self, gram: str, a: Indices, b: Indices) -> FloatArray:
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
        self, kernels: Kernels, gram: str, rows: Indices, y: FloatArray, *, alone: bool = True
    ) -> None:
        self.kernels, self.gram, self.rows = kernels, gram, rows
        # Symmetric: its transpose is itself in the order that LAPACK works on in place.
        self.spectrum = Spectrum(kernels.of(gram, rows, rows).T, alone=alone)
        self.y = y[rows]
        self.smoother = SpectralSmoother(self.spectrum.eigenvalues, self.spectrum.vectors, self.y)

    @cached_property
    def rotated_prior(self) -> FloatArray:
        """V^T K V with the NNGP matrix K of the rows."""
        vectors = self.spectrum.vectors
        return np.asarray(vectors.T @ (self.kernels.of("nngp", self.rows, self.rows) @ vectors))

    def rate(self, asked: InferenceSpec) -> float:
        """What a time is multiplied with in the exponent."""
        return asked.learning_rate / (self.y.size if asked.loss == "mean" else 1)

    def pair(self, candidate: Candidate, asked: InferenceSpec) -> Pair:
        """A candidate's ridge in absolute terms, and its time in units of the exponent."""
        trace = candidate.ridge_scale == "trace"
        unit = float(self.kernels.diagonals[self.gram][self.rows].mean()) if trace else 1.0
        time = candidate.time
        return candidate.ridge * unit, time if time == math.inf else time * self.rate(asked)

    def left_out_variance(self, kernel: str, pair: Pair) -> FloatArray:
        """Of every row, left out, as an observation: (r,)."""
        if kernel == "ntk":
            return self.smoother.variance_ensemble(self.rotated_prior, *pair)
        return self.smoother.variance_posterior(*pair)

    def variance_scale(self, kernel: str, pair: Pair, given: Literal["auto"] | float) -> FloatArray:
        """What variances are multiplied with, (k,): as given, or as left out rows have it."""
        if given != "auto":
            return np.full(self.y.shape[1], given)
        left_out = LeftOut(self.smoother.residual(*pair), self.left_out_variance(kernel, pair))
        return variance_scale(left_out)
