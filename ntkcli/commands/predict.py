"""`ntk predict`: a fitted model's predictions for the rows of a CSV file."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ntkcli.data.gaps import dropped_rows, no_rows_left
from ntkcli.data.standard_input import shown
from ntkcli.data.table import Table
from ntkcli.errors import DataError
from ntkcli.journal import Journal
from ntkcli.models.choice import Choice, model_at_work
from ntkcli.models.model import Model
from ntkcli.models.predictor import Predictor
from ntkcli.results.predictions import prediction_table
from ntkcli.runs.json_files import read_json
from ntkcli.runs.leftovers import put_back
from ntkcli.runs.table_sink import Write, table_sink
from ntkcli.streams import STANDARD


def predict(
    run: Path, table: Path, *, out: Path | None, overwrite: bool = False, choice: Choice, journal: Journal
) -> int:
    """Predict the rows of a file, some at a time, and write them as fit writes predictions.csv.

    Args:
        run: the run directory of a fit.
        table: the CSV file, or `-` for standard input.
        out: the file to write; None is standard output.
        overwrite: whether a file that is already there is replaced, unless it is read or the run's.
        choice: of the model's kernels and times, and of standard deviations.
        journal: receives progress and warnings.

    Returns:
        The number of rows predicted.

    Raises:
        NtkError: one of its subclasses, each with its own exit code.
    """
    put_back(run)
    with (
        table_sink(out, overwrite=overwrite, kept=_kept(run, table)) as write,
        model_at_work(run, table, choice, journal) as (model, predictor, tables),
    ):
        rows, dropped = _write(model, predictor, tables, write)
        if not rows:
            raise DataError(no_rows_left(shown(table)))
        for warning in dropped_rows(shown(table), dropped):
            journal.warn(warning)
    return rows


def _write(model: Model, predictor: Predictor, tables: Iterator[Table], write: Write) -> tuple[int, int]:
    """Write the predictions, and return the numbers of rows predicted and of rows dropped."""
    rows = dropped = 0
    presentation = model.presentation(std=predictor.has_std)
    for part in tables:
        write(prediction_table(presentation, part, predictor.results(part)))
        rows, dropped = rows + len(part), dropped + part.dropped
    return rows, dropped


def _kept(run: Path, table: Path) -> dict[Path, str]:
    """Return the files and folders that predictions must not replace, each with the reason."""
    read = Path("/dev/stdin") if table == STANDARD else table
    data = dict.fromkeys(_fitted_files(run), "is data of the model's fit")
    # A folder that is not a run is reported when its model is read.
    folder = {run: f"is in the run directory {run}"} if (run / "model").is_dir() else {}
    return {read: "is the file that is read", **folder, **data}


def _fitted_files(run: Path) -> list[Path]:
    """Return the CSV files of the fit, if run.json can be read."""
    with suppress(DataError, TypeError, KeyError, AttributeError):
        files = read_json(run / "run.json")["data"].values()
        return [Path(os.path.realpath(run)) / file["path"] for file in files]
    return []
