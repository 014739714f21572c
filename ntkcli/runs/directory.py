"""The run directory: written beside its place, then put into it."""

import errno
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from ntkcli.errors import RunDirectoryError
from ntkcli.files import changes
from ntkcli.files.disk import sync_folders
from ntkcli.interruption import held_back, owe, results_are_whole, settle
from ntkcli.runs.exchange import LEAVING, OLD, STAGED, Exchange
from ntkcli.runs.leftovers import beside, missing_folders, put_right, recover, remove_empty
from ntkcli.runs.lock import IMPATIENT, FileLock, Patience
from ntkcli.runs.place import Place
from ntkcli.runs.unwritable import unwritable

# A directory that stays where it is: a mount point, or one whose files are on another layer of a container.
FIXED = (errno.EBUSY, errno.EXDEV)


class RunDirectory:
    """A run directory appears whole or not at all.

    Files are written to `path`, a hidden directory beside the final one. Leaving the `with` block renames it
    into place; leaving it by an exception deletes it. A lock beside it lets one process at a time do so, and
    what a killed run left behind is put right by the next. Where there can be nothing beside it, as with a
    mount point, both are in it, and its files are exchanged for the new ones, run.json last.

    An empty directory is as good as none.

    Args:
        place: where the directory will be; messages have it as it is given.
        overwrite: whether a directory that is already there is replaced.
        contents: the names that a run writes; a directory that holds anything else is never replaced.
        patience: for another run that writes it.

    Raises:
        RunDirectoryError: the place is taken or in use, is not a run's, or cannot be written.
    """

    def __init__(
        self, place: Path, *, overwrite: bool, contents: Collection[str], patience: Patience = IMPATIENT
    ) -> None:
        self.given = place
        self._patience = patience
        self._at = Place(place, overwrite=overwrite, contents=contents)
        self.place = self._at.path
        self._exchange = Exchange(self.place, contents)
        self._stays = self._at.stays()
        self.path = self.hidden("partial")
        self._old = beside(self.place, "old")
        self._lock = FileLock(self.hidden("lock"))
        self._new_parents: list[Path] = []
        self._spent: list[Path] = []
        try:
            self._at.check()
        except RunDirectoryError:
            if not self._at.foreign():
                self.tidy()
            raise

    def __enter__(self) -> Self:
        owe(self._clean_up)
        # Signals end a wait at once.
        for _ in self._patience.tries(f"{self.given}: another run is writing it: waiting for it to end"):
            with held_back():
                if self._set_up():
                    return self
        self._clean_up()
        raise RunDirectoryError(
            f"{self.given}: another run is writing it: wait for it to end, or give --wait 10m"
        )

    def _set_up(self) -> bool:
        """Return whether the place is this run's to write."""
        try:
            self._new_parents = missing_folders(self.path)
            with suppress(FileExistsError):  # a file: opening the lock fails, and reports it
                changes.make_folder(self.place.parent, parents=True, exist_ok=True)
            if not self._lock.acquire():
                return False
            self._recover()
            # Another run may have been written meanwhile.
            self._at.check()
            changes.make_folder(self.path)
        except OSError as error:
            self._clean_up()
            raise unwritable(self.given, error) from error
        except RunDirectoryError:
            self._clean_up()
            raise
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with held_back():
            self._leave(kind, error)

    def _leave(self, kind: type[BaseException] | None, error: BaseException | None) -> None:
        try:
            if kind is None:
                self._publish()
                results_are_whole()
                for path in self._spent:
                    changes.remove_tree(path)
            elif isinstance(error, OSError):
                raise unwritable(self.given, error) from error
        except OSError as failure:
            raise unwritable(self.given, failure) from failure
        finally:
            self._clean_up()

    def folder(self, name: str) -> Path:
        """Return the folder `name` in the run directory, and make it if it is not there."""
        folder = self.path / name
        changes.make_folder(folder, exist_ok=True)
        return folder

    def hidden(self, ending: str) -> Path:
        """Return a hidden place beside the directory or, where it stays where it is, in it."""
        return self.place / f".ntk-{ending}" if self._stays else beside(self.place, ending)

    def tidy(self) -> None:
        """Put right what a killed run left, unless another is at work there, or it cannot be done."""
        hidden = [self.place / name for name in (STAGED, LEAVING, OLD)]
        put_right(self._lock, (self.path, self._old, *hidden), self._recover)

    def spend(self, path: Path) -> None:
        """Have something deleted once the directory is whole, before another run may write it."""
        self._spent.append(path)

    def _recover(self) -> None:
        """Put right what a killed run left: its files, or a place that it was about to fill."""
        recover(self.place)
        if self.place.is_dir():
            self._exchange.recover()

    def _publish(self) -> None:
        """Swap the new directory in; whatever interrupts it, one of the two stands in its place."""
        self._at.check()
        sync_folders(self.path)
        try:
            if self.path.parent != self.place:
                self._rename()
                return
        except OSError as error:
            if error.errno not in FIXED:
                raise
        self._exchange.run(self.path)

    def _rename(self) -> None:
        """Swap the names in one step where the system can, else in two."""
        if self.place.exists() and changes.exchange(self.path, self.place):
            return
        try:
            # An empty directory makes room by itself.
            if self.place.exists() and not self._at.is_free():
                changes.rename(self.place, self._old)
            changes.rename(self.path, self.place)
        except BaseException:
            if self._old.exists() and not self.place.exists():
                changes.rename(self._old, self.place)
            raise

    def _clean_up(self) -> None:
        """Leave nothing beside the directory, nor folders that were made for a run that failed."""
        if self._lock.is_held:
            for leftover in (self.path, self._old):
                with suppress(OSError):
                    changes.remove_tree(leftover)
            self._lock.release()
        remove_empty(self._new_parents)
        settle(self._clean_up)
