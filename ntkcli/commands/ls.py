"""`ntk ls`: the runs below a folder, a line each."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ntkcli.commands.ls_line import METRICS, RunLine
from ntkcli.errors import DataError
from ntkcli.layout import aligned_left
from ntkcli.runs.finder import found_runs
from ntkcli.runs.replacement import of_one_run


@dataclass(frozen=True)
class LsReport:
    """The report of the runs below a folder.

    folder: where they are.
    runs: in order.
    unreadable: why others have no line.
    """

    folder: Path
    runs: Sequence[RunLine]
    unreadable: list[str]

    @property
    def text(self) -> str:
        """A table, without the metrics that none of the runs has."""
        if not self.runs:
            return f"no runs below {self.folder}"
        missing = {name for name in METRICS if all(getattr(line, name) is None for line in self.runs)}
        lines = [{key: cell for key, cell in line.cells.items() if key not in missing} for line in self.runs]
        return aligned_left([[*lines[0]], *([*line.values()] for line in lines)])

    @property
    def content(self) -> dict[str, Any]:
        """The runs, and what could not be read."""
        return {
            "directory": str(self.folder),
            "runs": [line.content for line in self.runs],
            "unreadable": self.unreadable,
        }


def ls(folder: Path, *, key: str, reverse: bool) -> LsReport:
    """Read the runs below a folder.

    Args:
        folder: where they are.
        key: what they are sorted by; runs that have it not come last.
        reverse: whether the largest comes first.

    Raises:
        DataError: the folder cannot be read.
    """
    lines, unreadable = [], []
    for place in found_runs(folder):
        try:
            lines.append(of_one_run(place, partial(RunLine.of, place)))
        except DataError as error:
            unreadable.append(str(error))
    known = [line for line in lines if line.sort_key(key) is not None]
    known.sort(key=lambda line: line.sort_key(key), reverse=reverse)
    others = [line for line in lines if line.sort_key(key) is None]
    return LsReport(folder, [*known, *others], unreadable)
