"""`ntk cache`: the Gram matrices that runs keep for each other."""

import shlex
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ntkcli.commands.cache_line import CacheLine
from ntkcli.errors import DataError, NtkError, RunDirectoryError
from ntkcli.journal import Journal
from ntkcli.layout import aligned_left
from ntkcli.runs.reading import reading
from ntkcli.stores.entries import Condition, Entry, Pruning, entries
from ntkcli.stores.entries import prune as prune_entries
from ntkcli.units import bytes_text

T = TypeVar("T")


@dataclass(frozen=True)
class LsReport:
    """The report of the Gram matrices in a folder.

    folder: where they are.
    lines: one of each, those first that go first.
    """

    folder: Path
    lines: Sequence[CacheLine]

    @property
    def text(self) -> str:
        """A table, and a line of all."""
        if not self.lines:
            return _none_in(self.folder)
        cells = [line.cells for line in self.lines]
        table = aligned_left([[*cells[0]], *([*line.values()] for line in cells)])
        return f"{table}\n{_counted(len(self.lines))}, {bytes_text(self._bytes)}"

    @property
    def content(self) -> dict[str, Any]:
        """The lines, and the bytes of all."""
        matrices = [line.content for line in self.lines]
        return {"directory": str(self.folder), "matrices": matrices, "bytes": self._bytes}

    @property
    def _bytes(self) -> int:
        return sum(line.bytes for line in self.lines)


@dataclass(frozen=True)
class VerifyReport:
    """The report of the comparison with checksums.

    folder: that has the Gram matrices.
    found: each with its condition.
    """

    folder: Path
    found: Sequence[tuple[Entry, Condition]]

    @property
    def text(self) -> str:
        """A line for each Gram matrix that is not whole, and one for all."""
        if not self.found:
            return _none_in(self.folder)
        lines = [f"{entry.path}: {condition}" for entry, condition in self.found if condition != "whole"]
        counts = Counter(condition for _, condition in self.found)
        parts = ", ".join(f"{count:,} {condition}" for condition, count in counts.items())
        return "\n".join([*lines, f"{_counted(len(self.found))}: {parts}"])

    @property
    def failure(self) -> NtkError | None:
        """What is wrong, if anything is."""
        damaged = sum(condition == "damaged" for _, condition in self.found)
        if not damaged:
            return None
        return DataError(
            f"{self.folder}: {_counted(damaged)} damaged: a run that needs such a one computes it again, and "
            f"`ntk cache prune {shlex.quote(str(self.folder))} --damaged` deletes it"
        )

    @property
    def content(self) -> dict[str, Any]:
        """The conditions, and what is wrong."""
        failure = self.failure
        return {
            "directory": str(self.folder),
            "matrices": [
                {"file": str(entry.path), "bytes": entry.size, "condition": condition}
                for entry, condition in self.found
            ],
            "failure": failure and {"message": str(failure), "exit_code": failure.exit_code},
        }


@dataclass(frozen=True)
class PruneReport:
    """The report of what was deleted.

    folder: that had it.
    pruning: what became of the Gram matrices.
    dry_run: whether nothing was deleted.
    """

    folder: Path
    pruning: Pruning
    dry_run: bool

    @property
    def text(self) -> str:
        """A line for each Gram matrix that went, or should have, and one for all."""
        gone, busy = self.pruning.gone, self.pruning.busy
        verb = "would delete" if self.dry_run else "deleted"
        return "\n".join(
            [
                *(f"{entry.path}: {verb} {bytes_text(entry.size)}" for entry in gone),
                *(f"{entry.path}: in use, and stays" for entry in busy),
                f"{verb} {_counted(len(gone))}, {bytes_text(self._deleted)}; "
                f"{bytes_text(self.pruning.left)} {'would stay' if self.dry_run else 'stay'}",
            ]
        )

    @property
    def content(self) -> dict[str, Any]:
        """What went, what stays, and how many bytes."""
        return {
            "directory": str(self.folder),
            "deleted": [str(entry.path) for entry in self.pruning.gone],
            "in_use": [str(entry.path) for entry in self.pruning.busy],
            "deleted_bytes": self._deleted,
            "bytes": self.pruning.left,
            "dry_run": self.dry_run,
        }

    @property
    def _deleted(self) -> int:
        return sum(entry.size for entry in self.pruning.gone)


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


def _counted(number: int) -> str:
    return "1 Gram matrix" if number == 1 else f"{number:,} Gram matrices"


def _none_in(folder: Path) -> str:
    return f"no Gram matrices in {folder}"
