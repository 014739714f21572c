"""The part of `ntk check` that tells how long a fit or a search will take, and what takes how long."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ntkcli.jobs.job import Job
from ntkcli.jobs.preparation import Preparation, learning
from ntkcli.planning.duration import Speed
from ntkcli.planning.plan import Plan
from ntkcli.planning.planner import Planner
from ntkcli.planning.sizes import Sizes
from ntkcli.spec.file import SpecFile
from ntkcli.tuning.inputs import combinations_learned
from ntkcli.tuning.search_duration import SearchDuration
from ntkcli.tuning.search_plan import SearchPlan
from ntkcli.units import counted, seconds_text


@dataclass(frozen=True)
class Duration:
    """How long a fit takes, with what comes before it.

    speed: of the machine.
    reading: seconds that reading the files takes.
    before: what comes before the fit.
    """

    speed: Speed
    reading: float
    before: Sequence[Preparation]

    def seconds(self, plan: Plan, sizes: Sizes) -> float:
        """Return the seconds of a plan and of all that comes before it."""
        before = sum(part.seconds for part in self.before)
        return self.reading + before + self.speed.seconds(plan, sizes.itemsize)

    def text(self, plan: Plan, sizes: Sizes) -> str:
        """Return the whole duration, and the parts of it that come before the fit."""
        parts = [f"{part.name} about {seconds_text(part.seconds)}" for part in self.before]
        whole = f"about {seconds_text(self.seconds(plan, sizes))} on {counted(sizes.threads, 'thread')}"
        return f"{whole}, of it {', '.join(parts)}" if parts else whole


def duration_lines(
    source: SpecFile, plan: SearchPlan, planners: Sequence[Planner], job: Job
) -> Iterator[tuple[str, str]]:
    """Yield how long a search and the fit of its best take.

    Args:
        source: the spec.
        plan: of the search.
        planners: of every kind of fit that the best can need.
        job: holds the spec's data.
    """
    search = SearchDuration(source, plan, job, Speed.measured(job.evaluator, job.train))
    times = combinations_learned(plan.tune, source.spec.data)
    parts = [learning(job, search.speed, times)] if times else []
    yield from ((part.name, part.text) for part in parts)
    parts.append(Preparation("search", "", search.seconds))
    # The files are read once more for the fit.
    duration = Duration(search.speed_of_best, 2 * job.journal.timings["read"], parts)
    dearest = max(planners, key=lambda planner: duration.seconds(planner.best(), planner.sizes))
    yield "time", duration.text(dearest.best(), dearest.sizes)
