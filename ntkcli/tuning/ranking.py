"""The ranking of a search's candidates, from the text of its trials.csv."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from ntkcli.tuning.objectives import LARGER_IS_BETTER

ERROR, SECONDS = "standard_error", "seconds"


@dataclass(frozen=True)
class Ranking:
    """The candidates of a search that have a score, the best first; equal ones stay in order.

    head: the names of the columns of trials.csv.
    candidates: the cells of each.
    networks: how many networks were tried, with or without a score.
    """

    head: list[str]
    candidates: list[list[str]]
    networks: int

    @classmethod
    def of(cls, text: str) -> Self:
        """Rank the lines of a trials.csv.

        Raises:
            ValueError: it is no table of trials.
        """
        head, *lines = csv.reader(io.StringIO(text))
        if head[0] != "trial" or head[-1] != SECONDS or any(len(line) != len(head) for line in lines):
            raise ValueError("it is no table of trials")
        ranking = cls(head, [], len({line[0] for line in lines}))
        place, sign = ranking._place, -1 if ranking.objective in LARGER_IS_BETTER else 1
        found = [line for line in lines if line[place] and math.isfinite(float(line[place]))]
        found.sort(key=lambda line: sign * float(line[place]))
        return cls(head, found, ranking.networks)

    @property
    def objective(self) -> str:
        """What is made small, or large."""
        return self.head[self._place]

    def lines(self, count: int) -> list[list[str]]:
        """Return the best candidates as cells below a head: their values and score, six digits of it."""
        place = self._place
        shown = ([*line[1:place], self._score_text(line)] for line in self.candidates[:count])
        return [self.head[1 : place + 1], *shown]

    def content(self, count: int) -> list[dict[str, Any]]:
        """Return the best candidates as JSON has them: values as trials.csv has them, and the score."""
        place = self._place
        return [
            {
                "trial": int(line[0]),
                "values": dict(zip(self.head[1:place], line[1:place], strict=True)),
                "score": float(line[place]),
                ERROR: self._error(line),
            }
            for line in self.candidates[:count]
        ]

    @property
    def _place(self) -> int:
        """The column of the score."""
        return len(self.head) - (3 if self.head[-2] == ERROR else 2)

    def _error(self, line: Sequence[str]) -> float | None:
        cell = line[self._place + 1]
        return float(cell) if self.head[self._place + 1] == ERROR and cell else None

    def _score_text(self, line: Sequence[str]) -> str:
        error = self._error(line)
        return f"{float(line[self._place]):.6g}" + ("" if error is None else f" +- {error:.2g}")
