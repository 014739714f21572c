"""The Gram matrices in a folder of a store: which there are, whether they are sound, which go first."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from ntkcli.files import changes
from ntkcli.files.locks import hold
from ntkcli.journal import Advance, unshown
from ntkcli.stores.piece_file import PAGE, Layout, PieceFile

ENDING = ".gram"

# Of one in use, another process writes the file.
Condition = Literal["whole", "unfinished", "damaged", "in use"]


@dataclass(frozen=True)
class Entry:
    """A Gram matrix that is kept.

    path: its file.
    size: bytes, which the file has before it is filled.
    used: when it was used last, in seconds since 1970.
    """

    path: Path
    size: int
    used: float

    @cached_property
    def layout(self) -> Layout | None:
        """Where everything is in the file; None of one that is damaged, or hardly begun."""
        return Layout.of(self.path)

    @cached_property
    def finished(self) -> float:
        """The share of it that is finished."""
        if self.layout is None:
            return 0.0
        with closing(PieceFile(self.path, self.layout, 0.0)) as file:
            return file.finished

    def check(self, advance: Advance = unshown) -> Condition:
        """Compare all that is in the file with its checksums; no process writes there meanwhile.

        Args:
            advance: called with the number of bytes that were read since its last call.

        Raises:
            OSError: the file cannot be read.
        """
        with self.path.open("rb") as file:
            if not hold(file.fileno(), fcntl.LOCK_SH):
                return "in use"
            layout = Layout.of(self.path)
            if layout is None:
                return "damaged" if any(file.read(PAGE)) else "unfinished"
            if self.path.stat().st_size < layout.end:
                return "damaged"
            with closing(PieceFile(self.path, layout, 0.0)) as pieces:
                return _checked(pieces, layout, advance)

    @property
    def is_free(self) -> bool:
        """Whether no process reads or writes the file."""
        with self.path.open("rb") as file:
            return hold(file.fileno(), fcntl.LOCK_EX)

    def delete(self) -> bool:
        """Delete the file, unless another process reads or writes it; whether it is gone."""
        with self.path.open("rb") as file:
            if not hold(file.fileno(), fcntl.LOCK_EX):
                return False
            changes.remove(self.path)
        return True


@dataclass(frozen=True)
class Pruning:
    """What became of the Gram matrices in a folder.

    gone: those that were deleted, in this order.
    busy: those that would have been, and are in use.
    left: bytes of those that stay.
    """

    gone: list[Entry]
    busy: list[Entry]
    left: int


def entries(folder: Path) -> list[Entry]:
    """Return the Gram matrices in a folder; those come first that were used last long ago.

    Raises:
        OSError: the folder cannot be read.
    """
    return sorted(_found(folder), key=lambda entry: (entry.used, entry.path))


def prune(
    folder: Path,
    size: int | None = None,
    goes: Callable[[Entry], bool] = lambda entry: False,
    *,
    dry_run: bool = False,
) -> Pruning:
    """Delete Gram matrices that nobody is at work on.

    Args:
        folder: that has them.
        size: bytes that may stay: those go first that were used last long ago; None for any number.
        goes: whether one goes whatever its size.
        dry_run: whether they stay, and are only returned.

    Raises:
        OSError: the folder cannot be read, or a file not be deleted.
    """
    found = entries(folder)
    left = sum(entry.size for entry in found)
    gone: list[Entry] = []
    busy: list[Entry] = []
    for entry in found:
        # Another process may have deleted it.
        is_gone = True
        with suppress(FileNotFoundError):
            if not (goes(entry) or (size is not None and left > size)):
                continue
            is_gone = entry.is_free if dry_run else entry.delete()
        (gone if is_gone else busy).append(entry)
        left -= is_gone * entry.size
    return Pruning(gone, busy, left)


def _found(folder: Path) -> Iterator[Entry]:
    for path in folder.iterdir():
        # Another process may delete it meanwhile.
        with suppress(FileNotFoundError):
            if path.suffix == ENDING and path.is_file():
                status = path.stat()
                yield Entry(path, status.st_size, status.st_mtime)


def _checked(file: PieceFile, layout: Layout, advance: Advance) -> Condition:
    is_sound = True
    for piece, size in enumerate(layout.sizes):
        if file.has(piece):
            is_sound = file.is_sound(piece) and is_sound
        advance(size)
    if not is_sound:
        return "damaged"
    return "whole" if file.is_whole else "unfinished"
