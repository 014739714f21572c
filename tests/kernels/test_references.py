"""Kernel matrices beside those of neural-tangents: see tests/references/README.md."""

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Threads

from .matrices import BOTH, all_matrices, cosines, rectangle, symmetric
from .references import REFERENCES, Reference

# One of each kind: the others are compared in one tiling only.
SOME = [
    "kernel_relu_0",
    "kernel_relu_2",
    "kernel_erf_2",
    "kernel_identity_1",
    "kernel_swish_1",
    "dropout_residual",
    "together_residual",
    "standard_bias_zero",
]
TILE_ROWS = [1, 3, 5, 256]

every_reference = pytest.mark.parametrize("case", REFERENCES)
some_references = pytest.mark.parametrize("case", SOME)
every_tiling = pytest.mark.parametrize("tile_rows", TILE_ROWS)


def assert_matches(matrices: dict[str, FloatArray], reference: Reference, at_least: float = 0.0) -> None:
    """To a tolerance of `at_least`, or to how good the reference is."""
    assert reference.matrices.keys() <= matrices.keys()
    for name, expected in reference.matrices.items():
        parallel = 1 - np.abs(cosines(*reference.rows(name))) < 1e-12
        error = np.abs(matrices[name] - expected) / np.abs(expected).max()
        elsewhere, at_one = (max(at_least, tolerance) for tolerance in reference.tolerances(name))
        assert error[~parallel].max() <= elsewhere, name
        assert error[parallel].max(initial=0.0) <= at_one, name


def matrices_of(case: str, tile_rows: int, threads: int = 1) -> dict[str, FloatArray]:
    reference = REFERENCES[case]
    return all_matrices(
        Evaluator(reference.network, tile_rows, Threads(threads)), reference.x_train, reference.x_test
    )


def test_every_file_has_its_cases() -> None:
    assert len(REFERENCES) == 9 + 61 + 22
    assert {name for reference in REFERENCES.values() for name in reference.matrices} == {
        "nngp_train_train",
        "ntk_train_train",
        "nngp_test_train",
        "ntk_test_train",
        "nngp_test_test",
    }


@every_reference
def test_matrices_match_the_reference(case: str) -> None:
    assert_matches(matrices_of(case, 4), REFERENCES[case])


@some_references
@every_tiling
@pytest.mark.parametrize("threads", [1, 3])
def test_matrices_match_in_any_tiling(case: str, tile_rows: int, threads: int) -> None:
    assert_matches(matrices_of(case, tile_rows, threads), REFERENCES[case])


@some_references
@every_tiling
@pytest.mark.usefixtures("blocks_of_five")
def test_matrices_match_in_several_blocks(case: str, tile_rows: int) -> None:
    assert_matches(matrices_of(case, tile_rows, threads=2), REFERENCES[case])


@some_references
def test_float32_matrices_match_the_reference(case: str) -> None:
    reference = REFERENCES[case]
    evaluator = Evaluator(reference.network, 5, dtype=np.float32)
    matrices = all_matrices(evaluator, reference.x_train, reference.x_test)
    assert matrices["ntk_train_train"].dtype == np.float32
    assert_matches(matrices, reference, 1e-6)


@some_references
@every_tiling
def test_permuted_rows_give_the_permuted_matrices(case: str, tile_rows: int) -> None:
    reference, rng = REFERENCES[case], np.random.default_rng(1)
    train, test = rng.permutation(len(reference.x_train)), rng.permutation(len(reference.x_test))
    order = {"train": np.argsort(train), "test": np.argsort(test)}
    evaluator = Evaluator(reference.network, tile_rows)
    permuted = all_matrices(evaluator, reference.x_train[train], reference.x_test[test])
    restored = {}
    for name, matrix in permuted.items():
        _, rows, columns = name.split("_")
        restored[name] = matrix[np.ix_(order[rows], order[columns])]
    assert_matches(restored, reference)


@every_reference
def test_the_equal_rows_of_a_reference_get_the_diagonals_value(case: str) -> None:
    """Row 0 of x_test is that of x_train; with dropout, the diagonal is that of one row in one pass."""
    reference = REFERENCES[case]
    evaluator = Evaluator(reference.network, 4)
    train_train = symmetric(evaluator, reference.x_train)
    test_train = rectangle(evaluator, reference.x_test, reference.x_train)
    for kernel in BOTH:
        diagonal = evaluator.network.rows(reference.x_train).diagonal(kernel)
        assert np.array_equal(train_train[kernel].diagonal(), diagonal)
        if not evaluator.network.drops_units:
            assert test_train[kernel][0, 0] == pytest.approx(diagonal[0], rel=1e-12)
