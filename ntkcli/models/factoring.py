"""What is told of factorisations that a model does not have, where standard deviations want them."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from ntkcli.errors import ResourceError
from ntkcli.models.model import TABLE_ROWS, Model
from ntkcli.planning.alternatives import cheapest_other
from ntkcli.planning.machine import multiply_rate, thread_count
from ntkcli.planning.remedies import duration_text
from ntkcli.regression.question import Pair
from ntkcli.solvers.catalogue import SOLVERS
from ntkcli.solvers.solver import KeepingSolver, Solver


def factoring_lines(model: Model, pairs: Sequence[Pair]) -> Iterator[str]:
    """Yield what has to be computed again for standard deviations, a line for each kind of solver.

    Of a solver that keeps no factorisation, the line tells about how long that takes, and what helps.

    Args:
        model: as it was read.
        pairs: the kernels and times that are predicted.
    """
    again = model.solvers_again(pairs)
    if any(isinstance(solver, KeepingSolver) for solver in again):
        keeping = "fit with output.factor: true to keep it"
        yield f"std: the factorisation is computed again ({keeping}); of many rows, --no-std is far quicker"
    for solver in again:
        if not isinstance(solver, KeepingSolver):
            yield _beginning_again(model, [pair for pair in pairs if solver.answers(pair.time)], solver)


def _beginning_again(model: Model, pairs: Sequence[Pair], solver: Solver) -> str:
    rate = multiply_rate()
    planner = model.planner(pairs, std=True, threads=thread_count("auto"))
    helps = ["give all rows at once", "use --no-std"]
    without = [other for other in SOLVERS.values() if not isinstance(other, KeepingSolver)]
    helps += [f"fit with output.factor: true and {other}" for other in cheapest_other(planner, without, rate)]
    what = f"std: {solver.name} keeps no factorisation and begins again from the Gram matrix"
    # Memory may be short, which is refused elsewhere.
    with suppress(ResourceError):
        few, many = (
            duration_text(
                replace(planner, sizes=replace(planner.sizes, m=rows), choice=solver.name).best(), rate
            )
            for rows in (1, TABLE_ROWS)
        )
        what += f", {few} for one row, {many} for {TABLE_ROWS:,}"
    return f"{what}: {', '.join(helps[:-1])} or {helps[-1]}"
