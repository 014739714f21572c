"""`ntk cache`: the Gram matrices that runs keep for each other."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from ntkcli.commands.cache_line import CacheLine
from ntkcli.commands.cache_reports import LsReport, PruneReport, VerifyReport
from ntkcli.errors import DataError, RunDirectoryError
from ntkcli.journal import Journal
from ntkcli.runs.reading import reading
from ntkcli.stores.entries import Entry, entries
from ntkcli.stores.entries import prune as prune_entries

T = TypeVar("T")


def ls(folder: Path) -> LsReport:
    """Read what the Gram matrices in a folder are.

    Raises:
        DataError: the folder, or a file in it, cannot be read.
    """
    return LsReport(folder, [*_each(folder, CacheLine.of)])


def verify(folder: Path, *, journal: Journal) -> VerifyReport:
    """Compare the Gram matrices in a folder with their checksums.

    Args:
        folder: that has them.
        journal: receives progress.

    Raises:
        DataError: the folder, or a file in it, cannot be read.
    """
    with journal.phase("verify", sum(entry.size for entry in _entries(folder))) as advance:
        return VerifyReport(folder, [*_each(folder, lambda entry: (entry, entry.check(advance)))])


def prune(
    folder: Path, *, size: int | None, older: float | None, damaged: bool, dry_run: bool
) -> PruneReport:
    """Delete Gram matrices that are not in use.

    Args:
        folder: that has them.
        size: bytes that may stay; None for any number.
        older: those go that were not used for so many seconds; None for none.
        damaged: whether those go that differ from their checksums.
        dry_run: whether nothing is deleted.

    Raises:
        DataError: the folder, or a file in it, cannot be read.
        RunDirectoryError: a file cannot be deleted.
    """

    def goes(entry: Entry) -> bool:
        is_old = older is not None and time.time() - entry.used > older
        return is_old or (damaged and entry.check() == "damaged")

    _entries(folder)
    try:
        return PruneReport(folder, prune_entries(folder, size, goes, dry_run=dry_run), dry_run)
    except OSError as error:
        place = error.filename or folder
        raise RunDirectoryError(
            f"{place}: cannot be deleted: {error.strerror or error}: see who may delete there"
        ) from error


def _entries(folder: Path) -> list[Entry]:
    with reading(folder):
        if not folder.is_dir():
            what = "is no folder" if folder.exists() else "there is no such folder"
            raise DataError(f"{folder}: {what}: give the one that compute.cache names")
        return entries(folder)


def _each(folder: Path, read: Callable[[Entry], T]) -> Iterator[T]:
    """Yield what is read of each Gram matrix in a folder; other processes may delete some meanwhile."""
    for entry in _entries(folder):
        with reading(entry.path), suppress(FileNotFoundError):
            yield read(entry)
