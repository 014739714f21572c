"""The peak of a process's memory without what is mapped from files, which the system can take back."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SECONDS_APART = 0.003


@contextmanager
def peak_written_to(path: Path) -> Iterator[None]:
    """Look often, and write down the most there was, with what is mapped at the end: libraries alone."""
    peak, over = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(SECONDS_APART):
            peak = max(peak, _resident("RssAnon"))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        path.write_text(str(peak + _resident("RssFile")))


def _resident(kind: str) -> int:
    """Bytes of a kind that are in memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(kind))
