"""A model in memory: fitted there, or read; and written where `ntk predict` finds it."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from ntkcli.inference.leave_one_out import LeaveOneOut
from ntkcli.jobs.automatic import automatic
from ntkcli.jobs.checks import check_accuracy, preflight
from ntkcli.jobs.job import Job
from ntkcli.models.fallback import fit_job
from ntkcli.models.fitting import Fitting, fitted_baselines
from ntkcli.models.held_arrays import HeldArrays
from ntkcli.models.model import Model
from ntkcli.models.model_file import write_model_file
from ntkcli.models.reader import load_model
from ntkcli.regression.question import Pair
from ntkcli.runs.directory import RunDirectory
from ntkcli.runs.replacement import again_if_replaced
from ntkcli.spec.spec import OutputSpec


@dataclass
class HeldFitting(Fitting):
    """A fitting whose model stays in memory.

    held: the arrays of the model.
    """

    held: HeldArrays = field(kw_only=True)

    @classmethod
    def of(cls, job: Job, held_out: dict[Pair, LeaveOneOut]) -> Self:
        """Begin anew."""
        held = HeldArrays()
        return cls(job, held_out, held, held.folder, held=held)


def fit_in_memory(job: Job, output: OutputSpec) -> Model:
    """Fit a job as `ntk fit` does, without an approximation, and without predicting any rows.

    Args:
        job: what is fitted.
        output: how the model presents predictions; the job's own section is of the fit alone.

    Raises:
        NtkError: one of its subclasses, as of `ntk fit`.
    """
    if job.spec.inference.is_automatic:
        job = job.with_inference(automatic(job))
    preflight(job)
    _, fitting = fit_job(job, job.planner().checked(), HeldFitting.of)
    check_accuracy(job, fitting.records)
    file = fitting.finish(fitted_baselines(job)).model_copy(update={"output": output})
    return Model(fitting.held, file, job.dataset.schema, job.evaluator.network)


def save_model(model: Model, place: Path, *, overwrite: bool) -> None:
    """Write a model in memory into a directory, which appears whole or not at all.

    Raises:
        RunDirectoryError: the place is taken, or cannot be written.
    """
    if not isinstance(model.arrays, HeldArrays):
        raise TypeError("the arrays of the model are not in memory")
    with RunDirectory(place, overwrite=overwrite, contents=("model",)) as run:
        folder = run.folder("model")
        records = model.arrays.write_to(folder)
        write_model_file(folder, model.file.model_copy(update={"arrays": records}))


def load_into_memory(run: Path) -> Model:
    """Read the model of a run directory, with all of its arrays.

    Raises:
        DataError: there is none, it is damaged, or a newer ntk wrote it.
    """

    def read() -> Model:
        model = load_model(run)
        return replace(model, arrays=HeldArrays.read_from(model.arrays, model.file.arrays))

    return again_if_replaced(run, read)
