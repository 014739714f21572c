"""Samples of rows are drawn with a fixed seed, and are in order."""

from ntkcli.data.sample import sample


def test_all_rows_are_a_sample_of_themselves() -> None:
    assert sample(5, 5).tolist() == sample(5, 9).tolist() == [0, 1, 2, 3, 4]


def test_a_sample_is_in_order_and_the_same_each_time() -> None:
    assert sample(100, 7).tolist() == sample(100, 7).tolist() == sorted(set(sample(100, 7).tolist()))
