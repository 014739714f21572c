"""The search for the ridge and the time with the least error on unseen rows, of one Gram matrix."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.errors import NumericalError
from ntkcli.inference.leave_one_out import LeaveOneOut
from ntkcli.inference.spectral_scores import Regularisation
from ntkcli.jobs.job import Job
from ntkcli.jobs.ranges import AUTOMATIC_STEPS, LEAST_RIDGE, automatic_ridges, automatic_times, spaced
from ntkcli.kernels.rows import GramName
from ntkcli.regression.kernel import KERNELS
from ntkcli.regression.question import ridge_of, ridge_unit
from ntkcli.results.number_metrics import joined_rmse, joined_rmse_error

# The interval around the best value is searched again, so many times, on so many points.
REFINEMENTS, POINTS = 2, 9
# Where both are free, every combination is tried: fewer of each are enough for a start.
STEPS_OF_BOTH = 10
# A factorisation is off by a few times the rounding of the largest eigenvalue: a ridge is no less. Solutions
# in float32 have to be exact enough as they are; others are refined, or in float64.
ROUNDINGS, ROUNDINGS_OF_FLOAT32 = 10, 100


@dataclass(frozen=True)
class Found:
    """A ridge and a time in the units of the spec, and their root mean square error on unseen rows.

    error: the standard error of that, as other rows would show; None where it is not known.
    at_edge: whether the ridge is the least or the largest that was tried.
    """

    score: float
    ridge: float
    time: float
    error: float | None = None
    at_edge: bool = False


@dataclass(frozen=True)
class Axes:
    """The ridges and times that the search starts with.

    ridges, times: in the units of the spec, ascending.
    unit: what a ridge is multiplied by before it is added to the diagonal.
    rate: what a time is multiplied by to be in units of the exponent.
    """

    ridges: list[float]
    times: list[float]
    unit: float
    rate: float

    @classmethod
    def of(
        cls, job: Job, gram: GramName, eigenvalues: FloatArray, mean_diagonal: float, rows: tuple[int, int]
    ) -> "Axes":
        """Return where the search of a job's Gram matrix starts.

        Args:
            job: the job.
            gram: the Gram matrix.
            eigenvalues: of the Gram matrix of the rows that are searched with, ascending.
            mean_diagonal: the mean of its diagonal.
            rows: that are searched with, and that are fitted in the end.
        """
        inference, diagonal = job.spec.inference, np.array([mean_diagonal])
        kernels = [KERNELS[name] for name in inference.kernel if KERNELS[name].gram == gram]
        # Eigenvalues grow with the rows: as much is learned of fewer at a rate that is higher.
        searched, fitted = rows
        fewer = fitted / searched
        rate = inference.rate(fitted * job.dataset.schema.targets.count) * fewer
        has_finite = all(kernel.has_finite_times for kernel in kernels)
        both = inference.ridge == inference.time == "auto" and has_finite
        steps = STEPS_OF_BOTH if both else AUTOMATIC_STEPS
        ridges = [ridge_of(inference.given_ridge, gram)] if inference.ridge != "auto" else []
        unit, mean = ridge_unit(inference.ridge_scale, diagonal), ridge_unit("trace", diagonal)
        if not ridges:
            eps = float(np.finfo(job.evaluator.dtype).eps)
            is_final = job.spec.compute.dtype == "float32"
            roundings = ROUNDINGS_OF_FLOAT32 if is_final else ROUNDINGS
            rounding = roundings * eps * fewer * float(eigenvalues[-1])
            least = max(LEAST_RIDGE, rounding / mean) if mean else LEAST_RIDGE
            ridges = [ridge * (mean / unit) for ridge in automatic_ridges(steps, least)]
        if inference.time == "auto":
            times = automatic_times(eigenvalues, rate, steps) if has_finite else [math.inf]
        else:
            times = sorted({time for kernel in kernels for time in inference.times_of(kernel.name)})
        return cls(ridges, times, unit, rate)


class LeftOut(Protocol):
    """What predicts unseen rows at any ridge and time."""

    def __call__(
        self, settings: Sequence[Regularisation], *, with_variance: bool = True
    ) -> Iterator[LeaveOneOut]:
        """The rows predicted at every setting; NaN where there is no answer."""


@dataclass(frozen=True)
class RegularisationSearch:
    """A search for the ridge and the time with the least error on unseen rows.

    left_out: gives the residuals of unseen rows at any ridge and time.
    axes: where it starts.
    scale: (k,), the units of the targets.
    """

    left_out: LeftOut
    axes: Axes
    scale: FloatArray

    def best(self, *, ridge_is_free: bool, time_is_free: bool) -> Found:
        """Find the best point of the grid, and refine the free coordinates in turns."""
        ridges, times = self.axes.ridges, [time for time in self.axes.times if 0 < time < math.inf]
        found = self._least(((ridge, time) for ridge in ridges for time in self.axes.times), None)
        for _ in range(REFINEMENTS):
            if ridge_is_free:
                ridges = _around(ridges, found.ridge)
                found = self._least(((ridge, found.time) for ridge in ridges), found)
            if time_is_free and found.time in times:
                times = _around(times, found.time)
                found = self._least(((found.ridge, time) for time in times), found)
        ends = self.axes.ridges[0], self.axes.ridges[-1]
        return replace(found, at_edge=ridge_is_free and found.ridge in ends)

    def _least(self, points: Iterable[tuple[float, float]], found: Found | None) -> Found:
        """Return the best of some ridges and times and of what is found already, the first of equals."""
        points = list(points)
        for (ridge, time), residual in zip(points, self._residuals(points), strict=True):
            score = joined_rmse(residual, self.scale)
            if score < (found.score if found else math.inf):
                found = Found(score, ridge, time, joined_rmse_error(residual, self.scale))
        if found is None:
            raise NumericalError(
                "inference: no ridge and time of those that auto tries has an answer: the Gram matrix is "
                "singular to rounding: give inference.ridge a number above 0"
            )
        return found

    def _residuals(self, points: list[tuple[float, float]]) -> Iterator[FloatArray]:
        """Yield the residuals; NaN or inf where there are no finite ones."""
        settings = [Regularisation(ridge * self.axes.unit, time * self.axes.rate) for ridge, time in points]
        for found in self.left_out(settings, with_variance=False):
            yield found.residual


def _around(values: list[float], best: float) -> list[float]:
    """Return finer steps between the neighbours of the best of ascending values."""
    i = values.index(best)
    low, high = values[max(0, i - 1)], values[min(len(values) - 1, i + 1)]
    return sorted({*spaced(low, high, POINTS, log=True), best}) if low < high else values
