"""`ntk compare`: what runs predict of the same rows, and by how much they differ."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ntkcli.commands.ls_line import scales_of
from ntkcli.errors import DataError, SpecError
from ntkcli.layout import aligned_left
from ntkcli.regression.question import time_text
from ntkcli.results.paired import PairedDifference
from ntkcli.results.row_errors import RowErrors
from ntkcli.runs.best_pair import best_pair
from ntkcli.runs.predictions import Predictions
from ntkcli.runs.reader import Run
from ntkcli.runs.replacement import of_one_run
from ntkcli.runs.shared_rows import SharedRows
from ntkcli.units import counted


@dataclass(frozen=True)
class Compared:
    """A run on the rows that all have.

    run: its directory, as it was given.
    kernel, time: of its predictions.
    errors: of each target.
    """

    run: str
    kernel: str
    time: str
    errors: list[RowErrors]

    @property
    def content(self) -> dict[str, Any]:
        """The run and its scores as JSON has them."""
        scores = [{"target": errors.target, **errors.scores} for errors in self.errors]
        return {"run": self.run, "kernel": self.kernel, "time": self.time, "scores": scores}


@dataclass(frozen=True)
class CompareReport:
    """The report of some runs, the first of which the others are compared to.

    rows: that all have, of each target.
    runs: in the order that they were given.
    """

    rows: dict[str, int]
    runs: list[Compared]

    @property
    def differences(self) -> list[tuple[str, str, PairedDifference]]:
        """Run, target and difference from the first run, for every run but that."""
        first, *others = self.runs
        return [
            (other.run, errors.target, difference)
            for other in others
            for errors, of_first in zip(other.errors, first.errors, strict=True)
            for difference in errors.less(of_first)
        ]

    @property
    def text(self) -> str:
        """The scores of every run, and the differences below them."""
        rows = ", ".join(f"{counted(count, 'row')} of {target}" for target, count in self.rows.items())
        names = [*dict.fromkeys(name for run in self.runs for each in run.errors for name in each.scores)]
        lines = [["run", "kernel", "time", "target", *names]]
        for run in self.runs:
            for errors in run.errors:
                cells = [_number(errors.scores.get(name)) for name in names]
                lines.append([run.run, run.kernel, run.time, errors.target, *cells])
        head = [f"less {self.runs[0].run}", "target", "metric", "difference", "standard error", "ratio"]
        found = [[run, target, each.metric, *_cells(each)] for run, target, each in self.differences]
        return f"{rows} in all runs\n{aligned_left(lines)}\n\n{aligned_left([head, *found])}"

    @property
    def content(self) -> dict[str, Any]:
        """The same as JSON has it."""
        differences = [
            {"run": run, "less": self.runs[0].run, "target": target, **difference.content}
            for run, target, difference in self.differences
        ]
        return {"rows": self.rows, "runs": [run.content for run in self.runs], "differences": differences}


def compare(places: Sequence[Path], *, kernels: Collection[str], times: Collection[float]) -> CompareReport:
    """Compare runs on the rows that all of them predict.

    Args:
        places: of fits or searches, two or more.
        kernels: of which the best is taken; none stands for all.
        times: likewise.

    Raises:
        SpecError: a run was not fitted with one of the kernels and times.
        DataError: a directory is no fit's, or damaged, or of other test data.
    """
    found = [of_one_run(place, partial(_predictions, place, kernels, times)) for place in places]
    shared = SharedRows.of(found)
    runs = [
        Compared(str(place), each.kernel, each.time, shared.errors(i))
        for i, (place, each) in enumerate(zip(places, found, strict=True))
    ]
    return CompareReport(shared.counts, runs)


def _predictions(place: Path, kernels: Collection[str], times: Collection[float]) -> Predictions:
    """Read the best of the chosen pairs of a run."""
    run = Run.at(place).fit
    if run.kind != "fit":
        raise DataError(f"{place}: was written by ntk {run.kind}, which predicts no rows: name a fit")
    scores = run.metrics.scores
    if not scores:
        raise DataError(f"{place}: has no scores: its test data has no targets to compare predictions with")
    chosen = [
        score
        for score in scores
        if (not kernels or score.kernel in kernels) and (not times or float(score.time) in times)
    ]
    pair = best_pair(chosen, scales_of(run))
    if pair is None:
        there = dict.fromkeys(f"{score.kernel} at {time_text(float(score.time))}" for score in scores)
        raise SpecError(f"{place}: was not fitted for that: it has {', '.join(there)}")
    return Predictions.of(run, pair.kernel, pair.time)


def _cells(difference: PairedDifference) -> list[str]:
    error = difference.standard_error
    return [_signed(difference.difference), _number(error), _signed(difference.standard_errors)]


def _signed(value: float | None) -> str:
    return _number(value) if not value else f"{value:+.4g}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
