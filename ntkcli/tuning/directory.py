"""The directory of a search: its files, its lock, and whether the search is finished."""

from pathlib import Path

from ntkcli.errors import RunDirectoryError
from ntkcli.files import changes
from ntkcli.runs.leftovers import tidy
from ntkcli.runs.lock import IMPATIENT, Patience
from ntkcli.runs.resumable import ResumableDirectory

TRIALS, BEST, STUDY, GRID, FIT = "trials.csv", "best.yaml", "study.db", "trials.jsonl", "fit"
# A run directory gets its name once it is complete, with this file in it.
FIT_MARK = "run.json"
# How trials.csv begins, and best.yaml, which goes on with the fingerprint of its search.
TRIALS_MARK = "trial,"
BEST_MARK = "# ntk tune of "


class TuneDirectory(ResumableDirectory):
    """A directory that an interrupted search resumes in.

    The study of a random or TPE search, or the trials of a grid so far, are in it first, then trials.csv,
    best.yaml and fit/. The search is finished when fit/ is complete.

    Args:
        path: where it is, or will be.
        overwrite: whether what an earlier call wrote there is deleted.
        resume: whether a finished search is come back to.
        patience: for another process that searches there.

    Raises:
        RunDirectoryError: a finished search or something else is there, another process searches there, or
            the directory cannot be written.
    """

    noun = "search"

    def __init__(
        self, path: Path, *, overwrite: bool, resume: bool = False, patience: Patience = IMPATIENT
    ) -> None:
        self._resume = resume
        super().__init__(path, overwrite=overwrite, patience=patience)

    @property
    def is_finished(self) -> bool:
        """Whether the best is fitted."""
        return self.is_searched and (self.path / FIT / FIT_MARK).exists()

    @property
    def is_searched(self) -> bool:
        """Whether every trial is done, and best.yaml written."""
        return (self.path / BEST).exists()

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the spec and the data that best.yaml was found with; empty where it has none."""
        first = _first_line(self.path / BEST)
        return first.removeprefix(BEST_MARK).strip() if first.startswith(BEST_MARK) else ""

    def write_trials(self, text: str) -> None:
        """Write trials.csv; a fit that is there belongs to fewer trials, and no longer counts as finished."""
        changes.remove(self.path / FIT / FIT_MARK)
        self.write(TRIALS, text)

    def write_best(self, fingerprint: str, text: str) -> None:
        """Write best.yaml.

        Args:
            fingerprint: of the spec and the data, as `search_fingerprint` returns it.
            text: the YAML of the best spec.
        """
        self.write(BEST, f"{BEST_MARK}{fingerprint}\n{text}")

    def drop_grid(self) -> None:
        """Delete the trials of a grid: trials.csv has them, and best.yaml what came of them."""
        changes.remove(self.path / GRID)

    def _check(self) -> None:
        """Refuse a place that holds anything but a search, and a search that is finished."""
        if (self.path / FIT_MARK).exists():
            raise RunDirectoryError(f"{self.path}: holds a run, and no search: give another --out")
        trials = self.path / TRIALS
        if not self._overwrite and trials.exists() and not _first_line(trials).startswith(TRIALS_MARK):
            raise RunDirectoryError(
                f"{trials}: is no search's: move it, or give --overwrite or another --out"
            )
        if self.is_finished and not (self._overwrite or self._resume):
            raise RunDirectoryError(
                f"{self.path}: holds the results of a finished search: give --overwrite or another --out"
            )

    def _tidy(self) -> None:
        """Delete what a killed process left, also beside its fit."""
        super()._tidy()
        if self.is_finished:
            tidy(self.path / FIT)

    def _clear(self) -> None:
        for name in (BEST, TRIALS, STUDY, f"{STUDY}-journal", GRID):
            changes.remove(self.path / name)


def _first_line(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline()
