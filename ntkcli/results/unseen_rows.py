"""The training rows that a model is calibrated by, and how far they reach."""

import math
from dataclasses import dataclass
from typing import Literal

from ntkcli.units import counted

Way = Literal["leave_one_out", "held_out"]


@dataclass(frozen=True)
class UnseenRows:
    """The training rows that a model is calibrated by: predicted by training without them.

    by: one at a time, or by a smaller fit that they are held out from.
    count: of the rows.
    """

    by: Way
    count: int

    @property
    def text(self) -> str:
        """In words."""
        rows = counted(self.count, "training row")
        return (
            f"{rows}, each left out" if self.by == "leave_one_out" else f"{rows}, held out from a smaller fit"
        )

    def coverage_error(self, interval: float) -> float:
        """The standard deviation of the share of new rows that intervals fitted to these rows hold.

            sqrt(r (s + 1 - r) / (s + 2)) / (s + 1),    r = ceil((s + 1) interval), at most s

        The share is that of a Beta(r, s + 1 - r), whatever the rows, if they and the new ones are drawn
        alike.

        Args:
            interval: coverage to reach, between 0 and 1.

        Vovk 2012.
        """
        above, s = interval_rank(self.count, interval), self.count
        return math.sqrt(above * (s + 1 - above) / (s + 2)) / (s + 1)


def interval_rank(count: int, interval: float) -> int:
    """The rank, among the distances of so many rows, of the one that an interval reaches to."""
    return min(math.ceil((count + 1) * interval), count)
