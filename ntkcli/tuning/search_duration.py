"""How long a search will take: its kernels by some of its networks, its algebra by its candidates."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ntkcli.errors import NtkError
from ntkcli.jobs.job import Job
from ntkcli.jobs.network import network_of
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.network import Network
from ntkcli.planning.duration import Speed
from ntkcli.planning.work import PASS_OPERATIONS, Work, deletion_work, eigendecomposition_work, threads_lost
from ntkcli.regression.kernel import KERNELS, Kernel, inverted_grams
from ntkcli.solvers.cost import SOLVE_EFFICIENCY
from ntkcli.spec.file import SpecFile
from ntkcli.spec.space import section_with
from ntkcli.tuning.candidates import Candidate
from ntkcli.tuning.chains import prepared_chains
from ntkcli.tuning.grid import grid, some_of_grid
from ntkcli.tuning.search_plan import SearchPlan
from ntkcli.tuning.settling import settling_rows

# Networks that are prepared and measured, and those of a grid whose common layers are counted.
MEASURED, MOST_COUNTED = 3, 2000
# The times of a network that are found by its eigenvalues: finite ones and inf.
AUTOMATIC_TIMES = [*[1.0] * 20, float("inf")]


@dataclass(frozen=True)
class SearchDuration:
    """The seconds of a search, from its plan and the machine's speed.

    source: the spec.
    plan: of the search.
    job: holds the spec's data.
    speed: of the machine.
    """

    source: SpecFile
    plan: SearchPlan
    job: Job
    speed: Speed

    @property
    def seconds(self) -> float:
        """The networks' tables and kernels, the scores of all candidates, and the settling of the best."""
        rows = self.plan.sizes.n
        growth = settling_rows(self.plan, len(self.job.train)) / rows
        algebra = (self.networks + growth**3) * self.speed.of_work(Work(algebra=self.algebra))
        tables, step = self._measured
        steps = self._steps * (1 + growth**2 / max(1, self.networks))
        return algebra + self.networks * tables + steps * step * rows**2 / 2

    @property
    def networks(self) -> int:
        """How many networks are scored."""
        return self.plan.networks

    @property
    def speed_of_best(self) -> Speed:
        """The machine's speed with the kernels of a network as they are on average."""
        entry = self._measured[1] * self._steps / max(1, self.networks)
        return replace(self.speed, entries=1 / entry) if entry else self.speed

    @cached_property
    def _measured(self) -> tuple[float, float]:
        """Seconds of a network's tables, and of an entry's step through its layers, on average."""
        tables, steps, job = [], [], self.job
        for configuration in some_of_grid(self.plan.tune, MEASURED):
            ((prepared,),) = prepared_chains(self.source, job.dataset, [configuration])
            if isinstance(prepared.network, NtkError):
                continue
            tables.append(prepared.seconds)
            evaluator = Evaluator(
                prepared.network, tile_rows=job.evaluator.tile_rows, executor=job.evaluator.executor
            )
            own = self.speed.of_kernels(evaluator, prepared.network.rows(job.dataset.train.x))
            steps.append(1 / own.entries / len(prepared.network.steps))
        return (float(np.mean(tables)), float(np.mean(steps))) if steps else (0.0, 0.0)

    @cached_property
    def _steps(self) -> float:
        """How many steps through layers all networks take; those that begin with another go on from it."""
        tune = self.plan.tune
        is_counted = tune.search == "grid" and self.networks <= MOST_COUNTED
        chosen = grid(tune) if is_counted else some_of_grid(tune, MOST_COUNTED // 10)
        found = [self._network(configuration.values) for configuration in chosen]
        steps = {network.steps for network in found if network}
        if not is_counted:
            return self.networks * sum(map(len, steps)) / max(1, len(steps))
        begun = {one[:length] for one in steps for length in range(1, len(one))}
        return float(sum(len(one) for one in steps if one not in begun))

    def _network(self, values: dict[str, object]) -> Network | None:
        try:
            spec = section_with(self.source.spec.network, values)
            return network_of(spec, self.job.dataset.train.x.shape[1])
        except (ValueError, NtkError):
            # Such a network is refused when its turn comes.
            return None

    @property
    def algebra(self) -> float:
        """Operations of a matrix product for all candidates of a network."""
        work = sum(self._gram_work(gram) for gram in inverted_grams(self.plan.axes.kernels))
        return work * self._threads_lost(self.plan.sizes.n)

    def _threads_lost(self, rows: int) -> float:
        # Folds that are worked on at once have a thread each.
        return max(1.0, threads_lost(rows, self.plan.sizes.threads) / self.plan.workers)

    def _gram_work(self, gram: str) -> float:
        plan = self.plan
        times = AUTOMATIC_TIMES
        candidates = [one for one in plan.axes.candidates(times) if KERNELS[one.kernel].gram == gram]
        if not plan.splits:
            return self._fold_work(candidates, plan.sizes.n, 0)
        # The times are by the eigenvalues of the first fold, which are computed for them alone.
        extra = self._decomposing(len(plan.splits[0].train)) if plan.axes.times is None else 0.0
        return extra + sum(
            self._fold_work(candidates, len(split.train), len(split.held_out)) for split in plan.splits
        )

    def _decomposing(self, rows: int) -> float:
        # All algebra on few rows has lost threads, and is counted so; here, folds of few among many rows are.
        lost = self._threads_lost(rows) / self._threads_lost(self.plan.sizes.n)
        return lost * eigendecomposition_work(rows) + 2 * PASS_OPERATIONS * rows**2

    def _fold_work(self, candidates: list[Candidate], rows: int, held_out: int) -> float:
        """Operations for an eigendecomposition of some rows, and all candidates scored with it."""
        plan, kernels = self.plan, [KERNELS[candidate.kernel] for candidate in candidates]
        ensembles = sum(not kernel.is_posterior for kernel in kernels)
        needs_variance = plan.tune.objective in ("nll", "loo_nll")
        operations = self._decomposing(rows)
        if needs_variance and ensembles:
            operations += 4.0 * rows**3 / SOLVE_EFFICIENCY
        if held_out:
            each = 2.0 * rows * held_out * plan.sizes.k
            operations += 2.0 * held_out * rows**2 + len(candidates) * each / SOLVE_EFFICIENCY
            if needs_variance:
                operations += ensembles * 2.0 * held_out * rows**2 / SOLVE_EFFICIENCY
        if plan.tune.objective == "log_marginal_likelihood":
            return operations
        fits_scale = self.source.spec.inference.variance_scale == "auto"
        if held_out and not (needs_variance and fits_scale):
            return operations
        deleted = zip(candidates, kernels, strict=True)
        return operations + sum(self._deleting(one.time, kernel, rows) for one, kernel in deleted)

    def _deleting(self, time: float, kernel: Kernel, rows: int) -> float:
        """Operations of a candidate's leave-one-out residuals and, if they are needed, variances."""
        if self.plan.tune.objective == "loo_rmse":
            return deletion_work(rows, time)
        product = 0.0 if kernel.is_posterior else 2.0 * rows**3 / SOLVE_EFFICIENCY
        return 2 * deletion_work(rows, time) + product
