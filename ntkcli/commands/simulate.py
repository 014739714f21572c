"""`ntk simulate`: finite networks, drawn and trained, beside the closed form."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ntkcli import __version__
from ntkcli.commands.request import Request
from ntkcli.data.dataset import Dataset
from ntkcli.interruption import held_back, results_are_whole
from ntkcli.jobs.automatic import automatic
from ntkcli.jobs.checks import tell_rows
from ntkcli.jobs.clusters import clustered
from ntkcli.jobs.job import Job
from ntkcli.jobs.opening import open_job
from ntkcli.journal import Journal
from ntkcli.regression.question import time_text
from ntkcli.reports.figure import check_matplotlib, save_figure
from ntkcli.runs.fingerprint import fingerprint
from ntkcli.runs.inputs import check_inputs
from ntkcli.runs.json_files import json_text
from ntkcli.runs.manifest import manifest
from ntkcli.simulation.directory import RESULTS, SUMMARY, SimulationDirectory
from ntkcli.simulation.experiment import Draw, Outcome
from ntkcli.simulation.outcomes import all_outcomes
from ntkcli.simulation.plan import SimulationPlan
from ntkcli.simulation.shown import summary_text
from ntkcli.simulation.simulation import Simulation
from ntkcli.simulation.summary import summary
from ntkcli.simulation.tables import (
    Outputs,
    kernel_table,
    layer_table,
    prediction_table,
    sample_table,
    training_table,
)
from ntkcli.spec.file import SpecFile
from ntkcli.spec.simulate import SimulateSpec
from ntkcli.units import counted


@dataclass(frozen=True)
class SimulateReport:
    """The report of a simulation.

    place: its directory.
    summary: what summary.json holds.
    """

    place: Path
    summary: dict[str, Any]

    @property
    def text(self) -> str:
        """Slopes with width, agreement of the predictions, and where the results are."""
        return f"{summary_text(self.summary)}\nwrote {self.place}"

    @property
    def content(self) -> dict[str, Any]:
        """What summary.json holds, with its directory."""
        return {"directory": str(self.place), **self.summary}


def simulate(
    request: Request,
    *,
    overwrite: bool,
    linearised: bool = False,
    samples: bool = False,
    plot: bool = False,
    journal: Journal,
) -> SimulateReport:
    """Draw and train the finite networks of a spec, and write its directory.

    Args:
        request: the spec, and what the command line has beside it.
        overwrite: whether an earlier simulation that is there is deleted; else it goes on.
        linearised: whether linearised networks are trained alone.
        samples: whether every seed's predictions are written.
        plot: whether pictures are drawn.
        journal: receives progress and warnings.

    Raises:
        NtkError: one of its subclasses, each with its own exit code.
    """
    if plot:
        check_matplotlib()
    source = request.spec_file().with_scheduler(request.scheduler)
    settings = source.spec.simulate or SimulateSpec()
    place = request.place or source.spec.place_beside("simulation")
    check_inputs(place, RESULTS, source.spec.data.files)
    patience = request.patience_for_place(journal)
    directory = SimulationDirectory(place, overwrite=overwrite, patience=patience)
    with request.depending(source, place / SUMMARY), open_job(source, journal) as opened:
        # The closed form of these few rows is exact.
        job = opened.at_hand.with_equal_rows
        if source.spec.inference.is_automatic:
            job = job.with_inference(automatic(job))
        plan = SimulationPlan.of(job, settings)
        plan.check(job.budget)
        simulation = Simulation.of(job, settings, linearised=linearised)
        _tell(job, simulation)
        with clustered(job, request.patience) as job, directory:
            directory.begin(_fingerprint(source, job.dataset, settings, linearised=linearised))
            executor = job.cluster or job.evaluator.executor
            outcomes = all_outcomes(simulation, plan, directory, executor, journal)
            content = summary(simulation, outcomes)
            tables = _tables(job, simulation, outcomes, samples=samples)
            _write(directory, job, tables, content, plot=plot)
    return SimulateReport(place, content)


def _tell(job: Job, simulation: Simulation) -> None:
    """Tell what the tables do not show: which rows, which time, and where nothing is trained."""
    tell_rows(job)
    if not any(draw.width <= simulation.experiment.largest_trained for draw in simulation.draws):
        job.journal.tell("no width is at most simulate.largest_trained: comparing kernels alone")
    elif simulation.is_endless:
        time, steps = time_text(simulation.times[-1]), counted(simulation.steps, "step")
        job.journal.tell(
            f"time inf: training ends at {time}, after {steps}, within "
            f"{simulation.closed_form.left:.2g} of the targets' norm of where it would end"
        )


def _fingerprint(source: SpecFile, dataset: Dataset, settings: SimulateSpec, *, linearised: bool) -> str:
    """Return a SHA-256 of all that the outcome of a draw depends on."""
    return fingerprint(
        source.spec,
        without=dict.fromkeys(("output", "compute", "tune", "simulate"), True),
        settings=settings.model_dump(mode="json", exclude={"widths", "seeds"}),
        files=[dataset.train.file.digest, dataset.test.file.digest],
        linearised=linearised,
        version=__version__,
    )


def _tables(
    job: Job, simulation: Simulation, outcomes: dict[Draw, Outcome], *, samples: bool
) -> dict[str, pd.DataFrame]:
    """Return the tables by the names of their files."""
    targets = job.dataset.schema.targets
    outputs = Outputs(targets.output_names, targets.scaling)
    tables = {
        "kernels.csv": kernel_table(outcomes),
        "training.csv": training_table(simulation, outcomes),
        "layers.csv": layer_table(simulation, outcomes),
        "predictions.csv": prediction_table(simulation, outcomes, outputs),
    }
    return tables | ({"samples.csv": sample_table(simulation, outcomes, outputs)} if samples else {})


def _write(
    directory: SimulationDirectory,
    job: Job,
    tables: dict[str, pd.DataFrame],
    content: dict[str, Any],
    *,
    plot: bool,
) -> None:
    """Write all files in the place of earlier ones; summary.json comes last, and says that all are there."""
    directory.drop_results()
    for name, table in tables.items():
        directory.write(name, table.to_csv(index=False, lineterminator="\n"))
    for name, text in manifest(directory.path, job).items():
        directory.write(name, text)
    if plot:
        _draw(directory, tables, content["slopes"], job.dataset.schema.targets.unit)
    with held_back():
        directory.write(SUMMARY, json_text(content))
        results_are_whole()


def _draw(
    directory: SimulationDirectory, tables: dict[str, pd.DataFrame], slopes: dict[str, Any], unit: str
) -> None:
    """Draw the pictures; where nothing was trained, that of the kernels alone."""
    # Matplotlib is an extra.
    from ntkcli.reports.simulation_pictures import kernel_error_picture, predictions_picture, training_picture

    training, predictions = (
        tables[name].astype({"time": np.float64}) for name in ("training.csv", "predictions.csv")
    )
    figures = {"kernels.png": kernel_error_picture(tables["kernels.csv"], slopes)}
    if len(training):
        figures["training.png"] = training_picture(training, slopes)
        figures["predictions.png"] = predictions_picture(predictions, unit)
    for name, figure in figures.items():
        directory.fill(name, partial(save_figure, figure))
