"""A sample of rows that come in parts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.data.row_sample import RowSample


def sampled(count: int, rows: int, parts: int, always: list[int], most: int | None = None) -> list[int]:
    sample = RowSample(rows)
    for part in np.array_split(np.arange(count), parts):
        sample.add(pd.DataFrame({"v": part}, index=part), np.isin(part, always))
    frame = sample.frame(most)
    assert frame.index.tolist() == frame["v"].tolist()
    return frame.index.tolist()


@given(
    count=st.integers(0, 60),
    rows=st.integers(1, 20),
    parts=st.integers(1, 60),
    always=st.lists(st.integers(0, 59), max_size=10),
)
def test_it_is_ascending_and_the_same_in_whatever_parts(
    count: int, rows: int, parts: int, always: list[int]
) -> None:
    found = sampled(count, rows, parts, always)
    assert found == sampled(count, rows, 1, always)
    assert found == sorted(set(found))
    needed = {row for row in always if row < count}
    assert needed <= set(found)
    assert len(found) == min(count, rows + len(needed))


def test_a_smaller_sample_is_a_part_of_a_larger_one() -> None:
    small, large = (set(sampled(200, 50, 7, [190], most)) for most in (10, None))
    assert len(small) == 11
    assert small < large


def test_of_few_rows_it_has_all() -> None:
    assert sampled(5, 10, 2, []) == [0, 1, 2, 3, 4]


def test_rows_of_every_part_are_as_likely() -> None:
    rows = np.array(sampled(10_000, 2000, 40, []))
    # A standard deviation is 17.
    assert np.abs(np.histogram(rows, bins=5, range=(0, 10_000))[0] - 400).max() < 85


@pytest.mark.parametrize("parts", [20, 500])
def test_no_more_is_held_than_twice_the_sample_and_a_part(parts: int) -> None:
    sample = RowSample(10)
    for part in np.array_split(np.arange(2000), parts):
        sample.add(pd.DataFrame({"v": part}))
        assert sample.held <= 20 + len(part)
