"""A state comes back as it was saved, or not at all."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ntkcli.files.disk import FULL
from ntkcli.files.watch import Change, unwatched, watch_with
from ntkcli.journal import Journal
from ntkcli.keeping import State
from ntkcli.stores.checkpoint_files import CheckpointFiles

from ..lines import Lines

RANDOM = np.random.default_rng(0)
ARRAYS = {
    "rows": RANDOM.normal(size=(3, 5)),
    "columns": np.asfortranarray(RANDOM.normal(size=(4, 2))),
    "column": RANDOM.normal(size=(4, 1)),
    "numbers": np.array([np.nan, -0.0, np.inf]),
    "part": RANDOM.normal(size=(6, 6))[::2, ::2],
}
B = np.arange(3.0)


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def store(tmp_path: Path, lines: Lines) -> Iterator[CheckpointFiles]:
    """One that keeps every state."""
    yield CheckpointFiles(tmp_path / "states", Journal(lines), interval=0.0)
    watch_with(unwatched)


def only_file(store: CheckpointFiles) -> Path:
    (found,) = store.folder.iterdir()
    return found


def test_a_state_comes_back_with_every_bit_in_its_order_in_memory(
    store: CheckpointFiles, lines: Lines
) -> None:
    store.of("pcg", "iteration", B).save(State(1200, ARRAYS))
    found = store.of("pcg", "iteration", B).load()
    assert found
    assert (found.done, found.is_result, [*found.arrays]) == (1200, False, [*ARRAYS])
    for name, array in ARRAYS.items():
        other = found.arrays[name]
        assert (other.shape, other.dtype, other.tobytes()) == (array.shape, array.dtype, array.tobytes())
        assert other.flags.f_contiguous or not array.flags.f_contiguous
        assert other.flags.writeable
    assert lines.lines == ["pcg: goes on at iteration 1,200"]


def test_what_depends_on_something_else_is_another_computation(store: CheckpointFiles) -> None:
    store.of("pcg", "iteration", B).save(State(1, ARRAYS))
    assert store.of("pcg", "iteration", B + np.spacing(B)).load() is None
    assert store.of("pcg", "iteration", B.astype(np.float32)).load() is None
    assert store.of("pcg", "iteration", B, B).load() is None
    assert store.of("sums", "row", B).load() is None


def test_a_state_with_any_byte_changed_or_cut_short_is_told_and_not_used(
    store: CheckpointFiles, lines: Lines
) -> None:
    store.of("pcg", "iteration", B).save(State(7, {"x": np.arange(3.0)}))
    path = only_file(store)
    whole = path.read_bytes()
    changed = [whole[:i] + bytes([byte ^ 1]) + whole[i + 1 :] for i, byte in enumerate(whole)]
    cut = [whole[:length] for length in range(len(whole))]
    for content in [*changed, *cut, whole + b"\n"]:
        path.write_bytes(content)
        assert store.of("pcg", "iteration", B).load() is None
    assert {*lines.lines} == {f"warning: {path}: is damaged: what it held is computed again"}


def test_states_are_saved_at_intervals_and_results_that_took_long(
    store: CheckpointFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    store.interval = 10.0

    def last() -> int | None:
        found = store.of("pcg", "iteration", B).load()
        return found.done if found else None

    checkpoint = store.of("pcg", "iteration", B)
    known = []
    for i in range(8):
        now += 3.0
        checkpoint.save(State(i, ARRAYS))
        known.append(last())
    assert known == [None, None, None, 3, 3, 3, 3, 7]
    store.of("pcg", "iteration", B).save(State(9, ARRAYS, is_result=True))
    assert last() == 7
    checkpoint.save(State(9, ARRAYS, is_result=True))
    assert last() == 9


@pytest.mark.parametrize("change", ["make_folder", "create", "write", "sync", "rename"])
def test_where_nothing_can_be_kept_it_is_told_once_and_what_was_kept_stays(
    store: CheckpointFiles, lines: Lines, change: str
) -> None:
    if change != "make_folder":
        store.of("pcg", "iteration", B).save(State(1, ARRAYS))

    def watch(made: Change, path: Path) -> None:
        if made == change:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    watch_with(watch)
    for done in (2, 3):
        store.of("pcg", "iteration", B).save(State(done, ARRAYS))
    watch_with(unwatched)
    assert lines.lines == [
        f"warning: {store.folder}: iterations cannot be kept there: {FULL[errno.ENOSPC]}: going on without"
    ]
    assert [*store.folder.parent.rglob("*.partial")] == []
    found = store.of("pcg", "iteration", B).load()
    assert (found.done if found else None) == (None if change == "make_folder" else 1)
