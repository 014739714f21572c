"""Files opened to be read, and nothing else: a device may never end, and a pipe never begin."""

import errno
import io
import os
import select
import stat
from pathlib import Path

# For which a pipe may have nobody who writes to it.
PATIENCE_SECONDS = 10.0


class NotRegularError(OSError):
    """What is at a path is no regular file, and no folder."""

    def __init__(self, path: Path) -> None:
        super().__init__(errno.EINVAL, "it is a pipe, a socket or a device, and no file", str(path))


class TooLargeError(OSError):
    """A file is larger than what is read of such."""

    def __init__(self, path: Path, most: int) -> None:
        super().__init__(errno.EOVERFLOW, f"it is larger than {most:,} bytes", str(path))


def open_regular(path: Path) -> io.BufferedReader:
    """Open a regular file to read its bytes.

    Raises:
        NotRegularError: it is something else.
        OSError: there is none, or it cannot be read.
    """
    # Opened for nothing, a pipe's writer would be told that it is read, and some devices do something.
    _check(path, path.stat())
    # Whatever has been put there meanwhile is not waited for.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _check(path, os.fstat(descriptor))
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def read_regular(path: Path, most: int) -> bytes:
    """Return the bytes of a regular file.

    Args:
        path: of the file.
        most: bytes that it may have; of a larger one, nothing is read.

    Raises:
        TooLargeError: it is larger.
        OSError: as of `open_regular`.
    """
    with open_regular(path) as file:
        # The size that the system tells may be out of date, and is 0 for what it makes up itself.
        if os.fstat(file.fileno()).st_size > most or len(content := file.read(most + 1)) > most:
            raise TooLargeError(path, most)
    return content


def open_pipe(path: Path) -> io.BufferedReader:
    """Open a named pipe, or one of the shell's `<(command)`, to read it once.

    One that nobody opens to write for a while is empty.

    Raises:
        OSError: it cannot be read.
    """
    # Otherwise it would open when somebody writes to it, which may be never.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    select.select([descriptor], [], [], PATIENCE_SECONDS)
    os.set_blocking(descriptor, True)
    return os.fdopen(descriptor, "rb")


def _check(path: Path, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise NotRegularError(path)
