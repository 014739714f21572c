"""Models in memory: fitted as `ntk fit` fits, written and read without a change."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest

from ntkcli.errors import RunDirectoryError
from ntkcli.jobs.opening import open_job
from ntkcli.journal import Journal
from ntkcli.models.held_arrays import HeldArrays
from ntkcli.models.held_model import fit_in_memory, load_into_memory, save_model
from ntkcli.spec.file import read_spec

MakeSpec = Callable[..., Path]
Ntk = Callable[..., CompletedProcess[str]]


def model_files(run: Path) -> dict[str, bytes]:
    folder = run / "model"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "inference",
    [{}, {"kernel": ["ntk", "ntkgp"], "time": [0, 0.5, "inf"], "ridge": 0.1}],
    ids=["defaults", "several"],
)
@pytest.mark.parametrize("factor", [False, True], ids=["without", "with_factor"])
def test_a_model_in_memory_is_written_as_fit_writes_it(
    inference: dict[str, Any], factor: bool, make_spec: MakeSpec, ntk: Ntk, tmp_path: Path
) -> None:
    path = make_spec(inference=inference, output={"factor": factor})
    assert ntk("fit", path, "--out", tmp_path / "fitted").returncode == 0
    source = read_spec(path)
    with open_job(source, Journal()) as job:
        model = fit_in_memory(job, source.spec.output)
    save_model(model, tmp_path / "saved", overwrite=False)
    assert model_files(tmp_path / "saved") == model_files(tmp_path / "fitted")
    save_model(load_into_memory(tmp_path / "fitted"), tmp_path / "again", overwrite=False)
    assert model_files(tmp_path / "again") == model_files(tmp_path / "fitted")


def test_a_run_with_more_than_a_model_is_not_replaced(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    assert ntk("fit", make_spec(), "--out", tmp_path / "fitted").returncode == 0
    with pytest.raises(RunDirectoryError, match="does not write"):
        save_model(load_into_memory(tmp_path / "fitted"), tmp_path / "fitted", overwrite=True)


def test_arrays_in_memory_are_copies_that_nobody_writes_to() -> None:
    arrays, array = HeldArrays(), np.arange(6.0).reshape(2, 3)
    arrays.write("a/b", array)
    array[:] = 0
    assert arrays.read("a/b", 2, -1)[1, 2] == 5
    assert arrays.shape("a/b", 2) == [2, 3]
    with pytest.raises(ValueError, match="read-only"):
        arrays.read("a/b", 2, 3)[0, 0] = 1
    for shape in ((3, 2), (6,)):
        with pytest.raises(ValueError, match=r"a/b has shape \(2, 3\)"):
            arrays.read("a/b", *shape)
    with pytest.raises(ValueError, match="2 dimensions, not 1"):
        arrays.shape("a/b", 1)
