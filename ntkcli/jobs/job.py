"""A job, from which every computing command starts: a spec, its data, and its network."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from ntkcli.cluster.cluster import Cluster
from ntkcli.data.dataset import Dataset
from ntkcli.data.first_pass import Limits
from ntkcli.data.row_source import RowSource
from ntkcli.jobs.approximated import approximated
from ntkcli.jobs.automatic_rows import automatic_bytes
from ntkcli.jobs.calibration_rows import (
    ROWS_OF_MANY,
    CalibrationRows,
    calibration_rows,
    held_out_rows,
    smaller_fit_bytes,
)
from ntkcli.jobs.record import job_record
from ntkcli.journal import Journal
from ntkcli.keeping import NOWHERE, Checkpoints, Keeper
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.rows import Rows
from ntkcli.planning.approximated import Approximated
from ntkcli.planning.budget import Budget
from ntkcli.planning.convergence import Convergence
from ntkcli.planning.nystrom_planner import NystromPlanner
from ntkcli.planning.planner import Planner
from ntkcli.planning.sizes import Sizes
from ntkcli.regression.question import Question
from ntkcli.solvers.catalogue import SOLVERS
from ntkcli.solvers.solver import Solver
from ntkcli.spec.approximation import NystromSpec
from ntkcli.spec.file import SpecFile
from ntkcli.spec.inference import InferenceSpec
from ntkcli.spec.spec import Spec


@dataclass(frozen=True)
class Job:
    """A spec with its data and its network, ready to compute.

    source: the spec and its file.
    dataset: the rows as they were read.
    evaluator: computes the network's Gram matrices.
    train, test: the rows as the network sees them; the same object when there are no test rows.
    journal: receives progress and warnings.
    convergence: finds out how many iterations conjugate gradients take.
    preparing: bytes that finding `auto` takes at its peak, beside the base.
    all_rows: of an approximation, of which `dataset` has a sample; None where that has all.
    cluster: carries out long tasks, on other machines perhaps; None where this process does.
    asked: the spec as it was read; None where that is the same.
    keeper: keeps Gram matrices.
    checkpoints: keep how far computations have come.
    """

    source: SpecFile
    dataset: Dataset
    evaluator: Evaluator
    train: Rows
    test: Rows
    journal: Journal
    convergence: Convergence
    preparing: int = 0
    all_rows: RowSource | None = None
    cluster: Cluster | None = None
    asked: Spec | None = None
    keeper: Keeper = NOWHERE
    checkpoints: Checkpoints = NOWHERE

    @property
    def row_source(self) -> RowSource:
        """All training rows and rows to predict, in parts."""
        return self.all_rows or RowSource.held(self.dataset)

    @property
    def at_hand(self) -> "Job":
        """The job of the rows that are in memory alone, without an approximation."""
        return replace(self, source=self.source.exact, all_rows=None)

    @property
    def with_equal_rows(self) -> "Job":
        """The job of rows that all count alike; the user is told where they do not."""
        dataset = self.dataset
        if not dataset.schema.weights:
            return self
        self.journal.tell(f"column {dataset.schema.weights.column!r}: rows count alike here")
        train = replace(dataset.train, weights=None)
        test = dataset.test if dataset.has_test_rows else train
        schema = replace(dataset.schema, weights=None)
        equal = replace(dataset, train=train, test=test, schema=schema)
        return replace(self, dataset=equal, train=self.train.with_weights(None))

    @property
    def has_all_rows(self) -> bool:
        """Whether all training rows and rows to predict are in memory."""
        dataset, source = self.dataset, self.row_source
        return (source.train_rows, self.test_rows) == (len(dataset.train), len(dataset.test))

    @property
    def test_rows(self) -> int:
        """The number of rows to predict; an estimate by the size of their file until it was read."""
        source, train, test = self.row_source, self.dataset.train.file, self.dataset.test.file
        if source.test_rows is not None:
            return source.test_rows
        return round(source.train_rows * test.path.stat().st_size / train.path.stat().st_size)

    @property
    def spec(self) -> Spec:
        """The spec without its file."""
        return self.source.spec

    @property
    def record(self) -> dict[str, str]:
        """All that its results depend on, by the keys of the spec as it was read, and its data files."""
        asked = self.asked or self.spec
        files = [self.dataset.train.file, self.dataset.test.file][: len(asked.data.files)]
        return job_record(asked, [file.digest for file in files])

    @cached_property
    def question(self) -> Question:
        """The question that the spec asks of the kernels: times, ridge, and kind of uncertainty."""
        return self._plain_question.leaving_out(self.calibration.left_out, self.dataset.train.groups)

    @cached_property
    def calibration(self) -> CalibrationRows:
        """The training rows that probabilities, variances and intervals are calibrated by."""
        is_classification, groups = self.dataset.is_classification, self.dataset.train.groups
        if self.spec.inference.approximation:
            n = len(self.train)
            return held_out_rows(self.spec, n, is_classification=is_classification, groups=groups)
        planner = self._planner(self._plain_question)
        return calibration_rows(self.spec, planner, is_classification=is_classification, groups=groups)

    @cached_property
    def _plain_question(self) -> Question:
        """The question, but for the rows left out."""
        inference, output = self.spec.inference, self.spec.output
        n, k = self.row_source.train_rows, self.dataset.schema.targets.count
        covariance = output.covariance or output.samples > 0
        return Question(
            times={kernel: inference.times_of(kernel) for kernel in inference.kernel},
            rate=inference.rate(n * k),
            ridge=inference.given_ridge,
            ridge_scale=inference.ridge_scale,
            uncertainty="covariance" if covariance else "variance" if output.std else "none",
            tolerance=self.spec.compute.iteration_tolerance,
            refine=self.spec.compute.dtype == "mixed",
            is_noise_known=self.spec.data.noise is not None,
            draws=output.samples,
            expected_rows=self.test_rows,
            variance_samples=self.spec.compute.variance_samples,
        )

    @cached_property
    def sizes(self) -> Sizes:
        """The sizes of the problem, from which memory and time are planned."""
        return Sizes(
            n=self.row_source.train_rows,
            m=self.test_rows,
            d=self.train.x.shape[1],
            k=self.dataset.schema.targets.count,
            itemsize=np.dtype(self.evaluator.dtype).itemsize,
            depth=self.evaluator.network.depth,
            threads=self.evaluator.executor.workers,
            diagonal=lambda gram: float(self.train.diagonal(gram).mean()),
        )

    @cached_property
    def budget(self) -> Budget:
        """The memory and the disk that the spec and the machine allow."""
        memory = self.spec.compute.memory
        return Budget.of(None if memory == "auto" else memory, self.spec.place)

    def with_inference(self, inference: InferenceSpec) -> "Job":
        """Return this job with another inference section, where `auto` has been replaced by numbers."""
        spec = self.spec.model_copy(update={"inference": inference})
        is_found = self.spec.inference.is_automatic and not inference.is_automatic
        preparing = automatic_bytes(self.sizes, self.budget) if is_found else self.preparing
        return replace(self, source=replace(self.source, spec=spec), preparing=preparing)

    def planner(self, *, without: Collection[Solver] = ()) -> Planner:
        """Return the planner of a fit.

        Args:
            without: solvers that have failed; where there are any, the spec's solver no longer counts.
        """
        planner, calibration = self._planner(self.question, without), self.calibration
        is_held_out = calibration.by == "held_out"
        smaller = smaller_fit_bytes(planner, len(calibration.rows)) if is_held_out else 0
        trial = self.convergence.bytes if self._is_tried and planner.considers(SOLVERS["pcg"]) else 0
        trying = self._approximated if self.spec.can_be_approximated else None
        return replace(planner, before=max(self.preparing, smaller, trial), approximated=trying)

    def _approximated(self) -> Approximated | None:
        """What the approximation would take that a spec gets which asks for one, and what it leaves out."""
        default = NystromSpec(method="nystrom")
        job = self.with_inference(self.spec.inference.model_copy(update={"approximation": default}))
        planner = job.nystrom_planner(default)
        at_hand = min(planner.at_hand, Limits().rows)
        return approximated(replace(planner, at_hand=at_hand), self.evaluator, self.dataset.train.x)

    def nystrom_planner(self, approximation: NystromSpec) -> NystromPlanner:
        """Return the planner of an approximation of this job; what `auto` stands for does not matter."""
        job = self.with_inference(self.spec.inference.with_stand_ins())
        held_out = max(len(self.calibration.rows), self.spec.inference.is_automatic * ROWS_OF_MANY)
        return NystromPlanner(
            approximation.centres,
            approximation.sample,
            approximation.seed,
            self.sizes,
            self.budget,
            job.question,
            held_out,
            len(self.train),
            self.row_source.kept_bytes,
        )

    @cached_property
    def _is_tried(self) -> bool:
        """Whether iterations of conjugate gradients are counted beforehand: it takes time and memory."""
        is_called_for = len(self.train) >= SOLVERS["pcg"].least_rows or self.spec.compute.solver == "pcg"
        return is_called_for and self.sizes.base + self.convergence.bytes <= self.budget.memory

    def _planner(self, question: Question, without: Collection[Solver] = ()) -> Planner:
        sizes = self.sizes
        # It is put off until a plan needs it.
        if self._is_tried:
            sizes = replace(sizes, iterations=partial(self.convergence.iterations, self._plain_question))
        return Planner(
            sizes,
            self.budget,
            question,
            choice="auto" if without else self.spec.compute.solver,
            without=without,
            matrices=[*self.spec.output.kernels],
        )
