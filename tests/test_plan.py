import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ntkcli.errors import ResourceError
from ntkcli.linalg.blocks import block_bytes
from ntkcli.plan import CHUNK_ROWS, OVERHEAD_BYTES, Plan, Sizes, available_memory, plan_fit, plan_matrices

GIB = 2**30
MEMINFO = "MemTotal:  8388608 kB\nMemFree:  100 kB\nMemAvailable:  4194304 kB\n"
GROUP_2 = "/sys/fs/cgroup/memory.max"
GROUP_1 = "/sys/fs/cgroup/memory/memory.limit_in_bytes"


class Usage(NamedTuple):
    """What shutil.disk_usage returns."""

    total: int
    used: int
    free: int


def fit_plan(n: int = 1000, m: int = 50, **changes: Any) -> Plan:
    settings = {"grams": ["ntk"], "solver": "cholesky", "covariances": 0, "matrices": []}
    itemsize = changes.pop("itemsize", 8)
    return plan_fit(Sizes(n, m, 0, itemsize), **{**settings, **changes})


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """1 GiB of memory and 2 GiB of disk are free."""
    monkeypatch.setattr("ntkcli.plan.available_memory", lambda: GIB)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(4 * GIB, 2 * GIB, 2 * GIB))


@pytest.mark.usefixtures("machine")
def test_a_plan_that_just_fits_passes(tmp_path: Path) -> None:
    Plan(GIB, 2 * GIB).check(tmp_path)


@pytest.mark.usefixtures("machine")
def test_too_little_memory_is_refused_with_both_sizes_and_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=r"memory.* 1\.5 GiB.* 1\.0 GiB.*compute\.dtype: float32"):
        Plan(GIB + GIB // 2, 0).check(tmp_path)
    with pytest.raises(ResourceError, match="memory"):
        Plan(GIB + 1, 0).check(tmp_path)


@pytest.mark.usefixtures("machine")
def test_too_little_disk_is_refused_with_both_sizes_and_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=rf"disk.* 3\.0 GiB.* 2\.0 GiB.*{tmp_path}.*--out"):
        Plan(0, 3 * GIB).check(tmp_path)
    with pytest.raises(ResourceError, match="disk"):
        Plan(0, 2 * GIB + 1).check(tmp_path)


def test_the_disk_of_a_folder_to_be_made_is_its_parents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def disk_usage(folder: Path) -> Usage:
        asked.append(folder)
        return Usage(1, 0, 1)

    monkeypatch.setattr(shutil, "disk_usage", disk_usage)
    Plan(0, 1).check(tmp_path / "not" / "yet")
    assert asked == [tmp_path]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"/proc/meminfo": MEMINFO}, 4 * GIB),
        ({"/proc/meminfo": MEMINFO, GROUP_2: f"{GIB}\n"}, GIB),
        ({"/proc/meminfo": MEMINFO, GROUP_2: "max\n"}, 4 * GIB),
        ({"/proc/meminfo": MEMINFO, GROUP_2: f"{9 * GIB}\n"}, 4 * GIB),
        ({"/proc/meminfo": MEMINFO, GROUP_1: f"{GIB}\n"}, GIB),
        ({"/proc/meminfo": MEMINFO, GROUP_1: "9223372036854771712\n"}, 4 * GIB),
    ],
)
def test_available_memory_is_the_least_of_machine_and_container(
    files: dict[str, str], expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_text(path: Path) -> str:
        if str(path) not in files:
            raise FileNotFoundError(path)
        return files[str(path)]

    monkeypatch.setattr(Path, "read_text", read_text)
    assert available_memory() == expected


@pytest.mark.parametrize("itemsize", [4, 8])
def test_the_gram_matrices_of_a_fit_count_as_their_blocks(itemsize: int) -> None:
    one, two = (
        fit_plan(5000, grams=grams, itemsize=itemsize).memory_bytes for grams in (["ntk"], ["nngp", "ntk"])
    )
    assert two - one == block_bytes(5000, itemsize)


def test_a_matrix_that_is_not_at_hand_counts_as_its_blocks() -> None:
    base = OVERHEAD_BYTES + block_bytes(300, 8)
    assert fit_plan(300, 4000, matrices=["ntk_test_test"]).memory_bytes >= base + block_bytes(4000, 8)
    other = fit_plan(4000, matrices=["nngp_train_train"]).memory_bytes
    assert other >= fit_plan(4000, matrices=["ntk_train_train"]).memory_bytes + block_bytes(4000, 8)


def test_inputs_count_as_often_as_they_are_held() -> None:
    plan = plan_fit(Sizes(100, 50, 1000, 8), grams=["ntk"], solver="none", covariances=0, matrices=[])
    assert plan.memory_bytes == fit_plan(100, 50).memory_bytes + 4 * 8 * 150 * 1000


def test_a_plan_holds_at_least_what_is_surely_allocated() -> None:
    n, m = 3000, 700
    full, chunk = 8 * n * n, 8 * n * CHUNK_ROWS
    assert fit_plan(n, m).memory_bytes >= OVERHEAD_BYTES + block_bytes(n, 8) + chunk
    assert fit_plan(n, m, solver="eigh").memory_bytes >= OVERHEAD_BYTES + 3 * full
    two = fit_plan(n, m, grams=["nngp", "ntk"], solver="eigh")
    assert two.memory_bytes >= OVERHEAD_BYTES + block_bytes(n, 8) + 3 * full
    assert fit_plan(n, m, covariances=1).memory_bytes >= OVERHEAD_BYTES + 8 * (n + m) * m
    assert plan_matrices(Sizes(n, m, 0, 8), ["ntk_train_train"]).memory_bytes >= block_bytes(n, 8) + chunk


def test_memory_does_not_grow_with_the_test_rows() -> None:
    assert fit_plan(m=CHUNK_ROWS).memory_bytes == fit_plan(m=10**9).memory_bytes


def test_the_disk_is_that_of_the_matrices() -> None:
    names = ["ntk_train_train", "nngp_test_train", "ntk_test_test"]
    entries = 300 * 300 + 20 * 300 + 20 * 20
    assert fit_plan(300, 20, matrices=names).disk_bytes == 8 * entries
    assert plan_matrices(Sizes(300, 20, 0, 4), names).disk_bytes == 4 * entries
    assert fit_plan(300, 20).disk_bytes == 0
    assert fit_plan(300, 20, covariances=6).disk_bytes == 6 * 8 * 20 * 20
