"""The run directory: written beside its place, then renamed into it."""

import errno
import fcntl
import os
import shutil
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from ntkcli.errors import NtkError, ResourceError, RunDirectoryError

MANIFEST = "run.json"
LOCK = ".lock"


class RunDirectory:
    """A directory that appears whole or not at all.

    Files are written to `path`, a hidden directory beside the final one, which only one process at a time can
    hold. Leaving the `with` block renames it into place; leaving it by an exception deletes it. What a killed
    run left behind is cleared by the next.

    Args:
        place: where the directory will be.
        overwrite: whether a run directory that is already there is replaced.

    Raises:
        RunDirectoryError: the place is taken or in use, is not a run directory, or cannot be written.
    """

    def __init__(self, place: Path, *, overwrite: bool) -> None:
        self._given = place.absolute()
        self.place = Path(os.path.realpath(place))  # Path.resolve raises for links in a circle
        self.path = self.place.parent / f".{self.place.name}.partial"
        self._overwrite = overwrite
        self._lock: int | None = None
        self._new_parents: list[Path] = []
        self._check_place()

    def __enter__(self) -> Self:
        try:
            self._new_parents = [folder for folder in self.path.parents if not folder.exists()]
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.path / LOCK, os.O_CREAT | os.O_RDWR)
            self._acquire()
            self._clear()
        except OSError as error:
            self._release()
            raise _unwritable(self.place, error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._publish()
            elif isinstance(error, OSError):
                raise _unwritable(self.place, error) from error
        except OSError as failure:
            raise _unwritable(self.place, failure) from failure
        finally:
            self._clean_up()
            self._release()

    def folder(self, name: str) -> Path:
        """A folder in the run directory, made if need be."""
        folder = self.path / name
        folder.mkdir(exist_ok=True)
        return folder

    def _check_place(self) -> None:
        if not os.path.lexists(self._given):
            return
        if not self._overwrite:
            raise RunDirectoryError(f"{self._given}: is already there: give --overwrite or another --out")
        if not self.place.is_dir() or not self._is_replaceable():
            raise RunDirectoryError(
                f"{self._given}: is not a run directory (it has no {MANIFEST}), so it is not overwritten: "
                "give another --out"
            )

    def _is_replaceable(self) -> bool:
        """Whether the directory is a run's, or empty: nothing else is ever deleted."""
        try:
            contents = {entry.name for entry in self.place.iterdir()}
        except OSError as error:
            raise _unwritable(self._given, error) from error
        return not contents or MANIFEST in contents

    def _acquire(self) -> None:
        """Take the lock, and make sure that it is still the one that stands in the directory."""
        assert self._lock is not None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = os.path.samestat(os.fstat(self._lock), (self.path / LOCK).stat())
        except (BlockingIOError, FileNotFoundError):
            held = False
        if not held:
            self._release()
            raise RunDirectoryError(f"{self.place}: another run is writing it: wait for it to end")

    def _clear(self) -> None:
        """Delete what a killed run left behind."""
        for entry in self.path.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name != LOCK:
                entry.unlink()

    def _publish(self) -> None:
        self._check_place()
        (self.path / LOCK).unlink()
        old = self.place.parent / f".{self.place.name}.old"
        shutil.rmtree(old, ignore_errors=True)
        if self.place.exists():
            self.place.rename(old)
        self.path.rename(self.place)
        shutil.rmtree(old, ignore_errors=True)

    def _clean_up(self) -> None:
        """Delete what is left of a run that failed, and the folders that were made for it alone."""
        shutil.rmtree(self.path, ignore_errors=True)
        with suppress(OSError):
            for folder in self._new_parents:
                folder.rmdir()

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _unwritable(place: Path, error: OSError) -> NtkError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ResourceError(f"{place}: the disk is full: free some space, or write elsewhere with --out")
    return RunDirectoryError(f"{place}: cannot be written: {error.strerror or error}")
