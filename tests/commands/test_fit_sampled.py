"""Standard deviations from samples of the prior: told, recorded, and near the exact ones."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from .run_files import Fit, MakeSpec, Ntk, load_json, part, values

SAMPLES = 500
WAYS = [("nngp", "inf", "pcg"), ("ntk", "inf", "pcg"), ("ntk", "0.5", "chebyshev")]


Sections = dict[str, dict[str, object]]


@pytest.fixture(autouse=True)
def few_rows_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that small tables have samples."""
    monkeypatch.setattr("ntkcli.planning.path_sampling.PILOT_ROWS", 1)


def sections(kernel: str, time: str, solver: str, samples: int | str = SAMPLES) -> Sections:
    return {
        "inference": {"kernel": kernel, "time": time, "ridge": 0.05},
        "output": {"interval_from": "normal"},
        "compute": {"solver": solver, "variance_samples": samples},
    }


@pytest.mark.parametrize(("kernel", "time", "solver"), WAYS)
def test_they_are_as_near_as_run_json_says(
    fit: Fit, make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, kernel: str, time: str, solver: str
) -> None:
    exact = part(fit(**sections(kernel, time, solver, "none")), kernel, time)
    done = ntk("fit", make_spec(**sections(kernel, time, solver)), "--overwrite")
    assert f"{kernel}: standard deviations from 500 samples, about 3." in done.stderr
    found, run = part(tmp_path / "run", kernel, time), load_json(tmp_path / "run" / "run.json")
    (record,) = run["solvers"]
    assert record["variances"]["samples"] == SAMPLES
    told = record["variances"]["relative_error"], record["variances"]["largest_relative_error"]
    assert 1 / np.sqrt(2 * SAMPLES) <= told[0] <= told[1]
    np.testing.assert_allclose(values(found, "y_mean"), values(exact, "y_mean"), rtol=1e-6, atol=1e-6)
    ratio = values(found, "y_std") / values(exact, "y_std")
    assert np.all(np.abs(ratio - 1) < 5 * told[1])
    assert np.any(ratio != 1)


def test_a_solve_for_every_row_is_not_recorded_as_samples(fit: Fit) -> None:
    run = load_json(fit(**sections("nngp", "inf", "pcg", "auto")) / "run.json")
    assert "variances" not in run["solvers"][0]


def test_predict_has_samples_as_the_fit_had(fit: Fit, ntk: Ntk, tmp_path: Path) -> None:
    run = fit(**sections("nngp", "inf", "pcg"))
    done = ntk("predict", run, tmp_path / "test.csv", "--std", "--out", tmp_path / "again.csv")
    assert "nngp: standard deviations from 500 samples, about 3." in done.stderr
    again, before = pd.read_csv(tmp_path / "again.csv"), pd.read_csv(run / "predictions.csv")
    np.testing.assert_allclose(values(again, "y_std"), values(before, "y_std"), rtol=1e-6)


def test_predict_does_as_the_fit_did_whatever_it_would_do_anew(
    fit: Fit, ntk: Ntk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fit(**sections("nngp", "inf", "pcg"))
    (stage,) = load_json(run / "model" / "model.json")["stages"]
    assert stage["sampling"] == {"count": SAMPLES, "least_rows": 2}
    monkeypatch.setattr("ntkcli.planning.path_sampling.PILOT_ROWS", 10**6)
    done = ntk("predict", run, tmp_path / "test.csv", "--std", "--out", tmp_path / "again.csv")
    assert "500 samples" in done.stderr


def test_check_says_that_there_will_be_samples(make_spec: MakeSpec, ntk: Ntk) -> None:
    said = ntk("check", make_spec(**sections("nngp", "inf", "pcg"))).stdout
    assert "standard deviations from 500 samples, about 3.2 % off or more" in said
    said = ntk("check", make_spec(**sections("nngp", "inf", "pcg", "none"))).stdout
    assert "samples, about" not in said


@pytest.mark.parametrize(("kernel", "time", "solver"), WAYS)
@pytest.mark.parametrize("samples", ["none", SAMPLES])
def test_predict_needs_no_gram_matrix_in_memory(
    fit: Fit, ntk: Ntk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    kernel: str, time: str, solver: str, samples: int | str,
) -> None:  # fmt: skip
    run = fit(**sections(kernel, time, solver, samples))
    monkeypatch.setattr("ntkcli.models.model.PLACES_AGAIN", ("tiles",))
    assert ntk("predict", run, tmp_path / "test.csv", "--out", tmp_path / "again.csv").returncode == 0
    again, before = pd.read_csv(tmp_path / "again.csv"), pd.read_csv(run / "predictions.csv")
    np.testing.assert_allclose(values(again, "y_std"), values(before, "y_std"), rtol=1e-6)


def test_predict_is_refused_where_nothing_fits(
    fit: Fit, ntk: Ntk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fit(**sections("nngp", "inf", "pcg"))
    monkeypatch.setattr("ntkcli.models.model.usable_memory", lambda: 1000)
    done = ntk("predict", run, tmp_path / "test.csv", "--std")
    assert done.returncode == 5
    assert "not enough memory: std needs about" in done.stderr
