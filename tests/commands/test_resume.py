"""A fit that was stopped goes on where it was, and ends with the same bytes."""

import errno
from collections.abc import Callable, Iterator, Sequence
from functools import partialmethod
from pathlib import Path

import numpy as np
import pytest
import yaml

from ntkcli.arrays import FloatArray
from ntkcli.cli import ntk
from ntkcli.files.watch import Change, unwatched, watch_with
from ntkcli.jobs import summation
from ntkcli.kernels.stored_operator import StoredOperator
from ntkcli.linalg import blocks, pivoted_cholesky
from ntkcli.planning import convergence
from ntkcli.solvers.solver import Factoring
from ntkcli.stores import checkpoint_files
from ntkcli.stores.checkpoint_files import CheckpointFiles
from ntkcli.stores.gram_store import GramStore


class StoppedError(BaseException):
    """The process ends."""


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Blocks of a few rows, each on the disk at once, as is every state."""
    monkeypatch.setattr(blocks, "_block_count", lambda n, block_rows: max(1, -(-n // 16)))
    monkeypatch.setattr(checkpoint_files, "LEAST_PAUSES", 0.0)
    for store in (GramStore, CheckpointFiles):
        monkeypatch.setattr(store, "__init__", partialmethod(store.__init__, interval=0.0))
    yield
    watch_with(unwatched)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    lines = [f"{a},{b},{c},{np.sin(a) + b}" for a, b, c in x.tolist()]
    (tmp_path / "t.csv").write_text("a,b,c,y\n" + "\n".join(lines) + "\n")
    content = {
        "data": {"train": "t.csv", "target": "y", "split": {"test": 0.2}},
        "inference": {"kernel": ["ntk", "nngp"], "ridge": 0.1},
        "output": {"kernels": ["ntk_test_train", "nngp_train_train"]},
        "compute": {"threads": 1},
    }
    path = tmp_path / "s.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def run(*arguments: object) -> None:
    ntk.main([*map(str, arguments), "--quiet"], standalone_mode=False)


def content(place: Path) -> dict[str, bytes]:
    found = {str(path.relative_to(place)): path for path in place.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name not in ("run.json", "spec.yaml")}


def stop_after(writes: int) -> None:
    stop_at(writes, lambda change, path: path.suffix == ".gram" and change == "sync")


def stop_at_state(count: int) -> None:
    stop_at(count, lambda change, path: path.parent.name == "states" and change == "rename")


def stop_at(count: int, counts: Callable[[Change, Path], bool]) -> None:
    left = [count]

    def watch(change: Change, path: Path) -> None:
        if counts(change, path):
            left[0] -= 1
            if left[0] < 0:
                raise StoppedError

    watch_with(watch)


@pytest.mark.parametrize("command", ["fit", "kernel"])
@pytest.mark.parametrize("writes", [0, 1, 2, 5, 7])
def test_a_run_that_is_stopped_ends_with_the_same_bytes(
    spec: Path, tmp_path: Path, command: str, writes: int
) -> None:
    run(command, spec, "--out", tmp_path / "whole")
    place = tmp_path / "run"
    stop_after(writes)
    with pytest.raises(StoppedError):
        run(command, spec, "--out", place, "--resume")
    watch_with(unwatched)
    assert not place.exists()
    assert (tmp_path / ".run.ntk-resume").exists()
    run(command, spec, "--out", place, "--resume")
    assert content(place) == content(tmp_path / "whole")
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_is_finished_is_not_computed_again(spec: Path, tmp_path: Path, tiles: list[object]) -> None:
    run("fit", spec, "--out", tmp_path / "whole")
    whole = len(tiles)
    stop_after(7)
    with pytest.raises(StoppedError):
        run("fit", spec, "--out", tmp_path / "run", "--resume")
    watch_with(unwatched)
    tiles.clear()
    run("fit", spec, "--out", tmp_path / "run", "--resume")
    assert 0 < len(tiles) < whole


def test_a_finished_run_is_left_as_it_is_without_what_a_killed_one_left(spec: Path, tmp_path: Path) -> None:
    run("fit", spec, "--out", tmp_path / "run", "--resume")
    before = (tmp_path / "run" / "run.json").read_bytes()
    (tmp_path / ".run.ntk-lock").touch()
    run("fit", spec, "--out", tmp_path / "run", "--resume")
    assert not (tmp_path / ".run.ntk-lock").exists()
    assert (tmp_path / "run" / "run.json").read_bytes() == before


def test_what_a_kill_left_beside_a_run_that_was_whole_is_deleted(spec: Path, tmp_path: Path) -> None:
    run("fit", spec, "--out", tmp_path / "run", "--resume")
    (tmp_path / ".run.ntk-lock").touch()
    (tmp_path / ".run.ntk-old").mkdir()
    run("fit", spec, "--out", tmp_path / "run", "--resume")
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_another_spec_is_refused_with_the_difference(spec: Path, tmp_path: Path) -> None:
    from ntkcli.errors import RunDirectoryError

    stop_after(2)
    with pytest.raises(StoppedError):
        run("fit", spec, "--out", tmp_path / "run", "--resume")
    watch_with(unwatched)
    other = ("fit", spec, "--out", tmp_path / "run", "--resume", "--set", "inference.ridge=0.5")
    with pytest.raises(RunDirectoryError, match=r"inference.ridge is 0.5, and was 0.1"):
        run(*other)
    run(*other, "--overwrite")


def test_a_second_ridge_reads_the_cache(spec: Path, tmp_path: Path, tiles: list[object]) -> None:
    cached = ("--set", f"compute.cache={tmp_path / 'cache'}")
    run("fit", spec, "--out", tmp_path / "one", *cached)
    assert tiles
    tiles.clear()
    run("fit", spec, "--out", tmp_path / "two", *cached, "--set", "inference.ridge=0.2")
    run("fit", spec, "--out", tmp_path / "plain", "--set", "inference.ridge=0.2")
    assert content(tmp_path / "two") == content(tmp_path / "plain")
    tiles.clear()
    run("fit", spec, "--out", tmp_path / "three", *cached, "--set", "inference.ridge=0.3")
    assert tiles == []


@pytest.mark.parametrize("failing", ["make_folder", "create", "reserve", "write", "sync"])
@pytest.mark.parametrize("first", [0, 3])
def test_on_a_full_disk_nothing_is_kept_and_the_run_is_whole(
    spec: Path, tmp_path: Path, failing: str, first: int, capsys: pytest.CaptureFixture[str]
) -> None:
    run("fit", spec, "--out", tmp_path / "plain")
    left = [first if failing != "make_folder" else 0]

    def fill(change: Change, path: Path) -> None:
        if change == failing and "cache" in str(path):
            left[0] -= 1
            if left[0] < 0:
                raise OSError(errno.ENOSPC, "no space", str(path))

    watch_with(fill)
    run("fit", spec, "--out", tmp_path / "run", "--set", f"compute.cache={tmp_path / 'cache'}")
    assert content(tmp_path / "run") == content(tmp_path / "plain")
    assert left[0] >= 0 or "the disk is full: free some space: going on without" in capsys.readouterr().err


def test_a_damaged_strip_is_computed_again(spec: Path, tmp_path: Path, tiles: list[object]) -> None:
    cached = ("--set", f"compute.cache={tmp_path / 'cache'}")
    run("fit", spec, "--out", tmp_path / "one", *cached)
    for path in (tmp_path / "cache").iterdir():
        with path.open("r+b") as file:
            file.seek(-1, 2)
            byte = file.read()
            file.seek(-1, 2)
            file.write(bytes([byte[0] ^ 1]))
    tiles.clear()
    run("fit", spec, "--out", tmp_path / "two", *cached)
    assert tiles
    assert content(tmp_path / "two") == content(tmp_path / "one")
    tiles.clear()
    run("fit", spec, "--out", tmp_path / "three", *cached)
    assert tiles == []


PCG = ("compute.solver=pcg", "inference.kernel=nngp", "inference.ridge=1e-4")
NYSTROM = ("inference.approximation={method: nystrom, centres: 20}", "output.kernels=[]")


def options_of(settings: Sequence[str]) -> list[str]:
    return [part for setting in settings for part in ("--set", setting)]


@pytest.mark.parametrize(
    ("settings", "states", "told"),
    [
        # The trial of a plan is the first.
        (PCG, 4, "pcg: goes on at iteration 3"),
        (PCG, 10, "ended with exit code 0"),
        (NYSTROM, 1, "sums: goes on at row 10"),
        (NYSTROM, 2, "sums: goes on at row 20"),
    ],
)
def test_iterations_and_sums_that_are_stopped_end_with_the_same_bytes(
    spec: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: Sequence[str],
    states: int,
    told: str,
) -> None:
    monkeypatch.setattr(pivoted_cholesky, "FEWEST_COLUMNS", 5)
    monkeypatch.setattr(StoredOperator, "best_columns", 2)
    monkeypatch.setattr(summation, "GROUP_ROWS", 10)
    options = options_of(settings)
    run("fit", spec, "--out", tmp_path / "whole", *options)
    place = tmp_path / "run"
    stop_at_state(states)
    with pytest.raises(StoppedError):
        run("fit", spec, "--out", place, "--resume", *options)
    watch_with(unwatched)
    run("fit", spec, "--out", place, "--resume", *options, "--log", tmp_path / "log")
    assert told in (tmp_path / "log").read_text()
    assert content(place) == content(tmp_path / "whole")
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The iterations of every trial for a plan."""
    found: list[int] = []
    plain = convergence._iterations

    def count(matrix: StoredOperator, task: Factoring, targets: FloatArray) -> int:
        found.append(plain(matrix, task, targets))
        return found[-1]

    monkeypatch.setattr(convergence, "_iterations", count)
    return found


