"""The part of `ntk check` for a spec with a tune section: the search, and the fit of its best."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

from ntkcli.commands.check_needs import disk_finding, memory_finding
from ntkcli.commands.finding import Finding
from ntkcli.errors import ResourceError
from ntkcli.jobs.clusters import shared_out
from ntkcli.jobs.job import Job
from ntkcli.planning.duration import PASSES, Speed
from ntkcli.planning.nystrom_planner import NystromPlanner
from ntkcli.planning.planner import Planner
from ntkcli.regression.kernel import KERNELS
from ntkcli.spec.file import SpecFile
from ntkcli.spec.spec import Spec
from ntkcli.spec.tune import TuneSpec
from ntkcli.tuning.candidates import FreeAxes
from ntkcli.tuning.search import search_shared_out
from ntkcli.tuning.search_plan import SearchPlan
from ntkcli.tuning.trials import fitted_spec, left_to_the_fit
from ntkcli.units import bytes_text, counted


def search_findings(plan: SearchPlan, *, free: str) -> Iterator[Finding]:
    """Yield what is tried, on which rows, and in how much memory.

    Args:
        plan: of the search.
        free: the word for the memory that there is, "free" or "allowed".
    """
    tune = plan.tune
    networks = counted(plan.networks, "network")
    candidates = counted(plan.axes.most_candidates, "candidate")
    content = {
        "search": tune.search,
        "networks": plan.networks,
        "candidates": plan.axes.most_candidates,
        "objective": tune.objective,
        "rows": len(plan.rows),
        "folds": len(plan.splits),
    }
    text = f"{tune.search}: {networks} x {candidates}, {_rows_text(plan)}"
    yield Finding("search", text, {"search": content})
    yield memory_finding(plan.memory_bytes, plan.budget.memory, free)


def _rows_text(plan: SearchPlan) -> str:
    held_out, rows = [len(split.held_out) for split in plan.splits], counted(len(plan.rows), "row")
    if not plan.tune.needs_validation:
        return f"in closed form from {rows}"
    if len(held_out) > 1:
        first = len(plan.rows) - sum(held_out)
        alone = f", the first {first:,} trained with alone" if first else ""
        return f"{len(held_out)} folds of {rows}{alone}"
    return f"a holdout of {held_out[0]:,} of {rows}"


@dataclass(frozen=True)
class BestFit:
    """What the fit of one kind of best takes.

    planner: of the fit.
    what: is fitted.
    memory_bytes, disk_bytes: at its peak.
    seconds: that it takes at the machine's speed, reading files not counted.
    readings: how often the files are read for it.
    threads: that it has.
    """

    planner: Planner | NystromPlanner
    what: str
    memory_bytes: int
    disk_bytes: int
    seconds: Callable[[Speed], float]
    readings: int
    threads: int

    @classmethod
    def exact(cls, planner: Planner) -> Self:
        """Of an exact fit.

        Raises:
            ResourceError: there are too many rows for the only solvers that would do, or none is left.
        """
        plan, sizes = planner.best(), planner.sizes

        def seconds(speed: Speed) -> float:
            return speed.seconds(plan, sizes.itemsize)

        return cls(planner, "of the best", plan.memory_bytes, plan.disk_bytes, seconds, 1, sizes.threads)

    @classmethod
    def approximate(cls, planner: NystromPlanner) -> Self:
        """Of the fit of an approximation."""
        plan = planner.best()

        def seconds(speed: Speed) -> float:
            return speed.of_process(plan.work)

        what = f"of the best, by {counted(plan.centres, 'centre')}"
        needs = plan.memory_bytes, plan.model_bytes
        return cls(planner, what, *needs, seconds, PASSES, plan.sizes.threads)


def best_fits(source: SpecFile, axes: FreeAxes, job: Job) -> list[BestFit]:
    """Return every kind of fit that the best can need: each kernel with each kind of time.

    Args:
        source: the spec.
        axes: the candidates of every network.
        job: holds the spec's data.

    Raises:
        ResourceError: no best can be fitted, whichever it is.
    """
    approximation, found = source.spec.inference.approximation, []
    for kernel in axes.kernels:
        for time in _kinds(axes.times) if KERNELS[kernel].has_finite_times else [math.inf]:
            changes: dict[str, Any] = {"kernel": [kernel], "time": [time], "ridge": axes.ridges[0]}
            changes |= left_to_the_fit(source.spec, kernel)
            inference = source.spec.inference.model_copy(update=changes)
            spec = fitted_spec(source.spec, job.spec.data, job.spec.network, inference)
            evaluator = replace(job.evaluator, dtype=spec.compute.stored_dtype)
            own = replace(job, source=replace(source, spec=spec), evaluator=evaluator)
            if approximation:
                found.append(BestFit.approximate(own.nystrom_planner(approximation)))
            else:
                found.append(BestFit.exact(own.planner()))
    return found


def _kinds(times: list[float] | None) -> list[float]:
    """Return one time of each kind among some: the prior at 0, finite times, and the limit at inf."""
    if times is None:
        return [1.0, math.inf]
    return list({(time == 0, time == math.inf): time for time in times}.values())


def fit_findings(fits: list[BestFit]) -> Iterator[Finding]:
    """Yield the most memory and disk that the fit of the best can take."""
    largest, budget = max(fits, key=lambda fit: fit.memory_bytes), fits[0].planner.budget
    memory, disk = largest.memory_bytes, max(fit.disk_bytes for fit in fits)
    verdict = ", which is too much" if memory > budget.memory or disk > budget.disk else ""
    text = f"{largest.what}: about {bytes_text(memory)} of memory at most{verdict}"
    yield Finding("fit", text, {"fit": {"memory_bytes": memory, "fits": not verdict}})
    yield disk_finding(disk, budget.disk)


def search_cluster_findings(spec: Spec, tune: TuneSpec) -> Iterator[Finding]:
    """Yield what of the search, and of the fit of its best, runs on the cluster of a spec that has one."""
    if spec.compute.scheduler is not None:
        searched, fitted = search_shared_out(tune), f"fit of the best: {shared_out(spec)}"
        content = {"scheduler": spec.compute.scheduler, "shared_out": [searched, fitted]}
        yield Finding("cluster", f"{spec.compute.scheduler}: {searched}", {"cluster": content})
        yield Finding("", fitted)


def check_fits(fits: list[BestFit]) -> None:
    """Refuse a search if the best cannot be fitted, whichever candidate it is.

    Raises:
        ResourceError: there is too little memory or disk for every candidate.
        SpecError: there are more centres than rows.
    """
    errors = []
    for fit in fits:
        try:
            fit.planner.checked()
        except ResourceError as error:
            errors.append(error)
    if len(errors) == len(fits):
        raise errors[0]
