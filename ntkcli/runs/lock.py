"""A lock that one process at a time holds, however it ends, and how long others wait for it."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ntkcli.files import changes
from ntkcli.files.locks import create, hold, is_at

# Seconds between two looks at a lock that somebody else holds.
PAUSE = 0.2


@dataclass(frozen=True)
class Patience:
    """How long to try for something that is in use.

    seconds: none for one try.
    tell: is told once that there is something to wait for.
    """

    seconds: float
    tell: Callable[[str], object]

    def tries(self, text: str) -> Iterator[None]:
        """Yield for every try, until the time is up.

        Args:
            text: what is waited for.
        """
        yield
        if self.seconds:
            self.tell(text)
        end = time.monotonic() + self.seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(PAUSE, left))
            yield


IMPATIENT = Patience(0.0, lambda text: None)


class FileLock:
    """An exclusive lock by a file, which is there while somebody holds it.

    path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def acquire(self) -> bool:
        """Take the lock unless somebody else holds it; returns whether it is held now.

        Raises:
            OSError: the file cannot be made.
        """
        descriptor = create(self.path)
        # Who held it before deletes the file: then this one is locked, and nobody looks at it.
        is_held = hold(descriptor, fcntl.LOCK_EX) and is_at(descriptor, self.path)
        if is_held:
            self._descriptor = descriptor
        else:
            os.close(descriptor)
        return is_held

    def release(self) -> None:
        """Give the lock back, and delete its file."""
        if self._descriptor is not None:
            with suppress(OSError):
                changes.remove(self.path)
            os.close(self._descriptor)
            self._descriptor = None
