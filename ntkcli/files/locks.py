"""Locks that the system keeps for open files, and gives back when they are closed."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from ntkcli.files.watch import tell


def create(path: Path) -> int:
    """Return the descriptor of a file to lock, which is made if it is not there."""
    tell("create", path)
    return os.open(path, os.O_CREAT | os.O_RDWR, 0o666)


def hold(descriptor: int, kind: int) -> bool:
    """Lock a file until it is closed; False where another process has a lock that does not go with it.

    Args:
        descriptor: of the open file.
        kind: fcntl.LOCK_EX of those who write or delete it, LOCK_SH of those who read it.
    """
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_at(descriptor: int, path: Path) -> bool:
    """Whether an open file is what a path names: somebody may have deleted it since."""
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False
