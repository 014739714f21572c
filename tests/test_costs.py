"""Bytes and operations of a stage: by reason, and beside measured peaks."""

import json
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.costs import EFFICIENCY, OVERHEAD_BYTES, Sizes, Work, stage_bytes, stage_work
from ntkcli.job import open_job
from ntkcli.journal import Journal
from ntkcli.kernels.gram import CHUNK_ROWS
from ntkcli.linalg.blocks import BLOCK_ROWS, block_bytes
from ntkcli.plan import Planner
from ntkcli.question import Question
from ntkcli.spec_file import read_spec
from ntkcli.stages import Solver, Stage

SIZES = Sizes(n=5000, m=700, d=10)
SOLVERS: list[Solver] = ["cholesky", "lanczos", "eigh"]
TIMES = {"none": 0.0, "cholesky": math.inf, "lanczos": 10.0, "eigh": 10.0}
NTK_AT_10: dict[str, Any] = {"kernel": "ntk", "time": 10}


@dataclass(frozen=True)
class Case:
    """A job whose memory is measured.

    n, m, d: training rows, test rows, features.
    sections: of the spec.
    command: `fit` or `kernel`.
    in_file: whether its blocks are to lie in a file.
    """

    n: int
    m: int = 200
    d: int = 10
    sections: dict[str, dict[str, Any]] = field(default_factory=dict)
    command: str = "fit"
    in_file: bool = False


MEAN: dict[str, Any] = {"output": {"std": False}}
MEASURED = {
    "mean": Case(3000, sections=MEAN),
    "mean and std": Case(3000),
    "two threads": Case(2500, sections={"compute": {"threads": 2}}),
    "float32": Case(3500, sections={"compute": {"dtype": "float32"}}),
    "eigh": Case(
        2000, sections={"inference": {"kernel": "nngp", "time": 10}, "compute": {"solver": "eigh"}}
    ),
    "lanczos": Case(2500, 60, sections={"inference": NTK_AT_10, "compute": {"solver": "lanczos"}}),
    "covariance": Case(1500, 1200, sections={"output": {"covariance": True}}),
    "covariance of a posterior": Case(
        2500, 1200, sections={"inference": {"kernel": "ntkgp"}, "output": {"covariance": True}}
    ),
    "covariance of the prior": Case(
        200, 2000, sections={"inference": {"kernel": "nngp", "time": 0}, "output": {"covariance": True}}
    ),
    "many features": Case(600, 300, 3000, sections=MEAN),
    "matrices": Case(2500, 1500, sections={"output": {"kernels": ["ntk_train_train", "nngp_test_test"]}}),
    "matrices alone": Case(2000, sections={"output": {"kernels": ["ntk_train_train"]}}, command="kernel"),
    "blocks in a file": Case(3000, sections={"compute": {"memory": "150MiB"}}, in_file=True),
}  # fmt: skip


def table(rows: int, features: int, seed: int) -> bytes:
    """A CSV file of random numbers of two digits; the last column is y."""
    digits = np.random.default_rng(seed).integers(ord("0"), ord("9") + 1, (rows, features + 1, 3), np.uint8)
    digits[:, :, 2] = ord(",")
    digits[:, -1, 2] = ord("\n")
    header = ",".join([*(f"x{i}" for i in range(features)), "y"])
    return header.encode() + b"\n" + digits.tobytes()


@pytest.fixture
def spec_of(write: Callable[[str, str | bytes], Path]) -> Callable[[Case], Path]:
    """Write the files of a case."""

    def write_case(case: Case) -> Path:
        write("train.csv", table(case.n, case.d, seed=0))
        write("test.csv", table(case.m, case.d, seed=1))
        sections = {
            "data": {"train": "train.csv", "test": "test.csv", "target": "y"},
            "inference": {"ridge": 0.1} | case.sections.get("inference", {}),
            "output": {"dir": "run"} | case.sections.get("output", {}),
            "compute": {"threads": 1} | case.sections.get("compute", {}),
        }
        return write("spec.yaml", yaml.safe_dump(sections))

    return write_case


def planner_of(path: Path, command: str) -> Planner:
    """What the command plans for a spec."""
    with open_job(read_spec(path, None), Journal()) as job:
        planner = job.planner()
        return planner if command == "fit" else replace(planner, question=None)


