"""A folder of Gram matrices has its limit, and costs no run its results."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.errors import RunDirectoryError
from ntkcli.files.disk import FULL
from ntkcli.files.watch import Change, unwatched, watch_with
from ntkcli.journal import Journal
from ntkcli.keeping import NOWHERE, What
from ntkcli.stores.entries import entries
from ntkcli.stores.gram_store import GramStore

SIZES = [10, 200]
BYTES = 2 * 4096 + 8 * sum(SIZES)


class Told(Journal):
    """A journal that keeps all lines."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def tell(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture
def journal() -> Told:
    return Told()


@pytest.fixture
def store(tmp_path: Path, journal: Told) -> GramStore:
    """A store with room for two arrays and a half."""
    return GramStore.cache(tmp_path / "kept", {}, journal, BYTES * 5 // 2)


@pytest.fixture(autouse=True)
def watched_no_longer() -> Iterator[None]:
    yield
    watch_with(unwatched)


def what(name: str) -> What:
    return lambda: {"name": name, "dtype": "float64"}


def use(store: GramStore, name: str) -> list[bool]:
    """Read or keep an array; which of its pieces were there."""
    with store.array(what(name), SIZES) as kept:
        there = []
        for piece, size in enumerate(SIZES):
            values: FloatArray = np.empty(size)
            there.append(kept.read(piece, values))
            if there[-1]:
                assert (values == piece + 0.5).all()
            else:
                kept.keep(piece, np.full(size, piece + 0.5))
    return there


def path_of(store: GramStore, name: str) -> Path:
    (found,) = [
        entry.path for entry in entries(store.folder) if entry.layout and entry.layout.what["name"] == name
    ]
    return found


def total(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def test_what_was_used_last_longest_ago_makes_room(store: GramStore) -> None:
    for used, name in enumerate("ab"):
        use(store, name)
        os.utime(path_of(store, name), (used, used))
    use(store, "a")
    use(store, "c")
    assert total(store.folder) == 2 * BYTES
    assert (use(store, "a"), use(store, "c")) == ([True, True], [True, True])
    assert use(store, "b") == [False, False]


def test_what_is_in_use_makes_no_room(store: GramStore, journal: Told) -> None:
    with store.array(what("a"), SIZES) as one, store.array(what("b"), SIZES) as two:
        for kept in (one, two):
            kept.keep(0, np.ones(SIZES[0]))
        with store.array(what("c"), SIZES) as third:
            assert third is NOWHERE
        assert total(store.folder) <= BYTES * 5 // 2
    (line,) = journal.lines
    assert line.startswith(
        f"{store.folder}: may have 24 KiB (compute.cache_size), and a Gram matrix takes 10 KiB"
    )
    assert line.endswith("beside those in use: it is not kept")
    assert use(store, "c") == [False, False]


def test_what_is_larger_than_all_room_is_told_and_drives_nothing_out(store: GramStore, journal: Told) -> None:
    use(store, "a")
    with store.array(what("large"), [BYTES]) as kept:
        assert kept is NOWHERE
    assert len(journal.lines) == 1
    assert use(store, "a") == [True, True]


def test_what_was_created_and_no_more_takes_no_room_beyond_the_limit(store: GramStore) -> None:
    use(store, "c")
    path = path_of(store, "c")
    path.unlink()
    for name in "ab":
        use(store, name)
    path.touch()
    use(store, "c")
    assert total(store.folder) == 2 * BYTES


def test_damage_is_told_once_and_mended(store: GramStore, journal: Told) -> None:
    use(store, "a")
    (path,) = store.folder.iterdir()
    path.write_bytes(path.read_bytes()[: -8 * sum(SIZES)] + bytes(8 * sum(SIZES)))
    assert use(store, "a") == [False, False]
    assert journal.warnings == [f"{path}: is damaged: what it held is computed again"]
    assert use(store, "a") == [True, True]


def changes_of(folder: Path, journal: Journal) -> list[Change]:
    """The changes of files as an array is kept."""
    seen: list[Change] = []
    watch_with(lambda change, path: seen.append(change))
    use(GramStore(folder, {}, journal, 10**6, 0.0), "a")
    watch_with(unwatched)
    return seen


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_whatever_change_fails_a_warning_tells_it_and_nothing_wrong_is_read_later(
    tmp_path: Path, code: int
) -> None:
    count = len(changes_of(tmp_path / "first", Journal()))
    assert count > 8
    for at in range(count):
        left = [at]

        def fail(change: str, path: Path, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise OSError(code, os.strerror(code), str(path))

        folder, journal = tmp_path / f"{at}", Journal()
        watch_with(fail)
        store = GramStore(folder, {}, journal, 10**6, 0.0)
        assert use(store, "a") == [False, False]
        watch_with(unwatched)
        why = FULL.get(code, os.strerror(code))
        assert journal.warnings == [f"{folder}: Gram matrices cannot be kept there: {why}: going on without"]
        # What was kept is right, and the rest is kept by the next one.
        use(GramStore(folder, {}, journal), "a")
        assert use(GramStore(folder, {}, journal), "a") == [True, True]
        assert len(journal.warnings) == 1


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "folder"):
        with pytest.raises(
            RunDirectoryError, match=r"compute.cache: .*: cannot be written: .*file is no folder"
        ):
            GramStore.cache(place, {}, Journal(), 1)
    with pytest.raises(RunDirectoryError, match="File name too long"):
        GramStore.cache(tmp_path / ("x" * 5000), {}, Journal(), 1)


def test_a_folder_is_made_once_it_is_used(tmp_path: Path) -> None:
    store = GramStore.cache(tmp_path / "a" / "b", {}, Journal(), 10**6)
    assert not (tmp_path / "a").exists()
    use(store, "a")
    assert (tmp_path / "a" / "b").is_dir()


def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: mode & os.W_OK == 0)
    with pytest.raises(RunDirectoryError, match=r"cannot be written: permission denied: name another"):
        GramStore.cache(tmp_path, {}, Journal(), 1)
