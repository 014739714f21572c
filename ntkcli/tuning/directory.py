"""The directory of a search: its files, its lock, and whether the search is finished."""

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from ntkcli.errors import RunDirectoryError
from ntkcli.runs.directory import unwritable
from ntkcli.runs.lock import FileLock

TRIALS, BEST, STUDY, FIT = "trials.csv", "best.yaml", "study.db", "fit"
# A run directory gets its name once it is complete, with this file in it.
FIT_MARK = "run.json"
# How trials.csv begins, and best.yaml, which goes on with the fingerprint of its search.
TRIALS_MARK = "trial,"
BEST_MARK = "# ntk tune of "


class TuneDirectory:
    """A directory that an interrupted search resumes in.

    The study of a random or TPE search is in it first, then trials.csv, best.yaml and fit/. The search is
    finished when fit/ is complete. As a context manager it holds a lock, so that one process at a time works
    there.

    Args:
        path: where it is, or will be.
        overwrite: whether what an earlier search wrote there is deleted.

    Raises:
        RunDirectoryError: a finished search or something else is there, another process searches there, or
            the directory cannot be written.
    """

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        self.path = path
        self._overwrite = overwrite
        self._lock = FileLock(path / ".ntk-lock")
        try:
            self._check_place()
            self._check_finished()
        except OSError as error:
            raise unwritable(path, error) from error

    def __enter__(self) -> Self:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._acquire()
            # Another process may have finished meanwhile.
            self._check_finished()
            if self._overwrite:
                for name in (BEST, TRIALS, STUDY, f"{STUDY}-journal"):
                    (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            self._lock.release()
            raise unwritable(self.path, error) from error
        except RunDirectoryError:
            self._lock.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
        # A search that wrote nothing leaves nothing.
        with suppress(OSError):
            self.path.rmdir()
        if isinstance(error, OSError):
            raise unwritable(self.path, error) from error

    @property
    def is_searched(self) -> bool:
        """Whether every trial is done, and best.yaml written."""
        return (self.path / BEST).exists()

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the spec and the data that best.yaml was found with; empty where it has none."""
        first = _first_line(self.path / BEST)
        return first.removeprefix(BEST_MARK).strip() if first.startswith(BEST_MARK) else ""

    def write_best(self, fingerprint: str, text: str) -> None:
        """Write best.yaml; a fit that is there belongs to an earlier best, and no longer counts as finished.

        Args:
            fingerprint: of the spec and the data, as `search.fingerprint` returns it.
            text: the YAML of the best spec.
        """
        (self.path / FIT / FIT_MARK).unlink(missing_ok=True)
        self.write(BEST, f"{BEST_MARK}{fingerprint}\n{text}")

    def write(self, name: str, text: str) -> None:
        """Write a file of the directory atomically: it is never there in part."""
        partial = self.path / f".{name}.partial"
        try:
            partial.write_text(text, encoding="utf-8")
            partial.rename(self.path / name)
        finally:
            partial.unlink(missing_ok=True)

    def _check_place(self) -> None:
        """Refuse a place that holds anything but a search."""
        if os.path.lexists(self.path) and not self.path.is_dir():
            raise RunDirectoryError(f"{self.path}: is no directory: move it, or give another --out")
        if (self.path / FIT_MARK).exists():
            raise RunDirectoryError(f"{self.path}: holds a run, and no search: give another --out")
        trials = self.path / TRIALS
        if not self._overwrite and trials.exists() and not _first_line(trials).startswith(TRIALS_MARK):
            raise RunDirectoryError(
                f"{trials}: is no search's: move it, or give --overwrite or another --out"
            )

    def _check_finished(self) -> None:
        is_finished = (self.path / BEST).exists() and (self.path / FIT / FIT_MARK).exists()
        if is_finished and not self._overwrite:
            raise RunDirectoryError(
                f"{self.path}: holds the results of a finished search: give --overwrite or another --out"
            )

    def _acquire(self) -> None:
        if not self._lock.acquire():
            raise RunDirectoryError(f"{self.path}: another search is at work there: wait for it")


def _first_line(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline()
