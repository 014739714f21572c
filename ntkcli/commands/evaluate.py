"""`ntk evaluate`: how good a fitted model's predictions are for the rows of a CSV file."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from ntkcli.data.standard_input import shown
from ntkcli.data.table import Table
from ntkcli.errors import DataError
from ntkcli.journal import Journal
from ntkcli.models.choice import Choice, model_at_work
from ntkcli.results.metrics import Metrics, baseline_results
from ntkcli.results.result import Result, joined


def evaluate(run: Path, table: Path, *, choice: Choice, journal: Journal) -> Metrics:
    """Predict the rows of a file that has targets, and judge the predictions.

    Args: as `ntkcli.commands.predict.predict`.

    Raises:
        NtkError: one of its family, with the exit code.
    """
    parts: list[list[Result]] = []
    plain: list[list[Result]] = []
    observed: list[pd.DataFrame] = []
    with model_at_work(run, table, choice, journal) as (model, predictor, tables):
        targets, baselines = model.schema.targets, model.baselines
        for part in tables:
            _check_targets(part, targets.names)
            parts.append(predictor.results(part))
            plain.append(baseline_results(targets, baselines, part.x))
            observed.append(part.targets)
        if not parts:
            raise DataError(f"{shown(table)}: every row lacks a value, and data.missing: drop leaves none")
        presentation = model.presentation(std=predictor.has_std)
    results = [replace(joined(of_one), ready=journal.seconds) for of_one in zip(*parts, strict=True)]
    return Metrics.of(
        presentation, pd.concat(observed), results, [joined(of_one) for of_one in zip(*plain, strict=True)]
    )


def _check_targets(table: Table, names: list[str]) -> None:
    for name in names:
        if name not in table.targets:
            raise DataError(
                f"{table.file.path}:1: has no column {name!r} to compare predictions with: add it, or use "
                "ntk predict"
            )
