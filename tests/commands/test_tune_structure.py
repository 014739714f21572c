"""Searches of rows that belong together, that follow each other in time, or that have weights."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from .run_files import MakeSpec, Ntk

SPACE = {"network.activation": ["relu", "erf"], "inference.ridge": [0.01, 0.1, 1.0]}
ROWS = 48


@pytest.fixture
def spec(make_spec: MakeSpec, tmp_path: Path) -> MakeSpec:
    """A table of twelve groups of four rows, in time, with noise."""

    def make(**sections: dict[str, Any]) -> Path:
        random = np.random.default_rng(0)
        table = pd.DataFrame(random.normal(size=(ROWS, 2)), columns=["a", "b"])
        noise = np.where(np.arange(ROWS) % 3, 0.1, 0.8)
        table = table.assign(y=np.sin(table["a"]) + noise * random.normal(size=ROWS), s=noise)
        table["g"] = [f"g{row // 4}" for row in range(ROWS)]
        table["when"] = pd.date_range("2024-01-01", periods=ROWS, freq="D").strftime("%d/%m/%Y")
        table["fold"] = np.arange(ROWS) % 4
        data = {"test": None, "features": ["a", "b"]} | sections.pop("data", {})
        path = make_spec(data=data, **{"inference": {"kernel": "nngp"}} | sections)
        table.to_csv(tmp_path / "train.csv", index=False)
        return path

    return make


@pytest.mark.parametrize(
    "validation",
    [
        {"folds": 3, "groups": "g"},
        {"folds": 3, "time": "when"},
        {"column": "fold"},
        {"holdout": 0.25, "time": "when"},
    ],
    ids=str,
)
def test_a_search_cuts_rows_as_it_is_told(spec: MakeSpec, ntk: Ntk, validation: dict[str, Any]) -> None:
    plain = spec(tune={"space": SPACE})
    assert ntk("tune", plain, "--out", "plain").returncode == 0
    outcome = ntk("tune", spec(tune={"validation": validation, "space": SPACE}), "--out", "cut")
    assert outcome.returncode == 0, outcome.stderr
    scores = [pd.read_csv(Path(run) / "trials.csv")["rmse"] for run in ("plain", "cut")]
    assert (scores[0] != scores[1]).all()


def test_groups_of_the_data_are_those_of_the_folds(spec: MakeSpec, ntk: Ntk) -> None:
    told = spec(tune={"validation": {"folds": 3, "groups": "g"}, "space": SPACE})
    assert ntk("tune", told, "--out", "told").returncode == 0
    known = spec(data={"groups": "g"}, tune={"validation": {"folds": 3}, "space": SPACE})
    assert ntk("tune", known, "--out", "known").returncode == 0
    one, other = (pd.read_csv(Path(run) / "trials.csv")["rmse"] for run in ("told", "known"))
    assert (one == other).all()


@pytest.mark.parametrize("objective", ["rmse", "nll", "loo_rmse", "loo_nll", "log_marginal_likelihood"])
def test_a_search_with_known_noise_needs_no_ridge(spec: MakeSpec, ntk: Ntk, objective: str) -> None:
    space = {"network.activation": ["relu", "erf"]}
    path = spec(
        data={"noise": "s"},
        inference={"kernel": "nngp", "ridge": "auto"},
        tune={"objective": objective, "space": space},
    )
    assert "ridge" not in ntk("check", path).stderr
    outcome = ntk("tune", path, "--out", "found")
    assert outcome.returncode == 0, outcome.stderr
    table = pd.read_csv("train.csv")
    best = yaml.safe_load(Path("found/best.yaml").read_text())
    # The ridge of the average row is the harmonic mean of the variances.
    expected = 1 / np.mean(table["s"] ** -2) / table["y"].var(ddof=0)
    assert best["inference"]["ridge"] == pytest.approx(expected)
    assert best["data"]["noise"] == "s"
    assert len(pd.read_csv("found/trials.csv")) == 2


@pytest.mark.parametrize(
    ("validation", "code", "message"),
    [
        (
            {"folds": 3, "groups": "g", "time": "when"},
            2,
            "tune.validation.time: groups says how",
        ),
        ({"folds": 3, "column": "fold"}, 2, "tune.validation.column: needs folds, holdout or column"),
        ({"folds": 3, "groups": "h"}, 3, "has no column 'h' (tune.validation.groups)"),
        ({"folds": 3, "time": "g"}, 3, "column 'g'"),
        ({"folds": 20, "groups": "g"}, 2, "tune.validation.folds: there are 12 groups for 20 folds"),
    ],
)
def test_what_cannot_be_cut_is_told_in_a_line(
    spec: MakeSpec, ntk: Ntk, validation: dict[str, Any], code: int, message: str
) -> None:
    outcome = ntk("tune", spec(tune={"validation": validation, "space": SPACE}), "--out", "found")
    assert outcome.returncode == code, outcome.stderr
    assert message in outcome.stderr


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        (
            {"tune": {"objective": "loo_rmse", "validation": {"time": "when"}}},
            "tune.validation.time: loo_rmse holds out no folds: use objective rmse or nll",
        ),
        (
            {"data": {"groups": "g"}, "tune": {"validation": {"column": "fold"}}},
            "tune.validation.column: may part the rows of data.groups, 'g': keep one of the two",
        ),
    ],
)
def test_what_would_not_count_is_refused(
    spec: MakeSpec, ntk: Ntk, sections: dict[str, Any], message: str
) -> None:
    tune = {"tune": sections["tune"] | {"space": SPACE}}
    outcome = ntk("tune", spec(**sections | tune))
    assert (outcome.returncode, message in outcome.stderr) == (2, True), outcome.stderr


def test_a_check_tells_how_rows_are_cut(spec: MakeSpec, ntk: Ntk) -> None:
    for validation, text in (
        ({"column": "fold"}, "4 folds of 48 rows"),
        ({"folds": 3, "time": "when"}, "3 folds of 48 rows, the first 12 trained with alone"),
        ({"holdout": 0.25, "time": "when"}, "a holdout of 12 of 48 rows"),
    ):
        outcome = ntk("check", spec(tune={"validation": validation, "space": SPACE}))
        assert text in outcome.stdout, outcome.stderr


def test_a_split_by_time_predicts_the_last_rows(spec: MakeSpec, ntk: Ntk) -> None:
    path = spec(data={"split": {"test": 0.25, "time": "when"}})
    outcome = ntk("fit", path)
    assert outcome.returncode == 0, outcome.stderr
    assert pd.read_csv("run/predictions.csv")["row"].tolist() == list(range(36, 48))
