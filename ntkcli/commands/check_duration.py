"""The part of `ntk check` that tells how long a fit or a search will take, and what takes how long."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ntkcli.commands.check_search import BestFit
from ntkcli.jobs.job import Job
from ntkcli.jobs.preparation import Preparation, learning
from ntkcli.planning.duration import Speed
from ntkcli.planning.plan import Plan
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
        return self.whole(self.speed.seconds(plan, sizes.itemsize))

    def text(self, plan: Plan, sizes: Sizes) -> str:
        """Return the whole duration, and the parts of it that come before the fit."""
        return self.text_of(self.speed.seconds(plan, sizes.itemsize), sizes.threads)

    def text_of(self, fit: float, threads: int) -> str:
        """Return the same for a fit that takes so many seconds on so many threads."""
        parts = [f"{part.name} about {seconds_text(part.seconds)}" for part in self.before]
        whole = f"about {seconds_text(self.whole(fit))} on {counted(threads, 'thread')}"
        return f"{whole}, of it {', '.join(parts)}" if parts else whole

    def whole(self, fit: float) -> float:
        """Return the seconds of a fit that takes so many, and of all that comes before it."""
        return self.reading + sum(part.seconds for part in self.before) + fit


def duration_lines(
    source: SpecFile, plan: SearchPlan, fits: Sequence[BestFit], job: Job
) -> Iterator[tuple[str, str]]:
    """Yield how long a search and the fit of its best take.

    Args:
        source: the spec.
        plan: of the search.
        fits: of every kind that the best can need.
        job: holds the spec's data.
    """
    search = SearchDuration(source, plan, job, Speed.measured(job.evaluator, job.train))
    times = combinations_learned(plan.tune, source.spec.data)
    parts = [learning(job, search.speed, times)] if times else []
    yield from ((part.name, part.text) for part in parts)
    parts.append(Preparation("search", "", search.seconds))
    speed = search.speed_of_best
    dearest = max(fits, key=lambda fit: fit.seconds(speed))
    # The files are read anew for the fit.
    duration = Duration(speed, (1 + dearest.readings) * job.journal.timings["read"], parts)
    yield "time", duration.text_of(dearest.seconds(speed), dearest.threads)
