import math

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.results.paired import PairedDifference


def test_a_difference_of_means_has_the_error_of_the_differences_mean() -> None:
    a, b = np.array([1.0, 4.0, 2.0, 7.0]), np.array([0.5, 3.0, 2.5, 5.0])
    found = PairedDifference.of_means("mae", a, b)
    d = a - b
    assert found.difference == pytest.approx(d.mean())
    assert found.standard_error == pytest.approx(d.std(ddof=1) / 2)
    assert found.standard_errors == pytest.approx(d.mean() / (d.std(ddof=1) / 2))


def test_the_error_of_a_difference_of_roots_is_that_of_many_draws() -> None:
    rng = np.random.default_rng(0)
    n, draws = 400, 1000
    shared = rng.normal(size=(draws, n))
    a, b = (shared + 0.3 * rng.normal(size=(draws, n))) ** 2, (1.1 * shared) ** 2
    differences = np.sqrt(a.mean(axis=1)) - np.sqrt(b.mean(axis=1))
    errors = [PairedDifference.of_roots("rmse", *rows).standard_error for rows in zip(a, b, strict=True)]
    assert np.mean(np.array(errors, dtype=np.float64)) == pytest.approx(differences.std(), rel=0.1)


def test_pairing_takes_out_what_both_have() -> None:
    """The errors of rows differ by thousands, and those of the runs by one everywhere."""
    b = np.random.default_rng(1).normal(scale=1000, size=50)
    found = PairedDifference.of_means("mae", b + 1, b)
    assert found.difference == pytest.approx(1)
    assert found.standard_error == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("losses", [np.zeros(3), np.array([1.0, 4.0, 9.0])])
def test_the_same_predictions_do_not_differ(losses: FloatArray) -> None:
    found = PairedDifference.of_roots("rmse", losses, losses)
    assert found == PairedDifference.of_means("rmse", losses, losses)
    assert (found.difference, found.standard_error, found.standard_errors) == (0, 0, None)


def test_one_row_has_no_error_and_infinity_no_number() -> None:
    assert PairedDifference.of_means("mae", np.ones(1), np.zeros(1)).standard_error is None
    infinite = PairedDifference.of_means("nll", np.array([math.inf, 1.0]), np.ones(2))
    assert infinite.content == {
        "metric": "nll",
        "difference": None,
        "standard_error": None,
        "standard_errors": None,
    }
