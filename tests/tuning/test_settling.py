"""The ridge of the best is settled by finer steps, on as many rows as the search has time for."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntkcli.journal import Journal
from ntkcli.spec.file import read_spec
from ntkcli.tuning.candidates import Candidate
from ntkcli.tuning.directory import TuneDirectory
from ntkcli.tuning.search import Searched, search
from ntkcli.tuning.trials import Outcome, loss, ranked

from .brute_force import Dense, MakeSpec

Search = Callable[..., tuple[Searched, Dense]]
WIDE = {"low": 1e-6, "high": 1.0, "log": True, "steps": 7}


@pytest.fixture
def searched(make_spec: MakeSpec, tmp_path: Path) -> Search:
    def run(
        space: dict[str, Any], inference: dict[str, Any] | None = None, **tune: Any
    ) -> tuple[Searched, Dense]:
        section = {"objective": "loo_rmse", "space": space, **tune}
        source = read_spec(make_spec(tune=section, inference={"kernel": "nngp"} | (inference or {})))
        assert source.spec.tune is not None
        with TuneDirectory(tmp_path / "out", overwrite=True) as directory:
            found = search(source, source.spec.tune, directory, Journal())
        assert found.best is not None
        return found, Dense.of(source, found.best.trial.values)

    return run


def best_of(found: Searched) -> Outcome:
    assert found.best is not None
    return found.best


def score(dense: Dense, candidate: Candidate) -> float:
    return dense.rmse(dense.leave_one_out(candidate, np.arange(len(dense.y)))[0])


def test_no_ridge_between_those_of_the_grid_is_better(searched: Search) -> None:
    found, dense = searched({"inference.ridge": WIDE})
    best, before = best_of(found), ranked(found.trials, "loo_rmse")[0]
    others = [
        score(dense, replace(best.candidate, ridge=before.candidate.ridge * factor))
        for factor in np.geomspace(0.05, 20, 60)
    ]
    assert best.score.value == pytest.approx(score(dense, best.candidate), rel=1e-9)
    assert loss("loo_rmse", best.score) <= min(others) * (1 + 1e-2)
    assert loss("loo_rmse", best.score) < loss("loo_rmse", before.score)
    assert best.candidate not in before.trial.scored


def test_what_more_rows_say_may_be_far_from_what_few_said(
    searched: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The best of the search is at one end of the range, and that of all rows at the other."""
    monkeypatch.setattr("ntkcli.tuning.settling.STEPS_ASIDE", 1e-3)
    space = {"network.sigma_b": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], "inference.ridge": WIDE}
    found, dense = searched(space, rows=6)
    rows = np.sort(np.random.default_rng(0).permutation(len(dense.y))[:12])
    tried = [replace(best_of(found).candidate, ridge=ridge) for ridge in np.geomspace(1e-6, 1, 7)]
    scores = [dense.rmse(dense.leave_one_out(candidate, rows)[0]) for candidate in tried]
    assert loss("loo_rmse", best_of(found).score) <= min(scores) * (1 + 1e-9)


def test_the_ridge_stays_in_the_range_of_the_space(searched: Search) -> None:
    found, _ = searched({"inference.ridge": {"low": 10.0, "high": 1000.0, "log": True}})
    assert best_of(found).candidate.ridge == 10.0


@pytest.mark.parametrize(
    ("space", "ridges"),
    [
        ({"inference.ridge": [1e-3, 0.1, 10.0]}, {1e-3, 0.1, 10.0}),
        ({"network.depth": [1, 2]}, {0.02}),
    ],
    ids=str,
)
def test_ridges_that_are_given_stay(searched: Search, space: dict[str, Any], ridges: set[float]) -> None:
    found, _ = searched(space, {"ridge": 0.02})
    assert best_of(found).candidate.ridge in ridges


def test_an_automatic_ridge_is_settled(searched: Search) -> None:
    found, _ = searched({"network.depth": [2, 3]}, {"ridge": "auto"})
    assert best_of(found).candidate not in best_of(found).trial.scored


def test_more_rows_have_a_word_in_the_ridge(searched: Search) -> None:
    space = {"network.sigma_b": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], "inference.ridge": WIDE}
    found, dense = searched(space, rows=6)
    # Eight networks pay for twice as many rows.
    rows = np.sort(np.random.default_rng(0).permutation(len(dense.y))[:12])
    settled = dense.rmse(dense.leave_one_out(best_of(found).candidate, rows)[0])
    assert best_of(found).score.value == pytest.approx(settled, rel=1e-9)


def test_folds_settle_it_too(searched: Search) -> None:
    found, _ = searched({"inference.ridge": WIDE}, objective="rmse", validation={"folds": 3})
    before = ranked(found.trials, "rmse")[0]
    assert loss("rmse", best_of(found).score) <= loss("rmse", before.score)


def test_a_ridge_as_good_as_others_stays(make_spec: MakeSpec, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(60, 2)).round(3)
    classes = (x[:, 0] + rng.normal(size=60) > 0).astype(int)
    rows = [f"{a},{b},{'uv'[label]}" for (a, b), label in zip(x, classes, strict=True)]
    (tmp_path / "classes.csv").write_text("\n".join(["a,b,y", *rows]))
    section = {"objective": "accuracy", "validation": {"holdout": 0.3}, "space": {"inference.ridge": WIDE}}
    data: dict[str, Any] = {
        "train": str(tmp_path / "classes.csv"),
        "test": None,
        "features": "all",
        "categorical": [],
    }
    source = read_spec(make_spec(data=data, tune=section, inference={"kernel": "nngp"}))
    assert source.spec.tune is not None
    with TuneDirectory(tmp_path / "out", overwrite=True) as directory:
        found = search(source, source.spec.tune, directory, Journal())
    before = ranked(found.trials, "accuracy")[0]
    assert best_of(found).score == before.score
    assert best_of(found).candidate == before.candidate
