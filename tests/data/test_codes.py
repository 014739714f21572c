"""Numbers that are no amounts are told apart from those that are."""

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.data.codes import looks_like_codes, looks_like_ids, missing_mark

AGES = np.random.default_rng(0).integers(17, 90, size=60).astype(float)


def with_some(values: FloatArray, mark: float, count: int) -> FloatArray:
    return np.concatenate([values[:20], np.full(count, mark), values[20:]])


@pytest.mark.parametrize("mark", [-999.0, 999.0, 9999.0, -9999.0, 99999.0])
def test_a_usual_mark_that_is_there_twice_far_from_all_others_is_found(mark: float) -> None:
    assert missing_mark(with_some(AGES, mark, 2)) == mark
    assert missing_mark(with_some(AGES, mark, 1)) is None


def test_minus_99_is_a_mark_among_numbers_of_a_smaller_range() -> None:
    assert missing_mark(with_some(AGES, -99.0, 2)) == -99
    assert missing_mark(with_some(AGES - 95, -99.0, 2)) is None


def test_minus_1_is_a_mark_among_amounts_if_it_is_more_frequent_than_the_least() -> None:
    assert missing_mark(with_some(AGES, -1.0, 30)) == -1
    assert missing_mark(with_some(AGES, -1.0, 1)) is None
    assert missing_mark(with_some(AGES - 40, -1.0, 30)) is None


def test_another_number_is_a_mark_if_it_is_very_far_and_frequent() -> None:
    assert missing_mark(with_some(AGES, -100.0, 5)) is None
    assert missing_mark(with_some(AGES, -2000.0, 5)) == -2000
    assert missing_mark(with_some(AGES, -2000.0, 4)) is None


@pytest.mark.parametrize(
    "values",
    [
        [0.0, 1.0] * 30,
        [-1.0, 0.0, 1.0] * 20,
        [0.0] * 90 + [1.0] * 10,
        [1.0, 2.0, 3.0, 4.0, 999.0, 999.0],
        list(range(-50, 50)),
        [*np.exp(np.random.default_rng(1).normal(size=300) * 3)],
        [0.0] * 200 + [*np.random.default_rng(1).exponential(1000, size=100)],
        [99.0, 98.0, 97.0, 96.0, 95.0, 50.0, 40.0] * 9,
        [np.nan] * 5,
        [],
    ],
)
def test_there_is_no_mark_among_plain_numbers(values: list[float]) -> None:
    assert missing_mark(np.array(values, dtype=float)) is None


def test_gaps_do_not_count() -> None:
    assert missing_mark(with_some(np.append(AGES, np.nan), -999.0, 3)) == -999


@pytest.mark.parametrize(
    "name", ["id", "ID", "customer_id", "CustomerId", "passengerID", "Unnamed: 0", "row.id"]
)
def test_whole_numbers_are_ids_by_their_name(name: str) -> None:
    values = np.random.default_rng(0).choice(10**6, size=50, replace=False).astype(float)
    assert looks_like_ids(name, values)
    assert not looks_like_ids(name, values + 0.5)
    assert not looks_like_ids(name, values % 5)


@pytest.mark.parametrize("name", ["width", "humid", "valid", "acid", "paid", "x", "residual", "arrow"])
def test_other_names_and_numbers_that_repeat_are_no_ids(name: str) -> None:
    assert not looks_like_ids(name, AGES)
    assert not looks_like_ids(name, np.random.default_rng(0).choice(10**6, size=50).astype(float))


def test_a_column_that_numbers_the_rows_is_ids_in_any_order_unless_it_is_a_time() -> None:
    numbers = np.random.default_rng(0).permutation(100).astype(float)[:80]
    assert looks_like_ids("x", numbers)
    assert looks_like_ids("x", np.arange(20.0))
    assert not looks_like_ids("x", np.arange(19.0))
    assert not looks_like_ids("year", np.arange(1900.0, 2000.0))
    assert not looks_like_ids("t", np.arange(100.0))


def test_codes_are_known_by_a_leading_zero_or_by_their_name() -> None:
    zips = np.arange(10000.0, 10050.0)
    assert looks_like_codes("place", zips, ["10000", "02134"])
    assert not looks_like_codes("place", zips, ["10000", "0", "0.5"])
    for name in ("zip", "ZipCode", "postal_code", "area code", "fips"):
        assert looks_like_codes(name, zips, ["10000"])
        assert not looks_like_codes(name, zips + 0.5, ["10000.5"])
    assert not looks_like_codes("code", zips % 2, ["1"])
