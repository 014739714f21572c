"""network.dropout, the former name of network.keep_probability: read, with a warning."""

import json
from pathlib import Path

import pandas as pd
import yaml

from .run_files import Fit, MakeSpec, Ntk, load_json

ASKED = {"inference": {"ridge": 0.1}}
WARNING = "means the share of units that is kept, not dropped: write"


def test_the_former_name_means_the_same_and_is_warned_of(
    make_spec: MakeSpec, fit: Fit, ntk: Ntk, tmp_path: Path
) -> None:
    now = pd.read_csv(fit(network={"keep_probability": 0.8}, **ASKED) / "predictions.csv")
    path = make_spec(network={"dropout": 0.8}, **ASKED)
    outcome = ntk("fit", path, "--overwrite")
    assert outcome.returncode == 0
    (line,) = [line for line in outcome.stderr.splitlines() if WARNING in line]
    assert line.startswith(f"ntk: warning: {path}:")
    assert line.endswith("network.dropout: " + WARNING + " keep_probability instead")
    assert any(WARNING in text for text in load_json(tmp_path / "run" / "run.json")["warnings"])
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "run" / "predictions.csv"), now)


def test_every_command_that_reads_a_spec_warns(make_spec: MakeSpec, ntk: Ntk) -> None:
    path = make_spec(network={"dropout": 0.8}, **ASKED)
    for command in ("check", "network", "kernel"):
        outcome = ntk(command, path)
        assert (outcome.returncode, outcome.stderr.count(WARNING)) == (0, 1)


def test_runs_have_the_new_name(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    assert ntk("fit", make_spec(network={"dropout": 0.8}, **ASKED), "-qq").returncode == 0
    spec = yaml.safe_load((tmp_path / "run" / "spec.yaml").read_text())
    model = load_json(tmp_path / "run" / "model" / "model.json")
    for network in (spec["network"], model["network"]):
        assert network["keep_probability"] == 0.8
        assert "dropout" not in network


def test_a_model_with_the_former_name_predicts_as_it_did(fit: Fit, ntk: Ntk, tmp_path: Path) -> None:
    run = fit(network={"keep_probability": 0.8}, **ASKED)
    path = run / "model" / "model.json"
    model = load_json(path)
    model["network"]["dropout"] = model["network"].pop("keep_probability")
    del model["sha256"]
    path.write_text(json.dumps({**model, "format": 1}))
    assert ntk("predict", "run", "test.csv", "-qq", "--out", "again.csv").returncode == 0
    again, first = pd.read_csv(tmp_path / "again.csv"), pd.read_csv(run / "predictions.csv")
    pd.testing.assert_frame_equal(again, first, rtol=1e-12)


def test_a_space_may_have_the_former_name(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    tune = {"objective": "loo_rmse", "space": {"network.dropout": [0.8, 1.0]}}
    outcome = ntk("tune", make_spec(tune=tune, **ASKED))
    assert (outcome.returncode, outcome.stderr.count(WARNING)) == (0, 1)
    assert "tune.space.network.dropout: " + WARNING + " network.keep_probability instead" in outcome.stderr
    assert "network.keep_probability" in (tmp_path / "run-tune" / "trials.csv").read_text()


def test_both_names_are_a_fault(make_spec: MakeSpec, ntk: Ntk) -> None:
    outcome = ntk("fit", make_spec(network={"dropout": 0.8, "keep_probability": 0.8}))
    assert (outcome.returncode, outcome.stderr.count("\n")) == (2, 1)
    assert "network.dropout: is what keep_probability was called, which is given too" in outcome.stderr


def test_a_value_beyond_1_is_reported_at_the_line_of_the_former_name(make_spec: MakeSpec, ntk: Ntk) -> None:
    path = make_spec(network={"dropout": 1.5})
    line = path.read_text().splitlines().index("  dropout: 1.5") + 1
    outcome = ntk("fit", path)
    assert outcome.returncode == 2
    assert f":{line}: network.keep_probability: should be less than or equal to 1" in outcome.stderr
