"""One Gram matrix of a job by the features of some centres: M ~ Phi Phi^T, A = Phi^T Phi = U diag(g) U^T.

Its modes are v_i = Phi u_i / sqrt(g_i); the others have eigenvalue 0, and nothing is learned along them.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.inference.features import FeatureSmoother
from ntkcli.inference.spectral_scores import Regularisation
from ntkcli.inference.time_course import TimeCourse
from ntkcli.jobs.job import Job
from ntkcli.jobs.tabulation import ranges_reported
from ntkcli.kernels.rows import GramName
from ntkcli.kernels.tiling import CHUNK_ROWS
from ntkcli.linalg.product import product
from ntkcli.linalg.singular import rounding_level
from ntkcli.regression.nystrom import FeatureSpectrum, Nystrom
from ntkcli.spectra.decomposed_gram import DecomposedGram


@dataclass(frozen=True)
class FeatureGram(DecomposedGram):
    """A Gram matrix by features.

    nystrom: sums over all training rows, with A decomposed.
    """

    job: Job
    gram: GramName
    nystrom: Nystrom
    ridge: float

    @property
    def _own(self) -> FeatureSpectrum:
        return self.nystrom.spectra[self.gram]

    @property
    def rows(self) -> int:
        """The number of training rows, n."""
        return self.nystrom.sums.rows

    @property
    def eigenvalues(self) -> FloatArray:
        """Of the r modes that the features have, ascending."""
        return self._own.spectrum.eigenvalues

    @property
    def smallest(self) -> float:
        """The smallest eigenvalue of M: 0 where there are fewer features than rows."""
        return self._own.spectrum.smallest if self._is_full else 0.0

    @property
    def mean_diagonal(self) -> float:
        """The mean of k(x, x) over the rows, whatever the features leave out."""
        return float(self.nystrom.mean_diagonal(self.gram)[0])

    @property
    def left_out(self) -> float:
        """The share of the kernel's trace that the features leave out."""
        return self.nystrom.sums.grams[self.gram].left_out

    @property
    def is_regular(self) -> bool:
        """Whether G can be inverted."""
        level = rounding_level(self.rows, np.float64, self.mean_diagonal + self.ridge)
        return self._own.spectrum.is_positive(self.ridge) and (self._is_full or self.ridge > level)

    @property
    def power(self) -> FloatArray:
        """The share of the targets' squares along each mode, (r,)."""
        whole = float(self.nystrom.sums.squares.sum())
        return (
            np.asarray(np.sum(self._rotated**2, axis=1) / whole)
            if whole > 0
            else np.zeros_like(self.eigenvalues)
        )

    @property
    def course(self) -> TimeCourse:
        """What training comes to."""
        return TimeCourse(
            self.above_rounding, self._rotated, self._prior, self.ridge, self.rows, self._beside
        )

    @property
    def alignment(self) -> None:
        """Not known: centring takes another sum."""
        return None

    @property
    def complexity(self) -> float:
        """y^T G^{-1} y."""
        along = float(np.sum(self._rotated**2 / self.modes[:, None]))
        return along if self._is_full else along + self._beside / self.ridge

    def shuffled_complexities(self, count: int, seed: int) -> None:
        """Not known: the rows are summed over."""

    def left_out_errors(self, exponents: Sequence[float]) -> Iterator[float]:
        """Not known: the rows are summed over."""
        return iter([math.nan] * len(exponents))

    def test_errors(self, exponents: Sequence[float]) -> FloatArray:
        """The root mean square of each output's error at the test rows, at every time (p, k)."""
        job, own = self.job, self._own
        targets, source = job.dataset.schema.targets, job.row_source
        squares, rows = np.zeros((len(exponents), targets.count)), np.zeros(targets.count)
        settings = [Regularisation(self.ridge, time) for time in exponents]
        with job.journal.phase("test", job.test_rows) as advance:
            for table in source.test(CHUNK_ROWS):
                with ranges_reported(job.spec.network, table, job.spec.compute.stored_dtype):
                    phi = self.nystrom.sums.features.features(table.x).values[self.gram]
                observed = targets.outputs(table.targets)
                smoother = FeatureSmoother(
                    own.spectrum, own.targets, product(phi, own.spectrum.vectors), observed
                )
                squares += [np.nansum(found.residual**2, axis=0) for found in smoother.left_out(settings)]
                rows += np.sum(~np.isnan(observed), axis=0)
                advance(len(table))
        return np.asarray(np.sqrt(squares / rows))

    @property
    def _is_full(self) -> bool:
        """Whether there are as many modes as rows."""
        return len(self.eigenvalues) == self.rows

    @property
    def _roots(self) -> FloatArray:
        """sqrt(g) (r,); inf where g is 0 to rounding, so that what is divided by it is 0."""
        g = self.above_rounding
        return np.sqrt(g, out=np.full_like(g, math.inf), where=g > 0)

    @property
    def _rotated(self) -> FloatArray:
        """V^T y (r, k)."""
        return np.asarray(self._own.targets / self._roots[:, None])

    @property
    def _beside(self) -> float:
        """The squares of the targets beside the modes, whose sum rounding may leave negative."""
        return max(0.0, float(self.nystrom.sums.squares.sum() - np.sum(self._rotated**2)))

    @property
    def _prior(self) -> FloatArray:
        """The diagonal of V^T K V (r,), with the NNGP Gram matrix K by its own features."""
        if self.gram == "nngp" or self.nystrom.sums.cross is None:
            return self.eigenvalues
        between = product(self._own.spectrum.vectors.T, self.nystrom.sums.cross)
        return np.asarray(np.sum((between / self._roots[:, None]) ** 2, axis=1))
