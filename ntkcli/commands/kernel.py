"""`ntk kernel`: the Gram matrices of a spec in a run directory, without predictions."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ntkcli.arrays import in_memory
from ntkcli.commands.request import Request
from ntkcli.errors import SpecError
from ntkcli.jobs.clusters import check_workers, clustered
from ntkcli.jobs.job import Job
from ntkcli.jobs.opening import open_job
from ntkcli.journal import Journal
from ntkcli.planning.planner import Planner
from ntkcli.regression.kernel import inverted_grams
from ntkcli.regression.support import Support
from ntkcli.runs.block_files import in_file
from ntkcli.runs.directory import RunDirectory
from ntkcli.runs.exchange import LAST
from ntkcli.runs.manifest import MANIFEST, write_manifest
from ntkcli.runs.matrices import rows_to_write, write_matrices
from ntkcli.runs.resumption import Resumption, is_finished, tell_of_leftovers


@dataclass(frozen=True)
class KernelReport:
    """The report of written matrices.

    place: the run directory.
    names: of the matrices in it.
    """

    place: Path
    names: list[str]

    @property
    def text(self) -> str:
        """A line for every file."""
        return "\n".join(f"wrote {file}" for file in self._files)

    @property
    def content(self) -> dict[str, Any]:
        """The directory and the files of the matrices, by name."""
        files = map(str, self._files)
        return {"directory": str(self.place), "matrices": dict(zip(self.names, files, strict=True))}

    @property
    def _files(self) -> list[Path]:
        return [self.place / "kernels" / f"{name}.npy" for name in self.names]


def kernel(request: Request, *, overwrite: bool, journal: Journal) -> KernelReport:
    """Write the matrices of output.kernels, or else those that the spec's predictions are made from.

    Args:
        request: the spec, and what the command line has beside it.
        overwrite: whether a run directory that is already there is replaced.
        journal: receives progress and warnings.

    Raises:
        NtkError: one of its subclasses, each with its own exit code.
    """
    source = request.spec_file_of_run()
    place, contents = source.spec.place, (*MANIFEST, "kernels")
    if request.resume and is_finished(source.spec, "kernel", contents):
        with request.depending(source, place / LAST):
            journal.tell(f"{place} is finished")
            return KernelReport(place, sorted(path.stem for path in (place / "kernels").iterdir()))
    patience = request.patience_for_place(journal)
    run = RunDirectory(place, overwrite=overwrite, contents=contents, patience=patience)
    with request.depending(source, run.given / LAST), open_job(source, journal) as job:
        names: list[str] = [*job.spec.output.kernels] or _default_names(job)
        resumption = Resumption.of(run, job, "kernel", overwrite=overwrite) if request.resume else None
        if resumption:
            job = resumption.keeping(job)
        else:
            tell_of_leftovers(run, journal)
        plan = Planner(job.sizes, job.budget, matrices=names, is_kept=bool(resumption)).checked()
        _check_rows(job)
        with clustered(job, request.patience) as job, run:
            if resumption:
                resumption.begin()
            check_workers(job, plan.storage.place)
            allocate = in_file(run.path) if plan.storage.place == "file" else in_memory
            support = Support(job.evaluator, job.train, allocate, cluster=job.cluster, keeper=job.keeper)
            with journal.phase("matrices", rows_to_write(names, job.train, job.test)) as advance:
                write_matrices(run.folder("kernels"), names, support.plain, job.test, advance)
            write_manifest(run, job, [], {}, storage=plan.storage)
        return KernelReport(run.given, names)


def _check_rows(job: Job) -> None:
    """Refuse matrices of a sample, which is all that there is of long files.

    Raises:
        SpecError: the spec has an approximation, and its rows are too many to be in memory with it.
    """
    if not job.has_all_rows:
        raise SpecError(
            f"{job.source.path}: inference.approximation: with it, only a sample of these "
            f"{job.sizes.n:,} training rows is in memory, and ntk kernel writes matrices of all: leave it out"
        )


def _default_names(job: Job) -> list[str]:
    sides = ["train_train", "test_train"] if job.dataset.has_test_rows else ["train_train"]
    return [f"{gram}_{side}" for gram in inverted_grams(job.spec.inference.kernel) for side in sides]
