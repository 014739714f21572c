"""`ntk fit`: a spec's predictions, metrics, model and matrices, in a run directory."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from ntkcli.errors import ResourceError
from ntkcli.jobs.automatic import automatic
from ntkcli.jobs.checks import check_accuracy, preflight
from ntkcli.jobs.job import Job, open_job
from ntkcli.journal import Journal
from ntkcli.linalg.lanczos import ConvergenceError
from ntkcli.models.fitting import Fitting
from ntkcli.planning.plan import Plan
from ntkcli.results.metrics import Metrics
from ntkcli.runs.directory import RunDirectory
from ntkcli.runs.manifest import MANIFEST, write_manifest
from ntkcli.solvers.solver import Solver
from ntkcli.spec.file import read_spec

CONTENTS = (*MANIFEST, "predictions.csv", "metrics.json", "model", "kernels", "covariance", "samples")


@dataclass(frozen=True)
class FitReport:
    """The report of a fit.

    place: the run directory.
    metrics: of the rows predicted.
    """

    place: Path
    metrics: Metrics


def fit(spec_path: Path, *, out: Path | None, overwrite: bool, journal: Journal) -> FitReport:
    """Fit a spec and write its run directory.

    Args:
        spec_path: the YAML spec.
        out: the run directory, instead of the spec's output.dir.
        overwrite: whether a run directory that is already there is replaced.
        journal: receives progress and warnings.

    Raises:
        NtkError: one of its subclasses, each with its own exit code.
    """
    source = read_spec(spec_path, out)
    run = RunDirectory(source.spec.place, overwrite=overwrite, contents=CONTENTS)
    with open_job(source, journal) as job:
        if source.spec.inference.is_automatic:
            job = job.with_inference(automatic(job))
        preflight(job)
        plan = job.planner().checked()
        with run:
            plan, fitting = _fit_or_fall_back(job, run, plan)
            check_accuracy(job, fitting.records)
            with journal.phase("write"):
                metrics = fitting.write()
            write_manifest(run, job, fitting.records, fitting.calibrations, in_file=plan.in_file)
        return FitReport(run.place, metrics)


def _fit_or_fall_back(job: Job, run: RunDirectory, plan: Plan) -> tuple[Plan, Fitting]:
    """The plan that worked, and what it gave: if iterations fail, the next one does without them."""
    failed: list[Solver] = []
    while True:
        fitting = Fitting(job, run)
        try:
            fitting.carry_out(plan)
            return plan, fitting
        except ConvergenceError as error:
            tried = [stage.solver for stage in plan.stages if stage.solver.is_iterative]
            failed += tried
            why = f"{' or '.join(dict.fromkeys(solver.noun for solver in tried))} stops at {error}"
        # Outside of the handler, because the error holds on to all that was in memory where it was raised.
        del fitting
        plan = _other_plan(job, failed, plan, why)
        shutil.rmtree(run.folder("model"))


def _other_plan(job: Job, failed: list[Solver], plan: Plan, why: str) -> Plan:
    """A plan without the solvers that have failed; the user is warned of the change."""
    planner = job.planner(without=failed)
    try:
        other = planner.best()
    except ResourceError:
        job.journal.warn(why)
        raise
    before = [stage.solver for stage in plan.stages]
    new = dict.fromkeys(stage.solver.noun for stage in other.stages if stage.solver not in before)
    job.journal.warn(f"{why}: taking {' and '.join(new)} instead")
    return planner.checked()
