"""Splits of the rows into those to train on and those held out."""

from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import IntArray
from ntkcli.spec.tune import ValidationSpec


class SplitError(ValueError):
    """There are too few rows for the folds or the holdout.

    key: of the validation section, at which this is to be reported.
    """

    def __init__(self, key: str, what: str) -> None:
        super().__init__(what)
        self.key = key


@dataclass(frozen=True)
class Split:
    """IntArray of the rows to train on and of the rows held out, both ascending."""

    train: IntArray
    held_out: IntArray


def splits(n: int, validation: ValidationSpec, labels: IntArray | None = None) -> list[Split]:
    """Split n rows at random, the same way for one seed, and stratified by class.

    Args:
        n: the number of rows.
        validation: folds or a holdout, and the seed.
        labels: (n,), the classes as integers; None for a regression.

    Returns:
        One split for every fold, or a single one for a holdout.

    Raises:
        SplitError: there are too few rows.
    """
    order = np.random.default_rng(validation.seed).permutation(n)
    if labels is not None:
        order = order[np.argsort(labels[order], kind="stable")]
    if validation.holdout is not None:
        return [_split(n, _evenly_spaced(order, validation.holdout))]
    folds = validation.folds or 0
    if folds > n // 2:
        raise SplitError(
            "folds",
            f"{folds} folds of {n} training rows would hold out single rows: use fewer folds, or objective "
            "loo_rmse, which leaves out every row in closed form",
        )
    return [_split(n, order[i::folds]) for i in range(folds)]


def _evenly_spaced(order: IntArray, share: float) -> IntArray:
    """Take a share of the rows, evenly spaced in their order."""
    n = len(order)
    count = max(1, round(share * n))
    if n - count < 2:
        raise SplitError(
            "holdout", f"of {n} training rows it leaves {n - count} to train on: use a lower one"
        )
    return order[((np.arange(count) + 0.5) * n / count).astype(np.intp)]


def _split(n: int, held_out: IntArray) -> Split:
    is_train = np.ones(n, dtype=bool)
    is_train[held_out] = False
    return Split(np.flatnonzero(is_train), np.sort(held_out))
