"""compute.cache saves work, and never changes a byte of the results."""

import errno
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ntkcli.files.watch import unwatched, watch_with
from ntkcli.linalg import blocks
from ntkcli.stores.entries import entries

from ..cluster.processes import Processes
from .run_files import MakeSpec, Ntk, Write, results

CACHE = "compute.cache=cache"
SECTIONS: dict[str, dict[str, Any]] = {
    "inference": {"kernel": ["ntk", "nngp"], "ridge": 0.1},
    "output": {"kernels": ["ntk_train_train", "nngp_test_train"]},
}
# What a spec has, and another one whose kernels are others.
OTHERS: dict[str, tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]] = {
    "depth": ({}, {"network": {"depth": 2}}),
    "bias": ({}, {"network": {"sigma_b": 0.2}}),
    # Every row has the same kernels with itself: (1 + slope^2) sigma_w^2 is the same.
    "activation": (
        {"network": {"depth": 2, "sigma_w": [1, 1.25]}},
        {"network": {"depth": 2, "sigma_w": [1, 1], "activation": {"name": "leaky_relu", "slope": 0.75}}},
    ),
    "columns": ({}, {"data": {"features": ["a", "c"]}}),
    "rows": ({}, {"data": {"train": "fewer.csv"}}),
    "order": ({}, {"data": {"train": "reversed.csv"}}),
    "cell": ({}, {"data": {"train": "changed.csv"}}),
    "weights": ({}, {"data": {"weight": "w", "train": "weighted.csv"}}),
    "dtype": ({}, {"compute": {"dtype": "float32"}}),
    "tile": ({}, {"compute": {"tile": 5}}),
}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Several strips of a few rows; nothing fails any more behind a test."""
    monkeypatch.setattr(blocks, "_block_count", lambda n, block_rows: max(1, -(-n // 4)))
    yield
    watch_with(unwatched)


@pytest.fixture
def spec(make_spec: MakeSpec, tmp_path: Path) -> MakeSpec:
    """A spec with some sections, beside tables that differ from its own."""

    def make(sections: dict[str, dict[str, Any]]) -> Path:
        merged = {name: SECTIONS.get(name, {}) | sections.get(name, {}) for name in SECTIONS | sections}
        path = make_spec(**merged)
        table = pd.read_csv(tmp_path / "train.csv")
        table[:-1].to_csv(tmp_path / "fewer.csv", index=False)
        table[::-1].to_csv(tmp_path / "reversed.csv", index=False)
        (9 * table).to_csv(tmp_path / "far.csv", index=False)
        table.assign(w=[1, 2] * 7).to_csv(tmp_path / "weighted.csv", index=False)
        table.replace(table["a"][3], table["a"][3] + 1e-9).to_csv(tmp_path / "changed.csv", index=False)
        return path

    return make


def compute(ntk: Ntk, spec: Path, out: str, *options: str, warnings: int = 0) -> dict[str, bytes]:
    """The results of a fit, which has so many lines to say."""
    outcome = ntk("fit", spec, "--out", out, "-q", *options)
    assert outcome.returncode == 0, outcome.stderr
    assert len(outcome.stderr.splitlines()) == warnings, outcome.stderr
    return results(Path(out))


@pytest.mark.parametrize(("before", "after"), OTHERS.values(), ids=OTHERS)
def test_a_kernel_of_anything_else_is_not_mistaken(
    spec: MakeSpec,
    ntk: Ntk,
    tiles: list[object],
    before: dict[str, dict[str, Any]],
    after: dict[str, dict[str, Any]],
) -> None:
    compute(ntk, spec(before), "before", "--set", CACHE)
    changed = spec(after)
    without = compute(ntk, changed, "without")
    tiles.clear()
    assert compute(ntk, changed, "first", "--set", CACHE) == without
    assert tiles
    tiles.clear()
    assert compute(ntk, changed, "second", "--set", CACHE) == without
    assert tiles == []


@pytest.mark.parametrize(
    "after",
    [
        {"data": {"test": "far.csv"}},
        {"inference": {"time": [0.5, "inf"], "loss": "mean"}},
        {"output": {"std": False}},
    ],
    ids=["test rows", "times", "results"],
)
def test_a_kernel_is_found_again_whatever_else_is_asked(
    spec: MakeSpec, ntk: Ntk, tiles: list[object], after: dict[str, dict[str, Any]]
) -> None:
    compute(ntk, spec({}), "before", "--set", CACHE)
    tiles.clear()
    compute(ntk, spec(after), "after", "--set", CACHE)
    assert tiles == []


@pytest.mark.usefixtures("in_file")
def test_blocks_in_a_file_are_read_as_those_in_memory(spec: MakeSpec, ntk: Ntk, tiles: list[object]) -> None:
    without = compute(ntk, spec({}), "without")
    assert compute(ntk, spec({}), "first", "--set", CACHE) == without
    tiles.clear()
    assert compute(ntk, spec({}), "second", "--set", CACHE) == without
    assert tiles == []


def test_a_cluster_fills_the_cache_and_needs_none_of_its_tiles_again(
    spec: MakeSpec, ntk: Ntk, processes: Processes, tiles: list[object]
) -> None:
    path, there = spec({"compute": {"tile": 4}}), ("--scheduler", str(processes.file))
    without = compute(ntk, path, "without")
    assert compute(ntk, path, "first", "--set", CACHE, *there) == without
    tiles.clear()
    assert compute(ntk, path, "second", "--set", CACHE) == without
    assert tiles == []
    assert compute(ntk, path, "third", "--set", CACHE, *there) == without


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
@pytest.mark.parametrize("at", [0, 1, 3, 8])
def test_a_disk_that_is_full_costs_a_warning(spec: MakeSpec, ntk: Ntk, code: int, at: int) -> None:
    left = [at]

    def fail(change: str, path: Path) -> None:
        if path.suffix == ".gram":
            left[0] -= 1
            if left[0] < 0:
                raise OSError(code, os.strerror(code), str(path))

    path = spec({})
    without = compute(ntk, path, "without")
    watch_with(fail)
    assert compute(ntk, path, "first", "--set", CACHE, warnings=1) == without
    watch_with(unwatched)
    assert compute(ntk, path, "second", "--set", CACHE) == without


def test_a_cache_that_cannot_be_written_is_refused_before_the_work(
    spec: MakeSpec, ntk: Ntk, write: Write
) -> None:
    write("cache", "no folder")
    outcome = ntk("fit", spec({}), "--set", CACHE)
    assert (outcome.returncode, len(outcome.stderr.splitlines())) == (6, 1)
    assert "compute.cache: cache: cannot be written: cache is no folder: name another" in outcome.stderr
    assert not Path("run").exists()


def test_a_cache_with_too_little_room_keeps_what_fits(spec: MakeSpec, ntk: Ntk) -> None:
    path = spec({})
    without = compute(ntk, path, "without")
    limit = ("--set", CACHE, "--set", "compute.cache_size=12000")
    assert compute(ntk, path, "first", *limit) == without
    assert sum(entry.size for entry in entries(Path("cache"))) <= 12_000
    assert compute(ntk, path, "second", *limit) == without


def test_a_matrix_that_another_run_writes_is_computed_without_waiting(spec: MakeSpec, ntk: Ntk) -> None:
    path = spec({})
    without = compute(ntk, path, "first", "--set", CACHE)
    found = [entry.path for entry in entries(Path("cache"))]
    opened = [file.open("r+b") for file in found]
    for file in opened:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        file.truncate(0)
    assert compute(ntk, path, "second", "--set", CACHE) == without
    assert {file.stat().st_size for file in found} == {0}
    for file in opened:
        file.close()
    assert compute(ntk, path, "third", "--set", CACHE) == without
    assert {entry.check() for entry in entries(Path("cache"))} == {"whole"}


@pytest.mark.usefixtures("ntk")
def test_two_runs_at_once_end_with_the_same_bytes(spec: MakeSpec) -> None:
    words = [sys.executable, "-m", "ntkcli", "fit", str(spec({})), "-q", "--out"]
    options = {"without": (), "one": ("--set", CACHE), "two": ("--set", CACHE)}
    runs = [subprocess.Popen([*words, out, *more], stderr=subprocess.PIPE) for out, more in options.items()]
    assert [(run.communicate()[1], run.returncode) for run in runs] == [(b"", 0)] * 3
    assert results(Path("one")) == results(Path("two")) == results(Path("without"))
    assert {entry.check() for entry in entries(Path("cache"))} == {"whole"}
