"""The coverage of new rows by intervals that reach as far as some row left out."""

import numpy as np
import pytest
from scipy.stats import beta

from ntkcli.results.unseen_rows import UnseenRows, interval_rank


@pytest.mark.parametrize(("count", "interval"), [(19, 0.95), (772, 0.95), (1000, 0.5), (5, 0.99), (1, 0.9)])
def test_the_error_of_the_coverage_is_that_of_its_distribution(count: int, interval: float) -> None:
    above = interval_rank(count, interval)
    exact = beta(above, count + 1 - above).std()
    assert UnseenRows("held_out", count).coverage_error(interval) == pytest.approx(exact, rel=1e-12)


def test_the_share_of_new_rows_that_are_held_varies_by_the_error() -> None:
    rng, rank = np.random.default_rng(0), interval_rank(99, 0.9)
    half_widths = np.sort(rng.uniform(size=(4000, 99)), axis=1)[:, rank - 1]
    # Of uniform distances, a half width is the share that it holds.
    error = UnseenRows("leave_one_out", 99).coverage_error(0.9)
    assert half_widths.mean() == pytest.approx(0.9, abs=0.003)
    assert half_widths.std() == pytest.approx(error, rel=0.05)
