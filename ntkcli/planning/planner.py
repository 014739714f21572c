"""The cheapest plan for a question that fits in a budget."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from ntkcli.errors import ResourceError
from ntkcli.kernels.rows import GramName
from ntkcli.linalg.blocks import block_bytes
from ntkcli.planning.approximated import Approximated
from ntkcli.planning.budget import Budget
from ntkcli.planning.footprint import stage_bytes, writing_bytes
from ntkcli.planning.path_sampling import DEARER, planned_work, with_sampling
from ntkcli.planning.plan import Plan
from ntkcli.planning.remedies import remedies
from ntkcli.planning.sizes import Sizes, matrix_parts
from ntkcli.planning.work import Work, stage_cost
from ntkcli.regression.question import Question
from ntkcli.regression.stages import Stage, ways
from ntkcli.solvers.catalogue import SOLVERS
from ntkcli.solvers.solver import Solver
from ntkcli.solvers.storage import Place, Storage
from ntkcli.units import bytes_text

PLACES: tuple[Place, ...] = ("memory", "file", "tiles")


@dataclass(frozen=True)
class Planner:
    """Everything that decides how a job is done.

    sizes: of the data and the network.
    question: what is predicted; None for `ntk kernel`, which writes matrices only.
    choice: the solver that compute.solver names, or `auto`.
    without: solvers that have failed already.
    matrices: names of the kernel matrices to write.
    before: bytes that something before the stages takes at its peak, beside the base.
    is_kept: whether Gram matrices and rectangles are kept on the disk beside, to go on after an interruption.
    approximated: finds out what an approximation would take and leave out; None where there can be none.
    """

    sizes: Sizes
    budget: Budget
    question: Question | None = None
    choice: str = "auto"
    without: Collection[Solver] = ()
    matrices: list[str] = field(default_factory=list)
    before: int = 0
    is_kept: bool = False
    approximated: Callable[[], Approximated | None] | None = None

    def best(self) -> Plan:
        """The cheapest plan within the budget or, if there is none, the one that is nearest to it.

        Raises:
            ResourceError: there are too many rows for the only solvers that would do, or none is left.
        """
        plans = list(self._plans())
        if not plans:
            raise ResourceError(self._no_plan)
        fitting = [plan for plan in plans if self.fits(plan)]
        if fitting:
            return min(fitting, key=self._dearness)
        return min(filter(self._is_possible, plans), key=self._distance)

    def _dearness(self, plan: Plan) -> float:
        """Operations, as far as one would put up with them for exact variances."""
        is_rough = any(stage.sampling for stage in plan.stages)
        is_asked = self.question and self.question.variance_samples != "auto"
        return plan.operations * (DEARER if is_rough and not is_asked else 1.0)

    def checked(self) -> Plan:
        """The best plan.

        Raises:
            ResourceError: it is not within the budget; the message says what would be.
        """
        plan = self.best()
        if plan.memory_bytes > self.budget.memory:
            raise ResourceError(
                f"not enough memory: this job needs about {bytes_text(plan.memory_bytes)}, and "
                f"{bytes_text(self.budget.memory)} are free or allowed (compute.memory): {remedies(self)}"
            )
        if plan.disk_bytes > self.budget.disk:
            raise ResourceError(
                f"not enough disk: this job needs {bytes_text(plan.disk_bytes)}, and "
                f"{bytes_text(self.budget.disk)} are free under {self.budget.folder}: ask for fewer "
                "of output.kernels, for no output.covariance, or write elsewhere with --out"
            )
        return plan

    def _plans(self) -> Iterator[Plan]:
        """Every way, with its blocks in memory and wherever else its solvers take them."""
        for stages in self._ways():
            solvers = [stage.solver for stage in stages]
            if any(solver in self.without or self._exceeds(solver) for solver in solvers):
                continue
            few = [solver for solver in solvers if self.sizes.n < solver.least_rows]
            if any(solver.name != self.choice for solver in few):
                continue
            for storage in self._storages(stages):
                for variant in self._variants(stages, storage):
                    unasked = [stage for stage in variant if stage.solver.name != self.choice]
                    if not self.is_refused(unasked):
                        yield self._plan(variant, storage)

    def _ways(self) -> Iterator[list[Stage]]:
        """The lists of stages that answer the question; without one, a list of none."""
        return ways(self.question, self.choice) if self.question else iter([[]])

    def _variants(self, stages: list[Stage], storage: Storage) -> Iterator[list[Stage]]:
        """The stages with a solve for every variance, and with samples; as the question wants it."""
        question = self.question
        if question is None:
            yield stages
            return
        sizes = replace(self.sizes, itemsize=storage.itemsize)
        sampled = [with_sampling(stage, sizes, question, storage.place) for stage in stages]
        if sampled == stages or question.variance_samples == "auto":
            yield stages
        if sampled != stages:
            yield sampled

    def _storages(self, stages: Sequence[Stage]) -> Iterator[Storage]:
        """Where the Gram matrices can be, so that the solvers of all stages take them."""
        whole = self.sizes.itemsize
        is_kept = bool(self.matrices) or not stages
        for place in PLACES:
            if not all(place in stage.solver.places for stage in stages) or (place == "tiles" and is_kept):
                continue
            yield Storage(place, 8 if place == "tiles" else whole)
            if place != "tiles" and whole == 8 and not is_kept and self._is_corrected(stages):
                yield Storage(place, 4)

    def _is_corrected(self, stages: Sequence[Stage]) -> bool:
        """Whether float32 leaves float64's answers: an ensemble's variance reads K as it is stored."""
        return all(
            stage.solver.corrects_itself and len(stage.matrices(self.question)) == 1
            for stage in stages
            if self.question and stage.solver.reads_gram
        )

    def considers(self, solver: Solver) -> bool:
        """Whether a solver has a part in any way, whatever that costs."""
        return any(stage.solver is solver for stages in self._ways() for stage in stages)

    def is_refused(self, stages: Sequence[Stage]) -> bool:
        """Whether a solver is expected to give up, once most of its work is done."""
        question = self.question
        return question is not None and any(
            stage_cost(stage, self.sizes, question).is_refused for stage in stages
        )

    def _exceeds(self, solver: Solver) -> bool:
        """Whether there are more rows than a solver takes."""
        return solver.most_rows is not None and self.sizes.n > solver.most_rows

    @property
    def _no_plan(self) -> str:
        exceeded = [solver for solver in SOLVERS.values() if self._exceeds(solver)]
        if not exceeded:
            return "no solver is left that answers this: use a larger inference.ridge, or other times"
        solver = max(exceeded, key=lambda solver: solver.most_rows or 0)
        return (
            f"{solver.noun} takes {solver.most_rows:,} training rows at most, and there are "
            f"{self.sizes.n:,}: use compute.solver: auto, or fewer rows"
        )

    def _plan(self, stages: list[Stage], storage: Storage) -> Plan:
        sizes, place = replace(self.sizes, itemsize=storage.itemsize), storage.place
        peaks = [self.before, self._writing(stages, place)]
        work = Work()
        disk = sum(sizes.bytes_of(name) for name in self.matrices)
        if self.question:
            peaks += [stage_bytes(stage, sizes, self.question, place) for stage in stages]
            work = sum((planned_work(stage, sizes, self.question, place) for stage in stages), work)
            if self.question.uncertainty == "covariance":
                numbers = sizes.m**2 + self.question.draws * sizes.m
                disk += len(self.question.pairs) * sizes.k * numbers * 8
        if place == "file":
            disk += self._held(stages) * sizes.matrix + self._largest_apart(stages)
        if self.is_kept:
            disk += self._kept(stages, sizes, place)
        plan = Plan(stages, storage, sizes.base + max(peaks), disk, work, work.operations(sizes))
        return replace(plan, operations=plan.operations * plan.slowdown)

    def _kept(self, stages: list[Stage], sizes: Sizes, place: Place) -> int:
        """Bytes of what is kept until the run is whole."""
        first = self._first(stages)
        found = self._held(stages) * sizes.matrix if place != "tiles" else 0
        for name in self.matrices:
            gram, rows, columns = matrix_parts(name)
            if rows != columns:
                found += 8 * sizes.length(rows) * sizes.length(columns)
            elif not (rows == "train" and gram in first):
                found += block_bytes(sizes.length(rows), sizes.itemsize)
        return found

    def _held(self, stages: list[Stage]) -> int:
        """The most Gram matrices of the training rows that there are at once."""
        if self.question is None:
            return 0
        return max([len(stage.matrices(self.question)) for stage in stages], default=0)

    def _largest_apart(self, stages: list[Stage]) -> int:
        """Bytes of the blocks of the largest symmetric matrix that is computed only to be written."""
        first = self._first(stages)
        lengths = [
            self.sizes.length(rows)
            for gram, rows, columns in map(matrix_parts, self.matrices)
            if rows == columns and not (rows == "train" and gram in first)
        ]
        return block_bytes(max(lengths), self.sizes.itemsize) if lengths else 0

    def _first(self, stages: list[Stage]) -> list[GramName]:
        """The Gram matrices that are at hand while matrices are written."""
        return stages[0].matrices(self.question) if self.question and stages else []

    def _writing(self, stages: list[Stage], place: Place) -> int:
        """Bytes while kernel matrices are written, beside those that the first stage will need."""
        if not self.matrices:
            return 0
        first = self._first(stages)
        blocks = len(first) * self.sizes.matrix if place == "memory" else 0
        return blocks + max(writing_bytes(name, self.sizes, first, place) for name in self.matrices)

    def fitting(self) -> Plan | None:
        """The best plan, if it is within the budget; None if there is none, or no solver is left."""
        try:
            plan = self.best()
        except ResourceError:
            return None
        return plan if self.fits(plan) else None

    def fits(self, plan: Plan) -> bool:
        """Whether a plan is within the budget."""
        return not any(self._exceeded(plan))

    def _exceeded(self, plan: Plan) -> tuple[bool, bool]:
        return plan.memory_bytes > self.budget.memory, plan.disk_bytes > self.budget.disk

    def _is_possible(self, plan: Plan) -> bool:
        """Without the disk for its blocks, a plan in a file is none: then it is memory that is missing."""
        return plan.storage.place != "file" or plan.disk_bytes <= self.budget.disk

    def _distance(self, plan: Plan) -> tuple[int, int, int]:
        """How far a plan is from the budget: fewer faults first, then less memory, then less disk."""
        memory, disk = self._exceeded(plan)
        return memory + disk, memory * plan.memory_bytes, plan.disk_bytes
