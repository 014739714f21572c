"""Faults of a disk: a change of files that fails, as the system would have it fail."""

import errno
import os
from pathlib import Path

from ntkcli.files.watch import Change

from .watcher import Watcher, note_down

CODES = ("ENOSPC", "EDQUOT", "EIO", "EACCES")
# A write that takes half of its bytes, and a disk that stays full: nothing is made or written any more.
SHORT, STAYS_FULL = "short write", "full from then on"
KINDS = (*CODES, SHORT, STAYS_FULL)
TAKES_SPACE = frozenset({"create", "write", "make_folder", "reserve", "link"})


class Fault(Watcher):
    """Fails a change, the first after so many.

    Args:
        kind: one of KINDS.
        at: number of the change.
        note: a file in which every change that fails is written down.
    """

    def __init__(self, kind: str, at: int, note: Path) -> None:
        super().__init__()
        self._kind, self._left, self._note = kind, at, note
        self._is_cut = False

    def __call__(self, change: Change, path: Path) -> None:
        """Be told of a change, and fail it or not."""
        self._left -= 1
        if self._left >= 0 or (self._left < -1 and self._kind != STAYS_FULL):
            return
        if self._kind in CODES:
            self._fail(getattr(errno, self._kind), change, path)
        if self._kind == STAYS_FULL and change in TAKES_SPACE:
            self._fail(errno.ENOSPC, change, path)

    def share(self, path: Path, count: int) -> int:
        """Return how many of some bytes are to be written, or fail where a part was written before."""
        if self._is_cut:
            self._is_cut = False
            self._fail(errno.ENOSPC, "write", path)
        count = super().share(path, count)
        if self._left == -1 and self._kind == SHORT and count > 1:
            self._is_cut = True
            return count // 2
        return count

    def _fail(self, code: int, change: Change, path: Path) -> None:
        note_down(self._note, change, path)
        raise OSError(code, os.strerror(code), str(path))
