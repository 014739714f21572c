"""`ntk predict`: a fitted model's predictions for the rows of a CSV file."""

from pathlib import Path

from ntkcli.data.standard_input import shown
from ntkcli.data.table import dropped_rows
from ntkcli.errors import DataError
from ntkcli.journal import Journal
from ntkcli.models.choice import Choice, model_at_work
from ntkcli.results.predictions import prediction_table
from ntkcli.runs.table_sink import table_sink


def predict(run: Path, table: Path, *, out: Path | None, choice: Choice, journal: Journal) -> int:
    """Predict the rows of a file, some at a time, and write them as fit writes predictions.csv.

    Args:
        run: the run directory of a fit.
        table: the CSV file, or `-` for standard input.
        out: the file to write; None is standard output.
        choice: which of the model's kernels and times, and whether std.
        journal: is told of progress and warnings.

    Returns:
        The number of rows predicted.

    Raises:
        NtkError: one of its family, with the exit code.
    """
    rows = dropped = 0
    with model_at_work(run, table, choice, journal) as (model, predictor, tables), table_sink(out) as write:
        presentation = model.presentation(std=predictor.has_std)
        for part in tables:
            write(prediction_table(presentation, part, predictor.results(part)))
            rows, dropped = rows + len(part), dropped + part.dropped
        if not rows:
            raise DataError(f"{shown(table)}: every row lacks a value, and data.missing: drop leaves none")
        for warning in dropped_rows(shown(table), dropped):
            journal.warn(warning)
    return rows
