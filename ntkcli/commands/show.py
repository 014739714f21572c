"""`ntk show`: what a run directory holds, on a page."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ntkcli.commands.finding import Finding, joined_content
from ntkcli.commands.show_fit import fit_findings, score_lines
from ntkcli.commands.show_run import run_findings
from ntkcli.layout import aligned_left, aligned_right, labelled
from ntkcli.runs.json_files import read_text
from ntkcli.runs.reader import Run
from ntkcli.runs.replacement import of_one_run
from ntkcli.simulation.shown import summary_text
from ntkcli.spectra.shown import figure_lines
from ntkcli.tuning.directory import TRIALS
from ntkcli.tuning.ranking import Ranking
from ntkcli.units import bytes_text, counted

T = TypeVar("T")

# How many candidates of a search are shown.
SHOWN = 5
# What is wrong with a summary that can be read, and is none of ours.
FOREIGN = (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError, csv.Error)


@dataclass(frozen=True)
class ShowReport:
    """The report of a run.

    findings: what it is, a line each.
    tables: below them, as text.
    """

    findings: list[Finding]
    tables: list[str]

    @property
    def text(self) -> str:
        """The lines, and the tables below them."""
        lines = labelled([(finding.label, finding.text) for finding in self.findings if finding.text])
        return "\n\n".join([lines, *self.tables])

    @property
    def content(self) -> dict[str, Any]:
        """The same by key."""
        return joined_content(self.findings)


def show(place: Path) -> ShowReport:
    """Read what a run directory says of itself.

    Raises:
        DataError: it is no run's, or a file in it is damaged.
    """
    return of_one_run(place, lambda: _report(Run.at(place)))


def _report(run: Run) -> ShowReport:
    """Read all that is told of a run."""
    findings = [_head(run), *run_findings(run.fit), _files(run)]
    if run.kind in ("fit", "tune"):
        findings += fit_findings(run.fit)
        ranking = _checked(run, TRIALS, _ranking) if run.kind == "tune" else None
        tables = [aligned_right(score_lines(run.fit.metrics))]
        if ranking:
            findings.append(_search(ranking))
            tables.insert(0, aligned_left(ranking.lines(SHOWN)))
        return ShowReport(findings, tables)
    if run.kind == "kernel":
        return ShowReport(findings, [])
    findings.append(Finding("", "", {"summary": run.summary}))
    return ShowReport(findings, [_checked(run, "summary.json", _summary_text)])


def _head(run: Run) -> Finding:
    """What wrote the run, and when."""
    written = run.written
    text = f"{run.place}, by ntk {run.kind}, {written.astimezone():%Y-%m-%d %H:%M}"
    content = {
        "directory": str(run.place),
        "command": run.kind,
        "written": written.isoformat(timespec="seconds"),
    }
    return Finding("run", text, content)


def _files(run: Run) -> Finding:
    """What is in the directory."""
    sizes = run.sizes
    text = ", ".join(f"{name} {bytes_text(size)}" for name, size in sizes.items())
    return Finding("files", text, {"files": sizes})


def _search(ranking: Ranking) -> Finding:
    tried, scored = counted(ranking.networks, "network"), counted(len(ranking.candidates), "candidate")
    content = {
        "objective": ranking.objective,
        "networks": ranking.networks,
        "best": ranking.content(SHOWN),
    }
    text = f"{tried}, {scored} with a score, by {ranking.objective}"
    return Finding("search", text, {"search": content})


def _checked(run: Run, name: str, read: Callable[[Run], T]) -> T:
    """Read a file of a run by a function that takes it to be whole.

    Raises:
        DataError: it is not.
    """
    try:
        return read(run)
    except FOREIGN as error:
        raise run.damaged(name, error) from error


def _ranking(run: Run) -> Ranking:
    return Ranking.of(read_text(run.path(TRIALS)))


def _summary_text(run: Run) -> str:
    if run.kind == "simulate":
        return summary_text(run.summary)
    return aligned_left(figure_lines(run.summary, run.spec.inference.loss))
