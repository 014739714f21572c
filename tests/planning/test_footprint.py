"""Bytes of a stage and of its sizes, by reason."""

import math
from dataclasses import replace

import pytest

from ntkcli.kernels.tiling import CHUNK_ROWS
from ntkcli.linalg.blocks import BLOCK_ROWS, block_bytes
from ntkcli.planning.footprint import stage_bytes, writing_bytes
from ntkcli.planning.sizes import OVERHEAD_BYTES, Sizes
from ntkcli.regression.kernel import KernelName
from ntkcli.regression.question import Question
from ntkcli.solvers.storage import Place

from .stages import NAMES, SIZES, question, stage


def memory(
    solver: str,
    sizes: Sizes = SIZES,
    kernel: KernelName = "ntk",
    uncertainty: str = "none",
    *,
    place: Place = "memory",
) -> int:
    """Bytes at the peak, the base included."""
    asked = question(solver, kernel, uncertainty)
    return sizes.base + stage_bytes(stage(solver, kernel), sizes, asked, place)


@pytest.mark.parametrize("itemsize", [4, 8])
@pytest.mark.parametrize("solver", ["cholesky", "lanczos"])
def test_a_second_gram_matrix_counts_as_its_blocks(solver: str, itemsize: int) -> None:
    sizes = replace(SIZES, n=60_000, m=1, itemsize=itemsize)
    two, one = (memory(solver, sizes, kernel, "variance") for kernel in ("ntk", "nngp"))
    assert two - one == pytest.approx(block_bytes(60_000, itemsize), rel=0.05)


@pytest.mark.parametrize("uncertainty", ["none", "variance", "covariance"])
def test_a_stage_takes_at_least_what_is_surely_allocated(uncertainty: str) -> None:
    n, m = SIZES.n, SIZES.m
    block, full, chunk = block_bytes(n, 8), 8 * n * n, 8 * n * CHUNK_ROWS
    grams, covariance = (1, 0) if uncertainty == "none" else (2, 8 * m * m * (uncertainty == "covariance"))
    assert memory("none", uncertainty=uncertainty) >= OVERHEAD_BYTES + covariance
    assert memory("cholesky", uncertainty=uncertainty) >= OVERHEAD_BYTES + grams * block + chunk + covariance
    assert memory("cholesky", uncertainty=uncertainty, place="file") >= OVERHEAD_BYTES + chunk + covariance
    basis = 10 * 8 * n if uncertainty == "none" else 10 * chunk
    assert memory("lanczos", uncertainty=uncertainty) >= OVERHEAD_BYTES + grams * block + basis + covariance
    assert memory("eigh", uncertainty=uncertainty) >= OVERHEAD_BYTES + (grams - 1) * block + 3 * full


@pytest.mark.parametrize("solver", NAMES)
def test_memory_does_not_grow_with_the_test_rows_but_by_what_is_read_and_written(solver: str) -> None:
    few, many = (
        memory(solver, Sizes(n=60_000, m=m, d=1), uncertainty="variance") for m in (CHUNK_ROWS, 10**7)
    )
    assert many - few < 50 * 8 * 10**7


@pytest.mark.parametrize("uncertainty", ["none", "variance"])
@pytest.mark.parametrize("solver", ["cholesky", "lanczos"])
def test_in_a_file_memory_grows_with_the_training_rows_and_not_with_their_square(
    solver: str, uncertainty: str
) -> None:
    once, twice = (
        memory(solver, Sizes(n=n, m=100, d=1), uncertainty=uncertainty, place="file") - OVERHEAD_BYTES
        for n in (10**6, 2 * 10**6)
    )
    assert twice < 2.1 * once


@pytest.mark.parametrize("solver", NAMES)
def test_half_the_size_of_numbers_is_half_of_the_matrices(solver: str) -> None:
    sizes = replace(SIZES, n=60_000, m=1)
    long, short = (
        memory(solver, replace(sizes, itemsize=itemsize), uncertainty="none") - OVERHEAD_BYTES
        for itemsize in (8, 4)
    )
    assert short == pytest.approx(long / 2, rel=0.05)


def test_a_finer_tolerance_takes_a_larger_basis() -> None:
    coarse, fine = (
        stage_bytes(stage("lanczos"), SIZES, question("lanczos", tolerance=tolerance), place="file")
        for tolerance in (1e-3, 1e-12)
    )
    assert fine > coarse


def test_every_thread_and_every_input_takes_memory() -> None:
    assert replace(SIZES, threads=9).base - SIZES.base == pytest.approx(8 * 7e6, rel=0.2)
    wide = replace(SIZES, d=1010)
    assert wide.base - SIZES.base >= 2 * 8 * (SIZES.n + SIZES.m) * 1000
    assert wide.base + wide.reading >= 5 * 8 * SIZES.n * 1000


def test_a_matrix_to_write_counts_as_its_panels_and_as_its_blocks_if_it_is_not_at_hand() -> None:
    at_hand, alone = (
        writing_bytes("ntk_train_train", SIZES, grams, place="memory") for grams in (["ntk"], [])
    )
    assert alone - at_hand == block_bytes(SIZES.n, 8)
    assert at_hand >= 8 * SIZES.n * BLOCK_ROWS // 2
    assert writing_bytes("ntk_train_train", SIZES, [], place="file") == at_hand
    assert writing_bytes("nngp_train_train", SIZES, ["ntk"], place="memory") == alone
    other = replace(SIZES, n=SIZES.m, m=SIZES.n)
    assert writing_bytes("ntk_test_test", other, ["ntk"], place="memory") == alone


def test_reading_wide_tables_takes_more_than_a_small_matrix_made_of_them() -> None:
    wide = Sizes(n=100, m=50, d=100_000)
    assert wide.reading > 0
    assert writing_bytes("ntk_test_train", wide, [], place="memory") == wide.reading
    assert writing_bytes("ntk_train_train", wide, [], place="memory") == wide.reading
    assert memory("cholesky", wide) >= wide.base + wide.reading


def test_the_table_of_predictions_takes_memory_for_every_kernel_and_time() -> None:
    asked = Question({"ntk": [0.0, 1.0, math.inf], "nngp": [math.inf]})
    small, large = (
        stage_bytes(stage("none"), Sizes(n=2, m=m, d=1), asked, place="memory") for m in (10**6, 2 * 10**6)
    )
    # A table has at least kernel, time, mean, std, lower and upper in every row.
    assert large - small >= 10**6 * len(asked.pairs) * 6 * 8


def test_a_matrix_takes_its_entries_on_disk() -> None:
    n, m = SIZES.n, SIZES.m
    for name, entries in (("ntk_train_train", n * n), ("nngp_test_train", m * n), ("ntk_test_test", m * m)):
        assert SIZES.bytes_of(name) == 8 * entries
        assert replace(SIZES, itemsize=4).bytes_of(name) == 4 * entries
