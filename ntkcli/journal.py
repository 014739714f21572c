"""What is told of a run while it goes on, and kept for run.json: phases, their times, warnings."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

# How far a piece of work has come: called with the number of steps just finished.
Advance = Callable[[int], None]


def unseen(steps: int) -> None:
    """Progress that nobody looks at."""


class Display(Protocol):
    """Where a journal shows itself."""

    def message(self, text: str) -> None:
        """Show one line."""

    def progress(self, label: str, length: int) -> AbstractContextManager[Advance]:
        """Show the progress of a phase of `length` steps."""

    def note(self, text: str) -> None:
        """Show a text beside the progress of the phase that goes on."""


class Silent:
    """A display that shows nothing."""

    def message(self, text: str) -> None:
        """Show nothing."""

    @contextmanager
    def progress(self, label: str, length: int) -> Iterator[Advance]:
        """Show nothing."""
        yield unseen

    def note(self, text: str) -> None:
        """Show nothing."""


class Journal:
    """The story of one run.

    timings: seconds by phase; a phase entered twice adds up.
    warnings: what the user should know.
    """

    def __init__(self, display: Display | None = None) -> None:
        self._display = display or Silent()
        self._start = time.perf_counter()
        self.timings: dict[str, float] = {}
        self.warnings: list[str] = []

    @contextmanager
    def phase(self, name: str, length: int = 0) -> Iterator[Advance]:
        """Time a phase and, if it has a length, show its progress through the function it yields."""
        start = time.perf_counter()
        with self._display.progress(name, length) as advance:
            yield advance
        self.timings[name] = self.timings.get(name, 0.0) + time.perf_counter() - start

    def tell(self, text: str) -> None:
        """Show a line."""
        self._display.message(text)

    def note(self, text: str) -> None:
        """Show a text beside the progress, where anybody watches that."""
        self._display.note(text)

    def warn(self, text: str) -> None:
        """Show a warning and keep it."""
        self.warnings.append(text)
        self._display.message(f"warning: {text}")

    @property
    def seconds(self) -> float:
        """Seconds since the run began."""
        return time.perf_counter() - self._start
