import threading

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from threadpoolctl import threadpool_info, threadpool_limits

from ntkcli.arrays import FloatArray
from ntkcli.kernels.activations.activation import Tile
from ntkcli.kernels.activations.polynomial import Identity
from ntkcli.kernels.architecture import fully_connected
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Threads
from ntkcli.kernels.steps import Affine
from ntkcli.kernels.tiled_operator import TiledOperator

from .inputs import make_network, normal_rows
from .matrices import BOTH, rectangle, symmetric

TILE_ROWS = [1, 3, 5, 256]
ROUNDING = {"nngp": 1e-11, "ntk": 1e-7}

PLAIN = ["relu", "erf", "identity"]

every_activation = pytest.mark.parametrize("activation", PLAIN)
every_tiling = pytest.mark.parametrize("tile_rows", TILE_ROWS)


def blas_threads() -> set[int]:
    found = {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
    assert found, "threadpoolctl knows of no BLAS"
    return found


@every_activation
@every_tiling
@pytest.mark.parametrize("depth", [1, 2, 5])
@pytest.mark.usefixtures("blocks_of_five")
def test_diagonals_are_those_of_the_diagonal_recursion(activation: str, tile_rows: int, depth: int) -> None:
    evaluator = Evaluator(make_network(activation, depth), tile_rows)
    rows = evaluator.network.rows(normal_rows(13))
    for kernel, matrix in evaluator.symmetric(rows, BOTH).items():
        assert np.array_equal(matrix.diagonal, rows.diagonal(kernel))


@every_activation
@every_tiling
@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
@pytest.mark.parametrize("d", [1, 3, 784])
@pytest.mark.usefixtures("blocks_of_five")
def test_equal_rows_get_the_diagonals_value(activation: str, tile_rows: int, scale: float, d: int) -> None:
    x = scale * normal_rows(13, d)
    x[[1, 4, 11, 12]] = x[7]
    evaluator = Evaluator(make_network(activation), tile_rows)
    for matrix in symmetric(evaluator, x).values():
        equal = matrix[np.ix_([1, 4, 7, 11, 12], [1, 4, 7, 11, 12])]
        np.testing.assert_allclose(equal, matrix[7, 7], rtol=1e-14)


@every_activation
@pytest.mark.parametrize("sigma_b", [0.0, 0.1])
@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
@pytest.mark.parametrize("d", [1, 3, 784])
def test_a_test_row_equal_to_a_training_row_gets_the_diagonals_value(
    activation: str, sigma_b: float, scale: float, d: int
) -> None:
    x = scale * normal_rows(9, d)
    evaluator = Evaluator(make_network(activation, sigma_b=sigma_b), 4)
    train_train, test_train = symmetric(evaluator, x), rectangle(evaluator, x[::-1], x)
    for kernel in BOTH:
        equal = test_train[kernel][::-1].diagonal()
        np.testing.assert_allclose(equal, train_train[kernel].diagonal(), rtol=1e-14)


@every_activation
@every_tiling
@pytest.mark.usefixtures("blocks_of_five")
def test_tiles_make_the_whole(activation: str, tile_rows: int) -> None:
    network, x = make_network(activation), normal_rows(17)
    rows = network.rows(x)
    tiled, whole = symmetric(Evaluator(network, tile_rows), x), rectangle(Evaluator(network, 32), x, x)
    assert len(Evaluator(network).symmetric(rows, BOTH)["ntk"].spans) == 4
    for kernel in BOTH:
        np.testing.assert_allclose(tiled[kernel], whole[kernel], rtol=1e-12, atol=1e-14)


@every_activation
def test_both_kernels_at_once_are_each_alone(activation: str) -> None:
    evaluator = Evaluator(make_network(activation), 3)
    a, b = evaluator.network.rows(normal_rows(7, seed=1)), evaluator.network.rows(normal_rows(8, seed=2))
    symmetric_pair, rectangle_pair = evaluator.symmetric(a, BOTH), evaluator.rectangle(a, b, BOTH)
    for kernel in BOTH:
        alone = evaluator.symmetric(a, [kernel])[kernel].to_array()
        assert np.array_equal(symmetric_pair[kernel].to_array(), alone)
        assert np.array_equal(rectangle_pair[kernel], evaluator.rectangle(a, b, [kernel])[kernel])


@every_activation
def test_any_number_of_threads_gives_the_same_bytes(activation: str) -> None:
    network, x = make_network(activation), normal_rows(40)
    one, three = (symmetric(Evaluator(network, 7, Threads(threads)), x) for threads in (1, 3))
    for kernel in BOTH:
        assert np.array_equal(one[kernel], three[kernel])


def test_zero_rows_without_biases_are_zero_in_the_matrix() -> None:
    x = normal_rows(6)
    x[[0, 4]] = 0.0
    for activation in PLAIN:
        for matrix in symmetric(Evaluator(make_network(activation, sigma_b=0.0), 3), x).values():
            assert np.all(matrix[[0, 4]] == 0.0)
            assert np.all(np.isfinite(matrix))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gram_matrices_are_stored_as_asked_and_all_else_is_float64(dtype: npt.DTypeLike) -> None:
    evaluator, exact = Evaluator(make_network("relu"), dtype=dtype), Evaluator(make_network("relu"))
    rows = evaluator.network.rows(normal_rows(4))
    assert evaluator.symmetric(rows, ["nngp"])["nngp"].dtype == dtype
    for kernel in BOTH:
        rectangle = evaluator.rectangle(rows, rows, [kernel])[kernel]
        assert np.array_equal(rectangle, exact.rectangle(rows, rows, [kernel])[kernel])
        assert rectangle.dtype == np.float64


@every_tiling
@pytest.mark.usefixtures("blocks_of_five")
def test_progress_adds_up_to_the_rows(tile_rows: int) -> None:
    evaluator = Evaluator(make_network("relu"), tile_rows, Threads(2))
    steps: list[int] = []
    evaluator.symmetric(evaluator.network.rows(normal_rows(13)), BOTH, steps.append)
    assert sum(steps) == 13


class Broken(Identity):
    def dual(self, tile: Tile) -> None:
        raise RuntimeError("no such dual")


def test_an_error_in_a_thread_reaches_the_caller() -> None:
    evaluator = Evaluator(fully_connected([Affine(1.0, 0.0, 1.0, 0.0)] * 2, [Broken()]), 2, Threads(2))
    rows = evaluator.network.rows(normal_rows(5))
    with pytest.raises(RuntimeError, match="no such dual"):
        evaluator.symmetric(rows, BOTH)
    with pytest.raises(RuntimeError, match="no such dual"):
        evaluator.rectangle(rows, rows, BOTH)
    with pytest.raises(RuntimeError, match="no such dual"):
        TiledOperator(evaluator, rows, "ntk").product(np.eye(5))


def test_an_interruption_stops_the_pool_and_gives_blas_its_threads_back() -> None:
    evaluator = Evaluator(make_network("relu"), 1, Threads(2))
    before, running = blas_threads(), threading.active_count()

    def interrupt(_: int) -> None:
        assert blas_threads() == {1}
        raise KeyboardInterrupt

    with threadpool_limits(2, user_api="blas"):
        with pytest.raises(KeyboardInterrupt):
            evaluator.symmetric(evaluator.network.rows(normal_rows(30)), BOTH, interrupt)
        assert blas_threads() == {2}
    assert (blas_threads(), threading.active_count()) == (before, running)


@every_activation
@pytest.mark.parametrize("sigma_b", [0.0, 0.5])
@given(x=arrays(np.float64, st.tuples(st.integers(1, 12), st.integers(1, 3)), elements=st.floats(-9, 9)))
def test_gram_matrices_are_positive_semidefinite(activation: str, sigma_b: float, x: FloatArray) -> None:
    """To rounding, which is the root of float64's in the angle between nearly equal rows."""
    for kernel, matrix in symmetric(Evaluator(make_network(activation, sigma_b=sigma_b), 5), x).items():
        eigenvalues = np.linalg.eigvalsh(matrix)
        assert eigenvalues[0] >= -ROUNDING[kernel] * eigenvalues[-1]


def test_rows_of_matrices_that_nobody_keeps_are_not_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ntkcli.kernels.rows.digest", lambda *arrays: pytest.fail("rows are hashed"))
    evaluator = Evaluator(make_network("relu", 2))
    evaluator.symmetric(evaluator.network.rows(normal_rows(5)), BOTH)
