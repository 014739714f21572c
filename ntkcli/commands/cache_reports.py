"""What the commands of `ntk cache` have to show."""

import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from ntkcli.commands.cache_line import CacheLine
from ntkcli.errors import DataError, NtkError
from ntkcli.layout import aligned_left
from ntkcli.stores.entries import Condition, Entry, Pruning
from ntkcli.units import bytes_text


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
        parts = ", ".join(f"{counts[name]:,} {name}" for name in get_args(Condition) if counts[name])
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


def _counted(number: int) -> str:
    return "1 Gram matrix" if number == 1 else f"{number:,} Gram matrices"


def _none_in(folder: Path) -> str:
    return f"no Gram matrices in {folder}"
