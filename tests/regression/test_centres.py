"""Centres are rows that differ, and what they leave out is told as it is."""

from dataclasses import replace

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.jobs.network import network_of
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.network import Network
from ntkcli.kernels.rows import GramName
from ntkcli.regression.centres import FEWEST_ROWS, ROWS_PER_CENTRE, Centres, sample_rows
from ntkcli.spec.network import NetworkSpec

from .dense_nystrom import GRAMS

X = np.random.default_rng(6).normal(size=(60, 3))
every_gram = pytest.mark.parametrize("gram", GRAMS)


def network(activation: str = "relu", *, depth: int = 3, sigma_b: float = 0.3, d: int = 3) -> Network:
    return network_of(NetworkSpec(depth=depth, activation=activation, sigma_w=1.5, sigma_b=sigma_b), d)


def chosen(
    x: FloatArray, count: int, gram: GramName = "ntk", seed: int = 0, of: Network | None = None
) -> Centres:
    used = of or network()
    return Centres.chosen(Evaluator(used.tabulated(used.spans(x)), tile_rows=16), x, gram, count, seed)


def share_left_out(x: FloatArray, centres: Centres, count: int, gram: GramName) -> float:
    """tr(K - K_C K_CC^-1 K_C^T) / tr(K) by dense matrices, over the rows that are no centres."""
    evaluator, rows = Evaluator(network()), network().rows(x)
    matrix = evaluator.symmetric(rows, [gram])[gram].to_array()
    others = np.setdiff1d(np.arange(len(x)), centres.rows)
    some = centres.rows[:count]
    between = matrix[np.ix_(others, some)]
    known = np.sum(between * np.linalg.solve(matrix[np.ix_(some, some)], between.T).T, axis=1)
    diagonal = matrix.diagonal()[others]
    return float(np.sum(diagonal - known) / np.sum(diagonal))


@every_gram
@pytest.mark.parametrize("seed", range(3))
def test_the_share_left_out_is_that_of_the_rows_that_are_no_centres(gram: GramName, seed: int) -> None:
    found = chosen(X, 20, gram, seed)
    expected = [share_left_out(X, found, count, gram) for count in range(1, 21)]
    np.testing.assert_allclose(found.left_out, expected, rtol=1e-9, atol=1e-12)
    assert [found.left_out_by(count) for count in range(1, 21)] == found.left_out.tolist()
    assert np.all(np.diff(found.left_out) < 0)


@every_gram
@pytest.mark.parametrize("activation", ["relu", "erf", "tanh"])
@pytest.mark.parametrize("seed", range(3))
def test_a_copy_of_a_row_is_never_chosen_twice(gram: GramName, activation: str, seed: int) -> None:
    copied = np.random.default_rng(seed).permutation(np.repeat(np.arange(9), 4))
    found = chosen(X[copied], 36, gram, seed, network(activation))
    assert sorted(copied[found.rows].tolist()) == [*range(9)]
    assert found.left_out_by(9) == pytest.approx(0, abs=1e-12)


@every_gram
@pytest.mark.parametrize(("sigma_b", "rank"), [(0.0, 3), (0.3, 4)])
def test_there_are_no_more_centres_than_the_rows_have_a_rank(
    gram: GramName, sigma_b: float, rank: int
) -> None:
    """A linear network's kernel of 3 features has rank 3, and 4 with a bias."""
    found = chosen(X, 50, gram, of=network("identity", depth=2, sigma_b=sigma_b))
    assert len(found.rows) == rank
    assert found.left_out_by(50) == pytest.approx(0, abs=1e-12)


@every_gram
def test_rows_of_zeros_without_a_bias_are_no_centres(gram: GramName) -> None:
    x = X[:20].copy()
    x[[3, 8, 15]] = 0.0
    found = chosen(x, 20, gram, of=network(sigma_b=0.0))
    assert sorted(found.rows.tolist()) == [row for row in range(20) if row not in (3, 8, 15)]
    assert found.left_out_by(20) == 0


@every_gram
def test_where_every_kernel_is_zero_there_are_no_centres_and_nothing_is_left_out(gram: GramName) -> None:
    found = chosen(np.zeros((6, 3)), 4, gram, of=network(sigma_b=0.0))
    assert (len(found.rows), found.left_out_by(4)) == (0, 0.0)


def test_with_every_row_a_centre_nothing_is_left_out() -> None:
    found = chosen(X, len(X))
    assert sorted(found.rows.tolist()) == [*range(len(X))]
    assert found.left_out_by(len(X)) == 0


def test_a_seed_chooses_the_same_centres_whatever_tiles_compute_them() -> None:
    once, again, other = (chosen(X, 12, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(once.rows, again.rows)
    assert np.array_equal(once.left_out, again.left_out)
    assert not np.array_equal(once.rows, other.rows)
    evaluator = replace(Evaluator(network()), tile_rows=7)
    assert np.array_equal(Centres.chosen(evaluator, X, "ntk", 12, 1).rows, once.rows)


def test_they_are_chosen_from_more_rows_than_they_are_up_to_all() -> None:
    assert sample_rows(10, 100) == 100
    assert sample_rows(10, 10**6) == FEWEST_ROWS
    assert sample_rows(4000, 10**6) == 4000 * ROWS_PER_CENTRE
    assert sample_rows(4000, 6000) == 6000
