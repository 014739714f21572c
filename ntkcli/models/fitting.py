"""The fitting of a job, stage by stage: what is solved is calibrated, and kept as a model."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ntkcli.arrays import in_memory
from ntkcli.inference.leave_one_out import LeaveOneOut
from ntkcli.jobs.checks import explain
from ntkcli.jobs.job import Job
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.models.model_file import ModelFile
from ntkcli.models.writer import ModelArrays, ModelWriter
from ntkcli.planning.plan import Plan
from ntkcli.regression.deletion import delete_rows
from ntkcli.regression.fitted_model import FittedModel
from ntkcli.regression.fitted_stage import FittedStage, SolverRecord
from ntkcli.regression.question import Pair
from ntkcli.regression.support import Support
from ntkcli.results.baseline_tally import BaselineTally
from ntkcli.results.baselines import Baseline
from ntkcli.results.calibration import Calibration, calibrated
from ntkcli.results.unseen_rows import UnseenRows
from ntkcli.runs.block_files import in_file


@dataclass
class Fitting:
    """A job whose stages are fitted one after another.

    Each stage is calibrated by and kept in the model while its factorisation is in memory.

    job: the job.
    held_out: rows predicted by a smaller fit, by kernel and time; none where rows are left out instead.
    arrays: keeps those of the model.
    folder: on the disk that holds Gram matrices which do not fit in memory.
    writer: of the model.
    records: of the solvers, so far.
    calibrations: by kernel and time, so far.
    finished: stages, so far.
    """

    job: Job
    held_out: dict[Pair, LeaveOneOut]
    arrays: ModelArrays
    folder: Path
    model: FittedModel = field(init=False)
    writer: ModelWriter = field(init=False)
    records: list[SolverRecord] = field(default_factory=list)
    calibrations: dict[Pair, Calibration] = field(default_factory=dict)
    finished: int = 0

    def __post_init__(self) -> None:
        job, train = self.job, self.job.dataset.train
        self.model = FittedModel(train.x, job.evaluator, job.question, weights=train.weights)
        self.writer = ModelWriter(self.arrays, self.job)

    @property
    def unseen(self) -> UnseenRows | None:
        """The rows that calibrations are fitted to; None where nothing is fitted."""
        calibration = self.job.calibration
        return calibration.unseen if calibration.left_out or self.held_out else None

    def carry_out(self, plan: Plan) -> None:
        """Fit all stages of a plan.

        Raises:
            NumericalError: a Gram matrix is singular to rounding, or a prediction leaves float64.
            ConvergenceError: an iteration does not reach its tolerance.
        """
        job = self.job
        allocate = in_file(self.folder) if plan.storage.place == "file" else in_memory
        evaluator = replace(job.evaluator, dtype=np.dtype(plan.storage.dtype))
        support = Support(
            evaluator,
            job.train,
            allocate,
            plan.storage.place,
            cluster=job.cluster,
            keeper=job.keeper,
            checkpoints=job.checkpoints,
        )
        self.begin(plan, support)
        with _singularity_explained(job), np.errstate(over="ignore", invalid="ignore"):
            for fitted in self.model.fit_in_turn(plan.stages, support, job.dataset.y_train, job.journal):
                self._add(fitted)
                self.finished += 1
        # What is done from here on needs the memory.
        support.matrices.clear()

    def begin(self, plan: Plan, support: Support) -> None:
        """Do what is to be done before the first stage: here nothing."""

    def use(self, fitted: FittedStage) -> None:
        """Do what is to be done with a stage that is factored: here nothing."""

    def answer(self, fitted: FittedStage, pair: Pair, left_out: LeaveOneOut | None) -> None:
        """Do what is to be done with a kernel and time of a stage that are calibrated: here nothing."""

    def _add(self, fitted: FittedStage) -> None:
        """Keep a stage, use it and calibrate it, while it has its factorisation."""
        job = self.job
        self.writer.keep(fitted)
        self.use(fitted)
        deleted = delete_rows(fitted, job.dataset.y_train, job.journal)
        if fitted.record:
            self.records.append(fitted.record)
        for pair in fitted.stage.pairs:
            left_out = deleted.get(pair)
            self.calibrations[pair] = self._calibrated(self.held_out.get(pair, left_out))
            self.answer(fitted, pair, left_out)

    def _calibrated(self, unseen: LeaveOneOut | None) -> Calibration:
        job = self.job
        outputs = job.dataset.y_train[list(job.calibration.rows)]
        targets, groups = job.dataset.schema.targets, job.calibration.groups
        return calibrated(unseen, targets, outputs, job.spec.inference, job.spec.output, groups)

    def finish(self, baselines: list[Baseline]) -> ModelFile:
        """Keep the rest of the model's arrays, and return all else of it.

        Args:
            baselines: that were fitted to the same rows.
        """
        found = {pair: self.calibrations[pair] for pair in self.job.question.pairs}
        return self.writer.finish(self.model.x, self.unseen, found, baselines, self.model.weights)


@contextmanager
def _singularity_explained(job: Job) -> Iterator[None]:
    try:
        yield
    except SingularMatrixError as error:
        raise explain(error, job.dataset.train, job.spec.compute.stored_dtype) from error


def fitted_baselines(job: Job) -> list[Baseline]:
    """The mean and linear least squares of a job's training rows."""
    x, y = job.dataset.train.x, job.dataset.y_train
    tally = BaselineTally(x.shape[1], y.shape[1])
    tally.add(x, y)
    return [tally.mean, tally.linear]
