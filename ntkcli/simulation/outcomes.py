"""The outcomes of a simulation: those that its directory has, and the others, kept as they come."""

import math
from functools import partial

from ntkcli.journal import Journal
from ntkcli.kernels.executor import Executor
from ntkcli.simulation.directory import SimulationDirectory
from ntkcli.simulation.experiment import Draw, Outcome, run
from ntkcli.simulation.plan import SimulationPlan
from ntkcli.simulation.simulation import Simulation
from ntkcli.units import counted

# Operations of a step of the progress bar.
UNIT = 1e9


def all_outcomes(
    simulation: Simulation,
    plan: SimulationPlan,
    directory: SimulationDirectory,
    executor: Executor,
    journal: Journal,
) -> dict[Draw, Outcome]:
    """Return the outcome of every draw, by width and seed.

    Args:
        simulation: says what to do with which draws.
        plan: how much work each draw is.
        directory: has the outcomes that are there, and gets the others.
        executor: works on several draws at once.
        journal: receives progress.

    Raises:
        NumericalError: a training diverges.
    """
    found = {draw: directory.kept(draw) for draw in simulation.draws}
    outcomes = {draw: outcome for draw, outcome in found.items() if outcome is not None}
    missing = [draw for draw in simulation.draws if draw not in outcomes]
    if outcomes:
        journal.tell(f"{counted(len(outcomes), 'network')} of {len(found):,} are kept from an earlier call")
    units = {draw: math.ceil(plan.work(draw, simulation) / UNIT) for draw in missing}
    with journal.phase("simulate", sum(units.values())) as advance:
        computed = executor.map(partial(run, simulation.experiment), missing)
        for draw, outcome in zip(missing, computed, strict=True):
            directory.keep(draw, outcome)
            outcomes[draw] = outcome
            advance(units[draw])
    return {draw: outcomes[draw] for draw in sorted(outcomes)}
