"""The fitting of an approximation: sums over the training rows, then predictions part by part."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from ntkcli.arrays import FloatArray
from ntkcli.data.gaps import dropped_rows
from ntkcli.errors import NumericalError
from ntkcli.jobs.approximation import Approximation
from ntkcli.jobs.checks import REMEDY
from ntkcli.jobs.job import Job
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.models.answered import answered
from ntkcli.models.array_files import ArrayWriter
from ntkcli.models.joint import write_joint
from ntkcli.models.model_file import write_model_file
from ntkcli.models.writer import ModelWriter
from ntkcli.planning.nystrom_plan import NystromPlan
from ntkcli.regression.fitted_model import FittedModel
from ntkcli.regression.fitted_stage import Answer, SolverRecord
from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.regression.question import Pair
from ntkcli.results.baselines import Baseline
from ntkcli.results.calibration import Calibration, calibrated
from ntkcli.results.metrics import Metrics, MetricsTally, baseline_results
from ntkcli.results.predictions import prediction_table
from ntkcli.results.presentation import presentation_of
from ntkcli.results.result import Result
from ntkcli.results.unseen_rows import UnseenRows
from ntkcli.runs.directory import RunDirectory
from ntkcli.runs.json_files import write_json
from ntkcli.runs.table_sink import table_sink
from ntkcli.units import percent_text

# Rows that are predicted at once; several such parts may be.
PART_ROWS = 1024
# A share of the trace that may be all rounding.
NOTHING = 1e-12


@dataclass
class ApproximateFitting:
    """An approximation in the making.

    job: without `auto` in its inference section.
    approximation: the sums over its rows.
    model: what is fitted to all rows.
    unseen: the rows that calibrations are fitted to; None where nothing is fitted.
    calibrations: by kernel and time.
    """

    job: Job
    approximation: Approximation
    model: FittedModel
    unseen: UnseenRows | None
    calibrations: dict[Pair, Calibration]

    @classmethod
    def of(cls, job: Job, plan: NystromPlan) -> "ApproximateFitting":
        """Sum over the rows of a job, find what `auto` stands for, calibrate, and fit all rows.

        Raises:
            DataError: a file changed while it was read.
            NumericalError: a row's kernel leaves its range, or what is inverted is singular to rounding.
        """
        found = Approximation.of(job, plan)
        with _singularity_explained():
            job = job.with_inference(found.automatic())
            question, unseen = job.question, job.calibration.unseen
            left_out = found.unseen(question) if unseen else {}
            found.complete()
            model = found.nystrom.model(question)
        outputs, spec = job.dataset.y_train[found.held_out], job.spec
        calibrations = {
            pair: calibrated(
                left_out.get(pair),
                job.dataset.schema.targets,
                outputs,
                spec.inference,
                spec.output,
                job.calibration.groups,
            )
            for pair in question.pairs
        }
        return cls(job, found, model, unseen if left_out else None, calibrations)

    @property
    def baselines(self) -> list[Baseline]:
        """The mean of the targets, and least squares."""
        tally = self.approximation.sums.baselines
        return [tally.mean, tally.linear]

    @property
    def records(self) -> list[SolverRecord]:
        """Of the eigendecompositions."""
        return [stage.record for stage in self.model.stages if stage.record]

    @property
    def warnings(self) -> Iterator[str]:
        """What the user should know of what the centres leave out."""
        sums = self.approximation.sums.features
        for stage in self.model.stages:
            own = sums.grams[stage.stage.gram]
            share, ridge = own.left_out, stage.ridge * sums.rows / own.trace if own.trace else 0.0
            if stage.flow and share > max(ridge, NOTHING):
                yield (
                    f"the centres leave out {percent_text(share)} of the {stage.stage.gram} kernel's trace, "
                    f"and the ridge is {percent_text(ridge)} of it: more of them would predict better"
                )

    @property
    def content(self) -> dict[str, Any]:
        """What run.json has of the approximation."""
        found = self.approximation
        return {
            "method": "nystrom",
            "centres": len(found.centres.rows),
            "left_out": {gram: sums.left_out for gram, sums in found.sums.features.grams.items()},
            "log_marginal_likelihood_bound": self._evidence_bounds,
        }

    @property
    def _evidence_bounds(self) -> dict[KernelName, float]:
        """A lower bound of the log marginal likelihood for every posterior at time inf that has noise."""
        bound = self.approximation.nystrom.evidence_bound
        return {
            kernel: bound(stage.stage.gram, stage.ridge)
            for stage in self.model.stages
            for kernel, time in stage.stage.pairs
            if time == math.inf and KERNELS[kernel].is_posterior and stage.ridge > 0
        }

    def write(self, run: RunDirectory) -> Metrics:
        """Write predictions, metrics and the model, and return the metrics.

        Raises:
            DataError: a file changed while it was read.
            NumericalError: a prediction leaves float64.
        """
        job, dataset = self.job, self.job.dataset
        tally = self._predicted(run)
        metrics = tally.metrics(self.unseen)
        rows = "test" if dataset.has_test_rows else "train"
        write_json(run.path / "metrics.json", {"rows": rows, **metrics.content})
        folder = run.folder("model")
        writer = ModelWriter(ArrayWriter(folder), job)
        for stage in self.model.stages:
            writer.keep(stage)
        content = writer.finish(self.model.x, self.unseen, self.calibrations, self.baselines)
        write_model_file(folder, content)
        return metrics

    def _predicted(self, run: RunDirectory) -> MetricsTally:
        """Write the predictions of all rows, part by part, and return what metrics are made of."""
        job, source, rows = self.job, self.job.row_source, self.job.test_rows
        targets = job.dataset.schema.targets
        presentation, baselines = presentation_of(targets, job.spec.output), self.baselines
        tally, dropped = MetricsTally(presentation), 0
        is_joint = job.question.uncertainty == "covariance"
        # Overwriting renames, and leaves no second name in the run that a disk may refuse to delete.
        with (
            job.journal.phase("predict", rows) as advance,
            table_sink(run.path / "predictions.csv", overwrite=True) as write,
        ):
            tables = source.test(rows if is_joint else PART_ROWS)
            for table, answers in answered(job, self.model, tables, one_by_one=is_joint):
                results = self._results(answers, job.dataset.schema.noise(table), run)
                write(prediction_table(presentation, table, results))
                tally.add(table.targets, results, baseline_results(targets, baselines, table.x))
                advance(len(table))
                dropped += table.dropped
        for warning in dropped_rows(job.dataset.test.file.path, dropped):
            job.journal.warn(warning)
        return tally

    def _results(
        self, answers: Sequence[Answer], noise: FloatArray | float, run: RunDirectory
    ) -> list[Result]:
        """The answers for some rows in the targets' units; what these have together is written."""
        job, results = self.job, []
        scaling, output = job.dataset.target_scaling, job.spec.output
        for answer in answers:
            found = self.calibrations[answer.pair]
            result = Result.of(answer, scaling, found, noise)
            units = scaling.scale**2 * found.variance_scale
            write_joint(run, output, answer, result, units, job.dataset.schema.targets.transforms)
            results.append(replace(result, ready=job.journal.seconds))
        return results


@contextmanager
def _singularity_explained() -> Iterator[None]:
    try:
        yield
    except SingularMatrixError as error:
        raise NumericalError(
            f"the centres' sums of kernels are singular to rounding (smallest eigenvalue {error.value:.2g}): "
            f"{REMEDY}, or take fewer centres"
        ) from error
