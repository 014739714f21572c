"""Files to which lines are appended, such as logs."""

import os
from pathlib import Path

from ntkcli.files.watch import tell


class AppendedFile:
    """A file to which whole lines are appended, by several processes at a time if need be.

    It never waits: a pipe that nobody reads cannot be opened, and one that is full takes no more.

    Args:
        path: of the file, which is made where there is none.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_torn = False
        tell("create", path)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o666)

    def append(self, line: bytes) -> None:
        """Append a line with its end in one piece; behind one that was cut short, on a line of its own."""
        tell("write", self._path)
        data = b"\n" + line if self._is_torn else line
        written = os.write(self._descriptor, data)
        self._is_torn = written < len(data)

    def close(self) -> None:
        """Close the file; what is appended then fails."""
        os.close(self._descriptor)
        self._descriptor = -1
