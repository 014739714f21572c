"""The part of `ntk check` that tells how an exact fit will be done, and what it takes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ntkcli.commands.check_approximation import offer
from ntkcli.commands.check_duration import Duration
from ntkcli.commands.check_needs import disk_finding, memory_finding
from ntkcli.commands.finding import Finding
from ntkcli.jobs.job import Job
from ntkcli.planning.alternatives import alternatives
from ntkcli.planning.plan import Plan
from ntkcli.planning.planner import Planner
from ntkcli.planning.work import stage_cost
from ntkcli.regression.question import time_text
from ntkcli.regression.stages import Stage
from ntkcli.units import bytes_text, seconds_text


@dataclass(frozen=True)
class PlanCheck:
    """What a check has to say of a plan.

    job: with stand-ins for `auto`.
    planner: of the job.
    duration: has the machine's speed, and the seconds of what comes before.
    """

    job: Job
    planner: Planner
    duration: Duration

    def findings(self, allowed: str) -> Iterator[Finding]:
        """Yield solvers, time with that of other solvers, memory and disk.

        Args:
            allowed: the word for the memory that there is.
        """
        plan, sizes, budget = self.planner.best(), self.planner.sizes, self.planner.budget
        for stage in plan.stages:
            yield from self._solver(stage, plan)
        yield self.duration.finding(self.duration.speed.seconds(plan, sizes.itemsize), sizes.threads)
        yield from self._others(plan)
        yield from offer(self.planner, self.duration.seconds(plan, sizes), self.duration)
        yield memory_finding(plan.memory_bytes, budget.memory, allowed)
        yield disk_finding(plan.disk_bytes, budget.disk)
        for name in self.planner.matrices:
            size = sizes.bytes_of(name)
            content = {"matrices": [{"file": f"kernels/{name}.npy", "bytes": size}]}
            yield Finding("", f"{bytes_text(size)} for kernels/{name}.npy", content)

    def _solver(self, stage: Stage, plan: Plan) -> Iterator[Finding]:
        """Yield what a stage is solved by, and what of Gram matrices it has."""
        question, sizes = self.job.question, self.planner.sizes
        held = stage.matrices(question)
        content: dict[str, Any] = {
            "solver": stage.solver.name,
            "pairs": [{"kernel": kernel, "time": time_text(time)} for kernel, time in stage.pairs],
            "matrices": list(held),
            "matrix_bytes": replace(sizes, itemsize=plan.storage.itemsize).matrix if held else 0,
            "storage": plan.storage.place,
        }
        yield Finding("solver", _stage_text(stage), {"solvers": [content]})
        if text := stage.solver.expectation(sizes.n, stage_cost(stage, sizes, question)):
            yield Finding("", text)
        if stage.sampling and stage.is_sampled(question, sizes.m):
            yield Finding("", stage.sampling.text)
        if held:
            each = "each " if len(held) > 1 else ""
            size = bytes_text(content["matrix_bytes"])
            took = "" if plan.storage.place == "tiles" else f"{size} {each}"
            yield Finding("matrices", f"{' and '.join(held)}, {took}{plan.storage.text}")

    def _others(self, plan: Plan) -> Iterator[Finding]:
        """Yield what other solvers would take."""
        for name, other in alternatives(self.planner):
            if other.stages == plan.stages:
                continue
            seconds = self.duration.seconds(other, self.planner.sizes)
            verdict = self._verdict(other)
            content = {
                "solver": name,
                "seconds": seconds,
                "memory_bytes": other.memory_bytes,
                "fits": self.planner.fits(other),
                "likely_to_give_up": self.planner.is_refused(other.stages),
            }
            cost = f"about {seconds_text(seconds)} and {bytes_text(other.memory_bytes)}"
            text = f"compute.solver: {name} would take {cost}{verdict}"
            yield Finding("", text, {"other_solvers": [content]})

    def _verdict(self, plan: Plan) -> str:
        """Return what stands in the way of a plan, if anything does."""
        if not self.planner.fits(plan):
            return ", which is too much"
        return ", and is likely to give up" if self.planner.is_refused(plan.stages) else ""


def _stage_text(stage: Stage) -> str:
    # Every kernel has its own times: ntkgp exists at inf alone.
    asked = [
        f"{kernel} at time {', '.join(time_text(time) for other, time in stage.pairs if other == kernel)}"
        for kernel in stage.kernels
    ]
    return f"{stage.solver.name}: {stage.solver.summary}, for {' and '.join(asked)}"
