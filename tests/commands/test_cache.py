"""`ntk cache`: what a folder of Gram matrices has, whether it is sound, and what goes."""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ntkcli.stores.piece_file import Layout, PieceFile

from ..stores.kept import change_byte
from .run_files import MakeSpec, Ntk

Kept = Callable[..., Path]


@pytest.fixture
def keep(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> Kept:
    """Fit the small data with a cache, and give the file that it got."""

    def fit(**sections: dict[str, Any]) -> Path:
        before = {*tmp_path.glob("kernels/*")}
        spec = make_spec(**{"compute": {"cache": "kernels"}} | sections)
        assert ntk("fit", spec, "--overwrite").returncode == 0
        (found,) = {*tmp_path.glob("kernels/*")} - before
        return found.relative_to(tmp_path)

    return fit


@pytest.fixture
def kernels(keep: Kept) -> list[Path]:
    """Three Gram matrices, those first that were used last longest ago."""
    files = [
        keep(inference={"kernel": "ntkgp"}, network={"depth": 2, "activation": "tanh"}),
        keep(inference={"kernel": "nngp"}, compute={"cache": "kernels", "dtype": "float32"}),
        keep(inference={"kernel": "nngp"}),
    ]
    for i, file in enumerate(files):
        os.utime(file, (3600 * i, 3600 * i))
    return files


def test_a_line_tells_what_a_gram_matrix_is(kernels: list[Path], ntk: Ntk) -> None:
    head, *lines, total = [line.split() for line in ntk("cache", "ls", "kernels").stdout.splitlines()]
    assert head == ["gram", "network", "rows", "dtype", "size", "finished", "used", "file"]
    assert [line[-1] for line in lines] == [str(file) for file in kernels]
    assert lines[0][:8] == ["ntk", "tanh,", "depth", "2", "14", "x", "14", "float64"]
    assert (lines[1][7], lines[2][0]) == ("float32", "nngp")
    assert total[:3] == ["3", "Gram", "matrices,"]


def test_sound_ones_are_counted(kernels: list[Path], ntk: Ntk) -> None:
    outcome = ntk("cache", "verify", "kernels")
    assert (outcome.returncode, outcome.stdout) == (0, "3 Gram matrices: 3 whole\n")


def test_damaged_ones_are_named_with_what_to_do(kernels: list[Path], ntk: Ntk) -> None:
    change_byte(kernels[1], -1)
    kernels[2].write_bytes(b"")
    outcome = ntk("cache", "verify", "kernels")
    assert outcome.returncode == 3
    assert outcome.stdout.splitlines() == [
        f"{kernels[1]}: damaged",
        f"{kernels[2]}: unfinished",
        "3 Gram matrices: 1 whole, 1 unfinished, 1 damaged",
    ]
    assert "`ntk cache prune kernels --damaged` deletes it" in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1
    assert ntk("cache", "prune", "kernels", "--damaged").returncode == 0
    assert [file.exists() for file in kernels] == [True, False, True]
    assert ntk("cache", "verify", "kernels").returncode == 0


def test_what_is_in_use_is_neither_judged_nor_deleted(kernels: list[Path], ntk: Ntk) -> None:
    layout = Layout.of(kernels[0])
    assert layout is not None
    kernels[0].write_bytes(b"")
    file = PieceFile.opened(kernels[0], layout, 0.0)
    assert file is not None
    with closing(file):
        verified = ntk("cache", "verify", "kernels")
        pruned = ntk("cache", "prune", "kernels", "--all")
    assert (verified.returncode, verified.stdout.splitlines()[0]) == (0, f"{kernels[0]}: in use")
    assert pruned.returncode == 0
    assert f"{kernels[0]}: in use, and stays" in pruned.stdout
    assert [file.exists() for file in kernels] == [True, False, False]


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (["--all"], 0),
        (["--size", "0"], 0),
        (["--size", "1GB"], 3),
        (["--older", "1d"], 1),
        (["--older", "1d", "--size", "0"], 0),
        (["--damaged"], 3),
        (["--all", "--dry-run"], 3),
    ],
)
def test_what_is_asked_for_goes(kernels: list[Path], ntk: Ntk, options: list[str], left: int) -> None:
    os.utime(kernels[2])
    outcome = ntk("cache", "prune", "kernels", *options)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert [file.exists() for file in kernels] == [False] * (3 - left) + [True] * left
    told = 0 if "--dry-run" in options else left
    assert len(outcome.stdout.splitlines()) == 1 + 3 - told


def test_a_size_leaves_those_that_were_used_last(kernels: list[Path], ntk: Ntk) -> None:
    outcome = ntk("cache", "prune", "kernels", "--size", kernels[2].stat().st_size)
    assert outcome.stdout.splitlines()[0].startswith(f"{kernels[0]}: deleted ")
    assert [file.exists() for file in kernels] == [False, False, True]


def test_the_next_run_mends_what_is_damaged(kernels: list[Path], ntk: Ntk, make_spec: MakeSpec) -> None:
    change_byte(kernels[2], -1)
    spec = make_spec(inference={"kernel": "nngp", "ridge": 1.0}, compute={"cache": "kernels"})
    outcome = ntk("fit", spec, "--overwrite", "-q")
    assert (outcome.returncode, len(outcome.stderr.splitlines())) == (0, 1)
    assert f"{kernels[2].name}: is damaged: what it held is computed again" in outcome.stderr
    assert ntk("cache", "verify", "kernels").returncode == 0


@pytest.mark.parametrize("command", ["ls", "verify", "prune"])
@pytest.mark.parametrize(
    ("place", "code", "message"),
    [
        ("empty", 0, ""),
        ("other", 0, ""),
        ("train.csv", 3, "train.csv: is no folder: give the one that compute.cache names"),
        ("none", 3, "none: there is no such folder: give the one that compute.cache names"),
    ],
)
def test_a_folder_without_any_is_told_in_a_line(
    small_data: None, tmp_path: Path, ntk: Ntk, command: str, place: str, code: int, message: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").touch()
    outcome = ntk("cache", command, place, *(["--all"] if command == "prune" else []))
    assert (outcome.returncode, outcome.stderr) == (code, message and f"ntk: error: {message}\n")
    assert len(outcome.stdout.splitlines()) == (code == 0)
    assert (tmp_path / "other" / "notes.txt").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "nothing says what to delete: give --size, --older, --damaged or --all"),
        (["--size", "lots"], "'lots' is no size: write one such as 10GB, 8GiB or a number of bytes"),
        (["--older", "1w"], "'1w' is no duration: write one such as 90, 90s, 55m, 2h or 30d"),
    ],
)
def test_what_does_not_say_what_goes_is_a_usage_error(
    tmp_path: Path, ntk: Ntk, options: list[str], message: str
) -> None:
    outcome = ntk("cache", "prune", tmp_path, *options)
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert message in outcome.stderr
