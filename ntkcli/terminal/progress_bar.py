"""A progress bar: one line that tells how far a phase has come, and how long the rest will take."""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil, inf

from ntkcli.units import seconds_text

# Back to the line's beginning, and clear what is behind it.
ERASE = "\r\x1b[K"
# Seconds that a phase lasts before it is worth a bar: what is over at once would only flicker.
PATIENCE = 0.5
# Seconds between two lines about a phase, where there are no bars.
EVERY = 30.0
# Characters between the brackets.
CELLS = 36


@dataclass
class ProgressBar:
    """A progress bar of a phase, as text: who shows it decides where.

    label: what stands before it.
    length: the number of the phase's steps.
    start: when the phase began, in seconds.
    done: how many steps are finished.
    told: when a line about it was last worth telling.
    """

    label: str
    length: int
    start: float
    done: int = 0
    told: float = -inf

    def is_worth_showing(self, now: float) -> bool:
        """Return whether the phase lasts, has a step behind it to judge by, and has one ahead."""
        return now - self.start >= PATIENCE and 0 < self.done < self.length

    def is_due(self, now: float) -> bool:
        """Return whether to tell how far it is, which is done once in half a minute at most."""
        is_due = 0 < self.done < self.length and now - max(self.told, self.start) >= EVERY
        if is_due:
            self.told = now
        return is_due

    def rate(self, now: float) -> float | None:
        """Return the steps a second so far; None where there are none."""
        return self.done / (now - self.start) if self.done and now > self.start else None

    def left(self, now: float) -> float | None:
        """Return the seconds that are left if the rest goes as fast; None where nobody knows."""
        rate = self.rate(now)
        return max(self.length - self.done, 0) / rate if rate else None

    def sentence(self, now: float) -> str:
        """Return how far it is as words, such as `gram 40%, 3 min left`."""
        left = self.left(now)
        rest = "" if left is None else f", {seconds_text(left)} left"
        return f"{self.label} {int(100 * self.done / self.length)}%{rest}"

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
