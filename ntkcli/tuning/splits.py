"""Splits of the rows into those to train on and those held out."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.data.groups import whole_groups
from ntkcli.spec.tune import ValidationSpec
from ntkcli.tuning.structure import Structure


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


def splits(n: int, validation: ValidationSpec, structure: Structure | None = None) -> list[Split]:
    """Split n rows at random, the same way for one seed, and stratified by class, or as their structure says.

    Args:
        n: the number of rows.
        validation: folds or a holdout, and the seed.
        structure: of the rows.

    Returns:
        One split for every fold, or a single one for a holdout.

    Raises:
        SplitError: there are too few rows.
    """
    structure = structure or Structure()
    if structure.folds is not None:
        if (folds := len(np.unique(structure.folds))) > n // 2:
            raise SplitError("column", f"has {folds} folds for {n} training rows: name fewer")
        return [_split(n, np.flatnonzero(structure.folds == fold)) for fold in np.unique(structure.folds)]
    if structure.times is not None:
        return _by_time(structure.times, validation)
    if structure.groups is not None:
        return _by_group(structure.groups, validation)
    order, labels = np.random.default_rng(validation.seed).permutation(n), structure.labels
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


def _by_time(times: FloatArray, validation: ValidationSpec) -> list[Split]:
    """Folds of rows that follow each other in time, each predicted from all rows before it.

    The first of the folds' parts is trained with only. Rows of one time are not parted.
    """
    n, ordered = len(times), np.sort(times)
    if validation.holdout is not None:
        starts = [n - max(1, round(validation.holdout * n))]
    else:
        parts = (validation.folds or 0) + 1
        starts = [n * part // parts for part in range(1, parts)]
    cuts = [*dict.fromkeys(ordered[start] for start in starts), np.inf]
    found = [
        Split(np.flatnonzero(times < first), np.flatnonzero((times >= first) & (times < last)))
        for first, last in pairwise(cuts)
    ]
    key = "holdout" if validation.holdout is not None else "folds"
    if len(found) < len(starts) or any(len(split.train) < 2 for split in found):
        raise SplitError(
            key, f"{n} training rows have too few times to be cut so: use fewer, or a lower share"
        )
    return found


def _by_group(groups: IntArray, validation: ValidationSpec) -> list[Split]:
    """Folds of whole groups, about as many rows in each; or a holdout of whole groups."""
    n = len(groups)
    if validation.holdout is not None:
        return [_split(n, whole_groups(groups, round(validation.holdout * n), validation.seed, spare=1))]
    names, counts = np.unique(groups, return_counts=True)
    folds = validation.folds or 0
    if folds > len(names):
        raise SplitError("folds", f"there are {len(names)} groups for {folds} folds: use fewer folds")
    shuffled = np.random.default_rng(validation.seed).permutation(len(names))
    sizes, fold_of = np.zeros(folds, dtype=np.intp), np.empty(len(names), dtype=np.intp)
    # The largest first, each to the fold that has least.
    for place in shuffled[np.argsort(-counts[shuffled], kind="stable")]:
        fold_of[place] = np.argmin(sizes)
        sizes[fold_of[place]] += counts[place]
    own = fold_of[np.searchsorted(names, groups)]
    return [_split(n, np.flatnonzero(own == fold)) for fold in range(folds)]


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
