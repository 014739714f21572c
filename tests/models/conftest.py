"""A small fitted run, to be read or damaged."""

import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

Ntk = Callable[..., CompletedProcess[str]]


@pytest.fixture
def run(fit: Callable[..., Path]) -> Path:
    """The small data fitted by every kind of stage, factorisations stored."""
    asked: dict[str, Any] = {"kernel": ["ntk", "nngp"], "time": [0, 0.5, "inf"], "ridge": 0.05}
    return fit(inference=asked, output={"factor": True})


@pytest.fixture
def refused(ntk: Ntk, run: Path) -> Callable[[str], str]:
    """Predict with a damaged model: one line that names a file of it, the exit code of data; the line."""

    def predict(name: str) -> str:
        for command in ("predict", "evaluate"):
            outcome = ntk(command, "run", "test.csv")
            assert (outcome.returncode, outcome.stdout) == (3, ""), outcome.stderr
            *notes, line = outcome.stderr.splitlines()
            assert all(note.startswith("ntk: std: ") for note in notes)
            place = f"{Path('run', 'model', name)}: " if name else "run/model/"
            assert line.startswith(f"ntk: error: {place}"), line
        return line

    return predict


@pytest.fixture
def intact(run: Path, tmp_path: Path) -> Callable[[], None]:
    """Puts the model back as it was."""
    copy = tmp_path / "copy"
    shutil.copytree(run / "model", copy)

    def restore() -> None:
        shutil.rmtree(run / "model")
        shutil.copytree(copy, run / "model")

    return restore
