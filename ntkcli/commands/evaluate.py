"""`ntk evaluate`: metrics of a fitted model's predictions for the rows of a CSV file."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from ntkcli.data.standard_input import shown
from ntkcli.data.table import Table, no_rows_left
from ntkcli.errors import DataError
from ntkcli.journal import Journal
from ntkcli.models.choice import Choice, model_at_work
from ntkcli.results.metrics import Metrics, baseline_results
from ntkcli.results.result import Result, joined


def evaluate(run: Path, table: Path, *, choice: Choice, journal: Journal) -> Metrics:
    """Predict the rows of a file that has the targets, and score the predictions.

    Args:
        run: the run directory of a fit.
        table: the CSV file, or `-` for standard input.
        choice: which of the model's kernels and times, and whether std.
        journal: takes progress and warnings.

    Raises:
        DataError: the file lacks a target, or is not what the model was fitted to.
        NtkError: another of its family: the model cannot be read, or not predict.
    """
    parts: list[list[Result]] = []
    baseline_parts: list[list[Result]] = []
    observed: list[pd.DataFrame] = []
    with model_at_work(run, table, choice, journal) as (model, predictor, tables):
        targets, baselines = model.schema.targets, model.baselines
        for part in tables:
            _check_targets(part, targets.names)
            parts.append(predictor.results(part))
            baseline_parts.append(baseline_results(targets, baselines, part.x))
            observed.append(part.targets)
        if not parts:
            raise DataError(no_rows_left(shown(table)))
        presentation = model.presentation(std=predictor.has_std)
    results = [replace(joined(of_one), ready=journal.seconds) for of_one in zip(*parts, strict=True)]
    of_baselines = [joined(of_one) for of_one in zip(*baseline_parts, strict=True)]
    return Metrics.of(presentation, pd.concat(observed), results, of_baselines, model.file.calibrated_by)


def _check_targets(table: Table, names: list[str]) -> None:
    for name in names:
        if name not in table.targets:
            raise DataError(
                f"{table.file.path}:1: has no column {name!r} to compare predictions with: add it, or use "
                "ntk predict"
            )
