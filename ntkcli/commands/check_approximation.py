"""The part of `ntk check` that tells what an approximation takes, and what it leaves out."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ntkcli.commands.check_duration import Duration
from ntkcli.commands.check_needs import disk_finding, memory_finding
from ntkcli.commands.finding import Finding
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


def offer(planner: Planner, exact_seconds: float, duration: Duration) -> Iterator[Finding]:
    """Yield what an approximation would take and leave out, where an exact fit takes long.

    Args:
        planner: of the exact fit.
        exact_seconds: that it takes.
        duration: has the machine's speed, and the seconds of what comes before.
    """
    if exact_seconds <= LONG_SECONDS or planner.approximated is None or not (found := planner.approximated()):
        return
    seconds, memory = _seconds(found.plan, duration), found.plan.memory_bytes
    content = {
        "centres": found.plan.centres,
        "seconds": seconds,
        "memory_bytes": memory,
        "tried_centres": found.tried,
        "left_out": found.left_out,
    }
    cost = f"about {seconds_text(seconds)} and {bytes_text(memory)}"
    text = f"{found.line} would take {cost}: {found.caution}"
    yield Finding("", text, {"other_approximation": content})


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

    def findings(self, allowed: str) -> Iterator[Finding]:
        """Yield the centres, what fewer would leave out, time, memory and disk.

        Args:
            allowed: the word for the memory that there is.
        """
        plan, job, budget = self.planner.best(), self.job, self.planner.budget
        asked = [f"{kernel} at time {time_text(time)}" for kernel, time in plan.question.pairs]
        yield Finding(
            "centres",
            f"{plan.centres:,}, from {counted(plan.sample, 'row')}, for {' and '.join(asked)}",
            {"approximation": {"centres": plan.centres, "rows_chosen_from": plan.sample}},
        )
        centres = chosen_centres(job, plan, rows_held_out(job))
        for label, count in self._counts(plan, centres):
            yield self._leaving_out(label, count, centres.left_out_by(count), plan.leading)
        seconds, threads = _seconds(plan, self.duration), plan.sizes.threads
        text = f"about {seconds_text(seconds)} on {counted(threads, 'thread')}"
        yield Finding("time", text, {"time": {"seconds": seconds, "threads": threads}})
        yield memory_finding(plan.memory_bytes, budget.memory, allowed)
        yield disk_finding(plan.model_bytes, budget.disk)

    def _leaving_out(self, label: str, count: int, share: float, gram: str) -> Finding:
        """Return what so many centres take, and what share of a Gram matrix's trace they leave out."""
        other = self.planner.plan(count)
        seconds, memory = _seconds(other, self.duration), other.memory_bytes
        content = {"centres": count, "seconds": seconds, "memory_bytes": memory, "left_out": share}
        text = (
            f"{counted(count, 'centre')}: about {seconds_text(seconds)}, {bytes_text(memory)}, "
            f"leaving out {percent_text(share)} of the {gram} kernel's trace"
        )
        return Finding(label, text, {"by_centres": [content]})

    def _counts(self, plan: NystromPlan, centres: Centres) -> Iterator[tuple[str, int]]:
        """Yield three numbers of centres, with a label for the first."""
        found = len(centres.rows)
        counts = sorted({max(2, min(found, plan.centres // part)) for part in PARTS})
        yield from zip(["leaves out", "", ""], counts, strict=False)


def _seconds(plan: NystromPlan, duration: Duration) -> float:
    """The seconds of an approximation's fit, which goes through the files more than once."""
    again = replace(duration, reading=PASSES * duration.reading)
    return again.whole(duration.speed.of_process(plan.work))
