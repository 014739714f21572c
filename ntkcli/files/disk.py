"""What is on the disk already, and what there is space for."""

import errno
import os
from contextlib import suppress
from pathlib import Path

from ntkcli.files.watch import tell

# What a system says that has no more space for a file, and what helps.
FULL = {
    errno.ENOSPC: "the disk is full: free some space",
    errno.EDQUOT: "the disk quota is used up: free some space",
    errno.EFBIG: "the limit on the size of a file is reached: raise it (ulimit -f)",
}
# What a system or a file system says that has no such call.
NOT_THERE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM)


def sync(descriptor: int) -> None:
    """Wait for the disk; pipes, devices and some file systems have none to wait for."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NOT_THERE:
            raise


def sync_folder(path: Path) -> None:
    """Have the names in a folder on the disk, if the folder may be read."""
    tell("sync", path)
    with suppress(PermissionError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            sync(descriptor)
        finally:
            os.close(descriptor)


def sync_folders(path: Path) -> None:
    """Have the names in a folder, and in all folders in it, on the disk."""
    for entry in path.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            sync_folders(entry)
    sync_folder(path)


def reserve(descriptor: int, size: int, path: Path) -> None:
    """Take the disk space of an open file now: on a full disk, writing to mapped memory ends the process.

    Args:
        descriptor: of the file.
        size: bytes.
        path: where it is.

    Raises:
        OSError: there is no such space.
    """
    tell("reserve", path)
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.truncate(descriptor, size)


def lack_of_space(error: BaseException) -> str | None:
    """Return what an error says of a lack of space for a file, and what helps; None for any other error."""
    return FULL.get(error.errno or 0) if isinstance(error, OSError) else None