@pytest.fixture
def stopped(spec: Path, tmp_path: Path, counted: list[int]) -> list[object]:
    """The words of a fit by pcg that was stopped when it first kept something."""
    words = ["fit", spec, "--out", tmp_path / "run", "--resume", *options_of(PCG)]
    stop_at_state(1)
    with pytest.raises(StoppedError):
        run(*words)
    watch_with(unwatched)
    assert counted
    counted.clear()
    return words


def test_a_run_that_goes_on_does_not_try_for_a_plan_again(
    spec: Path, tmp_path: Path, stopped: list[object], counted: list[int]
) -> None:
    run(*stopped)
    assert counted == []
    run("fit", spec, "--out", tmp_path / "whole", *options_of(PCG))
    assert content(tmp_path / "run") == content(tmp_path / "whole")


def test_a_plan_is_not_made_by_what_was_tried_with_another_network(
    stopped: list[object], counted: list[int]
) -> None:
    run(*stopped, "--overwrite", "--set", "network.depth=2")
    assert len(counted) == 1


def test_a_run_leaves_no_more_in_the_cache_than_it_may_have(spec: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cached = ("--set", f"compute.cache={cache}")
    run("fit", spec, "--out", tmp_path / "one", *cached)
    sizes = [path.stat().st_size for path in cache.iterdir()]
    assert len(sizes) > 1
    run(
        "fit",
        spec,
        "--out",
        tmp_path / "two",
        *cached,
        "--set",
        f"compute.cache_size={max(sizes) / 2**20}MiB",
    )
    assert 0 < sum(path.stat().st_size for path in cache.iterdir()) <= max(sizes)


def test_a_finished_run_leaves_what_is_kept_of_another_job(spec: Path, tmp_path: Path) -> None:
    first = ("fit", spec, "--out", tmp_path / "run", "--resume")
    run(*first)
    stop_after(2)
    with pytest.raises(StoppedError):
        run(*first, "--overwrite", "--set", "inference.ridge=0.5")
    watch_with(unwatched)
    kept = content(tmp_path / ".run.ntk-resume")
    assert kept
    run(*first)
    assert content(tmp_path / ".run.ntk-resume") == kept


def test_what_was_kept_is_deleted_before_another_run_may_begin(spec: Path, tmp_path: Path) -> None:
    is_locked: list[bool] = []

    def watch(change: Change, path: Path) -> None:
        if change == "remove_folder" and path.name == ".run.ntk-resume":
            is_locked.append((tmp_path / ".run.ntk-lock").exists())

    watch_with(watch)
    run("fit", spec, "--out", tmp_path / "run", "--resume")
    assert is_locked == [True]


def test_a_disk_that_refuses_to_delete_has_no_second_name_of_the_predictions_in_the_run(
    spec: Path, tmp_path: Path
) -> None:
    refused: list[Path] = []

    def refuse(change: Change, path: Path) -> None:
        if change == "remove" and "predictions.csv" in path.name:
            refused.append(path)
            raise OSError(errno.EIO, "fault", str(path))

    watch_with(refuse)
    options = options_of(NYSTROM)
    run("fit", spec, "--out", tmp_path / "run", *options)
    assert refused
    assert [path for path in (tmp_path / "run").iterdir() if path.name.startswith(".")] == []
