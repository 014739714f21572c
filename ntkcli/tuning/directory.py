"""The directory that a search works in."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from ntkcli.errors import RunDirectoryError
from ntkcli.runs.directory import unwritable

TRIALS, BEST, STUDY, FIT = "trials.csv", "best.yaml", "study.db", "fit"


class TuneDirectory:
    """A directory that a search comes back to: its study is in it before its results are.

    A lock in it lets one process at a time work there.

    Args:
        path: where it is, or will be.
        overwrite: whether what an earlier search wrote there is deleted.

    Raises:
        RunDirectoryError: a finished search is there, or another one is at work, or it cannot be written.
    """

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        self.path = path
        self._overwrite = overwrite
        self._lock: int | None = None
        if os.path.lexists(path) and not path.is_dir():
            raise RunDirectoryError(f"{path}: is no directory: move it, or give another --out")
        self._check_finished()

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
            self._release()
            raise unwritable(self.path, error) from error
        except RunDirectoryError:
            self._release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()
        # A search that wrote nothing leaves nothing.
        with suppress(OSError):
            self.path.rmdir()
        if isinstance(error, OSError):
            raise unwritable(self.path, error) from error

    def write(self, name: str, text: str) -> None:
        """Write a file that appears whole."""
        partial = self.path / f".{name}.partial"
        partial.write_text(text, encoding="utf-8")
        partial.rename(self.path / name)

    def _check_finished(self) -> None:
        if (self.path / BEST).exists() and not self._overwrite:
            raise RunDirectoryError(
                f"{self.path}: holds the results of a finished search: give --overwrite or another --out"
            )

    @property
    def _lock_path(self) -> Path:
        return self.path / ".ntk-lock"

    def _acquire(self) -> None:
        self._lock = os.open(self._lock_path, os.O_CREAT | os.O_RDWR)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            self._lock = None
            raise RunDirectoryError(f"{self.path}: another search is at work there: wait for it") from error

    def _release(self) -> None:
        if self._lock is not None:
            with suppress(OSError):
                self._lock_path.unlink()
            os.close(self._lock)
            self._lock = None
