"""The fitting of a job, stage by stage: predictions, calibrations and the model go to a run directory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from ntkcli.arrays import in_memory
from ntkcli.inference.sampling import draw
from ntkcli.jobs.checks import explain
from ntkcli.jobs.job import Job
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.models.writer import ModelWriter
from ntkcli.planning.plan import Plan
from ntkcli.regression.deletion import delete_rows
from ntkcli.regression.fitted_model import FittedModel
from ntkcli.regression.fitted_stage import Answer, FittedStage, SolverRecord
from ntkcli.regression.predict import predict
from ntkcli.regression.question import Pair, time_text
from ntkcli.regression.support import Support
from ntkcli.results.baselines import Baseline, linear_baseline, mean_baseline
from ntkcli.results.calibration import Calibration, calibrated
from ntkcli.results.metrics import Metrics, baseline_results
from ntkcli.results.predictions import prediction_table
from ntkcli.results.presentation import presentation_of
from ntkcli.results.result import Result
from ntkcli.runs.block_files import in_file
from ntkcli.runs.directory import RunDirectory
from ntkcli.runs.manifest import write_json
from ntkcli.runs.matrices import rows_to_write, write_covariance, write_matrices, write_samples


@dataclass
class Fitting:
    """A job whose stages are fitted one after another.

    Each stage is predicted from and written to the model while its factorisation is in memory.

    job: the job.
    run: the run directory.
    writer: of the model.
    records: of the solvers, so far.
    calibrations, results: by kernel and time, so far.
    """

    job: Job
    run: RunDirectory
    model: FittedModel = field(init=False)
    writer: ModelWriter = field(init=False)
    records: list[SolverRecord] = field(default_factory=list)
    calibrations: dict[Pair, Calibration] = field(default_factory=dict)
    results: dict[Pair, Result] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.model = FittedModel(self.job.dataset.train.x, self.job.evaluator, self.job.question)
        self.writer = ModelWriter(self.run.folder("model"), self.job)

    def carry_out(self, plan: Plan) -> None:
        """Fit all stages of a plan; the spec's matrices are written on the way.

        Raises:
            NumericalError: a Gram matrix is singular to rounding, or a prediction leaves float64.
            ConvergenceError: an iteration does not reach its tolerance.
        """
        job = self.job
        support = Support(job.evaluator, job.train, in_file(self.run.path) if plan.in_file else in_memory)
        names = job.spec.output.kernels
        if names:
            support.need(plan.stages[0].matrices(job.question), job.journal)
            with job.journal.phase("matrices", rows_to_write(names, job.train, job.test)) as advance:
                write_matrices(self.run.folder("kernels"), names, support, job.test, advance)
        with _singularity_explained(job), np.errstate(over="ignore", invalid="ignore"):
            for fitted in self.model.fit_in_turn(plan.stages, support, job.dataset.y_train, job.journal):
                self._add(fitted)
        # What is written from here on needs the memory.
        support.matrices.clear()

    def _add(self, fitted: FittedStage) -> None:
        """Predict with a stage while it has its factorisation."""
        job = self.job
        self.writer.keep(fitted)
        with job.journal.phase("predict", len(job.test)) as advance:
            predictions = predict(fitted, job.test, fitted.stage.pairs, advance)
        deleted = delete_rows(fitted, job.dataset.y_train, job.journal)
        if fitted.record:
            self.records.append(fitted.record)
        for pair in fitted.stage.pairs:
            # Popped, so that a covariance lives no longer than it takes to write it.
            self._answer(fitted.answer(pair, predictions.pop(pair), deleted.get(pair)))

    def _answer(self, answer: Answer) -> None:
        """Transform an answer to the targets' units, and write its covariance and draws."""
        job, prediction, output = self.job, answer.prediction, self.job.spec.output
        dataset, pair = job.dataset, answer.pair
        outputs = dataset.y_train[list(job.question.leave_one_out)]
        found = calibrated(answer.leave_one_out, dataset.schema.targets, outputs, job.spec.inference, output)
        if found.half_width is not None and np.isinf(found.half_width).any():
            job.journal.warn(_endless(pair))
        result = Result.of(answer, dataset.target_scaling, found)
        units = dataset.target_scaling.scale**2 * found.variance_scale
        if output.covariance and prediction.covariance is not None:
            write_covariance(self.run.folder("covariance"), pair.text, prediction.covariance, units)
        if output.samples and prediction.covariance is not None:
            functions = draw(np.zeros_like(result.mean), prediction.covariance, output.samples, output.seed)
            write_samples(self.run.folder("samples"), pair.text, result.mean + functions * np.sqrt(units))
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
        metrics = Metrics.of(presentation, dataset.test.targets, results, plain)
        rows = "test" if dataset.has_test_rows else "train"
        write_json(self.run.path / "metrics.json", {"rows": rows, **metrics.content})
        self.writer.finish(self.calibrations, baselines)
        return metrics


def _endless(pair: Pair) -> str:
    return (
        f"intervals of kernel {pair.kernel} at time {time_text(pair.time)} are endless: rows left out "
        "are missed with variance 0: give inference.ridge a value above 0, or use interval_from: normal"
    )


@contextmanager
def _singularity_explained(job: Job) -> Iterator[None]:
    try:
        yield
    except SingularMatrixError as error:
        raise explain(error, job.dataset.train, job.spec.compute.stored_dtype) from error


def _baselines(job: Job) -> list[Baseline]:
    x, y = job.dataset.train.x, job.dataset.y_train
    # Without a scale, squares of targets may leave the range of float64.
    with np.errstate(over="ignore", invalid="ignore"):
        return [mean_baseline(y, x.shape[1]), linear_baseline(x, y)]
