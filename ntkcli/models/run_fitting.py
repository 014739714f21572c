"""The fitting of a job into a run directory: predictions, covariances and matrices beside the model."""

from dataclasses import dataclass, field, replace
from typing import Self

from ntkcli.files import changes
from ntkcli.inference.leave_one_out import LeaveOneOut
from ntkcli.inference.prediction import Prediction
from ntkcli.jobs.job import Job
from ntkcli.models.array_files import ArrayWriter
from ntkcli.models.fitting import Fitting, fitted_baselines
from ntkcli.models.joint import write_joint
from ntkcli.models.model_file import write_model_file
from ntkcli.planning.plan import Plan
from ntkcli.regression.fitted_stage import FittedStage
from ntkcli.regression.predict import predict
from ntkcli.regression.question import Pair
from ntkcli.regression.support import Support
from ntkcli.results.metrics import Metrics, baseline_results
from ntkcli.results.predictions import prediction_table
from ntkcli.results.presentation import presentation_of
from ntkcli.results.result import Result
from ntkcli.runs.directory import RunDirectory
from ntkcli.runs.json_files import write_json
from ntkcli.runs.matrices import rows_to_write, write_matrices
from ntkcli.runs.table_sink import write_csv


@dataclass
class RunFitting(Fitting):
    """A fitting whose stages also predict the rows that the spec has for that.

    run: the run directory.
    predictions: of the stage in memory, by kernel and time.
    results: by kernel and time, so far.
    """

    run: RunDirectory = field(kw_only=True)
    predictions: dict[Pair, Prediction] = field(default_factory=dict)
    results: dict[Pair, Result] = field(default_factory=dict)

    @classmethod
    def of(cls, job: Job, held_out: dict[Pair, LeaveOneOut], run: RunDirectory) -> Self:
        """Begin in a run directory, without what an attempt before has left there."""
        changes.remove_tree(run.folder("model"))
        return cls(job, held_out, ArrayWriter(run.folder("model")), run.path, run=run)

    def begin(self, plan: Plan, support: Support) -> None:
        """Write the spec's matrices."""
        job, names = self.job, self.job.spec.output.kernels
        if names:
            support.need(plan.stages[0].matrices(job.question), job.journal)
            with job.journal.phase("matrices", rows_to_write(names, job.train, job.test)) as advance:
                write_matrices(self.run.folder("kernels"), names, support.plain, job.test, advance)

    def use(self, fitted: FittedStage) -> None:
        """Predict with a stage."""
        job = self.job
        with job.journal.phase("predict", len(job.test)) as advance:
            self.predictions = predict(fitted, job.test, fitted.stage.pairs, advance)
        if fitted.sampled:
            job.journal.tell(fitted.sampling_text)

    def answer(self, fitted: FittedStage, pair: Pair, left_out: LeaveOneOut | None) -> None:
        """Transform a prediction to the targets' units, and write its covariance and draws."""
        dataset, found = self.job.dataset, self.calibrations[pair]
        # Popped, so that a covariance lives no longer than it takes to write it.
        answer = fitted.answer(pair, self.predictions.pop(pair), left_out)
        noise = dataset.schema.noise(dataset.test)
        result = Result.of(answer, dataset.target_scaling, found, noise)
        units = dataset.target_scaling.scale**2 * found.variance_scale
        write_joint(self.run, self.job.spec.output, answer, result, units, dataset.schema.targets.transforms)
        self.results[pair] = replace(result, ready=self.job.journal.seconds)

    def write(self) -> Metrics:
        """Write predictions, metrics and the rest of the model, and return the metrics."""
        dataset, job = self.job.dataset, self.job
        presentation = presentation_of(dataset.schema.targets, job.spec.output)
        results = [self.results[pair] for pair in job.question.pairs]
        table = prediction_table(presentation, dataset.test, results)
        write_csv(self.run.path / "predictions.csv", table)
        baselines = fitted_baselines(job)
        plain = baseline_results(dataset.schema.targets, baselines, dataset.test.x)
        metrics = Metrics.of(presentation, dataset.test.targets, results, plain, self.unseen)
        rows = "test" if dataset.has_test_rows else "train"
        write_json(self.run.path / "metrics.json", {"rows": rows, **metrics.content})
        write_model_file(self.run.folder("model"), self.finish(baselines))
        return metrics
