"""Sums over rows are what they say, and to the bit the same however the rows arrive."""

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntkcli.arrays import FloatArray
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Threads
from ntkcli.kernels.rows import GramName
from ntkcli.regression.feature_map import FeatureMap
from ntkcli.regression.feature_sums import ROWS, FeatureSums, Part, group_sums, in_units

from .cases import some_data
from .dense_nystrom import GRAMS, summed

DATA = some_data(n=41, k=2)
CENTRES = DATA.x[[3, 17, 8, 30, 22, 11]]
# Rows of a unit.
UNIT = 7


def parts_of(lengths: Sequence[int], x: FloatArray = DATA.x, y: FloatArray = DATA.y) -> Iterator[Part]:
    """Rows in parts of these lengths, and what is left as a last one."""
    ends = np.minimum(np.cumsum(lengths, dtype=int), len(x))
    return zip(np.split(x, ends), np.split(y, ends), strict=True)


@pytest.mark.parametrize("gram", GRAMS)
def test_sums_are_over_the_features_of_all_rows(gram: GramName) -> None:
    sums = summed(DATA, CENTRES)
    (values, diagonals), own = sums.features.features(DATA.x), sums.grams[gram]
    phi = values[gram]
    np.testing.assert_allclose(np.tril(own.square), np.tril(phi.T @ phi), rtol=1e-12, atol=1e-10)
    np.testing.assert_allclose(own.targets, phi.T @ DATA.y, rtol=1e-10, atol=1e-12)
    trace = diagonals[gram].sum()
    assert own.trace == pytest.approx(trace, rel=1e-14)
    assert own.left_out == pytest.approx(1 - np.sum(phi**2) / trace, rel=1e-11)


def test_between_the_grams_are_the_products_of_their_features() -> None:
    sums = summed(DATA, CENTRES)
    values = sums.features.features(DATA.x).values
    assert sums.cross is not None
    np.testing.assert_allclose(sums.cross, values["ntk"].T @ values["nngp"], rtol=1e-12, atol=1e-10)
    np.testing.assert_allclose(sums.squares, np.sum(DATA.y**2, axis=0), rtol=1e-13)
    assert sums.rows == 41


def test_without_an_ensemble_there_is_nothing_between_the_grams() -> None:
    assert summed(DATA, CENTRES, ["nngp"], with_cross=False).cross is None


def test_of_no_rows_nothing_is_left_out() -> None:
    features = FeatureMap.of(Evaluator(DATA.network), CENTRES, GRAMS)
    sums = FeatureSums.empty(features, 2, with_cross=True)
    assert [own.left_out for own in sums.grams.values()] == [0, 0]


@settings(max_examples=100)
@given(lengths=st.lists(st.integers(0, 50), max_size=12), unit=st.integers(1, 50))
def test_units_are_the_rows_in_order_and_of_one_length_but_for_the_last(
    lengths: list[int], unit: int
) -> None:
    found = [*in_units(parts_of(lengths), unit)]
    assert np.array_equal(np.concatenate([x for x, _ in found]), DATA.x)
    assert np.array_equal(np.concatenate([y for _, y in found]), DATA.y)
    assert [len(x) for x, _ in found[:-1]] == [unit] * (len(found) - 1)
    assert 0 < len(found[-1][0]) <= unit
    assert [len(y) for _, y in found] == [len(x) for x, _ in found]


def test_no_rows_make_no_unit() -> None:
    assert not [*in_units(iter([]))]
    assert not [*in_units(parts_of([], DATA.x[:0], DATA.y[:0]))]


def test_units_do_not_wait_for_rows_that_they_do_not_need() -> None:
    """Nor are more than a part and a unit in memory."""
    asked = []

    def parts() -> Iterator[Part]:
        for number in range(100):
            asked.append(number)
            yield DATA.x[:3], DATA.y[:3]

    units = in_units(parts(), UNIT)
    next(units)
    assert asked == [0, 1, 2]


@cache
def in_one_part() -> FeatureSums:
    return sums_of(in_units([(DATA.x, DATA.y)], UNIT))


def sums_of(units: Iterator[Part]) -> FeatureSums:
    features = FeatureMap.of(Evaluator(DATA.network), CENTRES, GRAMS)
    sums = FeatureSums.empty(features, 2, with_cross=True)
    for x, y in units:
        sums.add(x, y)
    return sums


@settings(max_examples=30)
@given(lengths=st.lists(st.integers(0, 20), max_size=12))
def test_sums_are_the_same_to_the_bit_whatever_parts_the_rows_come_in(lengths: list[int]) -> None:
    found, whole = sums_of(in_units(parts_of(lengths), UNIT)), in_one_part()
    for gram in GRAMS:
        own, expected = found.grams[gram], whole.grams[gram]
        assert np.array_equal(own.square, expected.square)
        assert np.array_equal(own.targets, expected.targets)
        assert own.trace == expected.trace
    assert found.cross is not None
    assert whole.cross is not None
    assert np.array_equal(found.cross, whole.cross)
    assert np.array_equal(found.squares, whole.squares)
    assert found.rows == whole.rows == 41


@pytest.mark.parametrize("workers", [2, 3])
def test_threads_change_no_bit_of_the_sums(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor how many BLAS would use: tiles and strips are one thread's each."""
    monkeypatch.setattr("ntkcli.regression.feature_sums.TILE", 4)
    monkeypatch.setattr("ntkcli.regression.feature_map.STRIP_ROWS", 8)
    one = with_threads(1)
    found = with_threads(workers)
    for gram in GRAMS:
        assert np.array_equal(found.grams[gram].square, one.grams[gram].square)
        assert np.array_equal(found.grams[gram].targets, one.grams[gram].targets)
    assert found.cross is not None
    assert one.cross is not None
    assert np.array_equal(found.cross, one.cross)


def with_threads(workers: int) -> FeatureSums:
    features = FeatureMap.of(Evaluator(DATA.network, executor=Threads(workers)), CENTRES, GRAMS)
    sums = FeatureSums.empty(features, 2, with_cross=True)
    sums.add(DATA.x, DATA.y)
    return sums


def test_groups_of_rows_add_up_to_all_of_them() -> None:
    whole = in_one_part()
    sums = FeatureSums.empty(whole.features, 2, with_cross=True)
    for group in parts_of([10, 20]):
        sums.include(group_sums(whole.features, True, group))
    for gram in GRAMS:
        own, expected = sums.grams[gram], whole.grams[gram]
        np.testing.assert_allclose(own.square, expected.square, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(own.targets, expected.targets, rtol=1e-11, atol=1e-11)
        assert own.trace == pytest.approx(expected.trace, rel=1e-14)
    assert sums.cross is not None
    assert whole.cross is not None
    np.testing.assert_allclose(sums.cross, whole.cross, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(sums.squares, whole.squares, rtol=1e-13)
    assert sums.rows == 41


def test_rows_in_any_order_have_nearly_the_same_sums() -> None:
    order = np.random.default_rng(0).permutation(41)
    found, whole = sums_of(in_units(parts_of([5, 9], DATA.x[order], DATA.y[order]), UNIT)), in_one_part()
    for gram in GRAMS:
        own, expected = found.grams[gram], whole.grams[gram]
        np.testing.assert_allclose(own.square, expected.square, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(own.targets, expected.targets, rtol=1e-11, atol=1e-11)


def test_a_unit_is_long_enough_for_products_of_matrices() -> None:
    assert ROWS >= 1024
