"""A progress bar: one line that tells how far a phase has come, and how long the rest will take."""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

# Back to the line's beginning, and clear what is behind it.
ERASE = "\r\x1b[K"
# Seconds that a phase lasts before it is worth a bar: what is over at once would only flicker.
PATIENCE = 0.5
# Characters between the brackets.
CELLS = 36


@dataclass
class ProgressBar:
    """A progress bar of a phase, as text: who shows it decides where.

    label: what stands before it.
    length: the number of the phase's steps.
    start: when the phase began, in seconds.
    done: how many steps are finished.
    """

    label: str
    length: int
    start: float
    done: int = 0

    def is_worth_showing(self, now: float) -> bool:
        """Return whether the phase lasts, has a step behind it to judge by, and has one ahead."""
        return now - self.start >= PATIENCE and 0 < self.done < self.length

    def line(self, now: float, width: int) -> str:
        """Return the bar in less than `width` columns, so that it does not wrap.

        Args:
            now: the time, in seconds; the rest is taken to go as fast as what is done.
            width: of the terminal.
        """
        share = min(self.done / self.length, 1.0)
        filled = int(share * CELLS)
        rest = timedelta(seconds=ceil((now - self.start) * (1 / share - 1))) if share else "?"
        bar = f"[{'#' * filled}{'-' * (CELLS - filled)}]"
        return f"{self.label:8}  {bar}  {int(share * 100):3}%  {rest} left"[: max(width - 1, 0)]
