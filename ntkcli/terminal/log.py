"""A log of a command: lines in a file with their time and level, for those who read them later."""

import json
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import click

from ntkcli.files.appended_file import AppendedFile
from ntkcli.interruption import TOLD_TO_END, Interruption, owe, settle, unmasked
from ntkcli.journal import Advance
from ntkcli.terminal.failure import UNEXPECTED, Failure
from ntkcli.terminal.legible import legible
from ntkcli.terminal.progress_bar import ProgressBar

Format = Literal["text", "json"]

# How lines of either format begin: nothing is appended to a file of something else.
OURS = re.compile(rb'(\{"time": ")?\d{4}-\d\d-\d\dT')
LEVELS = ("error", "warning")


class Log:
    """A log displays a journal as lines that are appended to a file. Once it is open, it fails nothing.

    Args:
        path: of the file.
        form: of the lines.
        clock: tells the time in seconds.

    Raises:
        RunDirectoryError: the file cannot be opened, or is no log.
        ResourceError: the disk is full.
    """

    def __init__(self, path: Path, form: Format, clock: Callable[[], float] = time.monotonic) -> None:
        # They load more than a command needs that is only asked for its help.
        from ntkcli.errors import RunDirectoryError
        from ntkcli.runs.unwritable import unwritable

        self._form = form
        self._clock = clock
        try:
            if not _takes_lines(path):
                raise RunDirectoryError(f"{path}: is there, and no log of ntk: choose another --log")
            self._file = AppendedFile(path)
        except OSError as error:
            raise unwritable(path, error, "--log") from error

    def write(self, level: str, text: str, **more: Any) -> None:
        """Append a line, or drop it where that fails.

        Args:
            level: error, warning or info.
            text: what happened.
            more: what a JSON line has besides.
        """
        now = datetime.now().astimezone().isoformat(timespec="milliseconds")
        line = f"{now} {level} {legible(text)}"
        if self._form == "json":
            line = json.dumps({"time": now, "level": level, "message": legible(text), **more})
        with suppress(OSError):
            self._file.append(f"{line}\n".encode())

    def message(self, text: str) -> None:
        """Log a message, whose level is the word before its colon, if that is one."""
        level, sign, rest = text.partition(": ")
        if sign and level in LEVELS:
            self.write(level, rest)
        else:
            self.write("info", text)

    @contextmanager
    def progress(self, label: str, length: int) -> Iterator[Advance]:
        """Log how far a phase is, now and then, and that it has ended."""
        bar = ProgressBar(label, length, self._clock())

        def advance(steps: int) -> None:
            bar.done += steps
            now = self._clock()
            if bar.is_due(now):
                self.write("info", bar.sentence(now), **_record(bar, now))

        yield advance
        now = self._clock()
        self.write("info", f"{label}: {now - bar.start:.2f} s", **_record(bar, now), seconds=now - bar.start)

    def note(self, text: str) -> None:
        """Log nothing: notes are of every step."""

    @contextmanager
    def of_command(self) -> Iterator[None]:
        """Log the command line, the errors and the exit code of a command, which is the `with` block."""
        owe(self._stopped)
        self.write("info", shlex.join(["ntk", *sys.argv[1:]]))
        code = UNEXPECTED
        try:
            with unmasked():
                yield
            code = 0
        except click.exceptions.Exit as end:
            code = end.exit_code
            raise
        except Interruption as end:
            code = int(str(end.code))
            self.write("error", end.message)
            raise
        except Exception as error:
            failure = Failure.of(error)
            code = failure.code
            for line in failure.message.splitlines():
                self.write("error", line)
            raise
        finally:
            self.write("info", f"ended with exit code {code}", exit_code=code)
            settle(self._stopped)
            self._file.close()

    def _stopped(self) -> None:
        """Log that the process ends without the main thread, which a library holds."""
        self.write("error", TOLD_TO_END)


def _takes_lines(path: Path) -> bool:
    """Whether a file is not there, is empty or no regular one, or has lines of a log."""
    if not path.is_file():
        return True
    with path.open("rb") as file:
        first = file.readline(100)
    return not first or OURS.match(first) is not None


def _record(bar: ProgressBar, now: float) -> dict[str, Any]:
    """Return what a JSON line has of a phase; rates are of steps a second."""
    return {
        "phase": bar.label,
        "done": bar.done,
        "length": bar.length,
        "rate": bar.rate(now),
        "seconds_left": bar.left(now),
    }
