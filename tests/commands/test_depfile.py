"""`--depfile` of every command that has one, and Make with it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .run_files import MakeSpec, Ntk

TUNE = {"objective": "loo_rmse", "space": {"network.depth": [1, 2]}}
SIMULATE = {"widths": [8], "largest_trained": 8, "seeds": 1, "rows": 4}


@pytest.mark.parametrize(
    ("command", "target"),
    [
        ("fit", "run/run.json"),
        ("kernel", "run/run.json"),
        ("spectrum", "run-spectrum/run.json"),
        ("simulate", "run-simulation/summary.json"),
        ("tune", "run-tune/fit/run.json"),
    ],
)
def test_the_rule_is_of_all_that_was_read(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, command: str, target: str
) -> None:
    make_spec(tune=TUNE, simulate=SIMULATE).rename(tmp_path / "base.yaml")
    (tmp_path / "own.yaml").write_text("extends: base.yaml\nnetwork: {depth: 2}\n")
    outcome = ntk(command, "own.yaml", "--depfile", "own.d", "-qq")
    assert (outcome.returncode, outcome.stderr) == (0, "")
    inputs = ["own.yaml", "base.yaml", "train.csv", "test.csv"]
    first, *others = (tmp_path / "own.d").read_text().splitlines()
    assert first == f"{target}: {' '.join(inputs)}"
    assert others == [f"{name}:" for name in inputs[1:]]
    assert (tmp_path / target).exists()


@pytest.mark.parametrize("command", ["fit", "kernel"])
def test_a_run_that_is_finished_gets_its_rule(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, command: str
) -> None:
    make_spec()
    words = [command, "spec.yaml", "--resume", "-qq"]
    for more in [], ["--depfile", "rules/own.d"]:
        assert ntk(*words, *more).returncode == 0
    assert (tmp_path / "rules" / "own.d").read_text().startswith("run/run.json: spec.yaml train.csv")


@pytest.mark.parametrize("data", [{"target": "z"}, {"train": "none.csv"}])
def test_a_run_that_fails_leaves_no_rule(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, data: dict[str, str]
) -> None:
    outcome = ntk("fit", make_spec(data=data), "--depfile", "some/rules/own.d", "--out", "some/run")
    assert outcome.returncode == 3
    assert not (tmp_path / "some").exists()


def test_a_rule_in_the_way_of_the_spec_is_refused(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    path = make_spec()
    before = path.read_text()
    outcome = ntk("fit", path, "--depfile", "spec.yaml")
    assert outcome.returncode == 2
    assert path.read_text() == before
    assert not (tmp_path / "run").exists()


MAKEFILE = """
RUNS := $(patsubst %.yaml,runs/%/run.json,$(wildcard *.yaml))

all: $(RUNS)

runs/%/run.json: %.yaml
	ntk fit $< --out $(@D) --overwrite --quiet --depfile $(@D).d

-include $(wildcard runs/*.d)
"""


@pytest.mark.slow
def test_make_runs_again_what_is_older_than_any_of_its_files(
    make_spec: MakeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_spec().rename(tmp_path / "base.yml")
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("extends: base.yml\n")
    (tmp_path / "Makefile").write_text(MAKEFILE)
    (tmp_path / "ntk").write_text(f'#!/bin/sh\nexec {sys.executable} -m ntkcli "$@"\n')
    (tmp_path / "ntk").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    def made(*options: str) -> list[str]:
        words = ["make", "-j2", *options]
        outcome = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert outcome.returncode == 0, outcome.stderr
        lines = outcome.stdout.splitlines()
        return sorted(line.split()[2] for line in lines if line.startswith("ntk fit"))

    assert made() == ["a.yaml", "b.yaml"]
    assert made() == []
    later = (tmp_path / "runs" / "b" / "run.json").stat().st_mtime + 10
    for name, needing in {"b.yaml": ["b.yaml"], "base.yml": [*"ab"], "test.csv": [*"ab"]}.items():
        os.utime(tmp_path / name, (later, later))
        assert made("--dry-run") == [f"{spec[0]}.yaml" for spec in needing]
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / "test.csv").unlink()
    assert made("--dry-run") == ["a.yaml", "b.yaml"]
