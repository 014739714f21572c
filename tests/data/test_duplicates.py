import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from ntkcli.arrays import FloatArray
from ntkcli.data.duplicates import duplicate_rows

FEW_VALUES = arrays(
    np.float64,
    array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.sampled_from([0.0, -0.0, 1.0, 1.0 + 2.0**-52, -1.0]),
)


@given(x=FEW_VALUES)
def test_every_repeat_is_found_with_the_first_of_its_kind(x: FloatArray) -> None:
    expected = []
    for i in range(len(x)):
        first = next(j for j in range(i + 1) if np.array_equal(x[j], x[i]))
        if first < i:
            expected.append((first, i))
    assert duplicate_rows(x) == expected


def test_minus_zero_is_zero() -> None:
    assert duplicate_rows(np.array([[0.0, 1.0], [-0.0, 1.0]])) == [(0, 1)]


def test_rows_that_differ_in_the_last_bit_are_different() -> None:
    assert duplicate_rows(np.array([[1.0], [np.nextafter(1.0, 2.0)]])) == []


def test_a_view_of_every_other_column_is_compared_by_what_it_shows() -> None:
    x = np.array([[1.0, 5.0, 2.0, 6.0], [1.0, 7.0, 2.0, 8.0]])
    assert duplicate_rows(x[:, ::2]) == [(0, 1)]
    assert duplicate_rows(np.asfortranarray(x)) == []
