"""How a job will be done, and what it will need: known before anything large is allocated."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from ntkcli.costs import FILE_SLOWDOWN, Sizes, Work, stage_bytes, stage_work
from ntkcli.errors import ResourceError
from ntkcli.machine import available_memory, free_disk
from ntkcli.question import Question
from ntkcli.stages import Solver, SolverChoice, Stage, ladders
from ntkcli.units import bytes_text


@dataclass(frozen=True)
class Plan:
    """One way to do a job.

    stages: what is factored, and how; none for `ntk kernel`.
    in_file: whether the Gram matrices' blocks lie in a file instead of memory.
    memory_bytes: at the peak, the interpreter and its libraries included.
    disk_bytes: of the matrices and covariances written, and of the blocks in a file.
    work: the arithmetic.
    operations: all of it, in operations of a matrix product that would take as long.
    """

    stages: list[Stage]
    in_file: bool
    memory_bytes: int
    disk_bytes: int
    work: Work
    operations: float


@dataclass(frozen=True)
class Budget:
    """What a job may take.

    memory: bytes, of the whole process.
    disk: bytes, under `folder`.
    """

    memory: int
    disk: int
    folder: Path

    @classmethod
    def of(cls, memory: int | None, folder: Path) -> "Budget":
        """The spec's memory, or all that is free; the disk that the run directory is on."""
        return cls(available_memory() if memory is None else memory, free_disk(folder), folder)


@dataclass(frozen=True)
class Planner:
    """Everything that decides how a job is done.

    sizes: of the data and the network.
    question: what is predicted; None for `ntk kernel`, which writes matrices only.
    choice: the solvers allowed.
    without: solvers that have failed already.
    matrices: names of the kernel matrices to write.
    """

    sizes: Sizes
    budget: Budget
    question: Question | None = None
    choice: SolverChoice = "auto"
    without: tuple[Solver, ...] = ()
    matrices: list[str] = field(default_factory=list)

    def best(self) -> Plan:
        """The cheapest plan within the budget or, if there is none, the one that needs least memory."""
        plans = list(self._plans())
        fitting = [plan for plan in plans if self._fits(plan)]
        if fitting:
            return min(fitting, key=lambda plan: plan.operations)
        return min(plans, key=lambda plan: (plan.disk_bytes > self.budget.disk, plan.memory_bytes))

    def checked(self) -> Plan:
        """The best plan.

        Raises:
            ResourceError: it is not within the budget; the message tells what would be.
        """
        plan = self.best()
        if plan.memory_bytes > self.budget.memory:
            raise ResourceError(
                f"not enough memory: this job needs about {bytes_text(plan.memory_bytes)}, and "
                f"{bytes_text(self.budget.memory)} are free or allowed (compute.memory): {self._remedies()}"
            )
        if plan.disk_bytes > self.budget.disk:
            raise ResourceError(
                f"not enough disk: this job needs {bytes_text(plan.disk_bytes)}, and "
                f"{bytes_text(self.budget.disk)} are free under {self.budget.folder}: ask for fewer of "
                "output.kernels, or write elsewhere with --out"
            )
        return plan

    def _plans(self) -> Iterator[Plan]:
        """Every ladder, its blocks in memory or in a file; an eigendecomposition has to be in memory."""
        for stages in ladders(self.question, self.choice) if self.question else iter([[]]):
            if any(stage.solver in self.without for stage in stages):
                continue
            yield self._plan(stages, in_file=False)
            if all(stage.solver != "eigh" for stage in stages):
                yield self._plan(stages, in_file=True)

    def _plan(self, stages: list[Stage], *, in_file: bool) -> Plan:
        sizes = self.sizes
        peaks = [self._writing(stages, in_file=in_file)]
        work = Work()
        disk = sum(sizes.bytes_of(name) for name in self.matrices)
        if self.question:
            peaks += [stage_bytes(stage, sizes, self.question, in_file=in_file) for stage in stages]
            work = sum((stage_work(stage, sizes, self.question) for stage in stages), work)
            if self.question.spread == "covariance":
                disk += len(self.question.pairs) * sizes.k * sizes.m**2 * 8
        if in_file:
            disk += self._held(stages) * sizes.matrix
        operations = work.operations(sizes) * (FILE_SLOWDOWN if in_file else 1.0)
        return Plan(stages, in_file, sizes.base + max(peaks), disk, work, operations)

    def _held(self, stages: list[Stage]) -> int:
        """The most Gram matrices of the training rows that there are at once."""
        if self.question is None:
            return 1
        return max([len(stage.matrices(self.question)) for stage in stages], default=0)

    def _writing(self, stages: list[Stage], *, in_file: bool) -> int:
        """Bytes while kernel matrices are written, beside those that the first stage will need."""
        if not self.matrices:
            return 0
        first = stages[0].matrices(self.question) if self.question and stages else []
        blocks = 0 if in_file else len(first) * self.sizes.matrix
        return blocks + max(self.sizes.writing(name, first, in_file=in_file) for name in self.matrices)

    def _fits(self, plan: Plan) -> bool:
        return plan.memory_bytes <= self.budget.memory and plan.disk_bytes <= self.budget.disk

    def _remedies(self) -> str:
        """What to change so that the job fits, with figures."""
        found = []
        if self._would_fit(sizes=replace(self.sizes, itemsize=4)):
            found.append(f"compute.dtype: {'mixed' if self._can_be_mixed else 'float32'}")
        if self.choice != "auto" and self._would_fit(choice="auto"):
            found.append("compute.solver: auto")
        spread = self.question.spread if self.question else "none"
        if spread == "covariance" and self._would_fit(question=self._asking("variance")):
            found.append("output.covariance: false")
        if spread == "variance" and self._would_fit(question=self._asking("none")):
            found.append("output.std: false")
        rows = self._largest_rows()
        if rows:
            found.append(f"{rows} training rows or fewer")
        return "use " + ", or ".join([*found, "a larger machine"])

    @property
    def _can_be_mixed(self) -> bool:
        if self.question is None or self.choice == "eigh":
            return False
        return {time for _, time in self.question.pairs} <= {0.0, math.inf}

    def _asking(self, spread: Literal["variance", "none"]) -> Question | None:
        return replace(self.question, spread=spread) if self.question else None

    def _would_fit(self, **changes: object) -> bool:
        planner = replace(self, **changes)  # type: ignore[arg-type]
        return planner._fits(planner.best())

    def _largest_rows(self) -> int:
        """The most training rows that fit, to two digits, by bisection; 0 if hardly any do."""
        low, high = 0, self.sizes.n
        while high - low > max(1, high // 100):
            middle = (low + high) // 2
            if self._would_fit(sizes=replace(self.sizes, n=middle)):
                low = middle
            else:
                high = middle
        return low