@pytest.mark.parametrize("case", MEASURED.values(), ids=MEASURED)
def test_the_estimate_of_peak_memory_is_near_the_measured_peak(
    spec_of: Callable[[Case], Path], tmp_path: Path, case: Case
) -> None:
    path = spec_of(case)
    plan = planner_of(path, case.command).checked()
    words = [sys.executable, "-c", "from ntkcli.cli import main; main()", case.command, str(path)]
    subprocess.run(words, check=True, capture_output=True)
    story = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (story["compute"]["storage"] == "file") == plan.in_file == case.in_file
    # What is mapped from a file counts in the peak, but the system can take it back.
    peak = story["peak_memory_bytes"] - (plan.disk_bytes if case.in_file else 0)
    assert 0.9 * peak <= plan.memory_bytes <= 1.25 * peak


def stage(solver: Solver, kernel: str = "ntk") -> Stage:
    return Stage("nngp" if kernel == "nngp" else "ntk", solver, ((kernel, TIMES[solver]),))


def question(solver: Solver, kernel: str = "ntk", spread: Any = "none", **changes: Any) -> Question:
    return Question({kernel: [TIMES[solver]]}, spread=spread, **changes)


def memory(
    solver: Solver, sizes: Sizes = SIZES, kernel: str = "ntk", spread: str = "none", *, in_file: bool = False
) -> int:
    """Bytes at the peak, the base included."""
    asked = question(solver, kernel, spread)
    return sizes.base + stage_bytes(stage(solver, kernel), sizes, asked, in_file=in_file)


def operations(solver: Solver, sizes: Sizes = SIZES, spread: str = "variance") -> float:
    return stage_work(stage(solver), sizes, question(solver, spread=spread)).operations(sizes)


@pytest.mark.parametrize("itemsize", [4, 8])
@pytest.mark.parametrize("solver", ["cholesky", "lanczos"])
def test_a_second_gram_matrix_counts_as_its_blocks(solver: Solver, itemsize: int) -> None:
    sizes = replace(SIZES, n=60_000, itemsize=itemsize)
    two, one = (memory(solver, sizes, kernel, "variance") for kernel in ("ntk", "nngp"))
    assert two - one == pytest.approx(block_bytes(60_000, itemsize), rel=0.05)


@pytest.mark.parametrize("spread", ["none", "variance", "covariance"])
def test_a_stage_takes_at_least_what_is_surely_allocated(spread: str) -> None:
    n, m = SIZES.n, SIZES.m
    block, full, chunk = block_bytes(n, 8), 8 * n * n, 8 * n * CHUNK_ROWS
    grams, covariance = (1, 0) if spread == "none" else (2, 8 * m * m * (spread == "covariance"))
    assert memory("none", spread=spread) >= OVERHEAD_BYTES + covariance
    assert memory("cholesky", spread=spread) >= OVERHEAD_BYTES + grams * block + chunk + covariance
    assert memory("cholesky", spread=spread, in_file=True) >= OVERHEAD_BYTES + chunk + covariance
    basis = 10 * 8 * n if spread == "none" else 10 * chunk
    assert memory("lanczos", spread=spread) >= OVERHEAD_BYTES + grams * block + basis + covariance
    assert memory("eigh", spread=spread) >= OVERHEAD_BYTES + (grams - 1) * block + 3 * full


@pytest.mark.parametrize("solver", SOLVERS)
def test_memory_does_not_grow_with_the_test_rows_but_by_what_is_read_and_written(solver: Solver) -> None:
    few, many = (memory(solver, Sizes(n=60_000, m=m, d=1), spread="variance") for m in (CHUNK_ROWS, 10**7))
    assert many - few < 50 * 8 * 10**7


@pytest.mark.parametrize("spread", ["none", "variance"])
@pytest.mark.parametrize("solver", ["cholesky", "lanczos"])
def test_in_a_file_memory_grows_with_the_training_rows_and_not_with_their_square(
    solver: Solver, spread: str
) -> None:
    once, twice = (
        memory(solver, Sizes(n=n, m=100, d=1), spread=spread, in_file=True) - OVERHEAD_BYTES
        for n in (10**6, 2 * 10**6)
    )
    assert twice < 2.1 * once


