"""Files that are written: each is on the disk once it is closed."""

import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

from ntkcli.files.disk import reserve, sync
from ntkcli.files.watch import tell

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

Mode = Literal["wb", "xb", "ab", "r+b"]

# Bytes that are gathered before they are written.
BUFFER = 2**17


class WrittenFile(io.FileIO):
    """A binary file that is being written: it is on the disk once it is closed.

    Every write to the system is told to the watcher.
    """

    def __init__(self, path: Path, mode: Mode, *, is_kept: bool = True) -> None:
        tell("create", path)
        super().__init__(path, mode)
        self._path, self._is_kept = path, is_kept

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write the bytes, or as many as there is space for."""
        tell("write", self._path)
        return super().write(data)

    def write_all(self, data: "ReadableBuffer") -> None:
        """Write all of the bytes, without a buffer in between."""
        left = memoryview(data).cast("B")
        while left:
            left = left[self.write(left) :]

    def reserve(self, size: int) -> None:
        """Take the disk space of so many bytes now."""
        reserve(self.fileno(), size, self._path)

    def sync(self) -> None:
        """Have what is written on the disk."""
        tell("sync", self._path)
        sync(self.fileno())

    def close(self) -> None:
        """Have what is written on the disk, and close the file."""
        try:
            if not self.closed and self._is_kept:
                self.sync()
        finally:
            super().close()

    def abandon(self) -> None:
        """Let the file be closed without waiting for the disk, as it will be deleted."""
        self._is_kept = False


@contextmanager
def opened(path: Path, mode: Mode = "wb", *, is_kept: bool = True) -> Iterator[IO[bytes]]:
    """Yield a binary file to write, which is on the disk when the `with` block succeeds.

    Args:
        path: of the file.
        mode: "xb" for a file that is not there yet, "ab" to write behind what is in one.
        is_kept: False for one that is deleted before the process ends, and need not get to the disk.

    Raises:
        OSError: it cannot be written.
    """
    raw = WrittenFile(path, mode, is_kept=is_kept)
    file = io.BufferedWriter(raw, BUFFER)
    try:
        yield file
    except BaseException:
        raw.abandon()
        with suppress(OSError):
            file.close()
        raise
    file.close()


def write_bytes(path: Path, data: "ReadableBuffer") -> None:
    """Write a file of some bytes."""
    with opened(path) as file:
        file.write(data)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, its line ends as they are."""
    write_bytes(path, text.encode())


@contextmanager
def unnamed(folder: Path) -> Iterator[IO[bytes]]:
    """Yield a file without a name on the disk of a folder: it is gone once nobody has it open."""
    import tempfile

    tell("create", folder)
    with tempfile.TemporaryFile(dir=folder) as file:
        yield file
