"""The part of `ntk check` that tells how long a fit or a search will take, and what takes how long."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ntkcli.commands.check_search import BestFit
from ntkcli.commands.finding import Finding
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

    @property
    def findings_before(self) -> list[Finding]:
        """What comes before the fit, in words."""
        return [part_finding(part) for part in self.before]

    def finding(self, fit: float, threads: int) -> Finding:
        """Return the duration of a fit of so many seconds with what comes before it."""
        parts = [f"{part.name} about {seconds_text(part.seconds)}" for part in self.before]
        seconds = self.whole(fit)
        whole = f"about {seconds_text(seconds)} on {counted(threads, 'thread')}"
        text = f"{whole}, of it {', '.join(parts)}" if parts else whole
        return Finding("time", text, {"time": {"seconds": seconds, "threads": threads}})

    def whole(self, fit: float) -> float:
        """Return the seconds of a fit that takes so many, and of all that comes before it."""
        return self.reading + sum(part.seconds for part in self.before) + fit


def part_finding(part: Preparation) -> Finding:
    """Return what a part of the preparation is, in words."""
    return Finding(part.name, part.text, {"before": [part._asdict()]})


def duration_findings(
    source: SpecFile, plan: SearchPlan, fits: Sequence[BestFit], job: Job
) -> Iterator[Finding]:
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
    yield from map(part_finding, parts)
    parts.append(Preparation("search", "", search.seconds))
    speed = search.speed_of_best
    dearest = max(fits, key=lambda fit: fit.seconds(speed))
    # The files are read anew for the fit.
    duration = Duration(speed, (1 + dearest.readings) * job.journal.timings["read"], parts)
    whole = duration.finding(dearest.seconds(speed), dearest.threads)
    yield replace(whole, content={**whole.content, "search": {"seconds": search.seconds}})
