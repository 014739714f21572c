"""Reading a run directory that another run may take the place of meanwhile."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from ntkcli.errors import DataError
from ntkcli.runs.kind import LAST

T = TypeVar("T")

# How often a run is read that is replaced meanwhile.
ATTEMPTS = 20


def again_if_replaced(place: Path, read: Callable[[], T]) -> T:
    """Return what is read of a run; where that fails, and another run is there by now, read that one.

    Args:
        place: the run directory.
        read: fails where files are of different runs.

    Raises:
        DataError: the run cannot be read.
    """
    for _ in range(ATTEMPTS - 1):
        before = _identity(place)
        try:
            return read()
        except DataError:
            if _identity(place) == before:
                raise
    return read()


def of_one_run(place: Path, read: Callable[[], T]) -> T:
    """Return what is read of a run, all of it from the same one.

    Args:
        place: the run directory.
        read: cannot tell files of different runs.

    Raises:
        DataError: the run cannot be read, or is replaced again and again.
    """

    def read_once() -> T:
        before = _identity(place)
        found = read()
        if _identity(place) != before:
            raise DataError(f"{place}: another run took its place while it was read: try again later")
        return found

    return again_if_replaced(place, read_once)


def _identity(place: Path) -> tuple[int, int, int] | None:
    """What tells a run from others at its place: the file that is written last, or else the directory."""
    for name in (*LAST.values(), ""):
        with suppress(OSError):
            status = (place / name).stat()
            return status.st_dev, status.st_ino, status.st_mtime_ns
    return None
