"""`ntk spectrum`: what the Gram matrices of a spec say, in a run directory."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ntkcli.commands.request import Request
from ntkcli.errors import SpecError
from ntkcli.files.written_file import opened
from ntkcli.jobs.automatic import automatic
from ntkcli.jobs.job import Job
from ntkcli.jobs.opening import open_job
from ntkcli.jobs.sample import sampled
from ntkcli.journal import Journal
from ntkcli.layout import aligned_left
from ntkcli.reports.figure import check_matplotlib, save_figure
from ntkcli.runs.directory import RunDirectory
from ntkcli.runs.exchange import LAST
from ntkcli.runs.inputs import check_inputs
from ntkcli.runs.json_files import write_json
from ntkcli.runs.manifest import MANIFEST, write_manifest
from ntkcli.runs.table_sink import write_csv
from ntkcli.spec.approximation import NystromSpec
from ntkcli.spectra.approximation import ApproximateGrams
from ntkcli.spectra.plan import SpectrumPlan
from ntkcli.spectra.shown import figure_lines
from ntkcli.spectra.spectra import Spectra, approximate_spectra_of, spectra_of
from ntkcli.units import counted

SUMMARY = "summary.json"
MEASURED = (
    "--measured fits subsets of the rows, which inference.approximation does not keep: give --rows as well, "
    "or leave one of them out"
)
CONTENTS = (
    *MANIFEST,
    *("spectrum.csv", "time_course.csv", "learning_curve.csv", "degrees_of_freedom.csv"),
    SUMMARY,
    *("spectrum.png", "time_course.png", "learning_curve.png"),
)


@dataclass(frozen=True)
class SpectrumReport:
    """The report of decomposed Gram matrices.

    place: the run directory.
    spectra: the tables and the summary in it.
    figures: the main figures, as lines of cells below a head.
    """

    place: Path
    spectra: Spectra
    figures: list[list[str]]

    @property
    def text(self) -> str:
        """The main figures, and where the results are."""
        return f"{aligned_left(self.figures)}\nwrote {self.place}"

    @property
    def content(self) -> dict[str, Any]:
        """What summary.json holds, with its directory."""
        return {"directory": str(self.place), **self.spectra.summary}


def spectrum(
    request: Request,
    *,
    rows: int | None,
    measured: bool,
    plot: bool = False,
    overwrite: bool,
    journal: Journal,
) -> SpectrumReport:
    """Decompose the Gram matrices of a spec's kernels, and write what they say.

    Args:
        request: the spec, and what the command line has beside it.
        rows: how many training rows to take at random; None for all.
        measured: whether subsets of the rows are fitted for the learning curve.
        plot: whether pictures are drawn.
        overwrite: whether a run directory that is already there is replaced.
        journal: receives progress and warnings.

    Raises:
        NtkError: one of its subclasses, each with its own exit code.
    """
    if plot:
        check_matplotlib()
    source = request.spec_file()
    place = request.place or source.spec.place_beside("spectrum")
    check_inputs(place, CONTENTS, source.spec.data.files)
    patience = request.patience_for_place(journal)
    run = RunDirectory(place, overwrite=overwrite, contents=CONTENTS, patience=patience)
    with request.depending(source, place / LAST), open_job(source, journal) as opened:
        job = opened.with_equal_rows
        if rows is not None:
            job = sampled(job, rows).at_hand
        approximation = job.spec.inference.approximation
        if approximation is None:
            SpectrumPlan.of(job).check()
        elif measured:
            raise SpecError(MEASURED)
        job = _at_infinity(job)
        with run:
            job, found = _approximate(job, approximation) if approximation else _exact(job, measured=measured)
            for name, table in found.files.items():
                write_csv(run.path / name, table)
            write_json(run.path / SUMMARY, found.summary)
            if plot:
                _draw(run.path, found, job)
            write_manifest(run, job, [], {}, approximation=found.summary.get("approximation"))
        return SpectrumReport(run.given, found, figure_lines(found.summary, job.spec.inference.loss))


def _at_infinity(job: Job) -> Job:
    """Return the job with inf for `time: auto`, as all times are looked at."""
    inference = job.spec.inference
    if inference.time != "auto":
        return job
    return job.with_inference(inference.model_copy(update={"time": [math.inf]}))


def _exact(job: Job, *, measured: bool) -> tuple[Job, Spectra]:
    """Return the job with a number for its ridge, and what the Gram matrices of all rows say."""
    job = job.with_inference(automatic(job))
    return job, spectra_of(job, measure=measured)


def _approximate(job: Job, approximation: NystromSpec) -> tuple[Job, Spectra]:
    """Return the same by the features of some centres."""
    grams = ApproximateGrams.of(job, approximation)
    job.journal.tell(
        f"the modes are those of {counted(grams.centres, 'centre')}: what takes all rows at once is left out "
        "(leave-one-out, the learning curve, shuffled targets, the alignment)"
    )
    return grams.job, approximate_spectra_of(grams)


def _draw(folder: Path, found: Spectra, job: Job) -> None:
    """Draw the pictures."""
    # Matplotlib is an extra.
    from ntkcli.reports.spectrum_pictures import (
        learning_curve_picture,
        spectrum_picture,
        time_course_picture,
    )

    unit, rows = job.dataset.schema.targets.unit, found.summary["rows"]
    figures = {
        "spectrum.png": spectrum_picture(found.modes),
        "time_course.png": time_course_picture(found.course, unit),
    }
    if found.curve is not None:
        squared = f"{unit} squared" if unit else ""
        figures["learning_curve.png"] = learning_curve_picture(found.curve, rows, squared)
    for name, figure in figures.items():
        with opened(folder / name) as file:
            save_figure(figure, file)
