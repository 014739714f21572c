"""The fitting of a job, stage by stage: predictions, calibrations and the model go to a run directory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from ntkcli.arrays import in_memory
from ntkcli.inference.leave_one_out import LeaveOneOut
from ntkcli.jobs.checks import explain
from ntkcli.jobs.job import Job
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.models.joint import write_joint
from ntkcli.models.writer import ModelWriter
from ntkcli.planning.plan import Plan
from ntkcli.regression.deletion import delete_rows
from ntkcli.regression.fitted_model import FittedModel
from ntkcli.regression.fitted_stage import Answer, FittedStage, SolverRecord
from ntkcli.regression.predict import predict
from ntkcli.regression.question import Pair
from ntkcli.regression.support import Support
from ntkcli.results.baseline_tally import BaselineTally
from ntkcli.results.baselines import Baseline
from ntkcli.results.calibration import Calibration, calibrated
from ntkcli.results.metrics import Metrics, baseline_results
from ntkcli.results.predictions import prediction_table
from ntkcli.results.presentation import presentation_of
from ntkcli.results.result import Result
from ntkcli.results.unseen_rows import UnseenRows
from ntkcli.runs.block_files import in_file
from ntkcli.runs.directory import RunDirectory
from ntkcli.runs.manifest import write_json
from ntkcli.runs.matrices import rows_to_write, write_matrices


@dataclass
class Fitting:
    """A job whose stages are fitted one after another.

    Each stage is predicted from and written to the model while its factorisation is in memory.

    job: the job.
    run: the run directory.
    held_out: rows predicted by a smaller fit, by kernel and time; none where rows are left out instead.
    writer: of the model.
    records: of the solvers, so far.
    calibrations, results: by kernel and time, so far.
    finished: stages, so far.
    """

    job: Job
    run: RunDirectory
    held_out: dict[Pair, LeaveOneOut]
    model: FittedModel = field(init=False)
    writer: ModelWriter = field(init=False)
    records: list[SolverRecord] = field(default_factory=list)
    calibrations: dict[Pair, Calibration] = field(default_factory=dict)
    results: dict[Pair, Result] = field(default_factory=dict)
    finished: int = 0

    def __post_init__(self) -> None:
        job, train = self.job, self.job.dataset.train
        self.model = FittedModel(train.x, job.evaluator, job.question, weights=train.weights)
        self.writer = ModelWriter(self.run.folder("model"), self.job)

    @property
    def unseen(self) -> UnseenRows | None:
        """The rows that calibrations are fitted to; None where nothing is fitted."""
        calibration = self.job.calibration
        return calibration.unseen if calibration.left_out or self.held_out else None

    def carry_out(self, plan: Plan) -> None:
        """Fit all stages of a plan; the spec's matrices are written on the way.

        Raises:
            NumericalError: a Gram matrix is singular to rounding, or a prediction leaves float64.
            ConvergenceError: an iteration does not reach its tolerance.
        """
        job = self.job
        allocate = in_file(self.run.path) if plan.storage.place == "file" else in_memory
        evaluator = replace(job.evaluator, dtype=np.dtype(plan.storage.dtype))
        support = Support(evaluator, job.train, allocate, plan.storage.place, cluster=job.cluster)
        names = job.spec.output.kernels
        if names:
            support.need(plan.stages[0].matrices(job.question), job.journal)
            with job.journal.phase("matrices", rows_to_write(names, job.train, job.test)) as advance:
                write_matrices(self.run.folder("kernels"), names, support.plain, job.test, advance)
        with _singularity_explained(job), np.errstate(over="ignore", invalid="ignore"):
            for fitted in self.model.fit_in_turn(plan.stages, support, job.dataset.y_train, job.journal):
                self._add(fitted)
                self.finished += 1
        # What is written from here on needs the memory.
        support.matrices.clear()

    def _add(self, fitted: FittedStage) -> None:
        """Predict with a stage while it has its factorisation."""
        job = self.job
        self.writer.keep(fitted)
        with job.journal.phase("predict", len(job.test)) as advance:
            predictions = predict(fitted, job.test, fitted.stage.pairs, advance)
        if fitted.sampled:
            job.journal.tell(fitted.sampling_text)
        deleted = delete_rows(fitted, job.dataset.y_train, job.journal)
        if fitted.record:
            self.records.append(fitted.record)
        for pair in fitted.stage.pairs:
            # Popped, so that a covariance lives no longer than it takes to write it.
            self._answer(fitted.answer(pair, predictions.pop(pair), deleted.get(pair)))

    def _answer(self, answer: Answer) -> None:
        """Transform an answer to the targets' units, and write its covariance and draws."""
        job, output = self.job, self.job.spec.output
        dataset, pair = job.dataset, answer.pair
        outputs = dataset.y_train[list(job.calibration.rows)]
        unseen = self.held_out.get(pair, answer.leave_one_out)
        groups = job.calibration.groups
        found = calibrated(unseen, dataset.schema.targets, outputs, job.spec.inference, output, groups)
        noise = dataset.schema.noise(dataset.test)
        result = Result.of(answer, dataset.target_scaling, found, noise)
        units = dataset.target_scaling.scale**2 * found.variance_scale
        write_joint(self.run, output, answer, result, units, dataset.schema.targets.transforms)
        self.calibrations[pair] = found
        self.results[pair] = replace(result, ready=job.journal.seconds)

    def write(self) -> Metrics:
        """Write predictions, metrics and the rest of the model, and return the metrics."""
        dataset, pairs = self.job.dataset, self.job.question.pairs
        presentation = presentation_of(dataset.schema.targets, self.job.spec.output)
        results = [self.results[pair] for pair in pairs]
        self.calibrations = {pair: self.calibrations[pair] for pair in pairs}
        table = prediction_table(presentation, dataset.test, results)
        table.to_csv(self.run.path / "predictions.csv", index=False, lineterminator="\n")
        baselines = _baselines(self.job)
        plain = baseline_results(dataset.schema.targets, baselines, dataset.test.x)
        metrics = Metrics.of(presentation, dataset.test.targets, results, plain, self.unseen)
        rows = "test" if dataset.has_test_rows else "train"
        write_json(self.run.path / "metrics.json", {"rows": rows, **metrics.content})
        self.writer.finish(self.model.x, self.unseen, self.calibrations, baselines, self.model.weights)
        return metrics


@contextmanager
def _singularity_explained(job: Job) -> Iterator[None]:
    try:
        yield
    except SingularMatrixError as error:
        raise explain(error, job.dataset.train, job.spec.compute.stored_dtype) from error


def _baselines(job: Job) -> list[Baseline]:
    x, y = job.dataset.train.x, job.dataset.y_train
    tally = BaselineTally(x.shape[1], y.shape[1])
    tally.add(x, y)
    return [tally.mean, tally.linear]
