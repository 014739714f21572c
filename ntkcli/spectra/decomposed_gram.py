"""A Gram matrix of a job by its modes, whether they are its own or those of features."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.inference.time_course import TimeCourse
from ntkcli.jobs.job import Job
from ntkcli.kernels.rows import GramName
from ntkcli.linalg.singular import rounding_level


class DecomposedGram(ABC):
    """A Gram matrix M of n training rows, with modes v_i and eigenvalues g_i; G = M + ridge I.

    job: whose rows they are.
    gram: the name of the matrix.
    ridge: absolute.
    rows: n.
    """

    job: Job
    gram: GramName
    ridge: float

    @property
    @abstractmethod
    def rows(self) -> int:
        """The number of training rows, n."""

    @property
    @abstractmethod
    def eigenvalues(self) -> FloatArray:
        """g, ascending: of all n modes, or of those that features have."""

    @property
    @abstractmethod
    def smallest(self) -> float:
        """The smallest eigenvalue of M as it was computed, which may be negative."""

    @property
    @abstractmethod
    def mean_diagonal(self) -> float:
        """The mean of k(x, x) over the rows."""

    @property
    @abstractmethod
    def is_regular(self) -> bool:
        """Whether G can be inverted."""

    @property
    @abstractmethod
    def power(self) -> FloatArray:
        """The share of the targets' squares along each mode."""

    @property
    @abstractmethod
    def course(self) -> TimeCourse:
        """What training comes to."""

    @property
    @abstractmethod
    def alignment(self) -> float | None:
        """The centred alignment of M and the targets; None where it is not known."""

    @property
    @abstractmethod
    def complexity(self) -> float:
        """y^T G^{-1} y, of a G that is regular."""

    @abstractmethod
    def shuffled_complexities(self, count: int, seed: int) -> FloatArray | None:
        """The same of so many shuffled targets; None where rows cannot be shuffled."""

    @abstractmethod
    def left_out_errors(self, exponents: Sequence[float]) -> Iterator[float]:
        """Yield the leave-one-out root mean square error at every time; NaN where it is not known."""

    @abstractmethod
    def test_errors(self, exponents: Sequence[float]) -> FloatArray:
        """The root mean square of each output's error at the test rows, at every time (p, k), scaled."""

    @property
    def size(self) -> int:
        """The number of training targets, n k."""
        return self.rows * self.job.dataset.schema.targets.count

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
        """The eigenvalues of G, ascending, where those of M that are 0 to rounding are 0."""
        return self.above_rounding + self.ridge

    @property
    def above_rounding(self) -> FloatArray:
        """The eigenvalues of M, 0 in the place of those that are 0 to rounding."""
        g = self.eigenvalues
        return np.where(g > rounding_level(len(g), g.dtype, float(g[-1])), g, 0.0)
