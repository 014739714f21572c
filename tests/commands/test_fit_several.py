"""`ntk fit A B ...`: one after the other."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from .run_files import MakeSpec, Ntk


@pytest.fixture
def specs(make_spec: MakeSpec, tmp_path: Path) -> Callable[..., list[str]]:
    """Specs by these names, without a run directory of their own."""

    def make(*names: str) -> list[str]:
        path = make_spec(output={"dir": None})
        for name in names:
            shutil.copy(path, tmp_path / name)
        path.unlink()
        return [*names]

    return make


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_each_spec_gets_its_run_directory(specs: Callable[..., list[str]], ntk: Ntk, tmp_path: Path) -> None:
    outcome = ntk("fit", *specs("a.yaml", "b.yaml"))
    assert outcome.returncode == 0
    assert outcome.stderr.splitlines() == ["ntk: fitting a.yaml", "ntk: fitting b.yaml"]
    assert [line for line in outcome.stdout.splitlines() if "wrote" in line] == [
        "wrote runs/a",
        "wrote runs/b",
    ]
    alone = ntk("fit", "a.yaml", "--out", "alone")
    assert alone.stderr == ""
    written = (tmp_path / "alone" / "predictions.csv").read_text()
    assert all((tmp_path / "runs" / name / "predictions.csv").read_text() == written for name in "ab")


def test_settings_are_of_all(specs: Callable[..., list[str]], ntk: Ntk, tmp_path: Path) -> None:
    ntk("fit", *specs("a.yaml", "b.yaml"), "--set", "network.depth=2", "-qq")
    assert all("depth: 2\n" in (tmp_path / "runs" / name / "spec.yaml").read_text() for name in "ab")


def test_what_fails_does_not_stop_the_others_and_the_worst_code_is_the_end(
    specs: Callable[..., list[str]], ntk: Ntk, tmp_path: Path
) -> None:
    names = specs("a.yaml", "b.yaml", "c.yaml", "d.yaml")
    spoil(tmp_path / "a.yaml", "ridge: 0", "ridge: -1")
    spoil(tmp_path / "b.yaml", "train.csv", "none.csv")
    spoil(tmp_path / "c.yaml", "target: y", "target: z")
    outcome = ntk("fit", *names, "-qq")
    assert outcome.returncode == 3
    assert outcome.stdout == ""
    first, second, third, *summary = outcome.stderr.splitlines()
    assert first.startswith("ntk: error: a.yaml:")
    assert "none.csv" in second
    assert "has no column 'z'" in third
    assert summary == [
        "ntk: error: a.yaml: not fitted (exit code 2)",
        "ntk: error: b.yaml: not fitted (exit code 3)",
        "ntk: error: c.yaml: not fitted (exit code 3)",
    ]
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["d"]


def test_a_fault_in_ntk_is_the_worst(
    specs: Callable[..., list[str]], ntk: Ntk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr("ntkcli.models.fitting.Fitting.carry_out", fail)
    outcome = ntk("fit", *specs("a.yaml", "b.yaml"), "none.yaml", "-qq")
    assert outcome.returncode == 1
    assert outcome.stderr.count("unexpected ZeroDivisionError: by nought") == 2
    assert outcome.stderr.endswith("ntk: error: none.yaml: not fitted (exit code 2)\n")


@pytest.mark.parametrize("option", ["--out", "--depfile"])
def test_what_is_for_one_spec_is_refused(
    specs: Callable[..., list[str]], ntk: Ntk, tmp_path: Path, option: str
) -> None:
    outcome = ntk("fit", *specs("a.yaml", "b.yaml"), option, "there")
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert outcome.stderr.startswith(
        f"ntk: error: {option}: is for one spec, and these are 2: fit them apart"
    )
    assert not (tmp_path / "runs").exists()


def test_standard_input_is_read_once(
    specs: Callable[..., list[str]], ntk: Ntk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (name,) = specs("a.yaml")
    outcome = ntk("fit", "-", name, "-")
    assert outcome.returncode == 2
    assert "`-` is standard input, which can be read once" in outcome.stderr
    text = (tmp_path / name).read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))
    assert ntk("fit", "-", name).returncode == 0
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["a", "stdin"]


def test_a_spec_does_not_write_over_the_results_of_another(
    specs: Callable[..., list[str]], ntk: Ntk, tmp_path: Path
) -> None:
    """As two would that extend one with an output.dir: --overwrite is of earlier runs."""
    names = specs("a.yaml", "b.yaml")
    for _ in range(2):
        outcome = ntk("fit", *names, "--set", "output.dir=one", "--overwrite", "-qq")
        assert outcome.returncode == 6
        assert outcome.stderr.splitlines() == [
            "ntk: error: b.yaml: one has the results of a spec before it: give it another output.dir",
            "ntk: error: b.yaml: not fitted (exit code 6)",
        ]
    assert '"a.yaml"' in (tmp_path / "one" / "run.json").read_text().replace("../", "")
