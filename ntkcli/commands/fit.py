"""`ntk fit`: a spec's predictions, metrics, model and matrices, in a run directory."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ntkcli.accuracy import check_accuracy
from ntkcli.arrays import in_memory
from ntkcli.gram_store import GramStore
from ntkcli.inference.baselines import Baseline, linear_baseline, mean_baseline
from ntkcli.inference.calibration import Calibration, half_width, temperature, variance_scale
from ntkcli.inference.sampling import draw
from ntkcli.job import Job, open_job
from ntkcli.journal import Journal
from ntkcli.linalg.lanczos import ConvergenceError
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.models.writer import ModelWriter
from ntkcli.plan import Plan
from ntkcli.preflight import preflight
from ntkcli.question import time_text
from ntkcli.regression import Answer, Regression
from ntkcli.runs.directory import RunDirectory
from ntkcli.runs.manifest import MANIFEST, write_json, write_manifest
from ntkcli.runs.matrices import rows_to_write, write_covariance, write_matrices
from ntkcli.runs.metrics import Metrics, plain_results
from ntkcli.runs.predictions import prediction_table
from ntkcli.runs.report import report_of
from ntkcli.runs.result import Result
from ntkcli.runs.samples import write_samples
from ntkcli.singularity import explain
from ntkcli.spec.file import read_spec
from ntkcli.storage import in_file
from ntkcli.tuning.automatic import automatic

CONTENTS = (*MANIFEST, "predictions.csv", "metrics.json", "model", "kernels", "covariance", "samples")


@dataclass(frozen=True)
class FitReport:
    """What a fit has to show.

    place: the run directory.
    metrics: of the rows predicted.
    """

    place: Path
    metrics: Metrics


@dataclass(frozen=True)
class _Fitted:
    """What a plan gave.

    results: in the order asked.
    solvers: what to tell of them.
    calibrations: by kernel and time.
    """

    results: list[Result]
    solvers: list[dict[str, Any]]
    calibrations: dict[tuple[str, float], Calibration]


def fit(spec_path: Path, *, out: Path | None, overwrite: bool, journal: Journal) -> FitReport:
    """Fit a spec and write its run directory.

    Args:
        spec_path: the YAML spec.
        out: the run directory, instead of the spec's output.dir.
        overwrite: whether a run directory that is already there is replaced.
        journal: is told of progress and warnings.

    Raises:
        NtkError: one of its family, with the exit code.
    """
    source = read_spec(spec_path, out)
    run = RunDirectory(source.spec.place, overwrite=overwrite, contents=CONTENTS)
    with open_job(source, journal) as job:
        if source.spec.inference.is_automatic:
            job = job.with_inference(automatic(job))
        preflight(job)
        plan = job.planner().checked()
        with run:
            plan, fitted, writer = _compute_or_fall_back(job, run, plan)
            check_accuracy(job, fitted.solvers)
            with journal.phase("write"):
                metrics = _write(job, run, fitted, writer)
            write_manifest(run, job, fitted.solvers, fitted.calibrations, in_file=plan.in_file)
        return FitReport(run.place, metrics)


def _compute_or_fall_back(job: Job, run: RunDirectory, plan: Plan) -> tuple[Plan, _Fitted, ModelWriter]:
    """The plan that worked, what it gave, and the model that it began to write."""
    try:
        return plan, *_compute(job, run, plan)
    except ConvergenceError as error:
        job.journal.warn(f"Lanczos stops at {error}: taking an eigendecomposition instead")
    # Outside of the handler, because the error holds on to all that was in memory where it was raised.
    plan = job.planner(without="lanczos").checked()
    shutil.rmtree(run.folder("model"))
    return plan, *_compute(job, run, plan)


def _compute(job: Job, run: RunDirectory, plan: Plan) -> tuple[_Fitted, ModelWriter]:
    """Carry out a plan; the spec's matrices and the model's larger part are written on the way."""
    store = GramStore(job.gram, job.train, job.journal, in_file(run.path) if plan.in_file else in_memory)
    names = job.spec.output.kernels
    if names:
        store.need(plan.stages[0].matrices(job.question))
        with job.journal.phase("matrices", rows_to_write(names, job.train, job.test)) as advance:
            write_matrices(run.folder("kernels"), names, store, job.test, advance)
    writer = ModelWriter(run.folder("model"), job)
    regression = Regression(store, job.dataset.y_train, job.question, plan.stages, writer.keep)
    results, calibrations = [], {}
    for answer in _answers(job, regression):
        pair = answer.kernel, answer.time
        calibrations[pair] = _calibration(job, answer)
        results.append(_result(job, run, answer, calibrations[pair]))
    order = job.question.pairs
    results.sort(key=lambda result: order.index((result.kernel, result.time)))
    in_order = {pair: calibrations[pair] for pair in order}
    return _Fitted(results, regression.solvers, in_order), writer


def _answers(job: Job, regression: Regression) -> Iterator[Answer]:
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            yield from regression.answers(job.test)
    except SingularMatrixError as error:
        raise explain(error, job.dataset.train, job.spec.compute.stored_dtype) from error


def _calibration(job: Job, answer: Answer) -> Calibration:
    """What the training rows that were left out tell, where the spec or the classes ask."""
    k, found = job.dataset.schema.targets.count, answer.left_out
    scale = job.spec.inference.variance_scale
    if found is None:
        return Calibration(np.full(k, scale))
    scales = variance_scale(found) if scale == "auto" else np.full(k, scale)
    if not job.dataset.is_classification:
        by_rows = job.spec.output.interval_from == "leave_one_out"
        half = half_width(found, scales, job.spec.output.interval) if by_rows else None
        if half is not None and np.isinf(half).any():
            job.journal.warn(_endless(answer))
        return Calibration(scales, half_width=half)
    rows = list(job.question.left_out)
    outputs = job.dataset.y_train[rows]
    # All classes are outputs of one network: they share a scale.
    return Calibration(np.full(k, scales.mean()), temperature(found, outputs, outputs.argmax(axis=1)))


def _endless(answer: Answer) -> str:
    return (
        f"intervals of kernel {answer.kernel} at time {time_text(answer.time)} are endless: rows left out "
        "are missed with variance 0: give inference.ridge a value above 0, or use interval_from: normal"
    )


def _result(job: Job, run: RunDirectory, answer: Answer, calibration: Calibration) -> Result:
    """A prediction in the targets' units; covariances and draws go to disk as they come."""
    prediction, output, scaling = answer.prediction, job.spec.output, job.dataset.target_scaling
    pair = answer.kernel, answer.time
    result = Result.of(pair, prediction, answer.noise, scaling, calibration)
    name, units = f"{answer.kernel}_t{time_text(answer.time)}", scaling.scale**2 * calibration.variance_scale
    if output.covariance and prediction.covariance is not None:
        write_covariance(run.folder("covariance"), name, prediction.covariance, units)
    if output.samples and prediction.covariance is not None:
        functions = draw(np.zeros_like(result.mean), prediction.covariance, output.samples, output.seed)
        write_samples(run.folder("samples"), name, result.mean + functions * np.sqrt(units))
    return replace(result, ready=job.journal.seconds)


def _write(job: Job, run: RunDirectory, fitted: _Fitted, writer: ModelWriter) -> Metrics:
    """Write predictions, metrics, and the rest of the model."""
    dataset, output = job.dataset, job.spec.output
    report = report_of(dataset.schema.targets, output)
    table = prediction_table(report, dataset.test, fitted.results)
    table.to_csv(run.path / "predictions.csv", index=False, lineterminator="\n")
    baselines = _baselines(job)
    plain = plain_results(dataset.schema.targets, baselines, dataset.test.x)
    metrics = Metrics.of(report, dataset.test.targets, fitted.results, plain)
    rows = "test" if dataset.has_test_rows else "train"
    write_json(run.path / "metrics.json", {"rows": rows, **metrics.content})
    writer.finish(fitted.calibrations, baselines)
    return metrics


def _baselines(job: Job) -> list[Baseline]:
    x, y = job.dataset.train.x, job.dataset.y_train
    # Without a scale, squares of targets may leave the range of float64.
    with np.errstate(over="ignore", invalid="ignore"):
        return [mean_baseline(y, x.shape[1]), linear_baseline(x, y)]
