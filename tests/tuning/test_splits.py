from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.spec.tune import ValidationSpec
from ntkcli.tuning.splits import SplitError, splits


@given(n=st.integers(4, 60), folds=st.integers(2, 30), seed=st.integers(0, 9), classes=st.integers(0, 4))
def test_folds_hold_out_every_row_once(n: int, folds: int, seed: int, classes: int) -> None:
    folds = min(folds, n // 2)
    labels = np.arange(n) % classes if classes else None
    found = splits(n, ValidationSpec(folds=folds, seed=seed), labels)
    assert sorted(np.concatenate([split.held_out for split in found])) == list(range(n))
    for split in found:
        assert sorted([*split.train, *split.held_out]) == list(range(n))
        assert all(a < b for rows in (split.train, split.held_out) for a, b in pairwise(rows))
    sizes = [len(split.held_out) for split in found]
    assert len(found) == folds
    assert max(sizes) - min(sizes) <= 1


@given(n=st.integers(4, 60), folds=st.integers(2, 30), classes=st.integers(2, 4))
def test_folds_have_equal_shares_of_every_class(n: int, folds: int, classes: int) -> None:
    folds = min(folds, n // 2)
    labels = np.random.default_rng(n).integers(0, classes, size=n)
    found = splits(n, ValidationSpec(folds=folds), labels)
    for label in range(classes):
        counts = [int(np.sum(labels[split.held_out] == label)) for split in found]
        assert max(counts) - min(counts) <= 1


@given(n=st.integers(10, 60), share=st.floats(0.05, 0.8), classes=st.integers(0, 3))
def test_a_holdout_is_a_share_of_the_rows(n: int, share: float, classes: int) -> None:
    labels = np.arange(n) % classes if classes else None
    (split,) = splits(n, ValidationSpec(holdout=share), labels)
    assert len(split.held_out) == max(1, round(share * n))
    assert sorted([*split.train, *split.held_out]) == list(range(n))


def test_a_holdout_has_its_share_of_every_class() -> None:
    labels = np.repeat([0, 1, 2], [10, 30, 60])
    (split,) = splits(100, ValidationSpec(holdout=0.2), labels)
    assert np.bincount(labels[split.held_out]).tolist() == [2, 6, 12]


def test_the_seed_decides() -> None:
    def held_out(seed: int) -> list[int]:
        return [int(row) for row in splits(30, ValidationSpec(folds=3, seed=seed))[0].held_out]

    assert held_out(0) == held_out(0)
    assert held_out(0) != held_out(1)
    assert held_out(0) != list(range(0, 30, 3))


@pytest.mark.parametrize(("n", "folds"), [(9, 5), (3, 2), (100, 51)])
def test_folds_of_single_rows_are_refused(n: int, folds: int) -> None:
    with pytest.raises(SplitError, match="loo_rmse") as refusal:
        splits(n, ValidationSpec(folds=folds))
    assert refusal.value.key == "folds"


def test_a_holdout_that_leaves_one_row_is_refused() -> None:
    with pytest.raises(SplitError, match="leaves 1 to train on") as refusal:
        splits(4, ValidationSpec(holdout=0.8))
    assert refusal.value.key == "holdout"
