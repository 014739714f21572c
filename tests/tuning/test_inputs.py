"""Data values in a search: how features become inputs is tried like everything else."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.data.raw_data import RawData
from ntkcli.errors import DataError
from ntkcli.journal import Journal
from ntkcli.kernels.steps import Affine, Pairs
from ntkcli.spec.file import read_spec
from ntkcli.spec.space import section_with
from ntkcli.tuning.grid import grid
from ntkcli.tuning.trials import Trial, best_spec, ranked, trial_table

from ..lines import Lines
from .brute_force import Dense, MakeSpec, searched

SPACE: dict[str, Any] = {
    "data.log": [[], ["a"], "auto"],
    "data.standardize": [True, False],
    "data.normalize_rows": [False, True],
    "network.depth": [1, 3],
    "inference.kernel": ["nngp"],
    "inference.ridge": [0.1],
}


def tune(space: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"objective": "loo_rmse", "space": space, **more}


def test_every_trial_has_the_scores_of_a_spec_with_its_values(make_spec: MakeSpec, tmp_path: Path) -> None:
    source, _, trials = searched(make_spec(tune=tune(SPACE)), tmp_path / "out")
    assert len(trials) == 24
    for trial in trials:
        data = section_with(source.spec.data, trial.values)
        own = replace(source, spec=source.spec.model_copy(update={"data": data}))
        dense = Dense.of(own, trial.values)
        ((candidate, score),) = trial.scored.items()
        residual, _ = dense.leave_one_out(candidate, np.arange(len(dense.y)))
        assert score.value == pytest.approx(dense.rmse(residual), rel=1e-8)


def test_rows_are_read_once_and_layers_are_shared_within_a_combination(
    make_spec: MakeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers, reads = [], []
    on_pairs, read = Affine.on_pairs, RawData.read.__func__  # type: ignore[attr-defined]

    def counted(layer: Affine, pairs: Pairs) -> None:
        layers.append(layer)
        on_pairs(layer, pairs)

    def counted_read(cls: type[RawData], spec: Any) -> RawData:
        reads.append(spec)
        return read(cls, spec)  # type: ignore[no-any-return]

    monkeypatch.setattr(Affine, "on_pairs", counted)
    monkeypatch.setattr(RawData, "read", classmethod(counted_read))
    space = {"data.log": [[], ["a"]], "network.depth": [6, 2, 1, 3], "inference.ridge": [0.1]}
    searched(make_spec(tune=tune(space)), tmp_path / "out")
    assert (len(layers), len(reads)) == (2 * 6, 1)


def best_of(path: Path, place: Path) -> tuple[Trial, Any]:
    source, section, trials = searched(path, place)
    best = ranked(trials, section.objective)[0]
    return best.trial, best_spec(source.spec, best).data


def test_the_best_spec_has_the_columns_that_auto_stands_for(make_spec: MakeSpec, tmp_path: Path) -> None:
    trial, data = best_of(make_spec(tune=tune({**SPACE, "data.log": ["auto"]})), tmp_path / "out")
    assert trial.values["data.log"] == "auto"
    assert data.log == trial.data["data.log"] == []
    assert (data.standardize, data.normalize_rows) == (
        trial.values["data.standardize"],
        trial.values["data.normalize_rows"],
    )


def test_the_spec_s_own_auto_is_found_once_and_kept(make_spec: MakeSpec, tmp_path: Path) -> None:
    space = {"network.depth": [1, 2], "inference.ridge": [0.1]}
    _, data = best_of(make_spec(data={"log": "auto"}, tune=tune(space)), tmp_path / "out")
    assert data.log == []


def test_the_logarithm_is_chosen_once_whatever_the_relevance(make_spec: MakeSpec, tmp_path: Path) -> None:
    display = Lines()
    space = {"data.log": ["auto"], "data.relevance": ["equal", "learned"], "inference.ridge": [0.1]}
    _, _, trials = searched(make_spec(tune=tune(space)), tmp_path / "out", Journal(display))
    assert [line for line in display.lines if line.startswith("data.log")] == [
        "data.log: auto takes no logarithm (of 0 skewed)"
    ]
    scores = {score.value for trial in trials for score in trial.scored.values()}
    assert len(scores) == 2


def test_the_relevance_is_learned_once_for_equal_logarithms(
    make_spec: MakeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = []

    def counted(x: FloatArray, y: FloatArray, groups: IntArray, *_: Any) -> FloatArray:
        learned.append(x)
        return np.ones(groups.max() + 1)

    monkeypatch.setattr("ntkcli.jobs.prepared_data.learned_relevance", counted)
    # Here, auto takes no logarithm.
    space = {"data.log": ["auto", [], ["a"]], "inference.ridge": [0.1]}
    _, _, trials = searched(
        make_spec(data={"relevance": "learned"}, tune=tune(space)), tmp_path / "out", Journal()
    )
    assert (len(trials), len(learned)) == (3, 2)


def test_values_that_do_not_go_together_fail_by_themselves(make_spec: MakeSpec, tmp_path: Path) -> None:
    journal = Journal()
    space = {
        "data.relevance": ["equal", "learned"],
        "data.standardize": [True, False],
        "inference.ridge": [0.1],
    }
    _, _, trials = searched(make_spec(tune=tune(space)), tmp_path / "out", journal)
    assert [bool(trial.scored) for trial in trials] == [True, True, True, False]
    (warning,) = journal.warnings
    assert warning.startswith(
        "trial 3 (data.relevance: learned, data.standardize: false) failed: there is no"
    )


def test_a_column_that_is_not_there_is_refused_before_anything_is_scored(
    make_spec: MakeSpec, tmp_path: Path
) -> None:
    space = {"data.log": [[], ["q"]], "inference.ridge": [0.1]}
    with pytest.raises(DataError, match=r"has no column 'q' \(data\.log\)"):
        searched(make_spec(tune=tune(space)), tmp_path / "out")


def test_the_values_have_columns_in_the_table(make_spec: MakeSpec, tmp_path: Path) -> None:
    _, section, trials = searched(make_spec(tune=tune(SPACE)), tmp_path / "out")
    head, first, *_ = trial_table(trials, section).splitlines()
    # The spec's keys are sorted here.
    assert head.startswith("trial,data.log,data.normalize_rows,data.standardize,network.depth,kernel")
    assert first.startswith("0,[],false,true,1,nngp,0.1,absolute,inf,")


def test_a_draw_resumes_with_its_data_values(make_spec: MakeSpec, tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    section = tune({"data.log": [[], ["a"], "auto"], "inference.ridge": [0.1]}, search="random", trials=2)
    _, _, first = searched(make_spec(tune=section), tmp_path / "out")
    _, _, again = searched(make_spec(tune={**section, "trials": 3}), tmp_path / "out")
    assert [(trial.values, trial.data) for trial in again[:2]] == [
        (trial.values, trial.data) for trial in first
    ]


def test_the_grid_has_every_combination(make_spec: MakeSpec) -> None:
    spec = read_spec(make_spec(tune=tune(SPACE))).spec
    assert spec.tune is not None
    assert len(grid(spec.tune)) == 3 * 2 * 2 * 2
