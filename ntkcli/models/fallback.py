"""A job that is fitted even if iterations fail: then the next plan does without the solvers that did."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from ntkcli.errors import NumericalError
from ntkcli.inference.leave_one_out import LeaveOneOut
from ntkcli.jobs.held_out import held_out
from ntkcli.jobs.job import Job
from ntkcli.linalg.convergence import ConvergenceError
from ntkcli.models.fitting import Fitting
from ntkcli.planning.alternatives import cheapest_other
from ntkcli.planning.machine import multiply_rate
from ntkcli.planning.plan import Plan
from ntkcli.regression.question import Pair, time_text
from ntkcli.regression.stages import Stage
from ntkcli.solvers.solver import Solver

# Another plan is taken unasked where it takes so many times as long as the first one at most, or so long.
MOST_TIMES, SHORT_SECONDS = 4.0, 60.0

AnyFitting = TypeVar("AnyFitting", bound=Fitting)


def fit_job(
    job: Job, plan: Plan, begin: Callable[[Job, dict[Pair, LeaveOneOut]], AnyFitting]
) -> tuple[Plan, AnyFitting]:
    """Fit a job by a plan or, if iterations fail, by one without; returns the plan that worked too.

    Args:
        job: what is fitted.
        plan: the plan to begin with.
        begin: makes the fitting of the job, with the rows that were held out, for every attempt.

    Raises:
        NumericalError: as `Fitting.carry_out`; or iterations fail, and what is left does not fit or takes
            long.
    """
    failed: list[Solver] = []
    unseen = held_out(job)
    while True:
        fitting = begin(job, unseen)
        try:
            fitting.carry_out(plan)
            return plan, fitting
        except ConvergenceError as error:
            failure = _Failure(job, plan, plan.stages[fitting.finished], str(error))
            failed.append(failure.stage.solver)
        # Outside of the handler, because the error holds on to all that was in memory where it was raised.
        del fitting
        plan = failure.other_plan(failed)


@dataclass(frozen=True)
class _Failure:
    """Iterations that do not converge.

    job, plan: what was fitted, and how.
    stage: that failed.
    error: at which its iterations stop.
    """

    job: Job
    plan: Plan
    stage: Stage
    error: str

    @property
    def _why(self) -> str:
        return f"{self.stage.solver.noun} stops at {self.error}"

    def other_plan(self, failed: list[Solver]) -> Plan:
        """A plan without the solvers that have failed; the user is warned of the change.

        Raises:
            NumericalError: there is none that fits, and that the user would not rather be asked about.
        """
        rate = multiply_rate()
        other = None if self._is_wanted else self.job.planner(without=failed).fitting()
        if other is None or other.operations > max(MOST_TIMES * self.plan.operations, SHORT_SECONDS * rate):
            raise NumericalError(self._message(failed, rate))
        before = [stage.solver for stage in self.plan.stages]
        new = [stage.solver for stage in other.stages if stage.solver not in before]
        nouns = dict.fromkeys(solver.noun for solver in new or [stage.solver for stage in other.stages])
        self.job.journal.warn(f"{self._why}: taking {' and '.join(nouns)} instead")
        return other

    @property
    def _is_wanted(self) -> bool:
        """Whether the spec names the solver because only products with the Gram matrix will do."""
        return self.stage.solver.is_by_products and self.stage.solver.name == self.job.spec.compute.solver

    def _message(self, failed: list[Solver], rate: float) -> str:
        """What has failed, why, and what helps."""
        times = ", ".join(time_text(time) for time in self.stage.times)
        *most, last = self._remedies(failed, rate)
        return (
            f"the {self.stage.gram} Gram matrix at time {times}: {self._why} "
            f"(compute.tolerance: {self.job.question.tolerance:g}): use {', '.join(most)}, or {last}"
        )

    def _remedies(self, failed: list[Solver], rate: float) -> Iterator[str]:
        if self.job.spec.compute.dtype == "float32":
            yield "compute.dtype: float64"
        if self.stage.solver.has_finite_times:
            yield "a shorter inference.time"
        yield "a larger inference.ridge"
        yield "a larger compute.tolerance"
        yield from cheapest_other(self.job.planner(), failed, rate)
