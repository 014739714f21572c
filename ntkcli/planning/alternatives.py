"""The plans that a spec gets by naming a solver."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import replace

from ntkcli.errors import ResourceError
from ntkcli.planning.plan import Plan
from ntkcli.planning.planner import Planner
from ntkcli.planning.remedies import duration_text
from ntkcli.solvers.catalogue import SOLVERS
from ntkcli.solvers.solver import Solver


def alternatives(planner: Planner) -> Iterator[tuple[str, Plan]]:
    """Every name that compute.solver can have, with its plan, if that solver then answers something."""
    if planner.question is None:
        return
    for solver in SOLVERS.values():
        if not solver.is_choice or (planner.question.has_finite_times and not solver.has_finite_times):
            continue
        # There may be too many rows for it, or it cannot be refined.
        with suppress(ResourceError):
            plan = replace(planner, choice=solver.name).best()
            if any(stage.solver is solver for stage in plan.stages):
                yield solver.name, plan


def cheapest_other(planner: Planner, failed: Collection[Solver], rate: float) -> list[str]:
    """The line of a spec whose plan fits and does without some solvers, with its time; none if there is none.

    Args:
        planner: of the job.
        failed: the solvers.
        rate: operations of a matrix product in a second.
    """
    others = [
        (plan.operations, f"compute.solver: {name} ({duration_text(plan, rate)})")
        for name, plan in alternatives(planner)
        if planner.fits(plan) and not planner.is_refused(plan.stages)
        if not any(stage.solver in failed for stage in plan.stages)
    ]
    return [min(others)[1]] if others else []
