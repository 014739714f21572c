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
    groups: of which they are all rows, left out or held out together; None for rows by themselves.
    """

    by: Way
    count: int
    groups: int | None = None

    @property
    def text(self) -> str:
        """In words."""
        rows = counted(self.count, "training row")
        if self.by == "leave_one_out":
            return f"{rows}, each left out" + (" with its group" if self.groups else "")
        whole = f"{counted(self.groups, 'whole group')}, " if self.groups else ""
        return f"{rows}, {whole}held out from a smaller fit"

    def coverage_error(self, interval: float) -> float:
        """The standard deviation of the share of new rows that intervals fitted to these rows hold.

            sqrt(r (s + 1 - r) / (s + 2)) / (s + 1),    r = ceil((s + 1) interval), at most s

        The share is that of a Beta(r, s + 1 - r) of s rows, whatever the rows, if they and the new ones are
        drawn alike. Rows of a group are taken for one.

        Args:
            interval: coverage to reach, between 0 and 1.

        Vovk 2012.
        """
        s = self.groups or self.count
        above = interval_rank(s, interval)
        return math.sqrt(above * (s + 1 - above) / (s + 2)) / (s + 1)


def interval_rank(count: int, interval: float, groups: int | None = None) -> int:
    """The rank, among the distances of so many rows, of the one that an interval reaches to.

    Args:
        count: of the rows.
        interval: coverage to reach, between 0 and 1.
        groups: of the rows, each of which stands for a new group; None where each row stands for itself.
    """
    alike = groups or count
    return min(math.ceil(count * (math.ceil((alike + 1) * interval) / alike)), count)
