"""`ntk evaluate`: metrics of a fitted model's predictions for the rows of a CSV file."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Any

from ntkcli.commands.importance import importances_of
from ntkcli.data.gaps import no_rows_left
from ntkcli.data.standard_input import shown
from ntkcli.data.table import Table
from ntkcli.errors import DataError
from ntkcli.journal import Journal
from ntkcli.models.choice import Choice, model_at_work
from ntkcli.models.model import Model
from ntkcli.models.predictor import Predictor
from ntkcli.results.importance import Importances
from ntkcli.results.metrics import Metrics, MetricsTally, baseline_results
from ntkcli.results.shown import importance_table, score_table
from ntkcli.runs.leftovers import put_back


@dataclass(frozen=True)
class EvaluateReport:
    """The report of an evaluation.

    metrics: of the predictions.
    importances: of the features, for the first kernel and time; None where they were not asked for.
    """

    metrics: Metrics
    importances: Importances | None

    @property
    def text(self) -> str:
        """The scores, and the features by what they are worth."""
        tables = [score_table(self.metrics)]
        if self.importances:
            tables.append(importance_table(self.importances))
        return "\n\n".join(tables)

    @property
    def content(self) -> dict[str, Any]:
        """What metrics.json would hold, and the importances."""
        return self.metrics.content | (
            {} if self.importances is None else {"importance": self.importances.content}
        )


def evaluate(run: Path, table: Path, *, choice: Choice, importance: bool, journal: Journal) -> EvaluateReport:
    """Predict the rows of a file that has the targets, and score the predictions.

    Args:
        run: the run directory of a fit.
        table: the CSV file, or `-` for standard input.
        choice: which of the model's kernels and times, and whether std.
        importance: whether the features' values are shuffled, to see what they are worth.
        journal: takes progress and warnings.

    Raises:
        DataError: the file lacks a target, or is not what the model was fitted to.
        NtkError: another of its family: the model cannot be read, or not predict.
    """
    put_back(run)
    with model_at_work(run, table, choice, journal, attrgetter("baselines")) as (model, predictor, tables):
        first = next(tables, None)
        if first is None:
            raise DataError(no_rows_left(shown(table)))
        metrics = _metrics(model, predictor, chain([first], tables), journal)
        pairs = choice.pairs(model, run)
        # At time 0 no feature matters.
        pair = next((pair for pair in pairs if pair.time > 0), pairs[0])
        found = importances_of(model, pair, first.file, journal) if importance else None
    return EvaluateReport(metrics, found)


def _metrics(model: Model, predictor: Predictor, tables: Iterable[Table], journal: Journal) -> Metrics:
    """Predict and score the rows of some tables, which are let go one after another."""
    targets, baselines = model.schema.targets, model.baselines
    tally = MetricsTally(model.presentation(std=predictor.has_std))
    for part in tables:
        _check_targets(part, targets.names)
        results = predictor.results(part)
        ready = [replace(result, ready=journal.seconds) for result in results]
        tally.add(part.targets, ready, baseline_results(targets, baselines, part.x))
    return tally.metrics(model.file.calibrated_by)


def _check_targets(table: Table, names: list[str]) -> None:
    for name in names:
        if name not in table.targets:
            raise DataError(
                f"{table.file.header}: has no column {name!r} to compare predictions with: add it, or use "
                "ntk predict"
            )
