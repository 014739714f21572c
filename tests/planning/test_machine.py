import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from ntkcli.planning.machine import available_memory, free_disk, multiply_rate, thread_count

GIB = 2**30
MEMINFO = "MemTotal:  8388608 kB\nMemFree:  100 kB\nMemAvailable:  4194304 kB\n"
MACHINE = {"/proc/meminfo": MEMINFO}
STATUS = "Name:\tpython\nVmHWM:\t 1048576 kB\nVmRSS:\t 524288 kB\n"
CGROUP = "/sys/fs/cgroup"
CGROUP_1 = f"{CGROUP}/memory"


def group(folder: str, limit: int | str, used: int = 0, cache: int = 0) -> dict[str, str]:
    """The files of a control group of version 2."""
    return {
        f"{folder}/memory.max": f"{limit}\n",
        f"{folder}/memory.current": f"{used}\n",
        f"{folder}/memory.stat": f"anon 5\ninactive_anon 7\nactive_file 9\ninactive_file {cache}\n",
    }


def group_1(limit: int, used: int = 0, cache: int = 0) -> dict[str, str]:
    """The files of a control group of version 1."""
    return {
        f"{CGROUP_1}/memory.limit_in_bytes": f"{limit}\n",
        f"{CGROUP_1}/memory.usage_in_bytes": f"{used}\n",
        f"{CGROUP_1}/memory.stat": f"inactive_file 3\ntotal_inactive_file {cache}\n",
    }


CONTAINER = MACHINE | {"/proc/self/cgroup": "0::/\n"}
SERVICE = MACHINE | {"/proc/self/cgroup": "12:pids:/old\n0::/system.slice/ntk.service\n"}
SLICE = f"{CGROUP}/system.slice"

MACHINES = {
    "a machine alone": (MACHINE, 4 * GIB),
    "a container": (CONTAINER | group(CGROUP, GIB), GIB),
    "a container without a limit": (CONTAINER | group(CGROUP, "max"), 4 * GIB),
    "a container with a limit above the machine": (CONTAINER | group(CGROUP, 9 * GIB), 4 * GIB),
    "a container that is in use": (CONTAINER | group(CGROUP, 3 * GIB, used=2 * GIB), GIB),
    "a container whose file cache can go": (CONTAINER | group(CGROUP, 3 * GIB, 2 * GIB, GIB), 2 * GIB),
    "a container that is over its limit": (CONTAINER | group(CGROUP, GIB, used=2 * GIB), 0),
    "a service": (SERVICE | group(f"{SLICE}/ntk.service", GIB), GIB),
    "a service without a limit in a slice with one": (
        SERVICE | group(f"{SLICE}/ntk.service", "max") | group(SLICE, 2 * GIB, used=GIB), GIB
    ),
    "a service with more than its slice has left": (
        SERVICE | group(f"{SLICE}/ntk.service", 3 * GIB) | group(SLICE, 3 * GIB, used=GIB), 2 * GIB
    ),
    "a service beside another": (SERVICE | group(f"{SLICE}/other.service", GIB), 4 * GIB),
    "an old container": (MACHINE | group_1(GIB), GIB),
    "an old container in use": (MACHINE | group_1(3 * GIB, 2 * GIB, GIB // 2), 3 * GIB // 2),
    "an old container without a limit": (MACHINE | group_1(9223372036854771712), 4 * GIB),
    "what the process holds": (MACHINE | {"/proc/self/status": STATUS}, 4 * GIB + GIB // 2),
    "a container with what the process holds": (
        CONTAINER | group(CGROUP, 3 * GIB, used=2 * GIB) | {"/proc/self/status": STATUS}, GIB + GIB // 2
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def free_memory() -> None:
    """The machine's own, which is what is tested here."""


class Usage(NamedTuple):
    """What shutil.disk_usage returns."""

    total: int
    used: int
    free: int


def show(files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be these text files, and no others."""

    def read_text(path: Path) -> str:
        if str(path) not in files:
            raise FileNotFoundError(path)
        return files[str(path)]

    monkeypatch.setattr(Path, "read_text", read_text)


@pytest.mark.parametrize(("files", "expected"), MACHINES.values(), ids=MACHINES)
def test_available_memory_is_the_least_that_machine_and_groups_have_left(
    files: dict[str, str], expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(files, monkeypatch)
    assert available_memory() == expected


@pytest.mark.parametrize("meminfo", [None, "", "MemTotal:  8388608 kB\n"])
def test_what_cannot_be_read_is_taken_for_the_machines_total(
    meminfo: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    show({} if meminfo is None else {"/proc/meminfo": meminfo}, monkeypatch)
    assert available_memory() == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_this_machine_has_memory_and_not_more_than_is_built_in() -> None:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 2**24 < available_memory() <= total


def test_the_disk_of_a_folder_to_be_made_is_its_parents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disks = {tmp_path: 7, tmp_path / "mounted": 5}
    (tmp_path / "mounted").mkdir()
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(9, 9 - disks[folder], disks[folder]))
    assert free_disk(tmp_path / "not" / "yet") == 7
    assert free_disk(tmp_path / "mounted" / "not" / "yet") == 5
    assert free_disk(tmp_path / "mounted") == 5


def test_the_disk_of_a_folder_whose_name_is_too_long_is_its_parents(tmp_path: Path) -> None:
    assert free_disk(tmp_path / ("x" * 300)) > 0


def test_a_matrix_product_runs_at_a_plausible_rate() -> None:
    assert 1e8 < multiply_rate(n=400) < 1e15


@pytest.mark.parametrize(("known", "expected"), [(6, 6), (None, 1)])
def test_without_a_set_of_processors_all_that_are_known_count(
    monkeypatch: pytest.MonkeyPatch, known: int | None, expected: int
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: known)
    assert thread_count("auto") == expected
