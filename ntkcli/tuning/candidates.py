"""The candidates that are scored for every network: kernels, ridges and times."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ntkcli.jobs.ranges import AUTOMATIC_STEPS, automatic_ridges, spaced
from ntkcli.regression.kernel import KERNELS, KernelName, inverted_grams
from ntkcli.regression.question import Ridge, RidgeScale, ridge_of
from ntkcli.spec.inference import InferenceSpec
from ntkcli.spec.space import Axis, Range
from ntkcli.spec.tune import TuneSpec

# Among fewer ridges, hardly any is not at an edge.
FEWEST_BETWEEN_EDGES = 3


@dataclass(frozen=True)
class Candidate:
    """A kernel, a ridge and a time, in the units of the spec."""

    kernel: KernelName
    ridge_scale: RidgeScale
    ridge: float
    time: float


@dataclass(frozen=True)
class FreeAxes:
    """The axes of a space all of whose values one eigendecomposition can score.

    times: None where they depend on the eigenvalues of a network's Gram matrix.
    """

    kernels: list[KernelName]
    ridge_scales: list[RidgeScale]
    ridges: list[Ridge]
    times: list[float] | None

    @classmethod
    def of(cls, tune: TuneSpec, inference: InferenceSpec) -> "FreeAxes":
        """Take each axis from the space or, where the space lacks it, from the inference section.

        Args:
            tune: the tune section, with the space.
            inference: the inference section; several kernels or times in it are all tried.
        """
        scales = _listed(tune.space.get("inference.ridge_scale"), [inference.ridge_scale])
        ridges: list[Ridge] = [] if inference.ridge == "auto" else [inference.given_ridge]
        if inference.ridge == "auto" and "inference.ridge" not in tune.space:
            ridges = [*automatic_ridges()]
            # These are in units of the trace.
            scales = scales if "inference.ridge_scale" in tune.space else ["trace"]
        times = None if inference.time == "auto" else inference.time
        if "inference.time" in tune.space:
            times = _listed(tune.space["inference.time"], [])
        if tune.objective == "log_marginal_likelihood":
            times = [math.inf]
        kernels = _listed(tune.space.get("inference.kernel"), [*inference.kernel])
        return cls(kernels, scales, _listed(tune.space.get("inference.ridge"), ridges), times)

    def candidates(self, automatic: list[float]) -> Iterator[Candidate]:
        """Yield every combination of the axes; kernels without finite times are tried at inf only.

        Args:
            automatic: the times to try where the axes have none.
        """
        for kernel in self.kernels:
            times = self.times if KERNELS[kernel].has_finite_times else [math.inf]
            times = automatic if times is None else times
            for scale in self.ridge_scales:
                for ridge in self.ridges_of(kernel):
                    for time in times:
                        yield Candidate(kernel, scale, ridge, time)

    def ridges_of(self, kernel: KernelName) -> list[float]:
        """Return the ridges that are tried with one kernel."""
        return [ridge_of(ridge, KERNELS[kernel].gram) for ridge in self.ridges]

    @property
    def needs_ntk(self) -> bool:
        """Whether a kernel's predictions need the inverse of the NTK's Gram matrix."""
        return "ntk" in inverted_grams(self.kernels)

    @property
    def least_ridge(self) -> float:
        """The least ridge with which a Gram matrix is inverted; inf if all times are finite."""
        is_inverted = self.times is None or math.inf in self.times
        ridges = [ridge for kernel in self.kernels for ridge in self.ridges_of(kernel)]
        return min(ridges) if is_inverted else math.inf

    @property
    def most_candidates(self) -> int:
        """The largest number of candidates that a network can have."""
        return sum(1 for _ in self.candidates([math.inf] * (AUTOMATIC_STEPS + 1)))


def _listed(axis: Axis | None, default: list[Any]) -> list[Any]:
    if axis is None:
        return default
    if isinstance(axis, Range):
        return spaced(axis.low, axis.high, axis.steps or AUTOMATIC_STEPS, log=axis.log)
    return [float(value) if isinstance(value, int) else value for value in axis]


def edge_warnings(ridges: list[float], best: Candidate) -> Iterator[str]:
    """Yield a warning if the best ridge is the least or the largest tried, so that others may be better.

    Args:
        ridges: that were tried; of one or two, each is at an edge.
        best: the candidate with the best score.
    """
    least, largest = min(ridges), max(ridges)
    tried = f"of those tried, {least:g} to {largest:g}"
    if len(set(ridges)) < FEWEST_BETWEEN_EDGES or best.ridge not in (least, largest) or best.ridge == 0:
        return
    which, others = ("largest", "larger") if best.ridge == largest else ("least", "smaller")
    yield f"inference.ridge: the best, {best.ridge:g}, is the {which} {tried}: search {others} ones as well"
