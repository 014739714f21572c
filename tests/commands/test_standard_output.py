"""The result of a command arrives on standard output, or the command fails."""

import subprocess
import sys
from pathlib import Path

import pytest

from .run_files import Fit

COMMANDS = ["check spec.yaml", "network spec.yaml", "activations", "evaluate run test.csv --json"]


def ntk(line: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run `ntk LINE` in a shell."""
    words = f"{sys.executable} -m ntkcli {line}"
    return subprocess.run(["sh", "-c", words], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_it_is_reported_when_it_cannot_be_written(fit: Fit, tmp_path: Path, command: str) -> None:
    fit(output={"std": False})
    for redirection, code, reported in (
        ("> /dev/full", 5, "standard output: cannot be written: No space left on device: write elsewhere"),
        (">&-", 6, "standard output: is closed: connect it to a file"),
    ):
        outcome = ntk(f"{command} {redirection}", tmp_path)
        assert (outcome.returncode, outcome.stderr) == (code, f"ntk: error: {reported}\n")


def test_a_reader_may_go_away(tmp_path: Path) -> None:
    outcome = ntk("activations | true", tmp_path)
    assert (outcome.returncode, outcome.stderr) == (0, "")


def test_it_is_utf_8_whatever_the_terminal_has(fit: Fit, tmp_path: Path) -> None:
    """As in files: what one command writes, the other reads."""
    train = (tmp_path / "train.csv").read_text()
    (tmp_path / "train.csv").write_text(train.replace("y", "größe", 1), encoding="utf-8")
    fit(data={"target": "größe", "test": None}, output={"std": False})
    line = f"PYTHONIOENCODING=ascii {sys.executable} -m ntkcli predict run train.csv"
    outcome = subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, check=True)
    assert outcome.stdout.decode("utf-8").startswith("row,kernel,time,größe_mean,größe\n")
