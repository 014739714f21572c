"""A folder of checkpoints: how far computations have come, a file each, whole or not at all."""

import time
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.files import make_folder, opened, remove, rename
from ntkcli.journal import Journal

# Seconds between checkpoints.
INTERVAL = 30.0
# What reading an archive raises that is cut short, or whose bytes are others.
DAMAGED = (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile)


@dataclass
class CheckpointFiles:
    """Checkpoints in a folder, which is made if it is not there.

    folder: where they are.
    journal: receives a warning where nothing can be kept.
    interval: seconds between two of them.
    """

    folder: Path
    journal: Journal
    interval: float = INTERVAL
    _saved: float = field(default_factory=time.monotonic)
    _has_failed: bool = False

    def load(self, name: str) -> dict[str, FloatArray] | None:
        """What was saved last by a name; None where nothing was, or it cannot be read."""
        try:
            with self._path(name).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                return dict(arrays)
        except DAMAGED:
            return None

    def save(self, name: str, arrays: Mapping[str, FloatArray], *, is_last: bool = False) -> None:
        """Save arrays, unless that was done less than an interval ago; a result replaces what is saved."""
        is_due = time.monotonic() - self._saved >= self.interval
        if self._has_failed or not (is_due or (is_last and self._path(name).exists())):
            return
        try:
            self._write(self._path(name), arrays)
        except OSError as error:
            self._has_failed = True
            self.journal.warn(
                f"{self.folder}: iterations cannot be kept there: {error.strerror or error}: going on without"
            )
        self._saved = time.monotonic()

    def _write(self, path: Path, arrays: Mapping[str, FloatArray]) -> None:
        make_folder(self.folder, parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        try:
            with opened(partial) as file:
                np.savez(file, allow_pickle=False, **arrays)
            rename(partial, path)
        except OSError:
            with suppress(OSError):
                remove(partial)
            raise

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.npz"
