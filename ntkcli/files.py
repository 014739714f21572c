"""All that changes files and folders: flushed to the disk, and in one place, where tests can stand under it.

No other module writes, renames or deletes. Before each change a watcher is told of it: tests end the process
there, or have the change fail.
"""

import ctypes
import errno
import io
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

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
]
Watch = Callable[[Change, Path], None]

# Of renameat2 in Linux: https://man7.org/linux/man-pages/man2/rename.2.html
AT_FDCWD, RENAME_EXCHANGE = -100, 2
# What a full disk says, and one on which the user may have no more.
FULL = (errno.ENOSPC, errno.EDQUOT)
# What a system or a file system says that has no such call.
NOT_THERE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM)


def unwatched(change: Change, path: Path) -> None:
    """Let every change happen: a `Watch` that does nothing."""


_watch: Watch = unwatched


def watch_with(watch: Watch) -> None:
    """Have every change told to a watcher beforehand, which may raise an OSError in its place."""
    global _watch
    _watch = watch


class WrittenFile(io.BufferedIOBase):
    """A binary file that is being written; every write is told to the watcher.

    NumPy and pyarrow take it for no file of the system, and so write through it: NumPy's own way to a file
    loses the reason for which a write fails.
    """

    def __init__(self, path: Path, mode: Literal["wb", "xb"]) -> None:
        self._path = path
        _watch("create", path)
        self._file = path.open(mode)

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write all of the bytes."""
        _watch("write", self._path)
        return self._file.write(data)

    def writable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """Whether it is: pipes are not."""
        return self._file.seekable()

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place of the file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The place in the file."""
        return self._file.tell()

    def flush(self) -> None:
        """Hand what is written to the system."""
        if not self._file.closed:
            self._file.flush()

    def sync(self) -> None:
        """Have what is written on the disk."""
        _watch("sync", self._path)
        self._file.flush()
        # Pipes and devices have no disk.
        _unless(NOT_THERE, os.fsync, self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        try:
            self._file.close()
        finally:
            super().close()


@contextmanager
def opened(path: Path, mode: Literal["wb", "xb"] = "wb") -> Iterator[WrittenFile]:
    """Yield a binary file to write, which is on the disk when the `with` block succeeds.

    Args:
        path: of the file.
        mode: "xb" for a file that is not there yet.

    Raises:
        OSError: it cannot be written.
    """
    with WrittenFile(path, mode) as file:
        yield file
        file.sync()


def write_bytes(path: Path, data: "ReadableBuffer") -> None:
    """Write a file of some bytes."""
    with opened(path) as file:
        file.write(data)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, its line ends as they are."""
    write_bytes(path, text.encode())


def save_array(path: Path, array: Any) -> None:
    """Write a .npy file of an array without objects."""
    import numpy as np

    with opened(path) as file:
        np.lib.format.write_array(file, array, allow_pickle=False)


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
    """Make a folder."""
    _watch("make_folder", path)
    path.mkdir(parents=parents, exist_ok=exist_ok)


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
    """Have the names in a folder on the disk; a file system that knows no such thing is let be."""
    _watch("sync", path)
    with suppress(PermissionError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            _unless(NOT_THERE, os.fsync, descriptor)
        finally:
            os.close(descriptor)


def is_full(error: BaseException) -> bool:
    """Whether an error is that of a full disk."""
    return isinstance(error, OSError) and error.errno in FULL


def _unless(codes: tuple[int, ...], call: Callable[[int], object], descriptor: int) -> None:
    """Call a function of the system, which may fail by one of some codes."""
    try:
        call(descriptor)
    except OSError as error:
        if error.errno not in codes:
            raise
