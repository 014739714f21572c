"""The exchange of a directory's old files for new ones, with the directory itself staying where it is."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from ntkcli.files import changes

# A run's file that is written last and taken away first: while it is there, all the others are.
LAST = "run.json"
# Hidden folders in the directory: of new files, of old ones that are on their way out, of old ones.
STAGED, LEAVING, OLD = ".ntk-partial", ".ntk-leaving", ".ntk-old"


class Exchange:
    """An exchange moves new files into a directory that cannot be renamed, such as a mount point.

    The old ones wait in the directory until all new ones are there. A failure puts them back, and so does
    `recover` after a kill.

    Args:
        place: the directory.
        names: of the files and folders that are exchanged.
    """

    def __init__(self, place: Path, names: Collection[str]) -> None:
        self._place = place
        # The last one at the end.
        self._names = sorted(names, key=lambda name: (name == LAST, name))
        self._staged, self._leaving, self._old = (place / name for name in (STAGED, LEAVING, OLD))

    def run(self, new: Path) -> None:
        """Put the content of a folder in the place of what is there.

        Args:
            new: the folder; from another file system it is copied whole before anything else is touched.

        Raises:
            OSError: it cannot be done, and the old files are back.
        """
        try:
            if new != self._staged:
                changes.copy_tree(new, self._staged)
            changes.make_folder(self._leaving)
            self._move(self._place, self._leaving, reversed(self._names))
            # From here on, what is in the place is new.
            changes.rename(self._leaving, self._old)
            self._move(self._staged, self._place, self._names)
        except BaseException:
            self.recover()
            raise
        self.recover()

    def recover(self) -> None:
        """Put old files back if not all new ones came to stand in their place, and delete leftovers."""
        if self._leaving.is_dir():
            self._move(self._leaving, self._place, self._names)
        if self._old.is_dir() and not (self._place / LAST).exists():
            for name in self._names:
                changes.remove_tree(self._place / name)
            self._move(self._old, self._place, self._names)
        for leftover in (self._leaving, self._old, self._staged):
            changes.remove_tree(leftover)

    @staticmethod
    def _move(source: Path, target: Path, names: Iterable[str]) -> None:
        for name in names:
            with suppress(FileNotFoundError):
                changes.rename(source / name, target / name)
