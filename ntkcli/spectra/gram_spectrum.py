"""One Gram matrix of a job, decomposed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.inference.spectral_scores import Regularisation, SpectralSmoother
from ntkcli.inference.target_power import alignment, label_complexity, shuffled_complexities, target_power
from ntkcli.inference.time_course import TimeCourse, rotated_diagonal
from ntkcli.jobs.job import Job
from ntkcli.kernels.rows import GramName
from ntkcli.kernels.tiling import CHUNK_ROWS, strips
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.linalg.product import product
from ntkcli.linalg.spectrum import Spectrum
from ntkcli.results.number_metrics import joined_rmse
from ntkcli.spectra.decomposed_gram import DecomposedGram

# Numbers in an array that has a column for every time and output.
MOST_NUMBERS = 4_000_000


@dataclass(frozen=True)
class GramSpectrum(DecomposedGram):
    """A Gram matrix M = V diag(g) V^T of the training rows; G = M + ridge I.

    spectrum: of M, in float64.
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
    def rows(self) -> int:
        """The number of training rows, n."""
        return len(self.y)

    @property
    def eigenvalues(self) -> FloatArray:
        """Of all n modes, ascending."""
        return self.spectrum.eigenvalues

    @property
    def smallest(self) -> float:
        """The smallest eigenvalue as it was computed."""
        return self.spectrum.smallest

    @property
    def mean_diagonal(self) -> float:
        """The mean of k(x, x) over the rows."""
        return float(self.job.train.diagonal(self.gram).mean())

    @property
    def is_regular(self) -> bool:
        """Whether G can be inverted."""
        return self.spectrum.is_positive(self.ridge)

    @cached_property
    def smoother(self) -> SpectralSmoother:
        """What gives predictions and leave-one-out residuals at any time."""
        return SpectralSmoother(self.spectrum, self.y)

    @property
    def power(self) -> FloatArray:
        """The share of the targets' squares along each mode, (n,)."""
        return target_power(self.spectrum, self.y)

    @property
    def course(self) -> TimeCourse:
        """What training comes to."""
        targets, prior = self.spectrum.rotate(self.y), self._rotated_prior()
        return TimeCourse(self.above_rounding, targets, prior, self.ridge)

    @property
    def alignment(self) -> float | None:
        """The centred alignment of M and the targets."""
        return alignment(self.spectrum, self.y)

    @property
    def complexity(self) -> float:
        """y^T G^{-1} y."""
        return label_complexity(self.spectrum, self.y, self.ridge)

    def shuffled_complexities(self, count: int, seed: int) -> FloatArray:
        """The same of so many shuffled targets."""
        return shuffled_complexities(self.spectrum, self.y, self.ridge, count, seed)

    def left_out_errors(self, exponents: Sequence[float]) -> Iterator[float]:
        """Yield the leave-one-out root mean square error at every time."""
        with self.job.journal.phase("leave out", len(exponents)) as advance:
            settings = [Regularisation(self.ridge, time) for time in exponents]
            for left_out in self.smoother.left_out(settings, with_variance=False):
                yield joined_rmse(left_out.residual, self.scale)
                advance(1)

    def test_errors(self, exponents: Sequence[float]) -> FloatArray:
        """The root mean square of each output's error at the test rows, at every time (p, k)."""
        dataset = self.job.dataset
        observed = dataset.schema.targets.outputs(dataset.test.targets)
        squares = np.zeros((len(exponents), observed.shape[1]))
        with self.job.journal.phase("test", len(observed)) as advance:
            for strip in strips(slice(0, len(observed)), CHUNK_ROWS):
                squares += self._squared_errors(strip, observed[strip], exponents)
                advance(strip.stop - strip.start)
        return np.asarray(np.sqrt(squares / np.sum(~np.isnan(observed), axis=0)))

    def _squared_errors(self, strip: slice, observed: FloatArray, exponents: Sequence[float]) -> FloatArray:
        """The sums of squared errors at some test rows, (p, k)."""
        job = self.job
        between = job.evaluator.rectangle(job.test[strip], job.train, [self.gram])[self.gram]
        rotated = product(between, self.spectrum.vectors)
        settings = [Regularisation(self.ridge, time) for time in exponents]
        at_once = max(1, MOST_NUMBERS // self.size)
        return np.concatenate(
            [
                np.nansum((self.smoother.means(rotated, settings[i : i + at_once]) - observed) ** 2, axis=1)
                for i in range(0, len(settings), at_once)
            ]
        )

    def _rotated_prior(self) -> FloatArray:
        """The diagonal of V^T K V (n,), with the NNGP Gram matrix K."""
        if self.gram == "nngp":
            return self.spectrum.eigenvalues
        return rotated_diagonal(self.spectrum.vectors, _blocks(self.job, "nngp"))


def _blocks(job: Job, gram: GramName) -> SymmetricBlocks:
    with job.journal.phase("gram", len(job.train)) as advance:
        return replace(job.evaluator, dtype=np.float64).symmetric(job.train, [gram], advance)[gram]
