"""Every score of a search is that of fitting the candidate by itself."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

from ntkcli.results.temperature import fit_temperature
from ntkcli.tuning.objectives import Score
from ntkcli.tuning.trials import Trial

from .brute_force import Dense, MakeSpec, numbers, searched

NETWORKS = {"network.depth": [1, 3], "network.activation": ["relu", "gelu"]}
FREE = {
    "inference.kernel": ["ntkgp", "ntk", "nngp"],
    "inference.ridge_scale": ["trace", "absolute"],
    "inference.ridge": {"low": 1e-3, "high": 1.0, "log": True, "steps": 2},
    "inference.time": [0.5, math.inf],
}
SPACE = {**NETWORKS, **FREE}
POSTERIORS = {**SPACE, "inference.kernel": ["nngp", "ntkgp"]}
SETTINGS = [
    pytest.param({}, id="plain"),
    pytest.param({"loss": "mean", "learning_rate": 40.0}, id="mean loss"),
]
SCALES = [{}, {"variance_scale": 2.5}, {"variance_scale": "auto"}]

Expected = Callable[[Dense, Any], Any]


def check(path: Path, place: Path, expected: Expected, *, rtol: float = 1e-7) -> None:
    """Compare every score of a search with `expected` of the dense network and the candidate."""
    source, _, trials = searched(path, place)
    assert len(trials) == 4
    for trial in trials:
        dense = Dense.of(source, trial.values)
        assert len(trial.scored) == 2 * 2 * candidates_of(trial)
        values = [expected(dense, candidate) for candidate in trial.scored]
        np.testing.assert_allclose(numbers(trial.scored), values, rtol=rtol)


def candidates_of(trial: Trial) -> int:
    """Pairs of kernel and time."""
    return len({(candidate.kernel, candidate.time) for candidate in trial.scored})


def tune(objective: str, space: dict[str, Any] = SPACE, **more: Any) -> dict[str, Any]:
    return {"objective": objective, "space": space, **more}


def two_targets(tmp_path: Path) -> dict[str, Any]:
    table = pd.read_csv(tmp_path / "train.csv")
    table["z"] = np.cos(table["a"])
    table.to_csv(tmp_path / "train.csv", index=False)
    return {"target": ["y", "z"], "test": None}


@pytest.mark.parametrize("inference", SETTINGS)
@pytest.mark.parametrize("validation", [{"folds": 3}, {"folds": 5, "seed": 4}, {"holdout": 0.3}])
def test_rmse_is_that_of_all_held_out_rows(
    make_spec: MakeSpec, tmp_path: Path, inference: dict[str, Any], validation: dict[str, Any]
) -> None:
    path = make_spec(tune=tune("rmse", validation=validation), inference=inference)
    section = {"folds": None, "holdout": None, **validation}

    def expected(dense: Dense, candidate: Any) -> float:
        cut = dense.cut(dense.job.spec.tune)  # type: ignore[arg-type]
        assert len(cut) == (section["folds"] or 1)
        residuals = [dense.y[s.held_out] - dense.predict(candidate, s)[0] for s in cut]
        return dense.rmse(np.concatenate(residuals))

    check(path, tmp_path / "out", expected)


def test_rmse_of_several_targets_is_the_mean_of_the_standardised_ones(
    make_spec: MakeSpec, tmp_path: Path
) -> None:
    make_spec()
    path = make_spec(tune=tune("rmse"), data=two_targets(tmp_path))

    def expected(dense: Dense, candidate: Any) -> float:
        cut = dense.cut(dense.job.spec.tune)  # type: ignore[arg-type]
        residuals = [dense.y[s.held_out] - dense.predict(candidate, s)[0] for s in cut]
        return float(np.sqrt(np.mean(np.concatenate(residuals) ** 2, axis=0)).mean())

    check(path, tmp_path / "out", expected)


@pytest.mark.parametrize("inference", SCALES, ids=str)
@pytest.mark.parametrize("several", [False, True])
def test_nll_is_that_of_all_held_out_observations(
    make_spec: MakeSpec, tmp_path: Path, inference: dict[str, Any], several: bool
) -> None:
    make_spec()
    data = two_targets(tmp_path) if several else {}
    path = make_spec(tune=tune("nll", validation={"folds": 3}), inference=inference, data=data)

    def expected(dense: Dense, candidate: Any) -> float:
        residuals, variances = [], []
        for split in dense.cut(dense.job.spec.tune):  # type: ignore[arg-type]
            mean, variance = dense.predict(candidate, split)
            residuals.append(dense.y[split.held_out] - mean)
            variances.append(variance[:, None] * dense.variance_scale(candidate, split.train))
        return dense.nll(np.concatenate(residuals), np.concatenate(variances))

    check(path, tmp_path / "out", expected, rtol=1e-6)


@pytest.mark.parametrize("inference", SETTINGS)
def test_loo_rmse_is_that_of_deleting_each_row(
    make_spec: MakeSpec, tmp_path: Path, inference: dict[str, Any]
) -> None:
    path = make_spec(tune=tune("loo_rmse"), inference=inference)

    def expected(dense: Dense, candidate: Any) -> float:
        return dense.rmse(dense.leave_one_out(candidate, np.arange(len(dense.y)))[0])

    check(path, tmp_path / "out", expected)


@pytest.mark.parametrize("inference", SCALES, ids=str)
def test_loo_nll_is_that_of_deleting_each_row(
    make_spec: MakeSpec, tmp_path: Path, inference: dict[str, Any]
) -> None:
    path = make_spec(tune=tune("loo_nll"), inference=inference)

    def expected(dense: Dense, candidate: Any) -> float:
        rows = np.arange(len(dense.y))
        residual, variance = dense.leave_one_out(candidate, rows)
        return dense.nll(residual, variance[:, None] * dense.variance_scale(candidate, rows))

    check(path, tmp_path / "out", expected, rtol=1e-6)


@pytest.mark.parametrize("scale", [1.0, 2.5])
def test_the_evidence_is_the_density_of_the_targets(
    make_spec: MakeSpec, tmp_path: Path, scale: float
) -> None:
    make_spec()
    section = tune("log_marginal_likelihood", POSTERIORS)
    path = make_spec(tune=section, inference={"variance_scale": scale}, data=two_targets(tmp_path))
    check(path, tmp_path / "out", lambda dense, candidate: dense.evidence(candidate, scale))


def test_the_evidence_with_an_automatic_scale_is_the_largest_of_all_scales(
    make_spec: MakeSpec, tmp_path: Path
) -> None:
    section = tune("log_marginal_likelihood", POSTERIORS)
    path = make_spec(tune=section, inference={"variance_scale": "auto"})

    def expected(dense: Dense, candidate: Any) -> float:
        found = minimize_scalar(lambda log: -dense.evidence(candidate, math.exp(log)), (-3.0, 3.0))
        return -float(found.fun)

    check(path, tmp_path / "out", expected)


@pytest.fixture
def classes(make_spec: MakeSpec, tmp_path: Path) -> MakeSpec:
    """A spec of three classes, 36 rows."""
    x = np.random.default_rng(0).normal(size=(36, 2))
    names = np.array(["red", "green", "blue"])[np.digitize(x[:, 0] + 0.5 * x[:, 1] ** 2, [0.0, 1.0])]
    table = pd.DataFrame(x, columns=["a", "b"]).assign(c=names)
    table.to_csv(tmp_path / "colours.csv", index=False)

    def make(**sections: dict[str, Any]) -> Path:
        data = {"train": "colours.csv", "test": None, "target": "c"}
        return make_spec(data=data, **sections)

    return make


def out_of_fold(dense: Dense, candidate: Any) -> Any:
    scores = np.empty_like(dense.y)
    for split in dense.cut(dense.job.spec.tune):  # type: ignore[arg-type]
        scores[split.held_out] = dense.predict(candidate, split)[0]
    return scores


def test_accuracy_is_the_share_of_held_out_rows_that_are_right(classes: MakeSpec, tmp_path: Path) -> None:
    path = classes(tune=tune("accuracy", validation={"folds": 4}))

    def expected(dense: Dense, candidate: Any) -> float:
        return float(np.mean(out_of_fold(dense, candidate).argmax(axis=1) == dense.labels))

    check(path, tmp_path / "out", expected)


def test_log_loss_is_that_at_the_temperature_of_all_held_out_rows(classes: MakeSpec, tmp_path: Path) -> None:
    path = classes(tune=tune("log_loss", validation={"folds": 4}))

    def expected(dense: Dense, candidate: Any) -> float:
        scores = out_of_fold(dense, candidate)
        scaled = scores / fit_temperature(scores, dense.labels)
        logs = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        return float(-np.mean(logs[np.arange(len(logs)), dense.labels]))

    check(path, tmp_path / "out", expected)


def test_rmse_of_classes_is_that_of_their_coding(classes: MakeSpec, tmp_path: Path) -> None:
    path = classes(tune=tune("rmse"))

    def expected(dense: Dense, candidate: Any) -> float:
        return dense.rmse(dense.y - out_of_fold(dense, candidate))

    check(path, tmp_path / "out", expected)


def test_the_standard_error_is_that_of_the_mean_over_folds(make_spec: MakeSpec, tmp_path: Path) -> None:
    source, section, trials = searched(make_spec(tune=tune("rmse")), tmp_path / "out")
    for trial in trials:
        dense = Dense.of(source, trial.values)
        for candidate, score in trial.scored.items():
            folds = [
                dense.rmse(dense.y[s.held_out] - dense.predict(candidate, s)[0]) for s in dense.cut(section)
            ]
            assert score.error == pytest.approx(np.std(folds, ddof=1) / math.sqrt(5), rel=1e-6)


@pytest.mark.parametrize("objective", ["loo_rmse", "loo_nll"])
def test_the_standard_error_of_rows_left_out_is_that_over_the_rows(
    make_spec: MakeSpec, tmp_path: Path, objective: str
) -> None:
    """The jackknife's, which leaves each row out of the mean, is about the same."""
    source, _, trials = searched(make_spec(tune=tune(objective)), tmp_path / "out")
    for trial in trials:
        dense = Dense.of(source, trial.values)
        rows = np.arange(len(dense.y))
        for candidate, score in trial.scored.items():
            residual, variance = dense.leave_one_out(candidate, rows)
            means = []
            for row in rows:
                others = np.delete(residual, row, axis=0), np.delete(variance, row)[:, None]
                means.append(dense.rmse(others[0]) if objective == "loo_rmse" else dense.nll(*others))
            jackknife = np.std(means) * math.sqrt(len(rows) - 1)
            assert score.error == pytest.approx(jackknife, rel=0.15)


