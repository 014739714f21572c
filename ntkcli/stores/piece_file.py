"""A file of an array in pieces: its journal, at its beginning, has a checksum of each that is finished."""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from itertools import accumulate
from pathlib import Path
from typing import Any

from ntkcli.arrays import FloatArray
from ntkcli.files.locks import hold, is_at
from ntkcli.files.written_file import WrittenFile

# Of the file: a page of JSON, one of checksums, the pieces; each begins with a page.
PAGE, CHECKSUM = 4096, 32
UNFINISHED = bytes(CHECKSUM)
# Bytes of a first line that may have a layout: a file without lines may have any number.
LONGEST = 2**24
# How often a file is opened again that somebody has deleted meanwhile.
ATTEMPTS = 3
# Bytes that are read at a time where they are only compared with their checksum.
PART = 2**20


class Layout:
    """Where in a file everything is.

    what: all that the array depends on.
    sizes: bytes of the pieces.
    """

    def __init__(self, what: Mapping[str, Any], sizes: Sequence[int]) -> None:
        self.what, self.sizes = what, sizes
        text = json.dumps({"what": what, "sizes": list(sizes)}, sort_keys=True)
        self.header = _paged(text.encode() + b"\n")
        start = len(self.header) + len(_paged(bytes(CHECKSUM * len(sizes))))
        *self.starts, self.end = accumulate(sizes, initial=start)
        self.name = hashlib.sha256(self.header).hexdigest()[:32]

    @classmethod
    def of(cls, path: Path) -> "Layout | None":
        """The layout of a file, which is named after it; None of one that is damaged, or hardly begun."""
        with path.open("rb") as file:
            line = file.readline(LONGEST)
        try:
            content = json.loads(line)
            found = cls(content["what"], content["sizes"])
        except (ValueError, KeyError, TypeError):
            return None
        return found if found.name == path.stem else None


class PieceFile:
    """An open file of pieces: to be read by many, or written by one.

    Args:
        path: the file.
        layout: of the file.
        interval: seconds after which pieces that are written are put on the disk, and into the journal.
    """

    def __init__(self, path: Path, layout: Layout, interval: float) -> None:
        self._path, self._layout, self._interval = path, layout, interval
        self._file = path.open("rb", buffering=0)
        self._written: WrittenFile | None = None
        self._pending: dict[int, bytes] = {}
        self._flushed = time.monotonic()
        self._checksums = self._journal()

    @classmethod
    def opened(cls, path: Path, layout: Layout, interval: float) -> "PieceFile | None":
        """Open a file, and make it if it is not there; None where another process writes it.

        Raises:
            OSError: it cannot be made or read.
        """
        for _ in range(ATTEMPTS):
            with suppress(FileExistsError):
                WrittenFile(path, "xb").close()
            with suppress(FileNotFoundError):
                found = cls(path, layout, interval)
                if not found._lock(fcntl.LOCK_SH if found.is_whole else fcntl.LOCK_EX):
                    found.close()
                    return None
                if found._is_there:
                    # Another process may have been at work until now.
                    found._checksums = found._journal()
                    return found
                found.close()
        return None

    @property
    def is_whole(self) -> bool:
        """Whether all pieces are finished."""
        return UNFINISHED not in self._checksums

    @property
    def finished(self) -> float:
        """The share of the bytes that are finished."""
        sizes = self._layout.sizes
        return sum(size for piece, size in enumerate(sizes) if self.has(piece)) / sum(sizes)

    def has(self, piece: int) -> bool:
        """Whether a piece was finished."""
        return self._checksums[piece] != UNFINISHED

    def read(self, piece: int, out: FloatArray) -> bool:
        """Fill a contiguous array with a piece; False where it is not what was written."""
        view = memoryview(out.data).cast("B")
        return self._filled(piece, view) and hashlib.sha256(view).digest() == self._checksums[piece]

    def is_sound(self, piece: int) -> bool:
        """Whether a piece is what was written; it may be larger than memory."""
        self._file.seek(self._layout.starts[piece])
        left, found = self._layout.sizes[piece], hashlib.sha256()
        while left and (part := self._file.read(min(left, PART))):
            found.update(part)
            left -= len(part)
        return not left and found.digest() == self._checksums[piece]

    def write(self, piece: int, values: FloatArray) -> bool:
        """Write a piece; False where other processes read the file, or have deleted it.

        Raises:
            OSError: it cannot be written.
        """
        if self._written is None:
            # Between the two locks, somebody may have deleted it.
            if not (self._lock(fcntl.LOCK_EX) and self._is_there):
                return False
            # First of all known here, so that it is closed whatever fails.
            self._written = WrittenFile(self._path, "r+b")
            self._begin(self._written)
        view = memoryview(values.data).cast("B")
        self._written.seek(self._layout.starts[piece])
        self._written.write_all(view)
        self._pending[piece] = hashlib.sha256(view).digest()
        if time.monotonic() - self._flushed >= self._interval:
            self.flush()
        return True

    def flush(self) -> None:
        """Have what is written on the disk, and then in the journal."""
        if self._written and self._pending:
            self._written.sync()
            for piece, checksum in self._pending.items():
                self._written.seek(len(self._layout.header) + CHECKSUM * piece)
                self._written.write_all(checksum)
            self._written.sync()
        self._pending.clear()
        self._flushed = time.monotonic()

    def close(self) -> None:
        """Flush and close the file, which gives back its lock."""
        # Whatever fails, both are closed.
        with ExitStack() as closing:
            closing.callback(self._file.close)
            if self._written:
                closing.callback(self._written.close)
            self.flush()

    def abandon(self) -> None:
        """Close the file, which gives back its lock, without what is not in its journal yet."""
        with suppress(OSError):
            self._file.close()
        if self._written:
            self._written.abandon()
            with suppress(OSError):
                self._written.close()

    @property
    def _is_there(self) -> bool:
        """Whether the file has not been deleted since it was opened."""
        return is_at(self._file.fileno(), self._path)

    def _lock(self, kind: int) -> bool:
        return hold(self._file.fileno(), kind)

    def _journal(self) -> list[bytes]:
        """The checksums of the pieces; none where the file is another one, or hardly begun."""
        header, count = self._layout.header, len(self._layout.sizes)
        self._file.seek(0)
        found = self._file.read(len(header)) or b""
        table = self._file.read(CHECKSUM * count) or b""
        is_ours = found == header and os.fstat(self._file.fileno()).st_size >= self._layout.end
        if not is_ours or len(table) < CHECKSUM * count:
            return [UNFINISHED] * count
        return [table[start : start + CHECKSUM] for start in range(0, len(table), CHECKSUM)]

    def _begin(self, written: WrittenFile) -> None:
        """Give a file without a journal an empty one, and its disk space."""
        if not any(map(self.has, range(len(self._checksums)))):
            written.reserve(self._layout.end)
            written.write_all(self._layout.header + _paged(bytes(CHECKSUM * len(self._checksums))))

    def _filled(self, piece: int, view: memoryview) -> bool:
        self._file.seek(self._layout.starts[piece])
        done = 0
        while done < len(view):
            count = self._file.readinto(view[done:])
            if not count:
                return False
            done += count
        return True


def _paged(data: bytes) -> bytes:
    """Bytes with zeros behind them, up to the end of a page."""
    return data.ljust(-(-len(data) // PAGE) * PAGE, b"\0")
