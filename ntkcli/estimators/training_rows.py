"""The rows that an estimator is fitted to, as a table in memory."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd

from ntkcli.arrays import FloatArray
from ntkcli.data.held_table import HeldTable


@dataclass(frozen=True)
class TrainingRows:
    """Rows with what is observed there.

    x: (n, d).
    y: (n, k) numbers, or (n, 1) places among the classes.
    counts: (n,) > 0, how often each row is there, whole or not; None for once.
    factors: (n,) > 0, of mean 1, by which a row counts more or less in the fit than that; None for 1.
    """

    x: FloatArray
    y: FloatArray
    counts: FloatArray | None = None
    factors: FloatArray | None = None

    @property
    def weights(self) -> FloatArray | None:
        """How much each row counts in the fit, (n,); None for 1."""
        given = [part for part in (self.counts, self.factors) if part is not None]
        return np.prod(given, axis=0) if given else None

    @property
    def distinct(self) -> Self:
        """The rows, each once, with how often it is there; without those that are never.

        They are sorted then, so that weights and repetitions give the same numbers to the last digit.
        """
        rows = self._positive
        pairs = np.hstack([rows.x, rows.y]) + 0.0
        if rows.counts is None and not pd.DataFrame(pairs).duplicated().any():
            return rows
        _, first, place = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
        counts = np.bincount(place.ravel(), rows.counts, len(first)).astype(np.float64)
        if (counts == 1).all() and len(first) == len(rows.x):
            # Rows that all are there once stay as they came.
            return replace(rows, counts=None)
        return replace(rows, x=rows.x[first], y=rows.y[first], counts=counts)

    @property
    def _positive(self) -> Self:
        if self.counts is None:
            return self
        kept = self.counts > 0
        return replace(self, x=self.x[kept], y=self.y[kept], counts=self.counts[kept])

    def table(
        self, features: list[str], targets: list[str], classes: list[str] | None, weight: str | None
    ) -> HeldTable:
        """Return the rows as a table.

        Args:
            features, targets: the names of the columns.
            classes: the texts of the classes; None for numbers.
            weight: the name of the column of weights, if there are any.
        """
        frame = frame_of(self.x, features)
        if classes is None:
            frame[targets] = self.y
        else:
            frame[targets[0]] = pd.array(
                np.array(classes, dtype=object)[self.y[:, 0].astype(int)], dtype="str"
            )
        if weight is not None:
            frame[weight] = self.weights
        return HeldTable("X", frame)


def frame_of(x: FloatArray, features: list[str]) -> pd.DataFrame:
    """Return rows (n, d) as a frame of float64 with named columns.

    Raises:
        ValueError: two columns have one name.
    """
    repeated = [name for name in dict.fromkeys(features) if features.count(name) > 1]
    if repeated:
        raise ValueError(f"X has two columns {repeated[0]!r}: rename one of the two")
    return pd.DataFrame(np.asarray(x, dtype=np.float64), columns=features)


def target_names(y: object, count: int, features: list[str]) -> list[str]:
    """Return the names of targets: of a Series or a frame its own, if they are texts and no feature's."""
    given = [y.name] if isinstance(y, pd.Series) else [*y.columns] if isinstance(y, pd.DataFrame) else []
    names = ["y"] if count == 1 else [f"y{i}" for i in range(count)]
    if len({*given}) == count and all(isinstance(name, str) and name for name in given):
        names = [str(name) for name in given]
    return [free_name(name, features) for name in names]


def free_name(name: str, taken: Collection[str]) -> str:
    """Return a name that is not taken: with as many underscores behind it as that needs."""
    while name in taken:
        name += "_"
    return name
