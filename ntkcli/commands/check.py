"""`ntk check`: what fitting a spec will need and do, without doing it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ntkcli.data.doubts import doubts
from ntkcli.errors import NtkError
from ntkcli.job import Job, open_job
from ntkcli.journal import Journal
from ntkcli.plan import Plan, Planner
from ntkcli.preflight import preflight
from ntkcli.question import time_text
from ntkcli.spec_file import read_spec
from ntkcli.speed import Speed
from ntkcli.stages import SolverChoice, Stage
from ntkcli.units import bytes_text, seconds_text

SOLVERS = {
    "none": "the prior, nothing to solve",
    "cholesky": "one Cholesky factorisation",
    "lanczos": "one Cholesky factorisation, then shift-invert Lanczos",
    "eigh": "one eigendecomposition",
}
OTHERS: list[SolverChoice] = ["lanczos", "eigh"]


@dataclass(frozen=True)
class CheckReport:
    """What a check has to show.

    lines: label and text.
    doubts: what looks wrong in the data, a line each.
    failure: what would end the fit before it begins, or None.
    """

    lines: list[tuple[str, str]]
    doubts: list[str]
    failure: NtkError | None


def check(spec_path: Path, *, out: Path | None, journal: Journal) -> CheckReport:
    """Read a spec and its data, and plan the fit.

    Args: as `ntkcli.commands.fit.fit`.

    Raises:
        NtkError: the spec or the data cannot be read.
    """
    source = read_spec(spec_path, out)
    with open_job(source, journal) as job:
        planner = job.planner()
        plan = planner.best()
        speed = Speed.measured(job.gram, job.train)
        lines = [*_data_lines(job), *_plan_lines(job, planner, plan, speed)]
        return CheckReport(lines, list(doubts(job.dataset)), _failure(job, planner))


def _failure(job: Job, planner: Planner) -> NtkError | None:
    try:
        preflight(job)
        planner.checked()
    except NtkError as error:
        return error
    return None


def _data_lines(job: Job) -> Iterator[tuple[str, str]]:
    sizes, network = job.sizes, job.spec.network
    test = f"{sizes.m:,} test rows" if job.dataset.has_test_file else "no test file"
    targets = f"{sizes.k} targets" if sizes.k > 1 else "1 target"
    yield "data", f"{sizes.n:,} training rows, {test}, {sizes.d:,} features, {targets}"
    yield "network", f"{network.activation}, depth {network.depth}"


def _plan_lines(job: Job, planner: Planner, plan: Plan, speed: Speed) -> Iterator[tuple[str, str]]:
    sizes, budget = planner.sizes, planner.budget
    for stage in plan.stages:
        yield "solver", _stage_text(stage)
        yield "matrices", _matrices_text(stage.matrices(job.question), sizes.matrix, in_file=plan.in_file)
    yield "time", f"about {seconds_text(speed.seconds(plan, sizes.itemsize))} on {sizes.threads} threads"
    for choice in OTHERS:
        other = replace(planner, choice=choice).best()
        if other.stages != plan.stages:
            seconds = seconds_text(speed.seconds(other, sizes.itemsize))
            memory = bytes_text(other.memory_bytes)
            yield "", f"compute.solver: {choice} would take about {seconds} and {memory}"
    source = "free" if job.spec.compute.memory == "auto" else "allowed"
    yield "memory", f"about {bytes_text(plan.memory_bytes)} of {bytes_text(budget.memory)} {source}"
    yield "disk", f"{bytes_text(plan.disk_bytes)} of {bytes_text(budget.disk)} free, tables not counted"
    for name in planner.matrices:
        yield "", f"{bytes_text(sizes.bytes_of(name))} for kernels/{name}.npy"


def _stage_text(stage: Stage) -> str:
    kernels, times = " and ".join(stage.kernels), ", ".join(map(time_text, stage.times))
    return f"{stage.solver}: {SOLVERS[stage.solver]}, for {kernels} at time {times}"


def _matrices_text(held: list[str], size: int, *, in_file: bool) -> str:
    if not held:
        return "none"
    where = "in a file" if in_file else "in memory"
    return f"{' and '.join(held)}, {bytes_text(size)} {'each ' if len(held) > 1 else ''}{where}"
