"""The place of a run directory: what is there, and whether a run may take it."""

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from ntkcli.errors import RunDirectoryError
from ntkcli.runs.exchange import LEAVING, OLD, STAGED
from ntkcli.runs.unwritable import unwritable

LOCK = ".ntk-lock"
# The root of a file system may hold it.
LOST_AND_FOUND = "lost+found"
# What does not make a directory somebody's.
NOBODYS = frozenset((LOCK, STAGED, ".ntk-resume", LOST_AND_FOUND))


class Place:
    """A place is free, or has the results of a run, or is somebody else's.

    An empty directory is as good as none.

    Args:
        given: where it is; messages have it as it is given.
        overwrite: whether the results of a run are replaced.
        contents: the names that a run writes; a directory that holds anything else is never replaced.
    """

    def __init__(self, given: Path, *, overwrite: bool, contents: Collection[str]) -> None:
        self.given = given
        self.path = Path(os.path.realpath(given))  # Path.resolve raises for links in a circle
        self._seen = os.path.abspath(given)  # noqa: PTH100 - Path.absolute keeps `..`
        self._overwrite, self._contents = overwrite, frozenset(contents)

    def check(self) -> None:
        """Raise what is against a run's taking the place.

        Raises:
            RunDirectoryError: it is taken, is not a run's, or cannot be read.
        """
        if self.is_free():
            return
        foreign = self.foreign()
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

    def is_free(self) -> bool:
        """Whether nothing is there, or an empty directory."""
        # A link to nowhere is something.
        if not os.path.lexists(self._seen):
            return True
        return self.path.is_dir() and not self._names()

    def foreign(self) -> str:
        """Why the place is not the results of a run like this one; empty if it is."""
        if not self.path.is_dir():
            return "is no directory"
        others = sorted(self._names() - self._contents - {LEAVING, OLD})
        return f"holds {others[0]}, which this command does not write" if others else ""

    def stays(self) -> bool:
        """Whether a directory is there that is no other's to rename: a mount point, or the working directory.

        One in a folder that cannot be written, too, as there is no place beside it.
        """
        with suppress(OSError):  # there is no such place
            above = self.path.parent
            if not self.path.is_dir() or self.path.is_mount() or not os.access(above, os.W_OK | os.X_OK):
                return self.path.is_dir()
            return self.path.samefile(Path.cwd())
        return False

    def _names(self) -> set[str]:
        try:
            return {entry.name for entry in self.path.iterdir()} - NOBODYS
        except OSError as error:
            raise unwritable(self.given, error) from error

    def _holds_working_directory(self) -> bool:
        """Whether the working directory is one of its folders: paths would lead nowhere afterwards."""
        with suppress(OSError):  # somebody has deleted it
            return self.path in Path.cwd().parents
        return False
