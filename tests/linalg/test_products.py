import numpy as np
import pytest

from ntkcli.linalg.products import add_square

ROWS = np.random.default_rng(0).normal(size=(11, 6))


@pytest.mark.parametrize("count", [1, 5, 11])
def test_a_square_is_added_to_what_is_there(count: int) -> None:
    rows, before = ROWS[:count], np.asfortranarray(np.arange(36.0).reshape(6, 6))
    total = before.copy(order="F")
    add_square(total, rows)
    np.testing.assert_allclose(np.tril(total), np.tril(before + rows.T @ rows), rtol=1e-12, atol=1e-12)


def test_the_upper_triangle_and_the_rows_are_left_alone() -> None:
    total, rows = np.full((6, 6), np.nan, order="F"), ROWS.copy()
    total[np.tril_indices(6)] = 0.0
    add_square(total, rows)
    assert np.isnan(total[np.triu_indices(6, 1)]).all()
    assert np.isfinite(np.tril(total)[np.tril_indices(6)]).all()
    assert np.array_equal(rows, ROWS)


def test_rows_added_in_turn_are_the_square_of_all() -> None:
    together, in_turn = np.zeros((2, 6, 6))
    together, in_turn = np.asfortranarray(together), np.asfortranarray(in_turn)
    add_square(together, ROWS)
    for part in (ROWS[:4], ROWS[4:5], ROWS[5:]):
        add_square(in_turn, part)
    np.testing.assert_allclose(in_turn, together, rtol=1e-13, atol=1e-14)
