"""`ntk fit`: a spec's predictions, metrics and matrices, in a run directory."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ntkcli.accuracy import check_accuracy
from ntkcli.arrays import in_memory
from ntkcli.gram_store import GramStore
from ntkcli.job import Job, open_job
from ntkcli.journal import Journal
from ntkcli.linalg.lanczos import ConvergenceError
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.plan import Plan
from ntkcli.preflight import preflight
from ntkcli.question import time_text
from ntkcli.regression import Regression
from ntkcli.runs.directory import RunDirectory
from ntkcli.runs.manifest import MANIFEST, write_json, write_manifest
from ntkcli.runs.matrices import rows_to_write, write_covariance, write_matrices
from ntkcli.runs.results import Result, prediction_table, scores
from ntkcli.singularity import explain
from ntkcli.spec.file import read_spec
from ntkcli.storage import in_file

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
        preflight(job)
        plan = job.planner().checked()
        with run:
            plan, results, solvers = _compute_or_fall_back(job, run, plan)
            check_accuracy(job, solvers)
            with journal.phase("write"):
                found = _write(job, run, results)
            write_manifest(run, job, solvers, in_file=plan.in_file)
        return FitReport(run.place, len(job.test), found)


def _compute_or_fall_back(
    job: Job, run: RunDirectory, plan: Plan
) -> tuple[Plan, list[Result], list[dict[str, Any]]]:
    """The plan that worked, and what it gave."""
    try:
        return plan, *_compute(job, run, plan)
    except ConvergenceError as error:
        job.journal.warn(f"Lanczos stops at {error}: taking an eigendecomposition instead")
    # Outside of the handler, because the error holds on to all that was in memory where it was raised.
    plan = job.planner(without="lanczos").checked()
    return plan, *_compute(job, run, plan)


def _compute(job: Job, run: RunDirectory, plan: Plan) -> tuple[list[Result], list[dict[str, Any]]]:
    """The results of a plan, and what to tell of its solvers; the spec's matrices are written on the way."""
    store = GramStore(job.gram, job.train, job.journal, in_file(run.path) if plan.in_file else in_memory)
    names = job.spec.output.kernels
    if names:
        store.need(plan.stages[0].matrices(job.question))
        with job.journal.phase("matrices", rows_to_write(names, job.train, job.test)) as advance:
            write_matrices(run.folder("kernels"), names, store, job.test, advance)
    regression = Regression(store, job.dataset.y_train, job.question, plan.stages)
    return _results(job, run, regression), regression.solvers


def _results(job: Job, run: RunDirectory, regression: Regression) -> list[Result]:
    """Predictions in the targets' units, in the spec's order; covariances go to disk as they come."""
    scaling, order = job.dataset.target_scaling, regression.question.pairs
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            results = []
            for answer in regression.answers(job.test):
                results.append(Result.of(answer, scaling, ready=job.journal.seconds))
                if answer.prediction.covariance is not None:
                    name = f"{answer.kernel}_t{time_text(answer.time)}"
                    write_covariance(run.folder("covariance"), name, answer.prediction.covariance, scaling)
        return sorted(results, key=lambda result: order.index((result.kernel, result.time)))
    except SingularMatrixError as error:
        raise explain(error, job.dataset.train.file, job.spec.compute.stored_dtype) from error


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
