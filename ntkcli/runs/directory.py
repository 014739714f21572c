"""The run directory: written beside its place, then put into it."""

import errno
import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from ntkcli.errors import NtkError, ResourceError, RunDirectoryError
from ntkcli.files import changes
from ntkcli.files.disk import lack_of_space, sync_folders
from ntkcli.interruption import held_back, owe, results_are_whole, settle
from ntkcli.runs.exchange import LEAVING, OLD, STAGED, Exchange
from ntkcli.runs.leftovers import beside, put_right, recover
from ntkcli.runs.lock import IMPATIENT, FileLock, Patience

LOCK = ".ntk-lock"
# The root of a file system may hold it.
LOST_AND_FOUND = "lost+found"
# What does not make a directory somebody's.
NOBODYS = frozenset((LOCK, STAGED, ".ntk-resume", LOST_AND_FOUND))
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
        self._seen = os.path.abspath(place)  # noqa: PTH100 - Path.absolute keeps `..`
        self._contents = frozenset(contents)
        self.place = Path(os.path.realpath(place))  # Path.resolve raises for links in a circle
        self._exchange = Exchange(self.place, contents)
        self._stays = _stays(self.place)
        self.path = self.hidden("partial")
        self._old = beside(self.place, "old")
        self._lock = FileLock(self.hidden("lock"))
        self._overwrite = overwrite
        self._new_parents: list[Path] = []
        self._spent: list[Path] = []
        try:
            self._check_place()
        except RunDirectoryError:
            if not self._foreign():
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
            self._new_parents = [folder for folder in self.path.parents if not folder.exists()]
            with suppress(FileExistsError):  # a file: opening the lock fails, and reports it
                changes.make_folder(self.place.parent, parents=True, exist_ok=True)
            if not self._lock.acquire():
                return False
            self._recover()
            # Another run may have been written meanwhile.
            self._check_place()
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

    def _check_place(self) -> None:
        if self._is_free():
            return
        foreign = self._foreign()
        if foreign:
            raise RunDirectoryError(
                f"{self.given}: {foreign}, so it cannot be replaced: move it, or give another --out"
            )
        if not self._overwrite:
            raise RunDirectoryError(f"{self.given}: is already there: give --overwrite or another --out")
        if self._holds_working_directory():
            raise RunDirectoryError(
                f"{self.given}: the working directory is within it, and would be deleted: "
                "go elsewhere, or give another --out"
            )

    def _is_free(self) -> bool:
        """Whether nothing is there, or an empty directory."""
        # A link to nowhere is something.
        if not os.path.lexists(self._seen):
            return True
        return self.place.is_dir() and not self._names()

    def _names(self) -> set[str]:
        try:
            return {entry.name for entry in self.place.iterdir()} - NOBODYS
        except OSError as error:
            raise unwritable(self.given, error) from error

    def _foreign(self) -> str:
        """Why the place is not the results of a run like this one; empty if it is."""
        if not self.place.is_dir():
            return "is no directory"
        others = sorted(self._names() - self._contents - {LEAVING, OLD})
        return f"holds {others[0]}, which this command does not write" if others else ""

    def _holds_working_directory(self) -> bool:
        """Whether the working directory is one of its folders: paths would lead nowhere afterwards."""
        with suppress(OSError):  # somebody has deleted it
            return self.place in Path.cwd().parents
        return False

    def _recover(self) -> None:
        """Put right what a killed run left: its files, or a place that it was about to fill."""
        recover(self.place)
        if self.place.is_dir():
            self._exchange.recover()

    def _publish(self) -> None:
        """Swap the new directory in; whatever interrupts it, one of the two stands in its place."""
        self._check_place()
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
            if self.place.exists() and not self._is_free():
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
        with suppress(OSError):
            for folder in self._new_parents:
                changes.remove_folder(folder)
        settle(self._clean_up)


def _stays(place: Path) -> bool:
    """Whether a directory is there that is no other's to rename: a mount point, or the working directory.

    One in a folder that cannot be written, too, as there is no place beside it.
    """
    with suppress(OSError):  # there is no such place
        if not place.is_dir() or place.is_mount() or not os.access(place.parent, os.W_OK | os.X_OK):
            return place.is_dir()
        return place.samefile(Path.cwd())
    return False


def unwritable(place: Path, error: OSError, option: str = "--out") -> NtkError:
    """Return the error to raise for a place that cannot be written: ResourceError if there is no space.

    Args:
        place: where that was.
        error: of the system.
        option: of the command line that names the place.
    """
    if lack := lack_of_space(error):
        return ResourceError(f"{place}: {lack}, or write elsewhere with {option}")
    return RunDirectoryError(
        f"{place}: cannot be written: {error.strerror or error}: choose another {option}"
    )
