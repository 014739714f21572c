"""A command in a process of its own, beside others: it has a deadline, and signals that it is to be sent."""

import os
import resource
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from .child import SIGNALS, Child, without_disk
from .soak_commands import Command

# After which a process counts as stuck, beside what it may wait.
LIMIT_SECONDS = 60.0
# Bytes of memory and of a file, and seconds: more than any of the small jobs takes.
LIMITS = {
    resource.RLIMIT_AS: 2**32,
    resource.RLIMIT_FSIZE: 2**26,
    resource.RLIMIT_CPU: int(LIMIT_SECONDS),
}


@dataclass
class Process:
    """A command that runs in a child.

    kills: signals to send, each with the seconds from the start.
    sent: signals that were.
    """

    command: Command
    child: Child
    kills: list[tuple[float, signal.Signals]] = field(default_factory=list)
    sent: list[signal.Signals] = field(default_factory=list)
    is_stuck: bool = False

    @classmethod
    def begin(
        cls, command: Command, folder: Path, outputs: Path, kills: list[tuple[float, signal.Signals]]
    ) -> "Process":
        """Start it in a folder."""
        # A signal to this process would find its handlers in the child.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        child = Child.begin(command.words, folder, outputs, _prepare)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        return cls(command, child, list(kills))

    def code(self) -> int | None:
        """Send what is due, and return the exit code, -N for signal N, or None while it runs."""
        if (code := self.child.code()) is not None:
            return code
        seconds = time.monotonic() - self.child.start
        while self.kills and self.kills[0][0] <= seconds:
            _, number = self.kills.pop(0)
            os.kill(self.child.pid, number)
            self.sent.append(number)
        if seconds > LIMIT_SECONDS + self.command.patience and not self.is_stuck:
            self.is_stuck = True
            os.kill(self.child.pid, signal.SIGKILL)
        return None

    def end(self) -> int:
        """Wait for the end, and return the exit code."""
        while (code := self.code()) is None:
            time.sleep(0.002)
        return code


def _prepare() -> None:
    """Bound what a command takes, in its process."""
    for kind, most in LIMITS.items():
        resource.setrlimit(kind, (most, most))
    without_disk()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
