"""Gram matrices in a file: the same results as from memory, and nothing left of the file."""

import errno
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from .run_files import ALL_KERNELS, MakeSpec, Ntk, contents, load_json

SECTIONS: dict[str, Any] = {
    "inference": ALL_KERNELS | {"time": [0, 0.01, 0.5, "inf"]},
    "output": {
        "covariance": True,
        "kernels": ["ntk_train_train", "nngp_test_train", "nngp_test_test"],
    },
    "compute": {"solver": "lanczos"},
}


def refuse(*args: object) -> None:
    """A disk that is full."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def story(run: Path) -> dict[str, Any]:
    """What run.json has of the computation, times and memory aside."""
    manifest = load_json(run / "run.json")
    return {key: manifest[key] for key in ("solvers", "warnings", "compute")}


@pytest.mark.parametrize("command", ["fit", "kernel"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_blocks_in_a_file_give_the_same_bytes_as_in_memory(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, request: pytest.FixtureRequest, command: str, dtype: str
) -> None:
    spec = make_spec(**SECTIONS | {"compute": {"solver": "lanczos", "dtype": dtype}})
    assert ntk(command, spec).returncode == 0
    memory, reported = contents(tmp_path / "run"), story(tmp_path / "run")
    request.getfixturevalue("in_file")
    assert ntk(command, spec, "--overwrite").returncode == 0
    file = contents(tmp_path / "run")
    assert memory.keys() == file.keys()
    for name in memory.keys() - {"run.json"}:
        assert memory[name] == file[name], name
    assert reported["compute"]["storage"] == "memory"
    reported["compute"]["storage"] = "file"
    assert story(tmp_path / "run") == reported


@pytest.mark.usefixtures("in_file")
@pytest.mark.parametrize("command", ["fit", "kernel"])
def test_the_file_lies_in_the_run_directory_and_leaves_nothing(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    folders, temporary_file = [], tempfile.TemporaryFile

    def spy(**settings: Any) -> Any:
        folders.append(settings["dir"])
        return temporary_file(**settings)

    monkeypatch.setattr(tempfile, "TemporaryFile", spy)
    before = set(contents(tmp_path))
    assert ntk(command, make_spec(output={"kernels": ["ntk_train_train"]})).returncode == 0
    assert set(folders) == {tmp_path / ".run.ntk-partial"}
    after = {name for name in contents(tmp_path) if not name.startswith("run/model/")} - before
    extra = {"run/metrics.json", "run/predictions.csv"} if command == "fit" else set()
    assert after == {
        "spec.yaml",
        "run/spec.yaml",
        "run/run.json",
        "run/kernels/ntk_train_train.npy",
        *extra,
    }


@pytest.mark.usefixtures("in_file")
@pytest.mark.parametrize("command", ["fit", "kernel"])
def test_a_full_disk_is_reported_and_nothing_is_half_written(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(os, "posix_fallocate", refuse)
    spec = make_spec(output={"kernels": ["ntk_train_train"]})
    before = contents(tmp_path)
    outcome = ntk(command, spec)
    assert (outcome.returncode, outcome.stdout) == (5, "")
    (line,) = outcome.stderr.splitlines()
    assert line.startswith("ntk: error: not enough disk under ")
    assert "the disk is full" in line
    assert line.endswith("free some space, or write elsewhere with --out")
    assert contents(tmp_path) == before
    assert not (tmp_path / "run").exists()


@pytest.mark.usefixtures("in_file")
def test_a_full_disk_leaves_the_results_that_were_there(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = make_spec()
    assert ntk("fit", spec).returncode == 0
    before = contents(tmp_path)
    monkeypatch.setattr(os, "posix_fallocate", refuse)
    assert ntk("fit", spec, "--overwrite").returncode == 5
    assert contents(tmp_path) == before
