"""A folder of checkpoints: how far computations have come, a file each, whole or not at all."""

import hashlib
import json
import time
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.files import changes
from ntkcli.files.disk import lack_of_space
from ntkcli.files.written_file import opened
from ntkcli.journal import Journal
from ntkcli.keeping import State, digest
from ntkcli.stores.gram_store import INTERVAL

CHECKSUM = 32
# How many times as long as the last one took to save no other is saved.
LEAST_PAUSES = 10.0
# What a result takes to be kept, as a share of the interval.
WORTHWHILE = 0.1


@dataclass
class CheckpointFiles:
    """Checkpoints in a folder.

    What goes wrong there costs no more than its help: it is told once, and everything is computed.

    folder: where they are; made once something is saved.
    journal: receives warnings, and from where computations go on.
    interval: seconds between two of the same computation.
    """

    folder: Path
    journal: Journal
    interval: float = INTERVAL
    _has_failed: bool = False

    def of(self, name: str, unit: str, *arrays: FloatArray | IntArray) -> "_CheckpointFile":
        """The checkpoint of a computation, as `Checkpoints.of`."""
        return _CheckpointFile(self, self.folder / f"{name}-{digest(*arrays)}", f"{name}: goes on at {unit}")

    def write(self, path: Path, state: State) -> None:
        """Write a file, or warn that nothing more can be kept."""
        if self._has_failed:
            return
        partial = path.with_suffix(".partial")
        try:
            changes.make_folder(self.folder, exist_ok=True)
            _write(partial, state)
            changes.rename(partial, path)
        except OSError as error:
            self._has_failed = True
            # On a full disk, the run needs the space more.
            with suppress(OSError):
                changes.remove(partial)
            why = lack_of_space(error) or error.strerror or str(error)
            self.journal.warn(f"{self.folder}: iterations cannot be kept there: {why}: going on without")


class _CheckpointFile:
    """One computation's file."""

    def __init__(self, store: CheckpointFiles, path: Path, going_on: str) -> None:
        self._store, self._path, self._going_on = store, path, going_on
        self._began = time.monotonic()
        self._due = self._began + store.interval

    def load(self) -> State | None:
        journal = self._store.journal
        try:
            with self._path.open("rb") as file:
                state = _read(file)
        except FileNotFoundError:
            return None
        except OSError:
            state = None
        if state is None:
            journal.warn(f"{self._path}: is damaged: what it held is computed again")
        elif not state.is_result:
            journal.tell(f"{self._going_on} {state.done:,}")
        return state

    def save(self, state: State) -> None:
        now, interval = time.monotonic(), self._store.interval
        is_kept = state.is_result and now - self._began >= WORTHWHILE * interval
        if is_kept or now >= self._due:
            self._store.write(self._path, state)
            end = time.monotonic()
            self._due = end + max(interval, LEAST_PAUSES * (end - now))


def _write(path: Path, state: State) -> None:
    """Write a checksum, a line that says what there is, and the numbers."""
    content, numbers = [], []
    for name, array in state.arrays.items():
        # In their order in memory, as sums of floating-point numbers may depend on it.
        is_transposed = array.flags.f_contiguous
        stored = np.ascontiguousarray(array.T if is_transposed else array)
        content.append([name, stored.dtype.str, stored.shape, is_transposed])
        numbers.append(stored.data)
    header = {"done": state.done, "is_result": state.is_result, "arrays": content}
    parts: list[bytes | memoryview] = [json.dumps(header).encode() + b"\n", *numbers]
    checksum = hashlib.sha256()
    for part in parts:
        checksum.update(part)
    with opened(path) as file:
        for part in [checksum.digest(), *parts]:
            file.write(part)


def _read(file: BufferedReader) -> State | None:
    """Read a file; None of one that is not what was written."""
    checksum = file.read(CHECKSUM)
    if hashlib.file_digest(file, "sha256").digest() != checksum:
        return None
    file.seek(CHECKSUM)
    content = json.loads(file.readline())
    arrays = {}
    for name, dtype, shape, is_transposed in content["arrays"]:
        array = np.empty(shape, dtype)
        file.readinto(array.data)
        arrays[name] = array.T if is_transposed else array
    return State(content["done"], arrays, content["is_result"])
