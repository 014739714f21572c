"""`inference.ridge: auto` and `inference.time: auto`: the values with the least leave-one-out error."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.errors import NumericalError
from ntkcli.inference.spectral_scores import SpectralSmoother
from ntkcli.jobs.job import Job
from ntkcli.jobs.ranges import AUTOMATIC_STEPS, automatic_ridges, automatic_times, spaced
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.linalg.spectrum import Spectrum
from ntkcli.planning.eigendecomposition import check_memory, eigh_numbers
from ntkcli.regression.kernel import KERNELS
from ntkcli.regression.question import ridge_unit, time_text
from ntkcli.results.number_metrics import joined_rmse
from ntkcli.spec.inference import InferenceSpec

# The interval around the best value is searched again, so many times, on so many points.
REFINEMENTS, POINTS = 2, 9
# Where both are free, every combination is tried: fewer of each are enough for a start.
STEPS_OF_BOTH = 10


def automatic(job: Job) -> InferenceSpec:
    """Return the spec's inference section with numbers in the place of `auto`.

    One eigendecomposition of the Gram matrix of the job's kernel gives the leave-one-out residuals at every
    ridge and time. The least root mean square of them wins, and is reported to the
    journal.

    Raises:
        ResourceError: there are too many rows, or too little memory, for an eigendecomposition.
        NumericalError: the Gram matrix is singular to rounding at every ridge and time tried.
    """
    inference = job.spec.inference
    if inference.ridge != "auto" and inference.time != "auto":
        return inference
    what = " and ".join(
        f"inference.{key}: auto" for key in ("ridge", "time") if getattr(inference, key) == "auto"
    )
    n = len(job.train)
    # The blocks, which are half a matrix or more, become a whole one.
    check_memory(job.sizes, job.budget, eigh_numbers(n) + n**2, factored=n, what=what)
    with job.journal.phase("automatic"):
        found = _search(job).best(
            ridge_is_free=inference.ridge == "auto", time_is_free=inference.time == "auto"
        )
    given = f"(leave-one-out rmse {found.score:.4g})"
    changes: dict[str, float | list[float]] = {}
    if inference.ridge == "auto":
        changes["ridge"] = found.ridge
        job.journal.tell(f"inference.ridge: auto is {found.ridge:.6g} {given}")
    if inference.time == "auto":
        changes["time"] = [found.time]
        job.journal.tell(f"inference.time: auto is {time_text(found.time)} {given}")
    return inference.model_copy(update=changes)


def _search(job: Job) -> "_Search":
    gram = KERNELS[job.spec.inference.kernel[0]].gram
    blocks = replace(job.evaluator, dtype=np.float64).symmetric(job.train, [gram])[gram]
    spectrum = Spectrum.of(blocks.to_array())
    smoother = SpectralSmoother(spectrum, job.dataset.y_train)
    return _Search(smoother, _Axes.of(job, spectrum.eigenvalues), job.dataset.target_scaling.scale)


@dataclass(frozen=True)
class _Found:
    """A ridge and a time in the units of the spec, and their leave-one-out root mean square error."""

    score: float
    ridge: float
    time: float


@dataclass(frozen=True)
class _Axes:
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
    def of(cls, job: Job, eigenvalues: FloatArray) -> "_Axes":
        inference, kernel = job.spec.inference, KERNELS[job.spec.inference.kernel[0]]
        diagonal = job.train.diagonal(kernel.gram)
        unit, mean = ridge_unit(inference.ridge_scale, diagonal), ridge_unit("trace", diagonal)
        rate = inference.rate(job.dataset.y_train.size)
        both = inference.ridge == inference.time == "auto" and kernel.has_finite_times
        steps = STEPS_OF_BOTH if both else AUTOMATIC_STEPS
        if inference.ridge == "auto":
            ridges = [ridge * (mean / unit) for ridge in automatic_ridges(steps)]
        else:
            ridges = [inference.ridge]
        if inference.time == "auto":
            finite = kernel.has_finite_times
            times = automatic_times(eigenvalues, rate, steps) if finite else [math.inf]
        else:
            times = inference.times_of(kernel.name)
        return cls(ridges, times, unit, rate)


@dataclass(frozen=True)
class _Search:
    """A search for the ridge and the time with the least leave-one-out error.

    smoother: gives the leave-one-out residuals at any ridge and time.
    axes: where it starts.
    scale: (k,), the units of the targets.
    """

    smoother: SpectralSmoother
    axes: _Axes
    scale: FloatArray

    def best(self, *, ridge_is_free: bool, time_is_free: bool) -> _Found:
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
        return found

    def _least(self, points: Iterable[tuple[float, float]], found: _Found | None) -> _Found:
        """Return the best of some ridges and times and of what is found already, the first of equals."""
        for ridge, time in points:
            score = self._score(ridge, time)
            if score < (found.score if found else math.inf):
                found = _Found(score, ridge, time)
        if found is None:
            raise NumericalError(
                "inference: no ridge and time of those that auto tries has an answer: the Gram matrix is "
                "singular to rounding: give inference.ridge a number above 0"
            )
        return found

    def _score(self, ridge: float, time: float) -> float:
        """Return the leave-one-out root mean square error; inf where there is no finite one."""
        try:
            residual = self.smoother.residual(ridge * self.axes.unit, time * self.axes.rate)
        except SingularMatrixError:
            return math.inf
        score = joined_rmse(residual, self.scale)
        return score if math.isfinite(score) else math.inf


def _around(values: list[float], best: float) -> list[float]:
    """Return finer steps between the neighbours of the best of ascending values."""
    i = values.index(best)
    low, high = values[max(0, i - 1)], values[min(len(values) - 1, i + 1)]
    return sorted({*spaced(low, high, POINTS, log=True), best}) if low < high else values
