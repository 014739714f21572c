"""What is asked of the kernels of a network."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from ntkcli.arrays import FloatArray

# The Gram matrix that a kernel's predictions invert.
GRAM_OF = {"ntk": "ntk", "ntkgp": "ntk", "nngp": "nngp"}


@dataclass(frozen=True)
class Question:
    """What is asked of the kernels.

    times: for each of "ntk", "nngp", "ntkgp" asked for, times t >= 0 or inf.
    rate: what a time is multiplied with in the exponent: learning rate, and 1 / (n k) for the mean loss.
    ridge: lambda >= 0; in units of trace / n of the Gram matrix if `ridge_scale` is "trace".
    spread: what is wanted beside the mean.
    tolerance: relative, at which iterations stop.
    refine: whether solutions at inf are refined against the Gram matrix in float64.
    left_out: training rows to predict without themselves.
    draws: functions to draw at the test rows.
    """

    times: dict[str, list[float]]
    rate: float = 1.0
    ridge: float = 0.0
    ridge_scale: Literal["absolute", "trace"] = "absolute"
    spread: Literal["none", "variance", "covariance"] = "variance"
    tolerance: float = 1e-10
    refine: bool = False
    left_out: tuple[int, ...] = ()
    draws: int = 0

    def absolute_ridge(self, diagonal: FloatArray) -> float:
        """Lambda as it is added to the diagonal (n,) of a Gram matrix."""
        return self.ridge * (float(diagonal.mean()) if self.ridge_scale == "trace" else 1.0)

    @property
    def pairs(self) -> list[tuple[str, float]]:
        """Every (kernel, time), in the order asked."""
        return [(kernel, time) for kernel, times in self.times.items() for time in times]

    @property
    def digits(self) -> float:
        """Decimal digits of the tolerance."""
        return -math.log10(self.tolerance)

    def exponent(self, time: float) -> float:
        """A time in units of the exponent: what is multiplied with the Gram matrix there."""
        return time * self.rate

    def grams_of(self, kernels: Collection[str]) -> list[str]:
        """The Gram matrices that some kernels' predictions read: ntk's spread takes K as well."""
        needed = {GRAM_OF[kernel] for kernel in kernels}
        if "ntk" in kernels and self.spread != "none":
            needed.add("nngp")
        return sorted(needed)


def time_text(time: float) -> str:
    """A time as it is written everywhere: the shortest text that reads back the same, `inf` for infinity."""
    return repr(time + 0.0).removesuffix(".0")
