"""What the command line says beside a spec: settings, and where it is."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from ntkcli.spec.file import read_spec

Ntk = Callable[..., CompletedProcess[str]]
MakeSpec = Callable[..., Path]


def test_a_setting_is_in_the_resolved_spec_and_in_run_json(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path
) -> None:
    assert ntk("fit", make_spec(), "--set", "network.depth=4", "--set", "output.std=false").returncode == 0
    manifest = json.loads((tmp_path / "run" / "run.json").read_text())
    assert manifest["spec"]["set"] == ["network.depth=4", "output.std=false"]
    assert read_spec(tmp_path / "run" / "spec.yaml").spec.network.depth == 4
    assert "y_std" not in (tmp_path / "run" / "predictions.csv").read_text().splitlines()[0]


def test_the_resolved_spec_of_a_family_needs_no_base(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    make_spec()
    (tmp_path / "deep.yaml").write_text("extends: spec.yaml\nnetwork: {depth: 4}\noutput: {dir: deep}\n")
    assert ntk("fit", "deep.yaml").returncode == 0
    manifest = json.loads((tmp_path / "deep" / "run.json").read_text())
    assert [base["path"] for base in manifest["spec"]["extends"]] == ["../spec.yaml"]
    (tmp_path / "spec.yaml").unlink()
    assert ntk("fit", "deep/spec.yaml", "--out", "again").returncode == 0
    names = [tmp_path / run / "predictions.csv" for run in ("deep", "again")]
    assert names[0].read_bytes() == names[1].read_bytes()


@pytest.mark.parametrize("command", ["fit", "kernel", "check", "spectrum", "simulate", "network"])
def test_every_command_on_a_spec_takes_settings(make_spec: MakeSpec, ntk: Ntk, command: str) -> None:
    outcome = ntk(command, make_spec(), "--set", "network.depth=0")
    assert outcome.returncode == 2
    assert "--set network.depth=0: network.depth: should be greater" in outcome.stderr


def test_a_search_takes_settings_and_the_fit_of_its_best_has_them(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path
) -> None:
    spec = make_spec(tune={"space": {"network.depth": [1, 2]}})
    settings = ["--set", "tune.space.network.depth=[3]", "--set", "output.std=false"]
    assert ntk("tune", spec, *settings).returncode == 0
    best = read_spec(tmp_path / "run-tune" / "best.yaml").spec
    assert (best.network.depth, best.output.std) == (3, False)
