"""A random sample of rows that come in parts, of which no more is held than the sample needs."""

import numpy as np
import pandas as pd

from ntkcli.arrays import BoolArray, FloatArray

# Less than every priority that is drawn.
ALWAYS = -1.0


class RowSample:
    """A uniform sample of rows without replacement, and rows that are always in it.

    Every row draws a priority, in order; the sample are the rows with the least. It is the same however the
    rows are divided into parts.

    Args:
        rows: how many to sample, beside those that are always in it.
        seed: of the draws.
    """

    def __init__(self, rows: int, seed: int = 0) -> None:
        self._rows = rows
        self._rng = np.random.default_rng(seed)
        self._frames: list[pd.DataFrame] = []
        self._priorities: FloatArray = np.empty(0)
        # What a row has to draw less than.
        self._bound = 1.0

    def add(self, frame: pd.DataFrame, always: BoolArray | None = None) -> None:
        """Let rows take part.

        Args:
            frame: the rows.
            always: those that are always in the sample, (rows,); None for none.
        """
        priorities = self._rng.random(len(frame))
        if always is not None:
            priorities[always] = ALWAYS
        chosen = priorities < self._bound
        self._frames.append(frame[chosen])
        self._priorities = np.concatenate([self._priorities, priorities[chosen]])
        if len(self._priorities) > 2 * (self._rows + self._always):
            self._prune(self._rows)

    @property
    def held(self) -> int:
        """The number of rows in memory: at most twice those of the sample, and the last part."""
        return len(self._priorities)

    def frame(self, most: int | None = None) -> pd.DataFrame:
        """Return the sample, in the order of the rows.

        Args:
            most: rows to keep of those sampled, which are a smaller sample then; None for all.
        """
        self._prune(self._rows if most is None else min(most, self._rows))
        return self._frames[0]

    @property
    def _always(self) -> int:
        return int((self._priorities == ALWAYS).sum())

    def _prune(self, rows: int) -> None:
        order = np.argsort(self._priorities, kind="stable")[: rows + self._always]
        kept = np.sort(order)
        if len(kept) < len(self._priorities):
            self._bound = float(self._priorities[order].max(initial=0.0))
        self._frames = [pd.concat(self._frames).iloc[kept]]
        self._priorities = self._priorities[kept]
