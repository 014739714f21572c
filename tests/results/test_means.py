import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.arrays import FloatArray
from ntkcli.results.means import Means

RNG = np.random.default_rng(0)

parts = given(lengths=st.lists(st.integers(0, 7), max_size=6), far=st.sampled_from([0.0, 1e3, 2.0**40]))


def added(values: FloatArray, lengths: list[int]) -> tuple[Means, FloatArray]:
    """The means of rows in parts, and the sums of squares around them."""
    total, squares = Means.of(values[:0])[0], np.zeros(values.shape[1:])
    for part in np.split(values, np.cumsum(lengths)):
        means, centred = Means.of(part)
        squares = squares + np.sum(centred**2, axis=0) + total.between(means) ** 2
        total = total + means
    return total, squares


@parts
def test_parts_have_the_means_and_the_squares_of_the_whole_however_far_away(
    lengths: list[int], far: float
) -> None:
    near = RNG.integers(-8, 8, size=(sum(lengths) + 3, 2)) / 4.0
    means, squares = added(near + far, lengths)
    assert means.rows == len(near)
    np.testing.assert_allclose(means.values, near.mean(axis=0) + far, rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(squares, np.sum((near - near.mean(axis=0)) ** 2, axis=0), rtol=1e-12)


@parts
def test_one_value_is_its_mean_exactly(lengths: list[int], far: float) -> None:
    values = np.full(sum(lengths) + 1, 0.1 + far)
    means, squares = added(values, lengths)
    assert (float(means.values), float(squares)) == (values[0], 0.0)


def test_no_rows_have_no_distance() -> None:
    nothing, something = Means.of(np.zeros((0, 2)))[0], Means.of(np.array([[3.0, 4.0]]))[0]
    for one, other in ((nothing, something), (something, nothing), (nothing, nothing)):
        assert np.array_equal(one.between(other), [0.0, 0.0])
    assert np.array_equal((nothing + something).values, [3.0, 4.0])
    assert np.array_equal((something + nothing).values, [3.0, 4.0])
    assert (nothing + nothing).rows == 0
