"""The plan of a search: its rows, folds and candidates, and the memory that it needs."""

from dataclasses import dataclass, replace
from typing import Self

from ntkcli.arrays import IntArray
from ntkcli.data.columns import check_present
from ntkcli.data.sample import sample
from ntkcli.errors import SpecError
from ntkcli.jobs.job import Job
from ntkcli.planning.budget import Budget
from ntkcli.planning.eigendecomposition import (
    BESIDE_BYTES,
    ITEM,
    bytes_needed,
    check_memory,
    eigh_numbers,
)
from ntkcli.planning.sizes import Sizes
from ntkcli.regression.kernel import KERNELS, inverted_grams
from ntkcli.results.predictions import check_names
from ntkcli.results.presentation import presentation_of
from ntkcli.spec.file import SpecFile
from ntkcli.spec.tune import TuneSpec
from ntkcli.tuning.candidates import FreeAxes
from ntkcli.tuning.grid import grid_size
from ntkcli.tuning.inputs import combinations
from ntkcli.tuning.splits import Split, SplitError, splits
from ntkcli.tuning.structure import Structure

# Networks compare on these much as on more, and what more rows say of the ridge is asked for in the end.
AUTOMATIC_ROWS = 2000


@dataclass(frozen=True)
class SearchPlan:
    """How the networks of a search are scored.

    rows: indices of the training rows that are scored: all, or some at random.
    structure: what is known of these rows that they are cut by.
    splits: of these rows into training and held-out ones; none for the closed forms.
    axes: the candidates of every network.
    sizes: those of a job with these rows alone.
    inputs: the numbers in the inputs of all training and test rows.
    budget: the memory and the disk that there are.
    """

    tune: TuneSpec
    rows: IntArray
    structure: Structure
    splits: list[Split]
    axes: FreeAxes
    sizes: Sizes
    inputs: int
    budget: Budget

    @classmethod
    def of(cls, source: SpecFile, tune: TuneSpec, job: Job) -> Self:
        """Plan the search of a spec.

        Args:
            source: the spec.
            tune: its tune section.
            job: holds the spec's data.

        Raises:
            SpecError: the objective does not fit the kind of target, or there are too few rows for the folds.
            DataError: predictions.csv of the best would have two columns of one name.
        """
        dataset = job.dataset
        schema = dataset.schema
        check_names(presentation_of(schema.targets, source.spec.output), schema.ids, dataset.train.file.path)
        for value in tune.data_axes.get("data.log", []):
            check_present(dataset.train.file, value if isinstance(value, list) else [], "data.log")
        rows = _rows(tune, len(job.train))
        labels = dataset.y_train[rows].argmax(axis=1) if dataset.is_classification else None
        _check_objective(source, tune, is_classification=labels is not None)
        structure = Structure.of(dataset.train.some(rows), labels, tune.validation)
        cut = _splits(source, tune, len(rows), structure)
        axes = FreeAxes.of(tune, source.spec.inference)
        inputs = (len(dataset.train) + len(dataset.test)) * job.sizes.d
        return cls(tune, rows, structure, cut, axes, replace(job.sizes, n=len(rows)), inputs, job.budget)

    @property
    def networks(self) -> int:
        """The number of networks that are scored, each with its data values."""
        return grid_size(self.tune) if self.tune.search == "grid" else self.tune.trials

    @property
    def workers(self) -> int:
        """The number of folds, or else of Gram matrices, that are worked on at once, as memory allows."""
        most = min(self.sizes.threads, len(self.splits) or len(inverted_grams(self.axes.kernels)))
        fitting = (
            workers
            for workers in range(most, 1, -1)
            if bytes_needed(self.sizes, self._numbers(workers)) <= self.budget.memory
        )
        return next(fitting, 1)

    @property
    def memory_bytes(self) -> int:
        """The peak memory of the search in bytes, the interpreter and its libraries included."""
        return bytes_needed(self.sizes, self._numbers(self.workers))

    @property
    def shared_bytes(self) -> int:
        """The bytes that a worker of a cluster has for all networks."""
        return ITEM * self._shared_numbers

    @property
    def task_bytes(self) -> int:
        """The bytes that a worker of a cluster takes for one network."""
        return ITEM * self._scoring_numbers(1) + BESIDE_BYTES

    def check(self) -> None:
        """Refuse a search that does not fit in memory.

        Raises:
            ResourceError: there is too little memory, or there are too many rows for LAPACK.
        """
        numbers = self._numbers(self.workers)
        check_memory(self.sizes, self.budget, numbers, factored=self._factored, what="tune")

    @property
    def _factored(self) -> int:
        """The rows of the largest matrix that is decomposed."""
        return max([len(split.train) for split in self.splits], default=self.sizes.n)

    def _numbers(self, workers: int) -> int:
        """Count the numbers held at the peak: the data, and what scoring networks takes."""
        # The rows as they were read, and the inputs of every combination of data values.
        kept = (1 + combinations(self.tune)) * self.inputs + self._shared_numbers
        return kept + self._scoring_numbers(workers)

    @property
    def _shared_numbers(self) -> int:
        """The numbers that all networks share: inputs of every combination, and targets."""
        return self.sizes.n * (combinations(self.tune) * self.sizes.d + self.sizes.k)

    def _scoring_numbers(self, workers: int) -> int:
        """Count the numbers of a network: kernels of all rows, and eigenvectors of the folds at work."""
        n, k, factored, axes = self.sizes.n, self.sizes.k, self._factored, self.axes
        held_out = max([len(split.held_out) for split in self.splits], default=0)
        needs_variance = self.tune.objective in ("nll", "loo_nll")
        # The variance of an ensemble takes K between the rows, K V, and V^T K V.
        has_ensemble = any(not KERNELS[kernel].is_posterior for kernel in axes.kernels)
        prior = 3 * factored**2 if needs_variance and has_ensemble else 0
        predicting = factored**2 + prior + (5 if needs_variance else 2) * held_out * factored
        # The LAPACK call that lets other threads work meanwhile copies its matrix.
        solving = eigh_numbers(factored) + factored**2
        kept = axes.most_candidates * n * k if self.tune.objective == "log_loss" else 0
        return (2 + axes.needs_ntk) * n**2 + workers * max(solving, predicting) + kept


def _rows(tune: TuneSpec, n: int) -> IntArray:
    rows = AUTOMATIC_ROWS if tune.rows == "auto" else n if tune.rows == "all" else tune.rows
    return sample(n, rows, tune.seed)


def _check_objective(source: SpecFile, tune: TuneSpec, *, is_classification: bool) -> None:
    of_classes, of_numbers = ("accuracy", "log_loss"), ("nll", "loo_nll")
    if is_classification and tune.objective in of_numbers:
        what = f"{tune.objective} is of numbers, and the target is a class: use log_loss, accuracy or rmse"
        raise SpecError(f"{source.path}: tune.objective: {what}")
    if not is_classification and tune.objective in of_classes:
        what = f"{tune.objective} is of classes, and the target is a number: use rmse or nll"
        raise SpecError(f"{source.path}: tune.objective: {what}, or data.task: classification")


def _splits(source: SpecFile, tune: TuneSpec, n: int, structure: Structure) -> list[Split]:
    if not tune.needs_validation:
        return []
    try:
        return splits(n, tune.validation, structure)
    except SplitError as error:
        raise SpecError(f"{source.path}: tune.validation.{error.key}: {error}") from error
