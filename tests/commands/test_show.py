import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .run_files import MakeSpec, Ntk, load_json
from .test_json import NYSTROM, SIMULATE, TUNE

Shown = Callable[[str], str]


@pytest.fixture
def shown(ntk: Ntk) -> Shown:
    """What `ntk show RUN` prints."""

    def show(run: str) -> str:
        outcome = ntk("show", run)
        assert (outcome.returncode, outcome.stderr) == (0, "")
        return outcome.stdout

    return show


def texts_of(page: str) -> dict[str, str]:
    """The text behind each label, those of the lines below it behind the first."""
    found: dict[str, str] = {}
    label = ""
    for line in page.split("\n\n")[0].splitlines():
        head, _, text = line.partition("  ")
        label = head or label
        found[label] = f"{found.get(label, '')} {text.strip()}".strip()
    return found


def test_a_fit_tells_what_it_is_of(make_spec: MakeSpec, ntk: Ntk, shown: Shown, tmp_path: Path) -> None:
    ntk("fit", make_spec(inference={"kernel": "ntkgp", "ridge": 0.1}), "--set", "network.depth=3")
    page = shown("run")
    found = texts_of(page)
    assert found["run"].startswith("run, by ntk fit, 20")
    assert found["spec"] == "spec.yaml, with network.depth=3"
    assert found["data"] == "train: train.csv, 14 rows test: test.csv, 5 rows"
    assert found["network"].startswith("relu, depth 3, sigma_w 1.414")
    assert found["asked"] == "ntkgp at time inf, ridge 0.1 (absolute)"
    assert found["solver"].startswith("cholesky of ntk, ridge 0.1 on the diagonal time inf: residual")
    assert "predictions.csv" in found["files"]
    (score,) = load_json(tmp_path / "run" / "metrics.json")["scores"]
    assert f"{score['rmse']:.4g}" in page.split("\n\n")[1].splitlines()[1].split()


def test_warnings_are_shown(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, shown: Shown) -> None:
    ntk("fit", make_spec(inference={"ridge": 0.1}))
    path = tmp_path / "run" / "run.json"
    content = load_json(path)
    path.write_text(json.dumps({**content, "warnings": [f"w{i}" for i in range(12)]}))
    assert texts_of(shown("run"))["warnings"].endswith("w9 ... and 2 more in run.json")


def test_a_calibrated_fit_tells_by_what(make_spec: MakeSpec, ntk: Ntk, shown: Shown) -> None:
    ntk("fit", make_spec(inference={"kernel": "nngp", "ridge": 0.1}, output={"interval_from": "auto"}))
    assert texts_of(shown("run"))["calibration"].startswith("by leave one out, 14 rows nngp at time inf: ")


def test_a_search_shows_its_best_and_their_fit(make_spec: MakeSpec, ntk: Ntk, shown: Shown) -> None:
    ntk("tune", make_spec(tune=TUNE, inference={"ridge": 0.1}))
    page = shown("run-tune")
    assert texts_of(page)["search"] == "2 networks, 2 candidates with a score, by rmse"
    _, candidates, scores = page.split("\n\n")
    assert len(candidates.splitlines()) == 3
    assert scores.split()[0] == "kernel"


@pytest.mark.parametrize("inference", [{"ridge": 0.1}, NYSTROM])
def test_a_spectrum_shows_its_figures(
    make_spec: MakeSpec, ntk: Ntk, shown: Shown, inference: dict[str, Any]
) -> None:
    printed = ntk("spectrum", make_spec(inference=inference)).stdout
    assert shown("run-spectrum").split("\n\n")[1].strip() == printed.split("\nwrote")[0]


def test_a_simulation_shows_its_slopes(make_spec: MakeSpec, ntk: Ntk, shown: Shown) -> None:
    printed = ntk("simulate", make_spec(simulate=SIMULATE, inference={"time": [1.0], "ridge": 0.1})).stdout
    assert shown("run-simulation").split("\n\n", 1)[1].strip() == printed.split("\nwrote")[0]


def test_an_approximation_tells_its_centres(make_spec: MakeSpec, ntk: Ntk, shown: Shown) -> None:
    assert ntk("fit", make_spec(inference=NYSTROM)).returncode == 0
    assert "centres 6" in texts_of(shown("run"))["approximate"]


@pytest.mark.parametrize("name", ["run.json", "metrics.json", "spec.yaml"])
def test_a_damaged_file_is_told_by_one_line(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, name: str) -> None:
    ntk("fit", make_spec(inference={"ridge": 0.1}))
    for text in ("", "{", "[1]", "{}", '{"a": NaN}', "[" * 100_000, "\x00"):
        (tmp_path / "run" / name).write_text(text)
        outcome = ntk("show", "run")
        assert (outcome.returncode, outcome.stdout) == (3, "")
        (line,) = outcome.stderr.splitlines()
        assert line.startswith(f"ntk: error: run/{name}: is damaged")


def test_a_score_that_is_no_finite_number_is_told_by_one_line(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path
) -> None:
    ntk("fit", make_spec(inference={"ridge": 0.1}))
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    metrics["baselines"][0]["rmse"] = "inf"
    (tmp_path / "run" / "metrics.json").write_text(json.dumps(metrics))
    outcome = ntk("show", "run", "--json")
    assert (outcome.returncode, outcome.stdout) == (3, "")
    assert outcome.stderr.startswith("ntk: error: run/metrics.json: is damaged")


@pytest.mark.parametrize("text", ["{}", '{"kernels": {"ntk": {}}, "rows": 3}', '{"rows": [], "kernels": 1}'])
def test_a_foreign_summary_is_told_by_one_line(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, text: str
) -> None:
    ntk("spectrum", make_spec(inference={"ridge": 0.1}))
    (tmp_path / "run-spectrum" / "summary.json").write_text(text)
    outcome = ntk("show", "run-spectrum")
    assert outcome.returncode == 3
    assert outcome.stderr.startswith("ntk: error: run-spectrum/summary.json: is damaged")


def test_what_is_no_run_is_told_by_one_line(ntk: Ntk, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "unfinished" / "model").mkdir(parents=True)
    (tmp_path / "unfinished" / "metrics.json").touch()
    for name, why in [
        ("nowhere", "there is no such directory"),
        ("file", "is no directory"),
        ("empty", "is no run"),
        ("unfinished", "is not finished"),
    ]:
        outcome = ntk("show", name)
        assert (outcome.returncode, outcome.stdout) == (3, "")
        assert outcome.stderr.startswith(f"ntk: error: {name}: {why}")


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "trial,kernel,time,rmse,seconds\n0,ntk,inf,two,1\n", "\x00"]
)
def test_foreign_trials_are_told_by_one_line(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, text: str
) -> None:
    ntk("tune", make_spec(tune=TUNE, inference={"ridge": 0.1}))
    (tmp_path / "run-tune" / "trials.csv").write_text(text)
    outcome = ntk("show", "run-tune")
    assert (outcome.returncode, outcome.stdout) == (3, "")
    (line,) = outcome.stderr.splitlines()
    assert line.startswith("ntk: error: run-tune/trials.csv: is damaged")
