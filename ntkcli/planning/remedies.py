"""What to change in a spec so that its job fits into memory, and how long it would take then."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from ntkcli.planning.machine import multiply_rate
from ntkcli.regression.question import Uncertainty
from ntkcli.regression.stages import ways
from ntkcli.solvers.catalogue import SOLVERS
from ntkcli.units import counted, seconds_text

if TYPE_CHECKING:
    from ntkcli.planning.nystrom_plan import NystromPlan
    from ntkcli.planning.plan import Plan
    from ntkcli.planning.planner import Planner

# For each uncertainty, the one that takes less, and the line of the spec that asks for it.
LESS: dict[Uncertainty, tuple[Uncertainty, str]] = {
    "covariance": ("variance", "output.covariance: false"),
    "variance": ("none", "output.std: false"),
}
# So many rows that a fit of them takes longer are no advice.
LONGEST_SECONDS = 3600.0
# That are told of a number of rows.
DIGITS = 3


def remedies(planner: "Planner") -> str:
    """The changes of a spec that make its job fit, and how many training rows would, with their times."""
    return "use " + ", or ".join(_Search(planner, multiply_rate()).remedies())


def duration_text(plan: "Plan | NystromPlan", rate: float) -> str:
    """How long a plan takes on a machine that does so many operations of a matrix product in a second."""
    seconds = plan.operations / rate
    return f"about {seconds_text(seconds)}" if seconds >= 1 else "about a second"


@dataclass(frozen=True)
class _Search:
    """The search for plans that fit.

    planner: of the job that does not.
    rate: operations of a matrix product in a second.
    """

    planner: "Planner"
    rate: float

    def remedies(self) -> Iterator[str]:
        """Every change that helps, with its time."""
        for line, planner in self._changes():
            if plan := planner.fitting():
                yield f"{line} ({duration_text(plan, self.rate)})"
        if rows := self._most_rows():
            time = duration_text(self._with_rows(rows).best(), self.rate)
            yield f"{counted(rows, 'training row')} or fewer ({time})"
        if self.planner.approximated and (other := self.planner.approximated()):
            yield f"{other.line} ({duration_text(other.plan, self.rate)}; {other.caution})"
        yield f"more memory ({duration_text(self.planner.best(), self.rate)})"

    def _changes(self) -> Iterator[tuple[str, "Planner"]]:
        """Lines of a spec that may help."""
        planner, question = self.planner, self.planner.question
        yield _halved(planner)
        if planner.choice != "auto":
            yield "compute.solver: auto", replace(planner, choice="auto")
        if question and question.uncertainty in LESS:
            less, line = LESS[question.uncertainty]
            yield line, replace(planner, question=replace(question, uncertainty=less))

    def _most_rows(self) -> int:
        """Nearly the most training rows that fit and do not take long; 0 if hardly any do."""
        n = self.planner.sizes.n
        # Solvers come and go where the number of rows passes a limit of theirs; in between, fewer fit sooner.
        limits = {solver.least_rows for solver in SOLVERS.values()}
        limits |= {solver.most_rows + 1 for solver in SOLVERS.values() if solver.most_rows}
        limits = {0, n} | {limit for limit in limits if limit < n}
        for high, low in pairwise(sorted(limits, reverse=True)):
            if low == 0 or self._is_advice(low):
                return self._bisected(low, high)
        return 0

    def _bisected(self, low: int, high: int) -> int:
        """Nearly the most rows, rounded, from `low`, which are few enough, to `high`, which are too many."""
        least = low
        while high - low > max(1, high // 100):
            middle = (low + high) // 2
            low, high = (middle, high) if self._is_advice(middle) else (low, middle)
        unit = int(10 ** max(0, len(str(low)) - DIGITS))
        return max(least, low - low % unit)

    def _is_advice(self, rows: int) -> bool:
        plan = self._with_rows(rows).fitting()
        return plan is not None and plan.operations <= LONGEST_SECONDS * self.rate

    def _with_rows(self, rows: int) -> "Planner":
        return replace(self.planner, sizes=replace(self.planner.sizes, n=rows))


def _halved(planner: "Planner") -> tuple[str, "Planner"]:
    """Numbers of half the size: corrected where that can be, as it costs no digits."""
    short, question = replace(planner, sizes=replace(planner.sizes, itemsize=4)), planner.question
    corrected = replace(question, refine=True) if question else None
    if corrected and any(ways(corrected, planner.choice)):
        return "compute.dtype: mixed", replace(short, question=corrected)
    return "compute.dtype: float32", short
