"""A child of a process that has imported everything: it becomes `ntk`, in a folder, and ends with a code."""

import gc
import importlib
import os
import pkgutil
import shlex
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import ntkcli
from ntkcli.__main__ import main
from ntkcli.linalg.threads import blas
from ntkcli.planning.machine import multiply_rate

# Signals that whoever started this process may have it ignore.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
EXTRAS = ("optuna", "pyarrow.parquet", "pyarrow.feather")


@dataclass(frozen=True)
class Outcome:
    """What a command came to.

    code: its exit code; minus the signal that it died of; None where it had to be killed at the time limit.
    """

    code: int | None
    stdout: str
    stderr: str
    seconds: float

    @property
    def said(self) -> str:
        """All that it wrote."""
        return (self.stdout + self.stderr).strip()


def import_all() -> None:
    """Import every module, and what the extras bring; find BLAS, and measure the speed in a moment."""
    for module in pkgutil.walk_packages(ntkcli.__path__, "ntkcli."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for extra in EXTRAS:
        importlib.import_module(extra)
    # Or every study would run thirty files of Optuna's again.
    pyfiles = importlib.import_module("alembic.util.pyfiles")
    vars(pyfiles)["load_module_py"] = cache(vars(pyfiles)["load_module_py"])
    # Optuna imports more for its first study.
    optuna = importlib.import_module("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    optuna.create_study(storage="sqlite://")
    blas()
    multiply_rate.__defaults__ = (200, 1)
    # Or a child's collector would go through it, and have every page of it copied.
    gc.collect()
    gc.freeze()


@dataclass(frozen=True)
class Child:
    """A process that runs a command.

    pid: of the process.
    outputs: a folder with what it writes on standard output and error.
    start: when it began, in monotonic seconds.
    """

    pid: int
    outputs: Path
    start: float

    @classmethod
    def begin(
        cls,
        words: Sequence[str] | str,
        folder: Path,
        outputs: Path,
        prepare: Callable[[], None] | None = None,
    ) -> "Child":
        """Start `ntk WORDS`.

        Args:
            words: of the command line.
            folder: to run it in.
            outputs: a folder for what it writes.
            prepare: called in the child before the command.
        """
        start = time.monotonic()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        words = shlex.split(words) if isinstance(words, str) else words
        pid = os.fork()
        if pid == 0:
            _become(words, folder, outputs, prepare)
        return cls(pid, outputs, start)

    def outcome(self, seconds: float) -> Outcome:
        """Wait for the end, and have it killed so many seconds after the start."""
        code = self._code_by(self.start + seconds)
        taken = time.monotonic() - self.start
        return Outcome(code, self.read("stdout"), self.read("stderr"), taken)

    def code(self) -> int | None:
        """Return the exit code, -N for signal N, or None while it runs; to be asked until it has one."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if pid else None

    def read(self, name: str) -> str:
        """What it has written to `stdout` or `stderr`."""
        path = self.outputs / name
        return path.read_bytes().decode(errors="replace") if path.exists() else ""

    def stop(self) -> None:
        """Kill it, and wait for its end."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def _code_by(self, end: float) -> int | None:
        pause = 0.0005
        while time.monotonic() < end:
            if (code := self.code()) is not None:
                return code
            time.sleep(pause)
            pause = min(1.5 * pause, 0.01)
        self.stop()
        return None


def _become(words: Sequence[str], folder: Path, outputs: Path, prepare: Callable[[], None] | None) -> None:
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
            opened = os.open(path, flags)
            os.dup2(opened, descriptor)
            os.close(opened)
        os.chdir(folder)
        sys.stdin, sys.stdout, sys.stderr = (
            os.fdopen(descriptor, mode, encoding="utf-8") for descriptor, mode in enumerate("rww")
        )
        if prepare:
            prepare()
        sys.argv = ["ntk", *words]
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


def without_disk() -> None:
    """Wait for no disk in this process: no power is cut here, and it would take most of the time."""
    os.fsync = lambda fd: None
