"""How long a plan will take, from this machine's speed measured for a fraction of a second."""

import time
from dataclasses import dataclass, replace
from typing import Self

from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.rows import Rows
from ntkcli.planning.machine import multiply_rate
from ntkcli.planning.plan import Plan
from ntkcli.planning.work import BYTE_OPERATIONS, Work

STARTUP_SECONDS = 0.6
# Passes of an approximation over the rows: of the survey, of the sums, and of the predictions.
PASSES = 3


@dataclass(frozen=True)
class Speed:
    """What this machine does in a second, on the threads of the job.

    operations: of a float64 matrix product.
    entries: of the job's kernel matrices.
    """

    operations: float
    entries: float

    @classmethod
    def measured(cls, evaluator: Evaluator, rows: Rows) -> Self:
        """Measure with some of the job's own rows."""
        return cls(multiply_rate(), _entry_rate(evaluator, rows))

    def of_kernels(self, evaluator: Evaluator, rows: Rows) -> Self:
        """Return this speed with that of the kernels of another network."""
        return replace(self, entries=_entry_rate(evaluator, rows))

    def of_work(self, work: Work) -> float:
        """Return the seconds that some work in float64 takes."""
        return work.algebra / self.operations + work.entries / self.entries

    def of_process(self, work: Work) -> float:
        """Return the seconds of a process that does some work in float64, its start included."""
        return STARTUP_SECONDS + self.of_work(work)

    def seconds(self, plan: Plan, itemsize: int) -> float:
        """All but reading and writing files; float32 does twice as much in the same time."""
        algebra = plan.work.algebra / self.operations * (itemsize / 8)
        kernels = plan.work.entries / self.entries
        reading = plan.work.stored * BYTE_OPERATIONS / self.operations
        return STARTUP_SECONDS + (algebra + kernels) * plan.slowdown + reading


def _entry_rate(evaluator: Evaluator, rows: Rows) -> float:
    some = rows[: 4 * evaluator.tile_rows]
    seconds = min(_seconds_of_kernels(evaluator, some) for _ in range(2))
    return len(some) ** 2 / seconds


def _seconds_of_kernels(evaluator: Evaluator, rows: Rows) -> float:
    start = time.perf_counter()
    evaluator.rectangle(rows, rows, ["nngp", "ntk"])
    return time.perf_counter() - start
