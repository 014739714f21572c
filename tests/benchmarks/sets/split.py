"""Training and test rows of a set, by a seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sets.set import Set

TEST_SHARE = 0.2
# By time, the second half is predicted in so many parts, each from all that came before it.
PARTS = 5


@dataclass(frozen=True)
class Split:
    """Rows to learn from and rows to predict, with the target and without the group.

    train, test: tables of the same columns.
    chosen: the set they are of.
    seed: of the split, and of what a method draws.
    """

    train: pd.DataFrame
    test: pd.DataFrame
    chosen: Set
    seed: int

    @property
    def features(self) -> Sequence[str]:
        """The columns to predict with."""
        return [name for name in self.train.columns if name != self.chosen.target]

    @property
    def categories(self) -> Sequence[str]:
        """Those of the features that are categories."""
        is_text = [name for name in self.features if not pd.api.types.is_numeric_dtype(self.train[name])]
        return list(dict.fromkeys([*is_text, *self.chosen.categorical]))


def split(chosen: Set, table: pd.DataFrame, seed: int) -> Split:
    """A fifth of the rows or groups at random; of rows in time order, a tenth with all rows before it.

    Seeds that differ by less than PARTS give different parts of the time.
    """
    if chosen.order == "time":
        end = round(len(table) * (0.5 + 0.5 * (seed % PARTS) / PARTS))
        stop = round(len(table) * (0.5 + 0.5 * (seed % PARTS + 1) / PARTS))
        train, test = np.arange(end), np.arange(end, stop)
    else:
        is_test = _is_test(chosen, table, np.random.default_rng(seed))
        train, test = np.flatnonzero(~is_test), np.flatnonzero(is_test)
    kept = table.drop(columns=chosen.group or [])
    return Split(kept.iloc[train], kept.iloc[test], chosen, seed)


def _is_test(chosen: Set, table: pd.DataFrame, random: np.random.Generator) -> npt.NDArray[np.bool_]:
    groups = table[chosen.group].to_numpy() if chosen.group else np.arange(len(table))
    names = pd.unique(groups)
    drawn = random.permutation(len(names))[: round(TEST_SHARE * len(names))]
    return np.isin(groups, names[drawn])
