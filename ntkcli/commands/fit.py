"""`ntk fit`: a spec's predictions, metrics and matrices, in a run directory."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ntkcli.inference.flow import solver_for
from ntkcli.job import Job, open_job
from ntkcli.journal import Journal
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.plan import plan_fit
from ntkcli.regression import Question, Regression
from ntkcli.runs.directory import RunDirectory
from ntkcli.runs.manifest import MANIFEST, write_json, write_manifest
from ntkcli.runs.matrices import rows_to_write, write_covariance, write_matrices
from ntkcli.runs.results import Result, check_names, prediction_table, scores, time_text
from ntkcli.singularity import check_invertible, explain
from ntkcli.spec_file import read_spec

CONTENTS = (*MANIFEST, "predictions.csv", "metrics.json", "kernels", "covariance")


@dataclass(frozen=True)
class FitReport:
    """What a fit has to show.

    place: the run directory.
    rows: number of rows predicted.
    scores: for every kernel, time and target: the metrics there are, and the seconds when it was ready.
    """

    place: Path
    rows: int
    scores: list[dict[str, Any]]


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
        question = _question(job)
        _check(job, question, run.place)
        with run:
            regression = Regression(job.gram, job.train, job.dataset.y_train, question, journal)
            results = _results(job, run, regression, _train_matrices(job, question, run))
            with journal.phase("write"):
                found = _write(job, run, results)
            write_manifest(run, job, regression.solvers)
        return FitReport(run.place, len(job.test), found)


def _question(job: Job) -> Question:
    spec, (n, k) = job.spec, job.dataset.y_train.shape
    return Question(
        times={kernel: spec.inference.times_of(kernel) for kernel in spec.inference.kernel},
        rate=spec.inference.learning_rate / (n * k if spec.inference.loss == "mean" else 1),
        ridge=spec.inference.ridge,
        ridge_scale=spec.inference.ridge_scale,
        spread="covariance" if spec.output.covariance else "variance" if spec.output.std else "none",
    )


def _check(job: Job, question: Question, place: Path) -> None:
    """Refuse what cannot work before any of it is computed, and say what may surprise."""
    spec, train = job.spec, job.dataset.train
    check_names(job.dataset)
    if not job.dataset.has_test_file:
        job.journal.tell("there is no data.test: predicting the training rows themselves")
    if spec.output.noise and "ntk" in question.times:
        job.journal.warn("output.noise does not change kernel ntk: its ridge is no noise variance")
    if question.ridge == 0 and math.inf in spec.inference.time:
        check_invertible(job.gram.network, train.x, train.file)
    times = [time for asked in question.times.values() for time in asked]
    plan_fit(
        job.sizes,
        grams=question.grams,
        solver=solver_for(times),
        covariances=len(times) * len(job.dataset.columns.targets) if spec.output.covariance else 0,
        matrices=spec.output.kernels,
    ).check(place)


def _train_matrices(job: Job, question: Question, run: RunDirectory) -> dict[str, SymmetricBlocks]:
    """The Gram matrices that the question needs, after writing the matrices that the spec asks for."""
    names = job.spec.output.kernels
    with job.journal.phase("gram", len(job.train)) as advance:
        matrices = job.gram.symmetric(job.train, question.grams, advance)
    if names:
        with job.journal.phase("matrices", rows_to_write(names, job.train, job.test)) as advance:
            write_matrices(run.folder("kernels"), names, job.gram, job.train, job.test, matrices, advance)
    return matrices


def _results(
    job: Job, run: RunDirectory, regression: Regression, matrices: dict[str, SymmetricBlocks]
) -> list[Result]:
    """Predictions in the targets' units, in the spec's order; covariances go to disk as they come."""
    scaling, kernels = job.dataset.target_scaling, list(regression.question.times)
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            results = []
            for answer in regression.answers(matrices, job.test):
                results.append(Result.of(answer, scaling, ready=job.journal.seconds))
                if answer.prediction.covariance is not None:
                    name = f"{answer.kernel}_t{time_text(answer.time)}"
                    write_covariance(run.folder("covariance"), name, answer.prediction.covariance, scaling)
        return sorted(results, key=lambda result: kernels.index(result.kernel))
    except SingularMatrixError as error:
        raise explain(error, job.dataset.train.file) from error


def _write(job: Job, run: RunDirectory, results: list[Result]) -> list[dict[str, Any]]:
    """Write predictions and metrics; returns the report's scores."""
    output, dataset = job.spec.output, job.dataset
    table = prediction_table(dataset, results, output)
    table.to_csv(run.path / "predictions.csv", index=False, lineterminator="\n")
    found = [
        (result, score) for result in results for score in scores(dataset, result, interval=output.interval)
    ]
    content = {
        "rows": "test" if dataset.has_test_file else "train",
        "interval": output.interval,
        "scores": [score for _, score in found if "rmse" in score],
    }
    write_json(run.path / "metrics.json", content)
    return [score | {"seconds": result.ready} for result, score in found]
