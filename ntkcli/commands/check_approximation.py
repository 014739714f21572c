"""The part of `ntk check` that tells what an approximation takes, and what it leaves out."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ntkcli.commands.check_duration import Duration
from ntkcli.jobs.approximation import chosen_centres, rows_held_out
from ntkcli.jobs.job import Job
from ntkcli.planning.duration import PASSES
from ntkcli.planning.nystrom_plan import NystromPlan
from ntkcli.planning.nystrom_planner import NystromPlanner
from ntkcli.planning.planner import Planner
from ntkcli.regression.centres import Centres
from ntkcli.regression.question import time_text
from ntkcli.units import bytes_text, counted, percent_text, seconds_text

# An exact fit that takes longer has the approximation beside it.
LONG_SECONDS = 600.0
# What is told is told of a quarter of the centres, of half of them, and of all.
PARTS = (4, 2, 1)


def offer_lines(planner: Planner, exact_seconds: float, duration: Duration) -> Iterator[tuple[str, str]]:
    """Yield what an approximation would take and leave out, where an exact fit takes long.

    Args:
        planner: of the exact fit.
        exact_seconds: that it takes.
        duration: has the machine's speed, and the seconds of what comes before.
    """
    if exact_seconds <= LONG_SECONDS or planner.approximated is None or not (found := planner.approximated()):
        return
    seconds = seconds_text(_seconds(found.plan, duration))
    yield (
        "",
        f"{found.line} would take about {seconds} and {bytes_text(found.plan.memory_bytes)}: {found.caution}",
    )


@dataclass(frozen=True)
class ApproximationCheck:
    """What a check has to say of an approximation.

    job: with stand-ins for `auto`.
    planner: of the approximation.
    duration: has the machine's speed, and what comes before the fit.
    """

    job: Job
    planner: NystromPlanner
    duration: Duration

    def lines(self, allowed: str) -> Iterator[tuple[str, str]]:
        """Yield labels and texts.

        Args:
            allowed: the word for the memory that there is.
        """
        plan, job, budget = self.planner.best(), self.job, self.planner.budget
        asked = [f"{kernel} at time {time_text(time)}" for kernel, time in plan.question.pairs]
        yield "centres", f"{plan.centres:,}, from {counted(plan.sample, 'row')}, for {' and '.join(asked)}"
        centres = chosen_centres(job, plan, rows_held_out(job))
        for label, count in self._counts(plan, centres):
            other = self.planner.plan(count)
            share = percent_text(centres.left_out_by(count))
            yield (
                label,
                f"{counted(count, 'centre')}: about {seconds_text(_seconds(other, self.duration))}, "
                f"{bytes_text(other.memory_bytes)}, leaving out {share} of the {plan.leading} kernel's trace",
            )
        threads = counted(plan.sizes.threads, "thread")
        yield "time", f"about {seconds_text(_seconds(plan, self.duration))} on {threads}"
        yield "memory", f"about {bytes_text(plan.memory_bytes)} of {bytes_text(budget.memory)} {allowed}"
        model = bytes_text(plan.model_bytes)
        yield "disk", f"{model} of {bytes_text(budget.disk)} free, tables not counted"

    def _counts(self, plan: NystromPlan, centres: Centres) -> Iterator[tuple[str, int]]:
        """Yield three numbers of centres, with a label for the first."""
        found = len(centres.rows)
        counts = sorted({max(2, min(found, plan.centres // part)) for part in PARTS})
        yield from zip(["leaves out", "", ""], counts, strict=False)


def _seconds(plan: NystromPlan, duration: Duration) -> float:
    """The seconds of an approximation's fit, which goes through the files more than once."""
    again = replace(duration, reading=PASSES * duration.reading)
    return again.whole(duration.speed.of_process(plan.work))
