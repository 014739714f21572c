"""The journal of a run: messages are shown; warnings and the times of phases are kept for run.json too."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

# How far a piece of work has come: called with the number of steps just finished.
Advance = Callable[[int], None]


def unshown(steps: int) -> None:
    """Ignore progress: an `Advance` that shows nothing."""


class Display(Protocol):
    """Where a journal is shown."""

    def message(self, text: str) -> None:
        """Show one line."""

    def progress(self, label: str, length: int) -> AbstractContextManager[Advance]:
        """Show the progress of a phase of `length` steps while the `with` block lasts."""

    def note(self, text: str) -> None:
        """Show a text beside the progress of the current phase."""


class Silent:
    """A display that shows nothing."""

    def message(self, text: str) -> None:
        """Show nothing."""

    @contextmanager
    def progress(self, label: str, length: int) -> Iterator[Advance]:
        """Show nothing."""
        yield unshown

    def note(self, text: str) -> None:
        """Show nothing."""


class Journal:
    """The messages, phases and warnings of one run.

    timings: the seconds of each phase; those of a phase that is entered twice add up.
    warnings: all that were given, in order.

    Args:
        display: where they are shown; None shows nothing.
    """

    def __init__(self, display: Display | None = None) -> None:
        self._display = display or Silent()
        self._start = time.perf_counter()
        self.timings: dict[str, float] = {}
        self.warnings: list[str] = []

    @contextmanager
    def phase(self, name: str, length: int = 0) -> Iterator[Advance]:
        """Time a phase, and show its progress.

        Args:
            name: of the phase.
            length: the number of its steps; a phase of length 0 shows no progress.

        Yields:
            A function to call with the number of steps just finished.
        """
        start = time.perf_counter()
        with self._display.progress(name, length) as advance:
            yield advance
        self.timings[name] = self.timings.get(name, 0.0) + time.perf_counter() - start

    def tell(self, text: str) -> None:
        """Show a line that is not kept."""
        self._display.message(text)

    def note(self, text: str) -> None:
        """Show a text beside the progress, on displays that show progress."""
        self._display.note(text)

    def warn(self, text: str) -> None:
        """Show a warning, and keep it."""
        self.warnings.append(text)
        self._display.message(f"warning: {text}")

    @property
    def seconds(self) -> float:
        """The seconds since the run began."""
        return time.perf_counter() - self._start
