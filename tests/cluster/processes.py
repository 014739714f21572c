"""A scheduler and workers as processes of their own, on the loopback address."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS = 60


class Processes:
    """Those of a test, in a folder.

    file: the scheduler's.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self._folder, self.file = folder, folder / "scheduler.json"
        self._settings = {f"DASK_DISTRIBUTED__{name}": value for name, value in settings.items()}
        self._all: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._started("scheduler", "--port", "0", "--scheduler-file", str(self.file))
        wait_until(self.file.exists)

    @property
    def address(self) -> str:
        return str(json.loads(self.file.read_text())["address"])

    def worker(self, *words: str, nanny: bool = False) -> subprocess.Popen[bytes]:
        """Start a worker with one thread."""
        kind = "--nanny" if nanny else "--no-nanny"
        options = ["--nthreads", "1", kind, "--local-directory", str(self._folder), *words]
        return self._started("worker", "--scheduler-file", str(self.file), *options)

    def stop(self) -> None:
        """Kill them, with what they started."""
        for process in self._all:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _started(self, *words: str) -> subprocess.Popen[bytes]:
        host, dashboard = ["--host", "127.0.0.1"], ["--no-dashboard"]
        environment = {**os.environ, **self._settings, "PYTHONPATH": str(ROOT)}
        with (self._folder / f"{len(self._all)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "dask", *words, *host, *dashboard],
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._all.append(process)
        return process


def wait_until(condition: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Wait until a function returns true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{condition} did not become true within {seconds} s"
        time.sleep(0.02)
