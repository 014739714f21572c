"""What is in a folder of Gram matrices: which are sound, and which go first."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from ntkcli.stores.entries import entries, prune
from ntkcli.stores.piece_file import PieceFile

from .kept import SIZES, change_byte, entry, keep, layout_of, path_of

STARTS = layout_of("a").starts
SIZE = layout_of("a").end


@pytest.fixture
def in_use(tmp_path: Path) -> Iterator[None]:
    """Somebody reads `a`."""
    file = PieceFile.opened(keep(tmp_path, "a", used=0), layout_of("a"), 0.0)
    assert file is not None
    with closing(file):
        yield


def names(folder: Path) -> list[str]:
    """Those of `a`, `b` and `c` that are there."""
    return [name for name in "abc" if path_of(folder, name).exists()]


def test_what_is_finished_is_whole(tmp_path: Path) -> None:
    keep(tmp_path, "a")
    assert (entry(tmp_path).finished, entry(tmp_path).check()) == (1.0, "whole")


@pytest.mark.parametrize(
    "place",
    [0, 20, 4096, 4096 + 32 * 3 - 1, STARTS[0], STARTS[1] - 1, STARTS[1] + 7000, SIZE - 1],
    ids=[
        "sign",
        "header",
        "checksum",
        "last checksum",
        "first byte",
        "end of a piece",
        "middle",
        "last byte",
    ],
)
def test_a_byte_that_changed_is_damage(tmp_path: Path, place: int) -> None:
    change_byte(keep(tmp_path, "a"), place)
    assert entry(tmp_path).check() == "damaged"


@pytest.mark.parametrize("size", [10, 5000, SIZE - 1])
def test_a_file_that_is_cut_is_damaged(tmp_path: Path, size: int) -> None:
    path = keep(tmp_path, "a")
    path.write_bytes(path.read_bytes()[:size])
    assert entry(tmp_path).check() == "damaged"


def test_a_file_of_another_array_is_damaged(tmp_path: Path) -> None:
    keep(tmp_path, "b").rename(path_of(tmp_path, "a"))
    assert entry(tmp_path).check() == "damaged"


def test_what_is_not_finished_is_no_damage(tmp_path: Path) -> None:
    keep(tmp_path, "a", [1])
    assert entry(tmp_path).finished == SIZES[1] / sum(SIZES)
    assert entry(tmp_path).check() == "unfinished"


@pytest.mark.parametrize("content", [b"", bytes(SIZE)], ids=["created", "with its disk space"])
def test_what_is_hardly_begun_is_no_damage(tmp_path: Path, content: bytes) -> None:
    path_of(tmp_path, "a").write_bytes(content)
    assert (entry(tmp_path).finished, entry(tmp_path).check()) == (0.0, "unfinished")


def test_an_unfinished_one_can_be_damaged(tmp_path: Path) -> None:
    change_byte(keep(tmp_path, "a", [1]), STARTS[1])
    assert entry(tmp_path).check() == "damaged"


def test_one_that_is_being_written_is_not_judged(tmp_path: Path) -> None:
    path = keep(tmp_path, "a", [0])
    change_byte(path, STARTS[0])
    file = PieceFile.opened(path, layout_of("a"), 0.0)
    assert file is not None
    with closing(file):
        assert entry(tmp_path).check() == "in use"
    assert entry(tmp_path).check() == "damaged"


def test_one_that_is_being_read_is(tmp_path: Path, in_use: None) -> None:
    assert entry(tmp_path).check() == "whole"


def test_other_files_are_passed_over(tmp_path: Path) -> None:
    keep(tmp_path, "a")
    (tmp_path / "notes.txt").touch()
    (tmp_path / "folder.gram").mkdir()
    os.mkfifo(tmp_path / "pipe.gram")
    assert [found.path for found in entries(tmp_path)] == [path_of(tmp_path, "a")]


@pytest.mark.parametrize(
    ("size", "left"),
    [(0, []), (SIZE - 1, []), (SIZE, ["b"]), (2 * SIZE, ["a", "b"]), (3 * SIZE, ["a", "b", "c"])],
)
def test_what_was_used_last_longest_ago_goes_first(tmp_path: Path, size: int, left: list[str]) -> None:
    for name, used in {"a": 200, "b": 300, "c": 100}.items():
        keep(tmp_path, name, used=used)
    assert prune(tmp_path, size).left == SIZE * len(left)
    assert names(tmp_path) == left


def test_what_is_in_use_stays_and_others_go_in_its_place(tmp_path: Path, in_use: None) -> None:
    for name, used in {"b": 1, "c": 2}.items():
        keep(tmp_path, name, used=used)
    found = prune(tmp_path, 2 * SIZE)
    assert [gone.path for gone in found.gone] == [path_of(tmp_path, "b")]
    assert [busy.path for busy in found.busy] == [path_of(tmp_path, "a")]
    assert names(tmp_path) == ["a", "c"]


def test_a_dry_run_tells_what_would_go_and_deletes_nothing(tmp_path: Path, in_use: None) -> None:
    keep(tmp_path, "b", used=1)
    dry = prune(tmp_path, 0, dry_run=True)
    assert names(tmp_path) == ["a", "b"]
    assert dry == prune(tmp_path, 0)
    assert names(tmp_path) == ["a"]


def test_those_that_are_meant_go_whatever_their_size(tmp_path: Path) -> None:
    for name in "abc":
        keep(tmp_path, name)
    found = prune(tmp_path, goes=lambda entry: entry.path == path_of(tmp_path, "b"))
    assert (names(tmp_path), found.left) == (["a", "c"], 2 * SIZE)


def test_one_that_somebody_else_deletes_meanwhile_is_gone(tmp_path: Path) -> None:
    for name in "ab":
        keep(tmp_path, name)

    def goes(entry: object) -> bool:
        path_of(tmp_path, "a").unlink(missing_ok=True)
        return True

    assert (len(prune(tmp_path, goes=goes).gone), names(tmp_path)) == (2, [])


def test_a_file_that_was_deleted_while_it_was_read_is_not_written(tmp_path: Path) -> None:
    path = keep(tmp_path, "a")
    file = PieceFile.opened(path, layout_of("a"), 0.0)
    assert file is not None
    with closing(file):
        path.unlink()
        assert not file.write(0, np.zeros(SIZES[0]))
    assert not path.exists()
