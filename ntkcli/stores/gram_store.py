"""A folder that has Gram matrices by what they are computed from."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy

from ntkcli import __version__
from ntkcli.arrays import FloatArray
from ntkcli.errors import RunDirectoryError
from ntkcli.files import changes
from ntkcli.files.disk import lack_of_space
from ntkcli.journal import Journal
from ntkcli.keeping import NOWHERE, Kept, What
from ntkcli.stores.entries import ENDING, prune
from ntkcli.stores.piece_file import Layout, PieceFile
from ntkcli.units import bytes_text

# Another one where kernels are computed otherwise, by the same versions of all else.
FORMAT = 1
# Seconds that a kill may cost.
INTERVAL = 10.0


@dataclass
class GramStore:
    """Keeps the Gram matrices of one network in a folder.

    What goes wrong there costs no more than its help: it is told once, and everything is computed.

    folder: where they are; made if it is not there.
    network: as the spec has it.
    journal: receives warnings.
    limit: bytes that the folder may have; None for any number. Those go first that were used last long ago.
    interval: seconds between flushes to the disk.
    """

    folder: Path
    network: Mapping[str, Any]
    journal: Journal
    limit: int | None = None
    interval: float = INTERVAL
    _has_failed: bool = False

    @classmethod
    def cache(cls, folder: Path, network: Mapping[str, Any], journal: Journal, limit: int) -> "GramStore":
        """A store that several runs share.

        Raises:
            RunDirectoryError: its folder cannot be written.
        """
        try:
            # It is made once it is used: not every command uses it.
            there = next(place for place in (folder, *folder.parents) if place.exists())
        except OSError as error:
            raise _unwritable(folder, error.strerror or str(error)) from error
        if not there.is_dir():
            raise _unwritable(folder, f"{there} is no folder")
        if not os.access(there, os.W_OK | os.X_OK):
            raise _unwritable(folder, "permission denied")
        return cls(folder, network, journal, limit)

    @contextmanager
    def array(self, what: What, sizes: Sequence[int]) -> Iterator[Kept]:
        """Open the file of an array; another process that writes it has it alone."""
        told = self._all_of(what())
        layout = Layout(told, [size * np.dtype(told["dtype"]).itemsize for size in sizes])
        file = self._tried(lambda: self._opened(layout))
        if file is None:
            yield NOWHERE
            return
        kept = _KeptArray(self, self.path(layout), file)
        try:
            yield kept
        finally:
            kept.close()

    def path(self, layout: Layout) -> Path:
        """Return the file of an array."""
        return self.folder / f"{layout.name}{ENDING}"

    def _all_of(self, what: Mapping[str, Any]) -> dict[str, Any]:
        versions = {"ntkcli": __version__, "numpy": np.__version__, "scipy": scipy.__version__}
        return {"format": FORMAT, "versions": versions, "network": self.network, **what}

    def _opened(self, layout: Layout) -> PieceFile | None:
        path = self.path(layout)
        changes.make_folder(self.folder, parents=True, exist_ok=True)
        if not self._has_room(path, layout):
            return None
        file = PieceFile.opened(path, layout, self.interval)
        with suppress(OSError):
            changes.touch(path)
        return file

    def _has_room(self, path: Path, layout: Layout) -> bool:
        """Whether a file is there, or may be made, after others have made room for it."""
        if self.limit is None:
            return True
        with suppress(FileNotFoundError):
            if path.stat().st_size >= layout.end:
                return True
        left = self.limit - layout.end
        if left >= 0 and prune(self.folder, left).left <= left:
            return True
        others = " beside those in use" if left >= 0 else ""
        self.journal.tell(
            f"{self.folder}: may have {bytes_text(self.limit)} (compute.cache_size), and a Gram "
            f"matrix takes {bytes_text(layout.end)}{others}: it is not kept"
        )
        return False

    def _tried(self, act: Callable[[], PieceFile | None]) -> PieceFile | None:
        if self._has_failed:
            return None
        try:
            return act()
        except OSError as error:
            self.fail(error)
            return None

    def shrink(self) -> None:
        """Delete what is too much: several processes may have made room for their own files at once."""
        if self.limit is not None:
            with suppress(OSError):
                prune(self.folder, self.limit)

    def fail(self, error: OSError) -> None:
        """Warn that nothing more can be kept."""
        why = lack_of_space(error) or error.strerror or str(error)
        if not self._has_failed:
            self.journal.warn(f"{self.folder}: Gram matrices cannot be kept there: {why}: going on without")
        self._has_failed = True


class _KeptArray:
    """An array in a file of a store, whose failures are warnings."""

    def __init__(self, store: GramStore, path: Path, file: PieceFile) -> None:
        self._store, self._path, self._file = store, path, file
        self._is_open, self._is_damaged = True, False

    def read(self, piece: int, out: FloatArray) -> bool:
        if not (self._is_open and self._file.has(piece)):
            return False
        try:
            if self._file.read(piece, out):
                return True
        except OSError as error:
            self._store.fail(error)
        if not self._is_damaged:
            self._store.journal.warn(f"{self._path}: is damaged: what it held is computed again")
        self._is_damaged = True
        return False

    def keep(self, piece: int, values: FloatArray) -> None:
        if self._is_open:
            self._try(lambda: self._file.write(piece, values))

    def close(self) -> None:
        if self._is_open:
            self._try(self._file.close)
            self._store.shrink()

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except OSError as error:
            self._is_open = False
            self._store.fail(error)
            if lack_of_space(error):
                with suppress(OSError):
                    changes.remove(self._path)
            self._file.abandon()


def _unwritable(folder: Path, why: str) -> RunDirectoryError:
    return RunDirectoryError(
        f"compute.cache: {folder}: cannot be written: {why}: name another folder, or leave it out"
    )
