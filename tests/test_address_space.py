"""Limits on the address space: their arithmetic, and whole processes under them."""

import resource
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from ntkcli import address_space
from ntkcli.address_space import THREAD_BYTES, bytes_left, check_threads, is_out_of_memory
from ntkcli.errors import ResourceError
from ntkcli.linalg.threads import with_threads
from ntkcli.planning.machine import available_memory

MIB = 2**20
STATUS = "VmSize:\t 409600 kB\nVmRSS:\t 204800 kB\nVmData:\t 102400 kB\n"
SPEC = "data:\n  train: train.csv\n  target: y\nnetwork:\n  depth: 2\n"


@pytest.fixture(autouse=True)
def free_memory() -> None:
    """The machine's own, of which any has more than the limits here."""


def limit(monkeypatch: pytest.MonkeyPatch, *, space: int = -1, data: int = -1) -> None:
    """Let there be limits in MiB on a process that has 400 MiB of address space, 100 of them data."""
    limits = {resource.RLIMIT_AS: space, resource.RLIMIT_DATA: data}

    def getrlimit(which: int) -> tuple[int, int]:
        most = limits[which] * MIB if limits[which] >= 0 else resource.RLIM_INFINITY
        return most, resource.RLIM_INFINITY

    monkeypatch.setattr(resource, "getrlimit", getrlimit)
    read_text = Path.read_text

    def status(path: Path, encoding: str | None = None) -> str:
        return STATUS if path == Path("/proc/self/status") else read_text(path, encoding=encoding)

    monkeypatch.setattr(Path, "read_text", status)


@pytest.mark.parametrize(
    ("space", "data", "left"),
    [(-1, -1, None), (500, -1, 100), (-1, 300, 200), (500, 300, 100), (700, 300, 200), (300, -1, 0)],
)
def test_what_is_left_is_the_least_that_the_limits_leave(
    space: int, data: int, left: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, space=space, data=data)
    assert bytes_left() == (None if left is None else left * MIB)


def test_a_job_may_take_what_the_limit_leaves_and_what_the_process_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limit(monkeypatch, space=420)
    assert available_memory() == (20 + 200) * MIB


def test_threads_that_do_not_fit_do_not_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, space=400 + 2 * THREAD_BYTES // MIB)
    check_threads(2)
    with pytest.raises(ResourceError, match=r"compute\.threads: 3 needs"), with_threads(3):
        pass


def test_libraries_that_do_not_fit_are_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, space=410)
    with pytest.raises(ResourceError, match="leaves 10 MiB, and ntk needs"):
        address_space.make_room()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (pd.errors.ParserError("Error tokenizing data. C error: out of memory"), True),
        (MemoryError(), True),
        (ValueError("not a number"), False),
        (ImportError("No module named 'x'"), False),
        (FileNotFoundError(2, "No such file or directory"), False),
    ],
)
def test_errors_that_say_that_memory_is_out_are_known(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) == expected


def fit_under(most: int, folder: Path) -> subprocess.CompletedProcess[str]:
    """Fit a few rows on two threads in a process of its own, its address space limited to so many bytes."""
    rows = pd.DataFrame({"x": range(40), "y": [i % 7 for i in range(40)]})
    rows.to_csv(folder / "train.csv", index=False)
    (folder / "spec.yaml").write_text(f"{SPEC}compute:\n  threads: 2\n", encoding="utf-8")
    words = [sys.executable, "-m", "ntkcli", "fit", "spec.yaml", "--quiet", "--out", "run"]
    return subprocess.run(
        words,
        cwd=folder,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, address spaces are not limited")
def test_a_fit_under_a_limit_ends_well_or_says_in_one_line_that_it_cannot(tmp_path: Path) -> None:
    little = fit_under(300 * MIB, tmp_path)
    assert (little.returncode, little.stderr.count("\n"), (tmp_path / "run").exists()) == (5, 1, False)
    assert "the limit of `ulimit` leaves" in little.stderr
    ample = fit_under(4096 * MIB, tmp_path)
    assert (ample.returncode, ample.stderr) == (0, "")
    assert (tmp_path / "run" / "run.json").exists()
