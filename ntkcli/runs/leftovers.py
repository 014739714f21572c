"""What a process that was killed or refused leaves in and beside its place, and how it is put right."""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

from ntkcli.files import changes
from ntkcli.interruption import held_back
from ntkcli.runs.lock import FileLock


def beside(place: Path, ending: str) -> Path:
    """Return where something is that belongs to a run directory while it is written."""
    return place.parent / f".{place.name}.ntk-{ending}"


def recover(place: Path) -> None:
    """Put a run in the place that it had before a kill between two renames, and delete all else beside it.

    Raises:
        OSError: it cannot be done.
    """
    old = beside(place, "old")
    if old.exists() and not place.exists():
        changes.rename(old, place)
    for leftover in (beside(place, "partial"), old):
        changes.remove_tree(leftover)


def put_right(lock: FileLock, paths: Iterable[Path], recovering: Callable[[], object]) -> None:
    """Have what is left put right, unless somebody is at work there, or it cannot be done.

    Args:
        lock: of those who work there; its file may be left too.
        paths: what else may be.
        recovering: puts that right.
    """
    if not any(os.path.lexists(path) for path in (lock.path, *paths)):
        return
    with held_back(), suppress(OSError):
        try:
            if lock.acquire():
                recovering()
        finally:
            lock.release()


def tidy(place: Path) -> None:
    """Put right what is left beside a run directory."""
    place = Path(os.path.realpath(place))
    paths = (beside(place, "partial"), beside(place, "old"))
    put_right(FileLock(beside(place, "lock")), paths, partial(recover, place))


def put_back(place: Path) -> None:
    """Put a run in its place, for those who read it, that a kill between two renames left beside it."""
    place = Path(os.path.realpath(place))
    if not place.exists() and beside(place, "old").exists():
        tidy(place)


def missing_folders(place: Path) -> list[Path]:
    """Return the folders around a place that are not there yet, the innermost first."""
    return [folder for folder in place.parents if not os.path.exists(folder)]  # noqa: PTH110 - it never raises


def remove_empty(folders: Iterable[Path]) -> None:
    """Delete folders that were made, or were to be, for what failed; those stay that others wrote to."""
    for folder in folders:
        with suppress(OSError):
            changes.remove_folder(folder)
