"""How a job will be done, and what it will need: known before anything large is allocated."""

from dataclasses import dataclass

from ntkcli.planning.work import FILE_SLOWDOWN, Work
from ntkcli.regression.stages import Stage
from ntkcli.solvers.storage import Storage


@dataclass(frozen=True)
class Plan:
    """One way to do a job.

    stages: what is factored, and how; none for `ntk kernel`.
    storage: where the Gram matrices are, and what an entry takes.
    memory_bytes: at the peak, the interpreter and its libraries included.
    disk_bytes: of the matrices and covariances written, and of the blocks in a file.
    work: the arithmetic.
    operations: all of it, in operations of a matrix product that would take as long.
    """

    stages: list[Stage]
    storage: Storage
    memory_bytes: int
    disk_bytes: int
    work: Work
    operations: float

    @property
    def slowdown(self) -> float:
        """How many times as long algebra takes where it waits for a file; products wait by what they read."""
        reading = [stage.solver for stage in self.stages if stage.solver.reads_gram]
        multiply_only = bool(reading) and all(solver.is_by_products for solver in reading)
        return FILE_SLOWDOWN if self.storage.place == "file" and not multiply_only else 1.0
