"""The part of `ntk check` for a spec with a tune section: the search, and the fit of its best."""

import math
from collections.abc import Iterator
from dataclasses import replace

from ntkcli.errors import ResourceError
from ntkcli.jobs.job import Job
from ntkcli.planning.planner import Planner
from ntkcli.regression.kernel import KERNELS
from ntkcli.spec.file import SpecFile
from ntkcli.tuning.candidates import FreeAxes
from ntkcli.tuning.search_plan import SearchPlan
from ntkcli.tuning.trials import fitted_spec
from ntkcli.units import bytes_text, counted


def search_lines(plan: SearchPlan, *, free: str) -> Iterator[tuple[str, str]]:
    """Yield what is tried, on which rows, and in how much memory.

    Args:
        plan: of the search.
        free: the word for the memory that there is, "free" or "allowed".
    """
    tune = plan.tune
    networks = counted(plan.networks, "network")
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
    """Return a planner for every kind of fit that the best can need: each kernel with each kind of time.

    Args:
        source: the spec.
        axes: the candidates of every network.
        job: holds the spec's data.
    """
    found = []
    for kernel in axes.kernels:
        for time in _kinds(axes.times) if KERNELS[kernel].has_finite_times else [math.inf]:
            changes = {"kernel": [kernel], "time": [time], "ridge": axes.ridges[0]}
            inference = source.spec.inference.model_copy(update=changes)
            spec = fitted_spec(source.spec, job.spec.data, job.spec.network, inference)
            evaluator = replace(job.evaluator, dtype=spec.compute.stored_dtype)
            found.append(replace(job, source=replace(source, spec=spec), evaluator=evaluator).planner())
    return found


def _kinds(times: list[float] | None) -> list[float]:
    """Return one time of each kind among some: the prior at 0, finite times, and the limit at inf."""
    if times is None:
        return [1.0, math.inf]
    return list({(time == 0, time == math.inf): time for time in times}.values())


def fit_lines(planners: list[Planner]) -> Iterator[tuple[str, str]]:
    """Yield the most memory and disk that the fit of the best can take.

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
    """Refuse a search if the best cannot be fitted, whichever candidate it is.

    Raises:
        ResourceError: there is too little memory or disk for every candidate.
    """
    errors = []
    for planner in planners:
        try:
            planner.checked()
        except ResourceError as error:
            errors.append(error)
    if len(errors) == len(planners):
        raise errors[0]
