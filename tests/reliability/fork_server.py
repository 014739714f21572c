"""A fork server: commands of `ntk` in children of a process that has imported everything already."""

import gc
import importlib
import os
import pkgutil
import resource
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ntkcli
from ntkcli.__main__ import main
from ntkcli.planning.machine import multiply_rate

LIMIT_SECONDS = 10.0
# More than any of the small jobs takes; or a fault could take the whole machine's.
MOST_MEMORY = 2**32
NULL = "/dev/null"


@dataclass(frozen=True)
class Outcome:
    """What a command came to.

    code: its exit code; minus the signal that it died of; None where it had to be killed at the time limit.
    """

    code: int | None
    stdout: str
    stderr: str
    seconds: float


def import_all() -> None:
    """Import every module, and what the extras bring; and measure the machine's speed in a moment."""
    for module in pkgutil.walk_packages(ntkcli.__path__, "ntkcli."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for extra in ("optuna", "pyarrow.parquet", "pyarrow.feather"):
        importlib.import_module(extra)
    multiply_rate.__defaults__ = (200, 1)
    # Or a child's collector would go through it, and have every page of it copied.
    gc.collect()
    gc.freeze()


def run(words: Sequence[str], folder: Path, outputs: Path) -> Outcome:
    """Run `ntk WORDS` in a child.

    Args:
        words: of the command line.
        folder: to run it in.
        outputs: a folder for what it writes on standard output and error.
    """
    out, err = outputs / "stdout", outputs / "stderr"
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        _become(words, folder, out, err)
    code = _code_of(child, start + LIMIT_SECONDS)
    seconds = time.monotonic() - start
    stdout, stderr = (path.read_bytes().decode(errors="replace") for path in (out, err))
    return Outcome(code, stdout, stderr, seconds)


def _code_of(child: int, end: float) -> int | None:
    """Wait for a child, which is killed at a time."""
    pause = 0.001
    while time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(pause)
        pause = min(2 * pause, 0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _become(words: Sequence[str], folder: Path, out: Path, err: Path) -> None:
    """Turn this process into a command, which ends it."""
    code = 1
    try:
        for descriptor, name, flags in (
            (0, NULL, os.O_RDONLY),
            (1, str(out), os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
            (2, str(err), os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        ):
            os.dup2(os.open(name, flags), descriptor)
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.chdir(folder)
        sys.stdin, sys.stdout, sys.stderr = (
            os.fdopen(descriptor, mode, encoding="utf-8") for descriptor, mode in enumerate("rww")
        )
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
