"""What is asked of the kernels of a network."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Self

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.inference.leave_groups_out import members
from ntkcli.kernels.rows import GramName
from ntkcli.kernels.tiling import CHUNK_ROWS, strips
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
    left_out_groups: labels of these rows, in their order; all rows of a label are deleted together, and then
        none is at a finite time. None where each row is deleted by itself.
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
    left_out_groups: tuple[int, ...] | None = None
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

    def leaving_out(self, rows: tuple[int, ...], groups: IntArray | None) -> Self:
        """The question with some rows left out, by the numbers of all rows' groups (n,) if they have any."""
        labels = None if groups is None else tuple(groups[list(rows)].tolist())
        return replace(self, leave_one_out=rows, left_out_groups=labels)

    @property
    def left_out_at_once(self) -> list[IntArray]:
        """The places, among the rows to be left out, of those that are deleted in one step."""
        count, labels = len(self.leave_one_out), self.left_out_groups
        if labels is None:
            return [np.arange(count)[strip] for strip in strips(slice(0, count), CHUNK_ROWS)]
        steps: list[list[IntArray]] = [[]]
        for own in members(np.array(labels)):
            if steps[-1] and sum(map(len, steps[-1])) + len(own) > CHUNK_ROWS:
                steps.append([])
            steps[-1].append(own)
        return [np.concatenate(step) for step in steps if step]

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
