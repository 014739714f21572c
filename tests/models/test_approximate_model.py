"""The model of an approximation, read back: what it has, and what it was fitted without."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pandas as pd
import pytest

from ntkcli.models.reader import load_model

Ntk = Callable[..., CompletedProcess[str]]
Fit = Callable[..., Path]

BOTH: dict[str, Any] = {
    "kernel": ["ntk", "ntkgp"],
    "time": [0, "inf"],
    "ridge": 0.1,
    "approximation": {"method": "nystrom", "centres": 6},
}


def test_std_of_an_ensemble_that_was_fitted_without_is_refused(fit: Fit, ntk: Ntk) -> None:
    fit(inference=BOTH, output={"std": False})
    outcome = ntk("predict", "run", "test.csv", "--std")
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert outcome.stderr == (
        "ntk: error: run: the model has no std for ntk: with inference.approximation it takes sums over the "
        "training rows that were not made, as output.std is false: fit it with output.std: true\n"
    )


@pytest.mark.parametrize("chosen", [("--kernel", "ntkgp"), ("--time", "0")])
def test_std_that_takes_no_other_sums_is_that_of_a_fit_with_it(
    fit: Fit, ntk: Ntk, chosen: tuple[str, str]
) -> None:
    tables = []
    for std in (False, True):
        fit(inference=BOTH, output={"std": std})
        outcome = ntk("predict", "run", "test.csv", "--std", *chosen)
        assert (outcome.returncode, outcome.stderr) == (0, "")
        tables.append(pd.read_csv(StringIO(outcome.stdout)))
    pd.testing.assert_frame_equal(tables[0], tables[1], rtol=1e-12, atol=1e-12)


def test_an_approximate_model_predicts_what_its_fit_did(fit: Fit, ntk: Ntk) -> None:
    fitted = pd.read_csv(fit(inference=BOTH) / "predictions.csv")
    outcome = ntk("predict", "run", "test.csv")
    assert (outcome.returncode, outcome.stderr) == (0, "")
    again = pd.read_csv(StringIO(outcome.stdout))
    pd.testing.assert_frame_equal(again, fitted, rtol=1e-12, atol=1e-12)


def test_an_approximate_model_needs_memory_for_its_maps_alone(
    fit: Fit, ntk: Ntk, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_model(fit(inference=BOTH))
    pairs = model.pairs
    monkeypatch.setattr("ntkcli.models.model.usable_memory", lambda: 2**29)
    place, kept = model._placed(model._question(pairs, std=True), 1)
    assert (place, [one.features for one in kept]) == ("memory", [6, 0])
    monkeypatch.setattr("ntkcli.models.model.usable_memory", lambda: 2**20)
    outcome = ntk("predict", "run", "test.csv")
    assert (outcome.returncode, outcome.stdout) == (5, "")
    assert "not enough memory: a model of 6 centres needs about " in outcome.stderr


def test_importance_is_by_the_centres(fit: Fit, ntk: Ntk) -> None:
    fit(inference=BOTH)
    outcome = ntk("evaluate", "run", "test.csv", "--importance")
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert [line.split()[0] for line in outcome.stdout.splitlines()[-3:]] == ["a", "c", "b"]