@pytest.mark.parametrize("solver", SOLVERS)
def test_half_the_size_of_numbers_is_half_of_the_matrices(solver: Solver) -> None:
    sizes = replace(SIZES, n=60_000, m=1)
    long, short = (
        memory(solver, replace(sizes, itemsize=itemsize), spread="none") - OVERHEAD_BYTES
        for itemsize in (8, 4)
    )
    assert short == pytest.approx(long / 2, rel=0.05)


def test_a_finer_tolerance_takes_a_larger_basis() -> None:
    coarse, fine = (
        stage_bytes(stage("lanczos"), SIZES, question("lanczos", tolerance=tolerance), in_file=True)
        for tolerance in (1e-3, 1e-12)
    )
    assert fine > coarse


def test_every_thread_and_every_input_takes_memory() -> None:
    assert replace(SIZES, threads=9).base - SIZES.base == pytest.approx(8 * 7e6, rel=0.2)
    wide = replace(SIZES, d=1010)
    assert wide.base - SIZES.base >= 2 * 8 * (SIZES.n + SIZES.m) * 1000
    assert wide.base + wide.reading >= 5 * 8 * SIZES.n * 1000


def test_a_matrix_to_write_counts_as_its_panels_and_as_its_blocks_if_it_is_not_at_hand() -> None:
    at_hand, alone = (SIZES.writing("ntk_train_train", grams, in_file=False) for grams in (["ntk"], []))
    assert alone - at_hand == block_bytes(SIZES.n, 8)
    assert at_hand >= 8 * SIZES.n * BLOCK_ROWS // 2
    assert SIZES.writing("ntk_train_train", [], in_file=True) == at_hand
    assert SIZES.writing("nngp_train_train", ["ntk"], in_file=False) == alone
    other = replace(SIZES, n=SIZES.m, m=SIZES.n)
    assert other.writing("ntk_test_test", ["ntk"], in_file=False) == alone


def test_a_matrix_takes_its_entries_on_disk() -> None:
    n, m = SIZES.n, SIZES.m
    for name, entries in (("ntk_train_train", n * n), ("nngp_test_train", m * n), ("ntk_test_test", m * m)):
        assert SIZES.bytes_of(name) == 8 * entries
        assert replace(SIZES, itemsize=4).bytes_of(name) == 4 * entries


@pytest.mark.parametrize("spread", ["none", "variance"])
@pytest.mark.parametrize("solver", SOLVERS)
@given(n=st.integers(2, 10**5), m=st.integers(1, 10**5), more=st.integers(1, 10**4))
def test_more_rows_are_more_work(solver: Solver, spread: str, n: int, m: int, more: int) -> None:
    here, larger, longer = (
        operations(solver, Sizes(n, m, d=10), spread) for n, m in ((n, m), (n + more, m), (n, m + more))
    )
    assert larger > here
    assert longer > here


@pytest.mark.parametrize(("solver", "factor"), [("cholesky", 1 / 3), ("lanczos", 1 / 3), ("eigh", 9)])
def test_with_many_training_rows_the_factorisation_is_all_the_work(solver: Solver, factor: float) -> None:
    work = stage_work(stage(solver), Sizes(10**7, 1, 1), question(solver))
    assert work.linear_algebra == pytest.approx(factor * 10.0**21 / EFFICIENCY[_kind(solver)], rel=0.01)


def _kind(solver: Solver) -> str:
    return "eigh" if solver == "eigh" else "cholesky"


def test_the_prior_is_no_work() -> None:
    assert stage_work(stage("none"), SIZES, question("none", spread="variance")) == Work()


def test_work_adds_up() -> None:
    one, other = Work(1, 2, 3, 4), Work(10, 20, 30, 40)
    assert one + other == Work(11, 22, 33, 44)
    assert (one + other).operations(SIZES) == pytest.approx(one.operations(SIZES) + other.operations(SIZES))


def test_deeper_networks_and_more_features_make_an_entry_dearer() -> None:
    entries = Work(entries=1e6)
    plain = entries.operations(SIZES)
    assert entries.operations(replace(SIZES, depth=5)) > plain
    assert entries.operations(replace(SIZES, d=1000)) > plain
    assert Work(cholesky=1e6).operations(SIZES) == Work(cholesky=1e6).operations(replace(SIZES, depth=5))
