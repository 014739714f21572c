"""Signals that a process sends itself before its changes of files."""

import os
import signal
from pathlib import Path

from ntkcli.files.watch import Change

from .sqlite_calls import after_sqlite
from .watcher import Watcher

KILL, TERM, INT = signal.SIGKILL, signal.SIGTERM, signal.SIGINT
# What is sent at a change of files and at those after it, or at a moment and soon after.
AT_CHANGES = {"kill -9": (KILL,), "SIGTERM": (TERM,), "SIGINT": (INT,), "SIGTERM, then kill -9": (TERM, KILL)}
AT_MOMENTS = {"kill -9 at a moment": KILL, "SIGTERM at a moment": TERM, "SIGINT at a moment": INT}


class Sender(Watcher):
    """Sends signals to its own process before a change of files, and before those that follow."""

    def __init__(self, at: int, signals: tuple[signal.Signals, ...]) -> None:
        super().__init__()
        self._left = at
        self._signals = list(signals)

    def __call__(self, change: Change, path: Path) -> None:
        """Be told of a change."""
        if self._left > 0:
            self._left -= 1
        elif self._signals:
            self._send(self._signals.pop(0))

    def _send(self, number: signal.Signals) -> None:
        if self.sqlite.is_inside and number != KILL:
            after_sqlite(lambda: os.kill(os.getpid(), number))
        else:
            os.kill(os.getpid(), number)
