"""The result of a command arrives on standard output, or the command fails."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from .run_files import Fit, MakeSpec, Ntk

COMMANDS = [
    "check spec.yaml",
    "network spec.yaml",
    "activations",
    "evaluate run test.csv --json",
    "predict run test.csv",
]


def shell(line: str, folder: Path, before: str = "true") -> "subprocess.CompletedProcess[str]":
    """Run `ntk LINE` in a shell, after another command."""
    words = f"{before}; {sys.executable} -m ntkcli {line}"
    return subprocess.run(["sh", "-c", words], cwd=folder, capture_output=True, encoding="utf-8", check=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_it_is_reported_when_it_cannot_be_written(
    fit: Fit, ntk: Ntk, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """A process with such streams is in test_predict_output."""
    fit(output={"std": False})
    full = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115 - closing it fails
    with suppress(OSError), full:
        for stream, code, reported in (
            (full, 5, "standard output: the disk is full: free some space, or write elsewhere"),
            (None, 6, "standard output: is closed: connect it to a file"),
        ):
            monkeypatch.setattr("sys.stdout", stream)
            outcome = ntk(*command.split())
            assert (outcome.returncode, outcome.stderr) == (code, f"ntk: error: {reported}\n")


@pytest.mark.parametrize("streams", ["> /dev/full 2> /dev/full", ">&-", "<&- >&- 2>&-"])
def test_what_goes_into_files_needs_no_streams(make_spec: MakeSpec, tmp_path: Path, streams: str) -> None:
    make_spec(output={"std": False})
    assert shell(f"fit spec.yaml {streams}", tmp_path).returncode == 0
    assert (tmp_path / "run" / "run.json").exists()
    assert shell(f"predict run test.csv --out new.csv {streams}", tmp_path).returncode == 0
    assert len((tmp_path / "new.csv").read_text().splitlines()) == 6


def test_help_that_cannot_be_written_is_a_full_disk(tmp_path: Path) -> None:
    outcome = shell("fit --help > /dev/full", tmp_path)
    shown = "standard output: the disk is full: free some space"
    assert (outcome.returncode, outcome.stderr) == (5, f"ntk: error: {shown}\n")


def test_nothing_begins_in_a_working_directory_that_is_gone(make_spec: MakeSpec, tmp_path: Path) -> None:
    spec = make_spec()
    outcome = shell(f"fit {spec}", tmp_path, before="mkdir gone; cd gone; rmdir ../gone")
    shown = "ntk: error: the working directory is gone: go to one that is there ("
    assert (outcome.returncode, outcome.stderr.startswith(shown)) == (2, True)
    assert not (tmp_path / "run").exists()


def test_a_reader_may_go_away(tmp_path: Path) -> None:
    outcome = shell("activations | true", tmp_path)
    assert (outcome.returncode, outcome.stderr) == (0, "")


def test_it_is_utf_8_whatever_the_terminal_has(fit: Fit, tmp_path: Path) -> None:
    """As in files: what one command writes, the other reads."""
    train = (tmp_path / "train.csv").read_text()
    (tmp_path / "train.csv").write_text(train.replace("y", "größe", 1), encoding="utf-8")
    fit(data={"target": "größe", "test": None}, output={"std": False})
    line = f"PYTHONIOENCODING=ascii {sys.executable} -m ntkcli predict run train.csv"
    outcome = subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, check=True)
    assert outcome.stdout.decode("utf-8").startswith("row,kernel,time,größe_mean,größe\n")


@pytest.mark.parametrize("locale", ["PYTHONIOENCODING=ascii", "PYTHONUTF8=0 PYTHONIOENCODING=latin-1"])
def test_no_table_is_lost_to_a_locale(make_spec: MakeSpec, tmp_path: Path, locale: str) -> None:
    make_spec(output={"dir": "läufe"})
    outcome = shell("fit spec.yaml", tmp_path, before=f"export {locale}")
    assert (outcome.returncode, outcome.stdout.splitlines()[-1]) == (0, "wrote läufe")


def test_a_spec_names_its_files_in_utf_8_whatever_the_locale(make_spec: MakeSpec, tmp_path: Path) -> None:
    (tmp_path / "train.csv").rename(tmp_path / "häuser.csv")
    make_spec(data={"train": "häuser.csv"}, output={"dir": "läufe"})
    plain = "export LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0"
    outcome = shell("fit spec.yaml --depfile ü.d -qq", tmp_path, before=plain)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    rule = (tmp_path / "ü.d").read_text(encoding="utf-8")
    assert rule.startswith("läufe/run.json: spec.yaml häuser.csv")


@pytest.mark.parametrize("line", ["--help", "fit --help", "--version", "init train.csv y --out -", "2>&1"])
def test_a_reader_that_is_gone_is_no_failure(make_spec: MakeSpec, tmp_path: Path, line: str) -> None:
    make_spec()
    # Its reader ends before it is loaded.
    words = f"{{ {sys.executable} -m ntkcli {line}; echo $? >&2; }} | true"
    outcome = subprocess.run(["bash", "-c", words], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert outcome.stderr.split("\n")[-2:] == ["2" if line == "2>&1" else "0", ""]
    assert "error" not in outcome.stderr


def test_json_that_can_go_nowhere_is_refused_before_the_work(make_spec: MakeSpec, tmp_path: Path) -> None:
    make_spec()
    outcome = shell("fit spec.yaml --json >&-", tmp_path)
    told = "standard output: is closed: connect it to a file"
    assert (outcome.returncode, outcome.stderr) == (6, f"ntk: error: {told}\n")
    assert not (tmp_path / "run").exists()
