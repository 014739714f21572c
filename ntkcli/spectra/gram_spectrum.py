"""One Gram matrix of a job, decomposed."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.inference.spectral_scores import SpectralSmoother
from ntkcli.inference.time_course import rotated_diagonal
from ntkcli.jobs.job import Job
from ntkcli.kernels.rows import GramName
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.linalg.singular import rounding_level
from ntkcli.linalg.spectrum import Spectrum


@dataclass(frozen=True)
class GramSpectrum:
    """A Gram matrix M = V diag(g) V^T of the training rows; G = M + ridge I.

    job: whose rows they are.
    gram: the name of the matrix.
    spectrum: of M, in float64.
    ridge: absolute.
    """

    job: Job
    gram: GramName
    spectrum: Spectrum
    ridge: float

    @classmethod
    def of(cls, job: Job, gram: GramName) -> Self:
        """Compute a Gram matrix and decompose it.

        Raises:
            NumericalError: LAPACK's iteration does not converge.
        """
        # In the call, so that nothing keeps the matrix alive beside the vectors that overwrite it.
        full = _blocks(job, gram).to_array()
        with job.journal.phase("spectrum"):
            spectrum = Spectrum.of(full)
        return cls(job, gram, spectrum, job.question.absolute_ridge(gram, job.train.diagonal(gram)))

    @cached_property
    def y(self) -> FloatArray:
        """The training targets (n, k), scaled."""
        return self.job.dataset.y_train

    @property
    def scale(self) -> FloatArray:
        """The units of the targets, (k,)."""
        return self.job.dataset.target_scaling.scale

    @property
    def rate(self) -> float:
        """What a time is multiplied with to be in units of the exponent."""
        return self.job.question.rate

    @property
    def modes(self) -> FloatArray:
        """The eigenvalues of G (n,), ascending, where those of M that are 0 to rounding are 0."""
        return self.above_rounding + self.ridge

    @property
    def is_regular(self) -> bool:
        """Whether G can be inverted."""
        return self.spectrum.is_positive(self.ridge)

    @cached_property
    def smoother(self) -> SpectralSmoother:
        """What gives predictions and leave-one-out residuals at any time."""
        return SpectralSmoother(self.spectrum, self.y)

    @property
    def above_rounding(self) -> FloatArray:
        """The eigenvalues of M (n,), 0 in the place of those that are 0 to rounding."""
        g = self.spectrum.eigenvalues
        return np.where(g > rounding_level(len(g), g.dtype, float(g[-1])), g, 0.0)

    def rotated_prior(self) -> FloatArray:
        """The diagonal of V^T K V (n,), with the NNGP Gram matrix K."""
        if self.gram == "nngp":
            return self.spectrum.eigenvalues
        return rotated_diagonal(self.spectrum.vectors, _blocks(self.job, "nngp"))


def _blocks(job: Job, gram: GramName) -> SymmetricBlocks:
    with job.journal.phase("gram", len(job.train)) as advance:
        return replace(job.evaluator, dtype=np.float64).symmetric(job.train, [gram], advance)[gram]
