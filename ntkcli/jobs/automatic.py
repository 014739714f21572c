"""`inference.ridge: auto` and `inference.time: auto`: the values with the least leave-one-out error."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.errors import NumericalError
from ntkcli.inference.spectral_scores import Regularisation, SpectralSmoother
from ntkcli.jobs.job import Job
from ntkcli.jobs.ranges import AUTOMATIC_STEPS, LEAST_RIDGE, automatic_ridges, automatic_times, spaced
from ntkcli.jobs.sample import sampled
from ntkcli.kernels.rows import GramName
from ntkcli.linalg.spectrum import Spectrum
from ntkcli.planning.budget import Budget
from ntkcli.planning.eigendecomposition import bytes_needed, check_memory, eigh_numbers
from ntkcli.planning.sizes import Sizes
from ntkcli.regression.kernel import KERNELS, inverted_grams
from ntkcli.regression.question import ridge_of, ridge_unit, time_text
from ntkcli.results.number_metrics import joined_rmse
from ntkcli.spec.inference import InferenceSpec
from ntkcli.units import counted

# Rows to choose by, at most: a ridge in units of the trace suits more rows just as well.
ROWS, FEWEST_ROWS = 2000, 250
# The interval around the best value is searched again, so many times, on so many points.
REFINEMENTS, POINTS = 2, 9
# Where both are free, every combination is tried: fewer of each are enough for a start.
STEPS_OF_BOTH = 10
# A factorisation is off by a few times the rounding of the largest eigenvalue: a ridge is no less.
ROUNDINGS = 10


def automatic(job: Job) -> InferenceSpec:
    """Return the spec's inference section with numbers in the place of `auto`.

    One eigendecomposition for each Gram matrix that the kernels invert, of at most 2,000 training rows at
    random, gives the leave-one-out residuals at every ridge and time. The least root mean square of them
    wins, and is reported to the journal.

    Raises:
        ResourceError: there is too little memory for an eigendecomposition.
        NumericalError: the Gram matrix is singular to rounding at every ridge and time tried.
    """
    inference = job.spec.inference
    if not inference.is_automatic:
        return inference
    some = _affordable(job)
    with job.journal.phase("automatic"):
        found = {gram: _search(some, gram, len(job.train)) for gram in inverted_grams(inference.kernel)}
    changes: dict[str, object] = {}
    if inference.ridge == "auto":
        ridges = {gram: best.ridge for gram, best in found.items()}
        changes["ridge"] = ridges if len(ridges) > 1 else next(iter(ridges.values()))
    if inference.time == "auto":
        # It is for one kernel.
        changes["time"] = [best.time for best in found.values()]
    _tell(job, found, len(some.train))
    return inference.model_copy(update=changes)


def automatic_rows(sizes: Sizes, budget: Budget) -> int:
    """Return the number of training rows that `auto` is found by: 2,000, or fewer where memory is scarce."""
    rows = min(ROWS, sizes.n)
    while rows > FEWEST_ROWS and bytes_needed(sizes, _numbers(rows)) > budget.memory:
        rows = max(FEWEST_ROWS, rows // 2)
    return rows


def _affordable(job: Job) -> Job:
    """Return a job on the rows that `auto` is found by."""
    inference, rows = job.spec.inference, automatic_rows(job.sizes, job.budget)
    what = [f"inference.{key}: auto" for key in ("ridge", "time") if getattr(inference, key) == "auto"]
    check_memory(job.sizes, job.budget, _numbers(rows), factored=rows, what=" and ".join(what))
    return job if rows == len(job.train) else sampled(job, rows)


def _numbers(rows: int) -> int:
    """Return the numbers in memory: the blocks, which are half a matrix or more, become a whole one."""
    return eigh_numbers(rows) + rows**2


def _tell(job: Job, found: dict[GramName, "_Found"], rows: int) -> None:
    inference = job.spec.inference
    by = "" if rows == len(job.train) else f", of {counted(rows, 'row')}"
    for gram, best in found.items():
        of_gram = f" for {gram}" if len(found) > 1 else ""
        given = f"(leave-one-out rmse {best.score:.4g}{by})"
        if inference.ridge == "auto":
            job.journal.tell(f"inference.ridge: auto is {best.ridge:.6g}{of_gram} {given}")
        if inference.time == "auto":
            job.journal.tell(f"inference.time: auto is {time_text(best.time)} {given}")


def _search(job: Job, gram: GramName, rows: int) -> "_Found":
    """Search by the rows of a job; `rows` is the number of those that are fitted in the end."""
    blocks = replace(job.evaluator, dtype=np.float64).symmetric(job.train, [gram])[gram]
    spectrum = Spectrum.of(blocks.to_array())
    smoother = SpectralSmoother(spectrum, job.dataset.y_train)
    axes = _Axes.of(job, gram, spectrum.eigenvalues, rows)
    inference = job.spec.inference
    return _Search(smoother, axes, job.dataset.target_scaling.scale).best(
        ridge_is_free=inference.ridge == "auto", time_is_free=inference.time == "auto"
    )


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
    def of(cls, job: Job, gram: GramName, eigenvalues: FloatArray, rows: int) -> "_Axes":
        inference, diagonal = job.spec.inference, job.train.diagonal(gram)
        kernels = [KERNELS[name] for name in inference.kernel if KERNELS[name].gram == gram]
        # Eigenvalues grow with the rows: as much is learned of fewer at a rate that is higher.
        fewer = rows / len(diagonal)
        rate = inference.rate(rows * job.dataset.schema.targets.count) * fewer
        has_finite = all(kernel.has_finite_times for kernel in kernels)
        both = inference.ridge == inference.time == "auto" and has_finite
        steps = STEPS_OF_BOTH if both else AUTOMATIC_STEPS
        ridges = [ridge_of(inference.given_ridge, gram)] if inference.ridge != "auto" else []
        unit, mean = ridge_unit(inference.ridge_scale, diagonal), ridge_unit("trace", diagonal)
        if not ridges:
            eps = float(np.finfo(job.evaluator.dtype).eps)
            rounding = ROUNDINGS * eps * fewer * float(eigenvalues[-1])
            least = max(LEAST_RIDGE, rounding / mean) if mean else LEAST_RIDGE
            ridges = [ridge * (mean / unit) for ridge in automatic_ridges(steps, least)]
        if inference.time == "auto":
            times = automatic_times(eigenvalues, rate, steps) if has_finite else [math.inf]
        else:
            times = sorted({time for kernel in kernels for time in inference.times_of(kernel.name)})
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
        points = list(points)
        for (ridge, time), score in zip(points, self._scores(points), strict=True):
            if score < (found.score if found else math.inf):
                found = _Found(score, ridge, time)
        if found is None:
            raise NumericalError(
                "inference: no ridge and time of those that auto tries has an answer: the Gram matrix is "
                "singular to rounding: give inference.ridge a number above 0"
            )
        return found

    def _scores(self, points: list[tuple[float, float]]) -> Iterator[float]:
        """Yield the leave-one-out root mean square errors; NaN or inf where there is no finite one."""
        settings = [Regularisation(ridge * self.axes.unit, time * self.axes.rate) for ridge, time in points]
        for found in self.smoother.left_out(settings, with_variance=False):
            yield joined_rmse(found.residual, self.scale)


def _around(values: list[float], best: float) -> list[float]:
    """Return finer steps between the neighbours of the best of ascending values."""
    i = values.index(best)
    low, high = values[max(0, i - 1)], values[min(len(values) - 1, i + 1)]
    return sorted({*spaced(low, high, POINTS, log=True), best}) if low < high else values
