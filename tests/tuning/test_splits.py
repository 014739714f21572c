from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.spec.tune import ValidationSpec
from ntkcli.tuning.splits import SplitError, splits
from ntkcli.tuning.structure import Structure


@given(n=st.integers(4, 60), folds=st.integers(2, 30), seed=st.integers(0, 9), classes=st.integers(0, 4))
def test_folds_hold_out_every_row_once(n: int, folds: int, seed: int, classes: int) -> None:
    folds = min(folds, n // 2)
    labels = np.arange(n) % classes if classes else None
    found = splits(n, ValidationSpec(folds=folds, seed=seed), Structure(labels))
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
    found = splits(n, ValidationSpec(folds=folds), Structure(labels))
    for label in range(classes):
        counts = [int(np.sum(labels[split.held_out] == label)) for split in found]
        assert max(counts) - min(counts) <= 1


@given(n=st.integers(10, 60), share=st.floats(0.05, 0.8), classes=st.integers(0, 3))
def test_a_holdout_is_a_share_of_the_rows(n: int, share: float, classes: int) -> None:
    labels = np.arange(n) % classes if classes else None
    (split,) = splits(n, ValidationSpec(holdout=share), Structure(labels))
    assert len(split.held_out) == max(1, round(share * n))
    assert sorted([*split.train, *split.held_out]) == list(range(n))


def test_a_holdout_has_its_share_of_every_class() -> None:
    labels = np.repeat([0, 1, 2], [10, 30, 60])
    (split,) = splits(100, ValidationSpec(holdout=0.2), Structure(labels))
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


def test_given_folds_are_the_folds() -> None:
    found = splits(6, ValidationSpec(column="fold"), Structure(folds=np.array([2, 0, 2, 1, 1, 0])))
    assert [split.held_out.tolist() for split in found] == [[1, 5], [3, 4], [0, 2]]


@given(seed=st.integers(0, 99), folds=st.integers(2, 4), names=st.integers(6, 12))
def test_a_group_is_in_one_fold_and_folds_are_about_alike(seed: int, folds: int, names: int) -> None:
    groups = np.random.default_rng(seed).permutation(np.arange(60) % names)
    found = splits(60, ValidationSpec(folds=folds, seed=seed), Structure(groups=groups))
    assert sorted(np.concatenate([split.held_out for split in found])) == list(range(60))
    for split in found:
        assert not set(groups[split.held_out]) & set(groups[split.train])
    sizes = [len(split.held_out) for split in found]
    assert max(sizes) - min(sizes) <= np.bincount(groups).max()


def test_a_holdout_is_of_whole_groups() -> None:
    groups = np.arange(60) % 12
    (split,) = splits(60, ValidationSpec(holdout=0.25), Structure(groups=groups))
    assert len(split.held_out) == 15
    assert not set(groups[split.held_out]) & set(groups[split.train])


def test_the_past_predicts_the_future() -> None:
    times = np.random.default_rng(0).permutation(30).astype(np.float64)
    found = splits(30, ValidationSpec(folds=4, time="when"), Structure(times=times))
    assert [len(split.train) for split in found] == [6, 12, 18, 24]
    assert [len(split.held_out) for split in found] == [6, 6, 6, 6]
    for split in found:
        assert times[split.train].max() < times[split.held_out].min()
    (split,) = splits(30, ValidationSpec(holdout=0.2, time="when"), Structure(times=times))
    assert sorted(times[split.held_out]) == list(range(24, 30))


def test_rows_of_one_time_are_not_parted() -> None:
    times = np.repeat([0.0, 1.0, 2.0], [5, 6, 9])
    first, second = splits(20, ValidationSpec(folds=2, time="when"), Structure(times=times))
    assert [set(times[split.train]) for split in (first, second)] == [{0.0}, {0.0, 1.0}]
    assert [set(times[split.held_out]) for split in (first, second)] == [{1.0}, {2.0}]


@pytest.mark.parametrize(
    ("validation", "structure", "key"),
    [
        (ValidationSpec(folds=5), Structure(groups=np.arange(20) % 3), "folds"),
        (ValidationSpec(folds=5, time="when"), Structure(times=np.zeros(20)), "folds"),
        (ValidationSpec(holdout=0.5, time="when"), Structure(times=np.zeros(20)), "holdout"),
    ],
)
def test_too_few_groups_or_times_are_told(validation: ValidationSpec, structure: Structure, key: str) -> None:
    with pytest.raises(SplitError) as caught:
        splits(20, validation, structure)
    assert caught.value.key == key
