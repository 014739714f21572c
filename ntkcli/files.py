"""All that changes files and folders: flushed to the disk, and in one place, where tests can stand under it.

No other module writes, renames or deletes. Before each change a watcher is told of it: tests end the process
there, or have the change fail.
"""

import errno
import io
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# A change that is about to be made, and where.
Change = Literal[
    "create",
    "write",
    "sync",
    "rename",
    "exchange",
    "link",
    "make_folder",
    "remove",
    "remove_folder",
    "reserve",
    "touch",
]
Watch = Callable[[Change, Path], None]
Mode = Literal["wb", "xb", "ab", "r+b"]

# Of renameat2 in Linux: https://man7.org/linux/man-pages/man2/rename.2.html
AT_FDCWD, RENAME_EXCHANGE = -100, 2
# Bytes that are gathered before they are written.
BUFFER = 2**17
# What a system says that has no more space for a file, and what helps.
FULL = {
    errno.ENOSPC: "the disk is full: free some space",
    errno.EDQUOT: "the disk quota is used up: free some space",
    errno.EFBIG: "the limit on the size of a file is reached: raise it (ulimit -f)",
}
# What a system or a file system says that has no such call.
NOT_THERE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM)


def unwatched(change: Change, path: Path) -> None:
    """Let every change happen: a `Watch` that does nothing."""


_watch: Watch = unwatched


def watch_with(watch: Watch) -> None:
    """Have every change told to a watcher beforehand, which may raise an OSError in its place."""
    global _watch
    _watch = watch


class WrittenFile(io.FileIO):
    """A binary file that is being written: it is on the disk once it is closed.

    Every write to the system is told to the watcher.
    """

    def __init__(self, path: Path, mode: Mode, *, is_kept: bool = True) -> None:
        _watch("create", path)
        super().__init__(path, mode)
        self._path, self._is_kept = path, is_kept

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write the bytes, or as many as there is space for."""
        _watch("write", self._path)
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
        _watch("sync", self._path)
        _sync(self.fileno())

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
        _watch("create", path)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o666)

    def append(self, line: bytes) -> None:
        """Append a line with its end in one piece; behind one that was cut short, on a line of its own."""
        _watch("write", self._path)
        data = b"\n" + line if self._is_torn else line
        written = os.write(self._descriptor, data)
        self._is_torn = written < len(data)

    def close(self) -> None:
        """Close the file; what is appended then fails."""
        os.close(self._descriptor)
        self._descriptor = -1


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


def create(path: Path) -> int:
    """Return the descriptor of a file to lock, which is made if it is not there."""
    _watch("create", path)
    return os.open(path, os.O_CREAT | os.O_RDWR, 0o666)


@contextmanager
def unnamed(folder: Path) -> Iterator[IO[bytes]]:
    """Yield a file without a name on the disk of a folder: it is gone once nobody has it open."""
    import tempfile

    _watch("create", folder)
    with tempfile.TemporaryFile(dir=folder) as file:
        yield file


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a folder of temporary files, which is deleted with all that is in it when the block ends."""
    import tempfile

    _watch("make_folder", Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix="ntk-"))
    try:
        yield folder
    finally:
        with suppress(OSError):
            remove_tree(folder)


def rename(old: Path, new: Path) -> None:
    """Rename a file or folder, in the place of a file or an empty folder; the disk has it then."""
    _watch("rename", new)
    os.replace(old, new)  # noqa: PTH105 - Path.rename differs between systems
    sync_folder(new.parent)


def exchange(one: Path, other: Path) -> bool:
    """Have two files or folders swap their names in one step; False where the system cannot.

    Raises:
        OSError: it can, and it failed.
    """
    import ctypes

    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    _watch("exchange", other)
    if renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0:
        sync_folder(other.parent)
        return True
    code = ctypes.get_errno()
    if code in NOT_THERE:
        return False
    raise OSError(code, os.strerror(code), str(other))


def link(new: Path, old: Path) -> None:
    """Give a file a second name, which is not there yet."""
    _watch("link", new)
    new.hardlink_to(old)
    sync_folder(new.parent)


def make_folder(path: Path, *, parents: bool = False, exist_ok: bool = False) -> None:
    """Make a folder.

    Args:
        path: of the folder.
        parents: whether the folders that it is to be in are made too.
        exist_ok: whether it may be there already.

    Raises:
        OSError: it cannot be made.
    """
    if parents and not path.parent.exists():
        make_folder(path.parent, parents=True, exist_ok=True)
    if not (exist_ok and path.is_dir()):
        _watch("make_folder", path)
        path.mkdir(exist_ok=exist_ok)


def touch(path: Path) -> None:
    """Set the time of a file to now."""
    _watch("touch", path)
    os.utime(path)


def remove(path: Path) -> None:
    """Delete a file or a link, if it is there."""
    _watch("remove", path)
    path.unlink(missing_ok=True)


def remove_folder(path: Path) -> None:
    """Delete an empty folder."""
    _watch("remove_folder", path)
    path.rmdir()


def remove_tree(path: Path) -> None:
    """Delete a file, a link, or a folder with all that is in it, if it is there."""
    if path.is_symlink() or not path.is_dir():
        remove(path)
        return
    for entry in path.iterdir():
        remove_tree(entry)
    remove_folder(path)


def copy_tree(source: Path, target: Path) -> None:
    """Copy a file, or a folder with all that is in it, to a place where nothing is."""
    if source.is_dir():
        make_folder(target)
        for entry in source.iterdir():
            copy_tree(entry, target / entry.name)
        return
    with source.open("rb") as read, opened(target, "xb") as written:
        shutil.copyfileobj(read, written)


def reserve(descriptor: int, size: int, path: Path) -> None:
    """Take the disk space of an open file now: on a full disk, writing to mapped memory ends the process.

    Args:
        descriptor: of the file.
        size: bytes.
        path: where it is.

    Raises:
        OSError: there is no such space.
    """
    _watch("reserve", path)
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.truncate(descriptor, size)


def sync_folder(path: Path) -> None:
    """Have the names in a folder on the disk, if the folder may be read."""
    _watch("sync", path)
    with suppress(PermissionError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            _sync(descriptor)
        finally:
            os.close(descriptor)


def sync_folders(path: Path) -> None:
    """Have the names in a folder, and in all folders in it, on the disk."""
    for entry in path.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            sync_folders(entry)
    sync_folder(path)


def lack_of_space(error: BaseException) -> str | None:
    """Return what an error says of a lack of space for a file, and what helps; None for any other error."""
    return FULL.get(error.errno or 0) if isinstance(error, OSError) else None


def _sync(descriptor: int) -> None:
    """Wait for the disk; pipes, devices and some file systems have none to wait for."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NOT_THERE:
            raise
