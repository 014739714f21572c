from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntkcli.arrays import FloatArray, in_memory
from ntkcli.jobs.network import network_of
from ntkcli.journal import Journal, unshown
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.rows import Rows
from ntkcli.planning.sizes import matrix_parts
from ntkcli.regression.support import Support
from ntkcli.runs.matrices import rows_to_write, write_covariance, write_matrices
from ntkcli.spec.network import NetworkSpec

NETWORK = network_of(NetworkSpec(activation="erf"), 3)
NAMES = [
    f"{kernel}_{pair}" for kernel in ("nngp", "ntk") for pair in ("train_train", "test_train", "test_test")
]


def rows(n: int, seed: int) -> Rows:
    return NETWORK.rows(np.random.default_rng(seed).normal(size=(n, 3)))


@pytest.fixture
def support() -> Support:
    return Support(Evaluator(NETWORK), rows(7, 0))


@pytest.fixture
def unseen_rows() -> Rows:
    return rows(4, 1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_matrix_has_the_rows_and_columns_of_its_name(
    tmp_path: Path, unseen_rows: Rows, name: str, dtype: str
) -> None:
    support = Support(Evaluator(NETWORK, dtype=dtype), rows(7, 0))
    write_matrices(tmp_path, [name], support, unseen_rows, unshown)
    kernel, first, second = matrix_parts(name)
    sides = {"train": support.rows, "test": unseen_rows}
    expected = support.evaluator.rectangle(sides[first], sides[second], [kernel])[kernel]
    found = np.load(tmp_path / f"{name}.npy")
    assert (found.shape, found.dtype) == (expected.shape, np.dtype(dtype))
    np.testing.assert_allclose(found, expected, rtol=1e-12 if dtype == "float64" else 1e-6)


def test_a_gram_matrix_at_hand_is_written_and_kept(
    tmp_path: Path, support: Support, unseen_rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    support.need(["ntk"], Journal())
    kept = support.matrices["ntk"]
    kept[0, 0][:] = 5.0
    monkeypatch.setattr(Evaluator, "symmetric", None)
    write_matrices(tmp_path, ["ntk_train_train"], support, unseen_rows, unshown)
    np.testing.assert_array_equal(np.load(tmp_path / "ntk_train_train.npy"), np.full((7, 7), 5.0))
    assert support.matrices == {"ntk": kept}


def test_the_training_rows_matrix_is_not_that_of_the_test_rows(
    tmp_path: Path, support: Support, unseen_rows: Rows
) -> None:
    support.need(["nngp", "ntk"], Journal())
    write_matrices(tmp_path, ["ntk_test_test"], support, unseen_rows, unshown)
    assert np.load(tmp_path / "ntk_test_test.npy").shape == (4, 4)


def test_matrices_that_are_not_at_hand_live_where_the_store_says(
    tmp_path: Path, support: Support, unseen_rows: Rows
) -> None:
    sizes = []

    def allocate(size: int, dtype: np.dtype[Any]) -> FloatArray:
        sizes.append(size)
        return in_memory(size, dtype)

    support = Support(support.evaluator, support.rows, allocate=allocate)
    write_matrices(tmp_path, NAMES, support, unseen_rows, unshown)
    assert sizes == [49, 16] * 2
    assert support.matrices == {}


def test_progress_adds_up_to_the_rows_to_write(
    tmp_path: Path, support: Support, unseen_rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ntkcli.runs.matrices.CHUNK_ROWS", 3)
    steps: list[int] = []
    write_matrices(tmp_path, NAMES, support, unseen_rows, steps.append)
    assert sum(steps) == rows_to_write(NAMES, support.rows, unseen_rows) == 2 * (7 + 4 + 4)
    assert max(steps) == 7


@pytest.mark.parametrize("outputs", [1, 2])
def test_a_covariance_is_scaled_to_the_unit_of_its_target(tmp_path: Path, outputs: int) -> None:
    scales = np.array([2.0, 3.0])[:outputs]
    covariance = np.array([[4.0, 1.0], [1.0, 9.0]])
    write_covariance(tmp_path, "ntk_tinf", covariance, scales**2)
    expected = [covariance * scale**2 for scale in scales]
    np.testing.assert_array_equal(
        np.load(tmp_path / "ntk_tinf.npy"), expected if outputs > 1 else expected[0], strict=True
    )
