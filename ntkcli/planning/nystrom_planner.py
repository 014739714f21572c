"""How many centres an approximation has where the spec leaves it open, and whether it fits in a budget."""

from dataclasses import dataclass

from ntkcli.errors import ResourceError, SpecError
from ntkcli.planning.budget import Budget
from ntkcli.planning.nystrom_plan import NystromPlan
from ntkcli.planning.sizes import Sizes
from ntkcli.regression.centres import sample_rows
from ntkcli.regression.question import Question
from ntkcli.units import bytes_text, counted

# Numbers of centres that `auto` takes: a few, so that another machine mostly takes the same one.
STEPS = [base * 10**power for power in range(2, 6) for base in (1, 2, 3, 5)]
# Operations of a matrix product that `auto` spends at most: five minutes or so of two processors.
MOST_OPERATIONS = 5e13


@dataclass(frozen=True)
class NystromPlanner:
    """What decides how an approximation is fitted.

    centres, sample: as the spec has them, or `auto`.
    others: see `NystromPlan`.
    """

    centres: int | str
    sample: int | str
    seed: int
    sizes: Sizes
    budget: Budget
    question: Question
    held_out: int
    at_hand: int
    kept_bytes: int = 0

    def best(self) -> NystromPlan:
        """The plan with the spec's centres, or with the most that memory and patience allow."""
        if self.centres != "auto":
            return self.plan(int(self.centres))
        most = min(self.at_hand, self.sizes.n)
        if self.sample != "auto":
            most = min(most, int(self.sample))
        plans = [self.plan(count) for count in sorted({*STEPS, most}) if count <= most]
        allowed = [plan for plan in plans if self._is_allowed(plan)]
        return max(allowed, key=lambda plan: plan.centres) if allowed else plans[0]

    def _is_allowed(self, plan: NystromPlan) -> bool:
        return plan.memory_bytes <= self.budget.memory and plan.operations <= MOST_OPERATIONS

    def plan(self, centres: int) -> NystromPlan:
        """The plan with so many centres."""
        wanted = sample_rows(centres, self.at_hand) if self.sample == "auto" else int(self.sample)
        sample = min(self.at_hand, max(centres, wanted))
        rows = self.held_out, self.at_hand, self.kept_bytes
        return NystromPlan(centres, sample, self.seed, self.question, self.sizes, *rows)

    def checked(self) -> NystromPlan:
        """The best plan.

        Raises:
            SpecError: there are more centres than rows.
            ResourceError: it is not within the budget; the message says what would be.
        """
        plan, most = self.best(), min(self.at_hand, self.sizes.n)
        if plan.centres > most:
            rows = "rows" if most == self.sizes.n else "rows that centres are chosen from"
            raise SpecError(
                f"inference.approximation.centres: {plan.centres:,} are more than the {most:,} training "
                f"{rows}: give a number up to {most}, or auto"
            )
        if plan.memory_bytes > self.budget.memory:
            raise ResourceError(
                f"not enough memory: {counted(plan.centres, 'centre')} need about "
                f"{bytes_text(plan.memory_bytes)}, and {bytes_text(self.budget.memory)} are there: "
                f"{self._remedy(plan)}"
            )
        if plan.model_bytes > self.budget.disk:
            raise ResourceError(
                f"not enough disk: the model takes {bytes_text(plan.model_bytes)}, and "
                f"{bytes_text(self.budget.disk)} are free under {self.budget.folder}: use fewer centres, or "
                "another output.dir"
            )
        return plan

    def _remedy(self, plan: NystromPlan) -> str:
        fewer = [count for count in STEPS if count < plan.centres]
        fitting = [count for count in fewer if self.plan(count).memory_bytes <= self.budget.memory]
        return f"use {max(fitting)} centres or fewer, or more memory" if fitting else "give it more memory"