def test_one_holdout_has_no_standard_error(make_spec: MakeSpec, tmp_path: Path) -> None:
    path = make_spec(tune=tune("rmse", validation={"holdout": 0.2}))
    _, _, trials = searched(path, tmp_path / "out")
    assert {score.error for trial in trials for score in trial.scored.values()} == {None}


@pytest.mark.parametrize("objective", ["rmse", "nll", "loo_rmse", "loo_nll"])
def test_a_singular_matrix_has_no_score_where_it_is_inverted(
    make_spec: MakeSpec, tmp_path: Path, objective: str
) -> None:
    """A linear network of three features has rank four, and there are more rows."""
    space = {
        "inference.ridge": [0.0, 0.1],
        "inference.time": [0.5, math.inf],
        "inference.kernel": ["nngp", "ntk"],
    }
    path = make_spec(tune=tune(objective, space), network={"depth": 1})
    _, _, (trial,) = searched(path, tmp_path / "out")
    for candidate, score in trial.scored.items():
        singular = candidate.ridge == 0 and (candidate.time == math.inf or candidate.kernel == "nngp")
        if candidate.time == math.inf and candidate.ridge == 0:
            assert score == Score(None)
        elif not singular:
            assert score.value is not None


def test_many_candidates_are_scored_a_part_at_a_time(
    make_spec: MakeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, whole = searched(make_spec(tune=tune("rmse")), tmp_path / "whole")
    monkeypatch.setattr("ntkcli.tuning.scoring.MOST_NUMBERS", 40)
    _, _, parts = searched(make_spec(tune=tune("rmse")), tmp_path / "parts")
    for one, other in zip(whole, parts, strict=True):
        assert list(one.scored) == list(other.scored)
        np.testing.assert_allclose(numbers(one.scored), numbers(other.scored), rtol=1e-12)


@pytest.mark.parametrize("objective", ["rmse", "nll"])
def test_folds_at_once_have_the_scores_of_folds_one_by_one(
    make_spec: MakeSpec, tmp_path: Path, objective: str
) -> None:
    found = [
        searched(make_spec(tune=tune(objective), compute={"threads": threads}), tmp_path / f"{threads}")[2]
        for threads in (1, 3)
    ]
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(numbers(one.scored), numbers(other.scored), rtol=1e-9)
