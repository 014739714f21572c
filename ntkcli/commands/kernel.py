"""`ntk kernel`: the Gram matrices of a spec, and nothing else."""

from pathlib import Path

from ntkcli.arrays import in_memory
from ntkcli.jobs.job import Job, open_job
from ntkcli.journal import Journal
from ntkcli.planning.plan import Planner
from ntkcli.regression.kernel import inverted_grams
from ntkcli.regression.support import Support
from ntkcli.runs.block_files import in_file
from ntkcli.runs.directory import RunDirectory
from ntkcli.runs.manifest import MANIFEST, write_manifest
from ntkcli.runs.matrices import rows_to_write, write_matrices
from ntkcli.spec.file import read_spec


def kernel(spec_path: Path, *, out: Path | None, overwrite: bool, journal: Journal) -> tuple[Path, list[str]]:
    """Write the matrices of output.kernels, or else those that the spec's predictions are made from.

    Args: as `ntkcli.commands.fit.fit`.

    Returns:
        The run directory and the names of the matrices in it.

    Raises:
        NtkError: one of its family, with the exit code.
    """
    source = read_spec(spec_path, out)
    run = RunDirectory(source.spec.place, overwrite=overwrite, contents=(*MANIFEST, "kernels"))
    with open_job(source, journal) as job:
        names: list[str] = [*job.spec.output.kernels] or _default_names(job)
        plan = Planner(job.sizes, job.budget, matrices=names).checked()
        with run:
            support = Support(job.evaluator, job.train, in_file(run.path) if plan.in_file else in_memory)
            with journal.phase("matrices", rows_to_write(names, job.train, job.test)) as advance:
                write_matrices(run.folder("kernels"), names, support, job.test, advance)
            write_manifest(run, job, [], {}, in_file=plan.in_file)
        return run.place, names


def _default_names(job: Job) -> list[str]:
    sides = ["train_train", "test_train"] if job.dataset.has_test_rows else ["train_train"]
    return [f"{gram}_{side}" for gram in inverted_grams(job.spec.inference.kernel) for side in sides]
