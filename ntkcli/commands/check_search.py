"""What `ntk check` tells of a search and of the fit at its end."""

import math
from collections.abc import Iterator
from dataclasses import replace

from ntkcli.errors import ResourceError
from ntkcli.jobs.job import Job
from ntkcli.planning.plan import Planner
from ntkcli.regression.kernel import KERNELS
from ntkcli.spec.file import SpecFile
from ntkcli.tuning.candidates import FreeAxes
from ntkcli.tuning.grid import grid_size
from ntkcli.tuning.search_plan import SearchPlan
from ntkcli.tuning.trials import fitted_spec
from ntkcli.units import bytes_text, counted


def search_lines(plan: SearchPlan, *, free: str) -> Iterator[tuple[str, str]]:
    """What is tried, by which rows, in how much memory.

    free: what the memory that there is is called.
    """
    tune = plan.tune
    networks = counted(grid_size(tune) if tune.search == "grid" else tune.trials, "network")
    candidates = counted(plan.axes.most_candidates, "candidate")
    yield "search", f"{tune.search}: {networks} x {candidates}, {_rows_text(plan)}"
    yield "memory", f"about {bytes_text(plan.memory_bytes)} of {bytes_text(plan.budget.memory)} {free}"


def _rows_text(plan: SearchPlan) -> str:
    validation, rows = plan.tune.validation, counted(len(plan.rows), "row")
    if not plan.tune.needs_validation:
        return f"in closed form from {rows}"
    if validation.folds:
        return f"{validation.folds} folds of {rows}"
    return f"a holdout of {len(plan.splits[0].held_out):,} of {rows}"


def best_planners(source: SpecFile, axes: FreeAxes, job: Job) -> list[Planner]:
    """Of the fit of every kind of best that there can be.

    Args:
        source: the spec.
        axes: what is tried of every network.
        job: has the data.
    """
    found = []
    for kernel in axes.kernels:
        for time in _kinds(axes.times) if KERNELS[kernel].has_finite_times else [math.inf]:
            changes = {"kernel": [kernel], "time": [time], "ridge": axes.ridges[0]}
            inference = source.spec.inference.model_copy(update=changes)
            spec = fitted_spec(source.spec, job.spec.network, inference)
            evaluator = replace(job.evaluator, dtype=spec.compute.stored_dtype)
            found.append(replace(job, source=replace(source, spec=spec), evaluator=evaluator).planner())
    return found


def _kinds(times: list[float] | None) -> list[float]:
    """One of the prior, of the times in between, and of the limit, as far as there are any."""
    if times is None:
        return [1.0, math.inf]
    return list({(time == 0, time == math.inf): time for time in times}.values())


def fit_lines(planners: list[Planner]) -> Iterator[tuple[str, str]]:
    """What the fit of the best takes at most.

    Raises:
        ResourceError: no best can be fitted, whichever it is.
    """
    plans = [planner.best() for planner in planners]
    memory, disk = max(plan.memory_bytes for plan in plans), max(plan.disk_bytes for plan in plans)
    budget = planners[0].budget
    verdict = ", which is too much" if memory > budget.memory or disk > budget.disk else ""
    yield "fit", f"of the best: about {bytes_text(memory)} of memory at most{verdict}"
    yield "disk", f"{bytes_text(disk)} of {bytes_text(budget.disk)} free, tables not counted"


def check_fits(planners: list[Planner]) -> None:
    """Refuse a search whose best cannot be fitted, whichever it is.

    Raises:
        ResourceError: there is not enough memory or disk for any.
    """
    errors = []
    for planner in planners:
        try:
            planner.checked()
        except ResourceError as error:
            errors.append(error)
    if len(errors) == len(planners):
        raise errors[0]
