"""What is asked of the kernels of a network."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ntkcli.arrays import FloatArray
from ntkcli.kernels.rows import GramName
from ntkcli.regression.kernel import KERNELS, KernelName

Uncertainty = Literal["none", "variance", "covariance"]
RidgeScale = Literal["absolute", "trace"]
VarianceSamples = Literal["auto", "none"] | int
# One for all Gram matrices, or one for each.
Ridge = float | Mapping[GramName, float]


class Pair(NamedTuple):
    """A kernel and a time."""

    kernel: KernelName
    time: float

    @property
    def text(self) -> str:
        """Both in a file's name."""
        return f"{self.kernel}_t{time_text(self.time)}"


@dataclass(frozen=True)
class Question:
    """What is asked of the kernels.

    times: for each kernel asked for, times t >= 0 or inf.
    rate: what a time is multiplied with in the exponent: learning rate, and 1 / (n k) for the mean loss.
    ridge: lambda >= 0, in units of `ridge_unit`; one for all Gram matrices, or one for each.
    uncertainty: what is wanted beside the mean.
    tolerance: relative, at which iterations stop.
    refine: whether solutions at inf are refined against the Gram matrix in float64.
    leave_one_out: indices of training rows to predict by training without them.
    is_noise_known: whether the ridge is the noise of observations for every kernel, not for posteriors alone.
    draws: functions to draw at the test rows.
    expected_rows: test rows to come, about: what a solver may prepare for.
    variance_samples: of the prior, for the variances of solvers by products; `none` for a solve for every
        test row, `auto` for the cheaper. A plan reads it, and gives stages their sampling.
    """

    times: Mapping[KernelName, Sequence[float]]
    rate: float = 1.0
    ridge: Ridge = 0.0
    ridge_scale: RidgeScale = "absolute"
    uncertainty: Uncertainty = "variance"
    tolerance: float = 1e-10
    refine: bool = False
    leave_one_out: tuple[int, ...] = ()
    is_noise_known: bool = False
    draws: int = 0
    expected_rows: int = 1000
    variance_samples: VarianceSamples = "none"

    @property
    def has_uncertainty(self) -> bool:
        """Whether anything is wanted beside the mean."""
        return self.uncertainty != "none"

    @property
    def pairs(self) -> list[Pair]:
        """Every kernel and time, in the order asked."""
        return [Pair(kernel, time) for kernel, times in self.times.items() for time in times]

    @property
    def has_finite_times(self) -> bool:
        """Whether there are times other than 0 and inf."""
        return any(0 < time < math.inf for _, time in self.pairs)

    @property
    def digits(self) -> float:
        """Decimal digits of the tolerance."""
        return -math.log10(self.tolerance)

    def absolute_ridge(self, gram: GramName, diagonal: FloatArray) -> float:
        """Lambda as it is added to the diagonal (n,) of a Gram matrix."""
        return ridge_of(self.ridge, gram) * ridge_unit(self.ridge_scale, diagonal)

    def noise(self, kernel: KernelName, ridge: float) -> float:
        """The variance of an observation around a kernel's function, where the ridge is absolute."""
        return ridge if self.is_noise_known else KERNELS[kernel].noise(ridge)

    def has_no_ridge(self, gram: GramName) -> bool:
        """Whether nothing is added to the diagonal of a Gram matrix."""
        return ridge_of(self.ridge, gram) == 0

    def exponent(self, time: float) -> float:
        """A time in units of the exponent: what is multiplied with the Gram matrix there."""
        return time * self.rate

    def read_grams(self, kernels: Collection[KernelName]) -> list[GramName]:
        """The Gram matrices that some kernels' predictions read, each once."""
        found: set[GramName] = set()
        for kernel in kernels:
            found |= KERNELS[kernel].grams(with_uncertainty=self.has_uncertainty)
        return sorted(found)


def ridge_of(ridge: Ridge, gram: GramName) -> float:
    """The ridge of one Gram matrix."""
    return ridge[gram] if isinstance(ridge, Mapping) else ridge


def ridge_unit(scale: RidgeScale, diagonal: FloatArray) -> float:
    """What a ridge is a multiple of: 1, or trace / n of the Gram matrix with this diagonal (n,)."""
    return float(diagonal.mean()) if scale == "trace" else 1.0


def time_text(time: float) -> str:
    """A time as it is written everywhere: the shortest text that reads back the same, `inf` for infinity."""
    return repr(time + 0.0).removesuffix(".0")
