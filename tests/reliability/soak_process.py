"""A command in a process of its own, beside others: it has a deadline, and signals that it is to be sent."""

import os
import resource
import shlex
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from .soak_commands import Command

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# After which a process counts as stuck, beside what it may wait.
LIMIT_SECONDS = 60.0
# Bytes of memory and of a file: more than any of the small jobs takes.
MOST_MEMORY, MOST_FILE = 2**32, 2**26


@dataclass
class Process:
    """A command that runs.

    pid: of the process.
    outputs: a folder with what it writes on standard output and error.
    start: when it began, in monotonic seconds.
    kills: signals to send, each with the seconds from the start.
    sent: signals that were.
    """

    command: Command
    pid: int
    outputs: Path
    start: float
    kills: list[tuple[float, signal.Signals]] = field(default_factory=list)
    sent: list[signal.Signals] = field(default_factory=list)
    is_stuck: bool = False

    @classmethod
    def begin(
        cls, command: Command, folder: Path, outputs: Path, kills: list[tuple[float, signal.Signals]]
    ) -> "Process":
        """Start it in a folder."""
        sys.stdout.flush()
        sys.stderr.flush()
        # A signal to this process would find its handlers in the child.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        start = time.monotonic()
        pid = os.fork()
        if pid == 0:
            _become(shlex.split(command.words), folder, outputs)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        return cls(command, pid, outputs, start, list(kills))

    def code(self) -> int | None:
        """Send what is due, and return the exit code, -N for signal N, or None while it runs."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - self.start
        while self.kills and self.kills[0][0] <= seconds:
            _, number = self.kills.pop(0)
            os.kill(self.pid, number)
            self.sent.append(number)
        if seconds > LIMIT_SECONDS + self.command.patience and not self.is_stuck:
            self.is_stuck = True
            os.kill(self.pid, signal.SIGKILL)
        return None

    def end(self) -> int:
        """Wait for the end, and return the exit code."""
        while (code := self.code()) is None:
            time.sleep(0.002)
        return code

    def stop(self) -> None:
        """Kill it."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def read(self, name: str) -> str:
        """What it has written to `stdout` or `stderr`."""
        path = self.outputs / name
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _become(words: list[str], folder: Path, outputs: Path) -> None:
    """Turn this process into a command, which ends it."""
    code = 1
    try:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        new = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        for descriptor, path, flags in (
            (0, os.devnull, os.O_RDONLY),
            (1, outputs / "stdout", new),
            (2, outputs / "stderr", new),
        ):
            os.dup2(os.open(path, flags), descriptor)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_FILE, MOST_FILE))
        resource.setrlimit(resource.RLIMIT_CPU, (int(LIMIT_SECONDS), int(LIMIT_SECONDS)))
        os.chdir(folder)
        sys.stdin, sys.stdout, sys.stderr = (
            os.fdopen(descriptor, mode, encoding="utf-8") for descriptor, mode in enumerate("rww")
        )
        # No power is cut here, and a disk would take most of the time.
        os.fsync = lambda fd: None
        sys.argv = ["ntk", *words]
        from ntkcli.__main__ import main

        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
