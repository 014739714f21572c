"""A scheduler and workers as processes of their own."""

import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from .networks import Place

SECONDS = 60
HERE = Place()
# Processes are forked from one that has Dask loaded: most of them live for less time than loading takes.
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(
    ["distributed.cli.dask_scheduler", "distributed.cli.dask_worker", "ntkcli.cluster.task"]
)


class Processes:
    """Those of a test, in a folder.

    file: the scheduler's.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str] | None = None,
        *,
        place: Place = HERE,
        options: Sequence[str] = (),
    ) -> None:
        """Start the scheduler.

        Args:
            folder: for files.
            settings: Dask's configuration, by the names of its environment variables.
            place: of the scheduler.
            options: of `dask scheduler` and `dask worker`.
        """
        self._folder, self.file, self._options = folder, folder / "scheduler.json", options
        self._settings = {f"DASK_DISTRIBUTED__{name}": value for name, value in (settings or {}).items()}
        self._all: list[ForkServerProcess] = []
        words = ["--port", "0", "--scheduler-file", str(self.file)]
        self.scheduler = self._dask(place, "scheduler", *words)
        wait_until(self._is_written)

    def _is_written(self) -> bool:
        """Whether the scheduler's file is whole: it is there before it has its content."""
        with suppress(FileNotFoundError, ValueError):
            return bool(json.loads(self.file.read_text()))
        return False

    @property
    def address(self) -> str:
        return str(json.loads(self.file.read_text())["address"])

    def worker(self, *words: str, nanny: bool = False, place: Place = HERE) -> ForkServerProcess:
        """Start a worker with one thread."""
        kind = "--nanny" if nanny else "--no-nanny"
        options = ["--nthreads", "1", kind, "--local-directory", str(self._folder), *words]
        return self._dask(place, "worker", "--scheduler-file", str(self.file), *options)

    def wait_for_workers(self, count: int) -> None:
        """Wait until the scheduler has so many."""
        from distributed import Client

        with Client(self.address) as client:
            client.wait_for_workers(count, timeout=SECONDS)

    def ntk(self, *words: object, place: Place = HERE) -> ForkServerProcess:
        """Start a command of ntk."""
        return self._started(place, "ntk", *map(str, words))

    def stop(self) -> None:
        """Kill them, with what they started."""
        for process in self._all:
            with suppress(ProcessLookupError):
                os.killpg(number(process), signal.SIGKILL)
            process.kill()
            process.join()

    def _dask(self, place: Place, *words: str) -> ForkServerProcess:
        options = ["--host", place.host, "--no-dashboard", *self._options]
        return self._started(place, *words, *options)

    def _started(self, place: Place, *words: str) -> ForkServerProcess:
        log = self._folder / f"{len(self._all)}.log"
        process = SERVER.Process(target=_be, args=(words, place, log, self._settings))
        process.start()
        self._all.append(process)
        return process


def _be(words: Sequence[str], place: Place, log: Path, settings: dict[str, str]) -> None:
    """Be a command, with a session of its own to be killed with."""
    import dask
    from distributed.cli import dask_scheduler, dask_worker

    from ntkcli.__main__ import main

    os.setsid()
    place.enter()
    with log.open("wb") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    os.environ |= settings
    dask.config.refresh()
    sys.argv = [*words]
    commands: dict[str, Callable[[], object]]
    commands = {"scheduler": dask_scheduler.main, "worker": dask_worker.main, "ntk": main}
    commands[words[0]]()


def number(process: ForkServerProcess) -> int:
    """The number that the system has for a process."""
    assert process.pid is not None
    return process.pid


def send(process: ForkServerProcess, sign: signal.Signals) -> None:
    """Send a signal to a process."""
    os.kill(number(process), sign)


def wait_until(condition: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Wait until a function returns true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{condition} did not become true within {seconds} s"
        time.sleep(0.02)
