"""A job that is fitted even if iterations fail: then the next plan does without the solvers that did."""

import shutil

from ntkcli.errors import ResourceError
from ntkcli.jobs.held_out import held_out
from ntkcli.jobs.job import Job
from ntkcli.linalg.lanczos import ConvergenceError
from ntkcli.models.fitting import Fitting
from ntkcli.planning.plan import Plan
from ntkcli.runs.directory import RunDirectory
from ntkcli.solvers.solver import Solver


def fit_job(job: Job, run: RunDirectory, plan: Plan) -> tuple[Plan, Fitting]:
    """Fit a job by a plan or, if iterations fail, by one without; returns the plan that worked too.

    Args:
        job: what is fitted.
        run: the run directory, which gets what is written on the way.
        plan: the plan to begin with.

    Raises:
        NumericalError: as `Fitting.carry_out`.
        ResourceError: iterations fail, and what is left does not fit.
    """
    failed: list[Solver] = []
    unseen = held_out(job)
    while True:
        fitting = Fitting(job, run, unseen)
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
    new = [stage.solver for stage in other.stages if stage.solver not in before]
    nouns = dict.fromkeys(solver.noun for solver in new or [stage.solver for stage in other.stages])
    job.journal.warn(f"{why}: taking {' and '.join(nouns)} instead")
    return planner.checked()
