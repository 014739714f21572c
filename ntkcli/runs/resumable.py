"""A directory that one command works in over several calls: locked, and every file in it whole."""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, ClassVar, Self

from ntkcli.errors import RunDirectoryError
from ntkcli.files import changes
from ntkcli.files.written_file import opened
from ntkcli.interruption import held_back, owe, settle
from ntkcli.runs.leftovers import missing_folders, put_right, remove_empty
from ntkcli.runs.lock import IMPATIENT, FileLock, Patience
from ntkcli.runs.unwritable import unwritable

# How the names of files begin that are being written.
PARTIAL = ".partial-"


class ResumableDirectory(ABC):
    """A directory in which an interrupted command goes on.

    As a context manager it holds a lock, so that one process at a time works there.

    noun: what is worked on there, for messages.

    Args:
        path: where it is, or will be.
        overwrite: whether what an earlier call wrote there is deleted.
        patience: for another process that works there.

    Raises:
        RunDirectoryError: something else is there, another process works there, or it cannot be written.
    """

    noun: ClassVar[str]

    def __init__(self, path: Path, *, overwrite: bool, patience: Patience = IMPATIENT) -> None:
        self.path = path
        self._overwrite = overwrite
        self._patience = patience
        self._new_folders: list[Path] = []
        self._lock = FileLock(path / ".ntk-lock")
        try:
            if os.path.lexists(path) and not path.is_dir():
                raise RunDirectoryError(f"{path}: is no directory: move it, or give another --out")
            self._check()
        except OSError as error:
            raise unwritable(path, error) from error
        except RunDirectoryError:
            self._tidy()
            raise

    @abstractmethod
    def _check(self) -> None:
        """Raise a RunDirectoryError where the place is not to be worked in."""

    @abstractmethod
    def _clear(self) -> None:
        """Delete what an earlier call wrote."""

    def _tidy(self) -> None:
        """Delete the lock that a killed process left."""
        put_right(self._lock, (), lambda: None)

    def __enter__(self) -> Self:
        self._new_folders = missing_folders(self._lock.path)
        owe(self._clean_up)
        at_work = f"{self.path}: another {self.noun} is at work there"
        # Signals end a wait at once.
        for _ in self._patience.tries(f"{at_work}: waiting for it to end"):
            with held_back():
                if self._set_up():
                    return self
        self._clean_up()
        raise RunDirectoryError(f"{at_work}: wait for it to end, or give --wait 10m")

    def _set_up(self) -> bool:
        """Return whether the directory is this process's to work in."""
        try:
            changes.make_folder(self.path, parents=True, exist_ok=True)
            if not self._lock.acquire():
                return False
            # Another process may have been at work meanwhile.
            self._check()
            if self._overwrite:
                self._clear()
        except OSError as error:
            self._clean_up()
            raise unwritable(self.path, error) from error
        except RunDirectoryError:
            self._clean_up()
            raise
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with held_back():
            self._clean_up()
        if isinstance(error, OSError):
            raise unwritable(self.path, error) from error

    def _clean_up(self) -> None:
        self._lock.release()
        # A call that wrote nothing leaves nothing, and takes nothing.
        remove_empty(self._new_folders)
        settle(self._clean_up)

    def add_folder(self, path: Path) -> None:
        """Make a folder in the directory, which goes again if nothing comes into it."""
        changes.make_folder(path)
        self._new_folders = [path, *self._new_folders]

    def write(self, name: str, text: str) -> None:
        """Write a text file of the directory; it is never there in part."""
        self.fill(name, lambda file: file.write(text.encode()))

    def fill(self, name: str, write: Callable[[IO[bytes]], object]) -> None:
        """Have a file of the directory written; it is never there in part.

        Args:
            name: of the file, with the folder that it is in, if any.
            write: writes to the file that it is given.
        """
        place = self.path / name
        partial = place.with_name(f"{PARTIAL}{place.name}")
        try:
            with opened(partial) as file:
                write(file)
            changes.rename(partial, place)
        finally:
            with held_back():
                changes.remove(partial)
