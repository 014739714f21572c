"""`--log` of the commands that take long."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from .run_files import MakeSpec, Ntk

SECTIONS: dict[str, Any] = {
    "tune": {"validation": {"folds": 3}, "space": {"inference.ridge": [0.1, 1.0]}},
    "simulate": {"widths": [4], "seeds": 2, "rows": 10},
}


def levels(path: Path) -> list[str]:
    return [json.loads(line)["level"] for line in path.read_text().splitlines()]


@pytest.mark.parametrize("command", ["fit", "kernel", "spectrum", "tune", "simulate"])
def test_a_log_has_the_phases_and_the_end_of_a_quiet_command(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, command: str
) -> None:
    spec = make_spec(**SECTIONS)
    outcome = ntk(command, spec, "-qq", "--log", "log", "--log-format", "json")
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")
    first, *between, last = map(json.loads, (tmp_path / "log").read_text().splitlines())
    assert first["message"] == f"ntk {command} {spec} -qq --log log --log-format json"
    assert "read" in {line.get("phase") for line in between}
    assert last["exit_code"] == 0


def test_predictions_and_scores_are_logged_and_written_as_without(fit: Any, ntk: Ntk, tmp_path: Path) -> None:
    run = fit()
    for command in ("predict", "evaluate"):
        plain = ntk(command, run, "test.csv")
        logged = ntk(command, run, "test.csv", "--log", f"{command}.log")
        assert logged.returncode == 0
        # The score table ends with seconds.
        assert re.sub(r"\d+\.\d+$", "", logged.stdout, flags=re.M) == re.sub(
            r"\d+\.\d+$", "", plain.stdout, flags=re.M
        )
        assert "ended with exit code 0" in (tmp_path / f"{command}.log").read_text()


def test_warnings_are_logged_when_they_are_not_shown(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text("a,b,y\n1,2,3\n1,3,4\n1,5,1\n")
    spec = make_spec(data={"train": "few.csv", "test": None}, output={"noise": True})
    shown = ntk("fit", spec).stderr.count("ntk: warning: ")
    assert ntk("fit", spec, "--overwrite", "-qq", "--log", "log", "--log-format", "json").stderr == ""
    assert levels(tmp_path / "log").count("warning") == shown > 0


def test_errors_of_several_specs_are_logged(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    outcome = ntk("fit", make_spec(), "none.yaml", "--log", "log", "--log-format", "json")
    assert outcome.returncode == 2
    assert levels(tmp_path / "log").count("error") == outcome.stderr.count("ntk: error: ") == 2


def test_a_log_that_cannot_be_opened_is_refused_before_the_work(make_spec: MakeSpec, ntk: Ntk) -> None:
    spec = make_spec()
    before = spec.read_text()
    for place in ("none/log", spec.name):
        outcome = ntk("fit", spec, "--log", place)
        assert outcome.returncode == 6
        assert outcome.stderr.endswith("choose another --log\n")
    assert spec.read_text() == before
    assert not (spec.parent / "run").exists()
