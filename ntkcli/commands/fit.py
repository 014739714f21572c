"""`ntk fit`: a spec's predictions, metrics, model and matrices, in a run directory."""

import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ntkcli.commands.request import Request
from ntkcli.errors import RunDirectoryError
from ntkcli.jobs.automatic import automatic
from ntkcli.jobs.checks import check_accuracy, preflight, warn_of_unkept
from ntkcli.jobs.clusters import check_workers, clustered
from ntkcli.jobs.factors import factor_lines
from ntkcli.jobs.job import Job
from ntkcli.jobs.opening import open_job
from ntkcli.journal import Journal
from ntkcli.models.approximate_fitting import ApproximateFitting
from ntkcli.models.fallback import fit_job
from ntkcli.models.run_fitting import RunFitting
from ntkcli.results.metrics import Metrics
from ntkcli.results.shown import score_table
from ntkcli.runs.directory import RunDirectory
from ntkcli.runs.exchange import LAST
from ntkcli.runs.json_files import read_json
from ntkcli.runs.manifest import MANIFEST, write_manifest
from ntkcli.runs.resumption import Resumption, is_finished, tell_of_leftovers
from ntkcli.spec.approximation import NystromSpec
from ntkcli.spec.file import SpecFile

CONTENTS = (*MANIFEST, "predictions.csv", "metrics.json", "model", "kernels", "covariance", "samples")


@dataclass(frozen=True)
class FitReport:
    """The report of a fit.

    place: the run directory.
    metrics: of the rows predicted.
    warnings: that were given.
    seconds: that it took.
    """

    place: Path
    metrics: Metrics
    warnings: list[str]
    seconds: float

    @property
    def text(self) -> str:
        """The scores, and where the results are."""
        return f"{score_table(self.metrics)}\nwrote {self.place}"

    @property
    def content(self) -> dict[str, Any]:
        """What metrics.json holds, with where the results are and how it went."""
        return {
            "directory": str(self.place),
            "rows": self.metrics.rows,
            **self.metrics.content,
            "warnings": self.warnings,
            "seconds": self.seconds,
        }


@dataclass(frozen=True)
class FinishedReport:
    """The report of a fit that an earlier call has finished.

    place: the run directory.
    """

    place: Path

    @property
    def text(self) -> str:
        """Where the results are."""
        return f"{self.place} is finished"

    @property
    def content(self) -> dict[str, Any]:
        """What metrics.json holds, with where the results are and how it went."""
        run, metrics = read_json(self.place / LAST), read_json(self.place / "metrics.json")
        return {
            "directory": str(self.place),
            **metrics,
            # There it is which ones were predicted, and here how many.
            "rows": run["data"][metrics["rows"]]["rows"],
            "warnings": run["warnings"],
            "seconds": run["seconds"]["total"],
        }


def fit_unless_finished(
    request: Request, *, overwrite: bool, taken: Collection[Path] = (), journal: Journal
) -> FitReport | FinishedReport:
    """Fit a spec, unless it is one to be resumed whose run is whole; arguments and errors as of `fit`."""
    if request.resume:
        source = request.spec_file_of_run()
        if is_finished(source.spec, "fit", CONTENTS):
            with request.depending(source, source.spec.place / LAST):
                return FinishedReport(source.spec.place)
    return fit(request, overwrite=overwrite, taken=taken, journal=journal)


def fit(request: Request, *, overwrite: bool, taken: Collection[Path] = (), journal: Journal) -> FitReport:
    """Fit a spec and write its run directory.

    Args:
        request: the spec, and what the command line has beside it.
        overwrite: whether a run directory that is already there is replaced.
        taken: run directories that are not replaced all the same, being those of specs before this one.
        journal: receives progress and warnings.

    Raises:
        NtkError: one of its subclasses, each with its own exit code.
    """
    source = request.spec_file_of_run()
    _check_taken(source, taken)
    patience = request.patience_for_place(journal)
    run = RunDirectory(source.spec.place, overwrite=overwrite, contents=CONTENTS, patience=patience)
    with request.depending(source, run.given / LAST), open_job(source, journal) as job:
        _tell_factors(job)
        resumption = Resumption.of(run, job, "fit", overwrite=overwrite) if request.resume else None
        if resumption:
            job = resumption.keeping(job)
        else:
            tell_of_leftovers(run, journal)
        if source.spec.inference.approximation:
            metrics = _fit_approximately(
                job, source.spec.inference.approximation, run, request.patience, resumption
            )
        else:
            with clustered(job, request.patience) as job:
                metrics = _fit_exactly(job, run, resumption)
    return FitReport(run.given, metrics, journal.warnings, journal.seconds)


def _check_taken(source: SpecFile, taken: Collection[Path]) -> None:
    """Refuse to write over the results of another spec that the same call has fitted.

    Raises:
        RunDirectoryError: the run directory is one of those.
    """
    place = source.spec.place
    if any(os.path.realpath(place) == os.path.realpath(other) for other in taken):
        raise RunDirectoryError(
            f"{source.path}: {place} has the results of a spec before it: give it another output.dir"
        )


def _fit_exactly(job: Job, run: RunDirectory, resumption: Resumption | None) -> Metrics:
    """Fit all rows."""
    if job.spec.inference.is_automatic:
        job = job.with_inference(automatic(job))
    preflight(job)
    plan = replace(job.planner(), is_kept=resumption is not None).checked()
    check_workers(job, plan.storage.place)
    warn_of_unkept(job, plan.stages)
    with run:
        if resumption:
            resumption.begin()
            job.convergence.keep()
        plan, fitting = fit_job(job, plan, partial(RunFitting.of, run=run))
        check_accuracy(job, fitting.records)
        with job.journal.phase("write"):
            metrics = fitting.write()
        write_manifest(run, job, fitting.records, fitting.calibrations, fitting.unseen, storage=plan.storage)
    return metrics


def _fit_approximately(
    job: Job, approximation: NystromSpec, run: RunDirectory, patience: float, resumption: Resumption | None
) -> Metrics:
    """Fit features of some centres to all rows."""
    plan = job.nystrom_planner(approximation).checked()
    preflight(job.with_inference(job.spec.inference.with_stand_ins()))
    with clustered(job, patience) as job, run:
        if resumption:
            resumption.begin()
        if job.cluster:
            job.cluster.check_memory(plan.shared_bytes, plan.task_bytes)
        fitting = ApproximateFitting.of(job, plan)
        for warning in fitting.warnings:
            job.journal.warn(warning)
        metrics = fitting.write(run)
        write_manifest(
            run,
            fitting.job,
            fitting.records,
            fitting.calibrations,
            fitting.unseen,
            approximation=fitting.content,
        )
    return metrics


def _tell_factors(job: Job) -> None:
    if job.spec.data.relevance != "equal":
        job.journal.tell("data.relevance: the factors of the features are")
        for line in factor_lines(job.dataset.schema.features.factors):
            job.journal.tell(f"  {line}")
