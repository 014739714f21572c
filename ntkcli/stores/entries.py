"""The Gram matrices in a folder of a store: which there are, whether they are sound, which go first."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ntkcli.files import remove
from ntkcli.stores.piece_file import Layout, PieceFile

ENDING = ".gram"


@dataclass(frozen=True)
class Entry:
    """A Gram matrix that is kept.

    path: its file.
    size: bytes.
    used: when it was used last, in seconds since 1970.
    layout: None of a file that is damaged, or hardly begun.
    """

    path: Path
    size: int
    used: float
    layout: Layout | None

    @property
    def what(self) -> dict[str, Any]:
        """What it was computed from."""
        return dict(self.layout.what) if self.layout else {}

    def missing(self) -> list[int] | None:
        """The pieces that are not finished, or damaged; None where another process writes the file.

        Raises:
            OSError: the file cannot be read.
        """
        if self.layout is None:
            return [0]
        file = PieceFile.opened(self.path, self.layout, 0.0)
        if file is None:
            return None
        try:
            pieces = range(len(self.layout.sizes))
            return [piece for piece in pieces if not (file.has(piece) and file.is_sound(piece))]
        finally:
            file.close()

    def delete(self) -> bool:
        """Delete the file, unless another process is at work on it; whether it is gone."""
        if not PieceFile.is_free(self.path):
            return False
        remove(self.path)
        return True


def entries(folder: Path) -> list[Entry]:
    """Return the Gram matrices in a folder; those come first that were used last long ago.

    Raises:
        OSError: the folder cannot be read.
    """
    return sorted(_found(folder), key=lambda entry: (entry.used, entry.path))


def _found(folder: Path) -> Iterator[Entry]:
    for path in folder.iterdir():
        if path.suffix != ENDING:
            continue
        # Another process may delete it meanwhile.
        with suppress(FileNotFoundError):
            status = path.stat()
            # Its disk space is taken before it is filled.
            yield Entry(path, status.st_size, status.st_mtime, Layout.of(path))


def prune(folder: Path, size: int | None = None, older: float | None = None) -> list[Entry]:
    """Delete Gram matrices that nobody is at work on, and return them.

    Args:
        folder: that has them.
        size: bytes that may stay; None for any number.
        older: those go that were not used for so many seconds; None for none.

    Raises:
        OSError: the folder cannot be read, or a file not be deleted.
    """
    found = entries(folder)
    total, gone = sum(entry.size for entry in found), []
    for entry in found:
        is_old = older is not None and time.time() - entry.used > older
        is_too_much = size is not None and total > size
        if (is_old or is_too_much) and entry.delete():
            total -= entry.size
            gone.append(entry)
    return gone
