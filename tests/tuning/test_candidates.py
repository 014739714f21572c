"""The best ridge at the edge of those tried is told."""

import math

import pytest

from ntkcli.tuning.candidates import Candidate, edge_warnings

RIDGES = [1e-4, 1e-2, 1.0]


def best(ridge: float) -> Candidate:
    return Candidate("ntkgp", "trace", ridge, math.inf)


@pytest.mark.parametrize(
    ("ridge", "what"),
    [
        (1.0, "1, is the largest of those tried, 0.0001 to 1: search larger"),
        (1e-4, "0.0001, is the least of those tried, 0.0001 to 1: search smaller"),
    ],
)
def test_a_ridge_at_the_edge_is_told_with_the_key_the_range_and_the_remedy(ridge: float, what: str) -> None:
    assert [*edge_warnings(RIDGES, best(ridge))] == [f"inference.ridge: the best, {what} ones as well"]


@pytest.mark.parametrize(
    ("ridges", "ridge"), [(RIDGES, 1e-2), ([0.1], 0.1), ([0.1, 1.0], 1.0), ([0.0, 0.1, 1.0], 0.0)]
)
def test_a_ridge_within_or_one_that_nothing_is_beyond_is_not(ridges: list[float], ridge: float) -> None:
    assert not [*edge_warnings(ridges, best(ridge))]
