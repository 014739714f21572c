"""What stands under the changes of files: it is told of each before it is made."""

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ntkcli.files.watch import Change, watch_with
from ntkcli.files.written_file import WrittenFile

from .sqlite_calls import SqliteCalls

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Watcher:
    """Lets every change happen."""

    def __init__(self) -> None:
        self.sqlite = SqliteCalls()

    def __call__(self, change: Change, path: Path) -> None:
        """Be told of a change."""

    def share(self, path: Path, count: int) -> int:
        """Return how many of some bytes are to be written."""
        self("write", path)
        return count

    def begin(self) -> None:
        """Stand under all changes of this process from now on."""
        watch_with(self)
        self.sqlite.watch_with(self)

        def write(file: WrittenFile, data: "ReadableBuffer", /) -> int:
            view = memoryview(data).cast("B")
            return io.FileIO.write(file, view[: self.share(Path(str(file.name)), len(view))])

        WrittenFile.write = write  # type: ignore[method-assign]


class Noter(Watcher):
    """Writes down the changes, a line each."""

    def __init__(self, note: Path) -> None:
        super().__init__()
        self._note = note

    def __call__(self, change: Change, path: Path) -> None:
        """Write down a change."""
        note_down(self._note, change, path)


def note_down(note: Path, change: Change, path: Path) -> None:
    """Write a line of a change to a file."""
    descriptor = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(descriptor, f"{change} {path}\n".encode())
    os.close(descriptor)
