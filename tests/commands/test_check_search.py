"""`ntk check` of a spec with a tune section reports the search, and ends as `ntk tune` would."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ntkcli.jobs.job import Job
from ntkcli.tuning.search_plan import SearchPlan
from ntkcli.units import bytes_text

from .run_files import MakeSpec, Ntk, Write
from .test_check import REPEATED, everything_in, texts_of

Checked = Callable[..., dict[str, list[str]]]

SPACE: dict[str, Any] = {
    "network.depth": [1, 2, 3],
    "network.activation": ["relu", "erf"],
    "inference.kernel": ["nngp", "ntkgp"],
    "inference.ridge": {"low": 1e-3, "high": 1.0, "log": True, "steps": 4},
    "inference.time": [0.5, "inf"],
}
RIDGES: dict[str, Any] = {"inference.ridge": [0.1, 1.0]}


@pytest.fixture
def checked(make_spec: MakeSpec, ntk: Ntk) -> Checked:
    """Check a spec with this tune section: the texts by label."""

    def check_spec(tune: dict[str, Any], **sections: dict[str, Any]) -> dict[str, list[str]]:
        outcome = ntk("check", make_spec(tune=tune, **sections))
        assert (outcome.returncode, outcome.stderr) == (0, "")
        return texts_of(outcome.stdout)

    return check_spec


@pytest.mark.parametrize(
    ("tune", "reported"),
    [
        ({"space": SPACE}, "grid: 6 networks x 12 candidates, 5 folds of 14 rows"),
        ({"space": RIDGES}, "grid: 1 network x 2 candidates, 5 folds of 14 rows"),
        (
            {"space": SPACE, "validation": {"holdout": 0.3}, "rows": 10},
            "grid: 6 networks x 12 candidates, a holdout of 3 of 10 rows",
        ),
        (
            {"space": SPACE, "search": "tpe", "trials": 9, "objective": "loo_rmse"},
            "tpe: 9 networks x 12 candidates, in closed form from 14 rows",
        ),
    ],
)
def test_the_search_is_reported(checked: Checked, tune: dict[str, Any], reported: str) -> None:
    assert checked(tune)["search"] == [reported]


def test_as_many_candidates_are_reported_as_are_tried(
    checked: Checked, make_spec: MakeSpec, ntk: Ntk, tmp_path: Path
) -> None:
    inference = {"kernel": "ntk", "ridge": "auto", "time": "auto"}
    tune = {"space": {"network.depth": [1, 2]}}
    (reported,) = re.findall(
        r"2 networks x (\d+) candidates", checked(tune, inference=inference)["search"][0]
    )
    assert ntk("tune", make_spec(tune=tune, inference=inference), "-qq").returncode == 0
    assert (tmp_path / "run-tune" / "trials.csv").read_text().count("\n") == 1 + 2 * int(reported)


def test_memory_is_that_of_the_search_and_of_the_fit(
    checked: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = []

    def of(source: Any, tune: Any, job: Job) -> SearchPlan:
        plans.append(planned(source, tune, job))
        return plans[-1]

    planned = SearchPlan.of
    monkeypatch.setattr(SearchPlan, "of", of)
    shown = checked({"space": SPACE}, compute={"memory": "3GiB"})
    assert shown["memory"] == [f"about {bytes_text(plans[0].memory_bytes)} of 3.0 GiB allowed"]
    assert re.fullmatch(r"of the best: about \d+ MiB of memory at most", shown["fit"][0])
    assert shown["disk"][0].startswith("0 KiB of ")


def test_a_check_of_a_search_writes_nothing(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    spec = make_spec(tune={"space": SPACE})
    before = everything_in(tmp_path)
    assert ntk("check", spec).returncode == 0
    assert everything_in(tmp_path) == before


@pytest.mark.parametrize(
    "sections",
    [{}, {"network": {"activation": "exp", "depth": 9}}, {"network": {"sigma_w": "critical", "sigma_b": 9}}],
)
def test_what_the_search_replaces_may_not_work_by_itself(
    make_spec: MakeSpec, ntk: Ntk, write: Write, sections: dict[str, Any]
) -> None:
    """Rows are repeated, which takes a ridge, and the spec's own is not tried."""
    space = {"network.activation": ["relu"], "network.depth": [2], "network.sigma_w": [1.4], **RIDGES}
    spec = make_spec(data={"test": None}, tune={"objective": "loo_rmse", "space": space}, **sections)
    write("train.csv", REPEATED)
    outcome = ntk("check", spec)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert "singular" not in texts_of(outcome.stdout)["doubtful"][0]
    assert ntk("tune", spec, "-qq").returncode == 0


@pytest.mark.parametrize(
    ("code", "tune", "sections"),
    [
        (2, {"objective": "accuracy", "space": RIDGES}, {}),
        (2, {"validation": {"folds": 8}, "space": RIDGES}, {}),
        (3, {"space": RIDGES}, {"data": {"train": "none.csv"}}),
        (3, {"space": RIDGES}, {"data": {"id": "kernel"}}),
        (5, {"space": RIDGES}, {"compute": {"memory": "10MB"}}),
    ],
)
def test_what_a_search_refuses_ends_the_check_with_the_same_words(
    make_spec: MakeSpec,
    ntk: Ntk,
    write: Write,
    tmp_path: Path,
    code: int,
    tune: dict[str, Any],
    sections: dict[str, Any],
) -> None:
    spec = make_spec(tune=tune, **sections)
    for name in ("train.csv", "test.csv"):
        head, *lines = (tmp_path / name).read_text().splitlines()
        write(name, "\n".join([f"{head},kernel", *(f"{line},7" for line in lines)]))
    found, failed = ntk("check", spec), ntk("tune", spec)
    assert (found.returncode, failed.returncode) == (code, code)
    assert found.stderr == failed.stderr
    assert found.stderr.count("ntk: error: ") == 1
    assert not (tmp_path / "run-tune").exists()


def test_drawing_without_optuna_ends_the_check(
    make_spec: MakeSpec, ntk: Ntk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    outcome = ntk("check", make_spec(tune={"search": "tpe", "space": SPACE}))
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert "needs Optuna" in outcome.stderr


def test_a_best_that_could_not_be_fitted_ends_the_check(
    make_spec: MakeSpec, ntk: Ntk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search has enough in some of the rows, and the fit takes all."""
    monkeypatch.setattr("ntkcli.planning.budget.free_disk", lambda _: 1000)
    outcome = ntk("check", make_spec(tune={"space": RIDGES}, output={"kernels": ["ntk_train_train"]}))
    assert outcome.returncode == 5
    assert "not enough disk: this job needs" in outcome.stderr
    assert texts_of(outcome.stdout)["fit"][0].endswith("at most, which is too much")


def test_a_solver_that_goes_with_some_bests_only_is_no_hindrance(checked: Checked) -> None:
    for compute in ({"solver": "cholesky"}, {"dtype": "mixed"}, {"solver": "eigh"}):
        assert checked({"space": SPACE}, compute=compute)["fit"]


def test_rows_that_repeat_others_are_singular_where_no_ridge_is_tried(
    make_spec: MakeSpec, ntk: Ntk, write: Write
) -> None:
    space = {"inference.ridge": [0.0, 0.1]}
    spec = make_spec(data={"test": None}, tune={"objective": "loo_rmse", "space": space})
    write("train.csv", REPEATED)
    (doubt,) = texts_of(ntk("check", spec).stdout)["doubtful"]
    assert doubt.endswith("the Gram matrix is singular without a ridge")


@pytest.mark.parametrize("search", ["grid", "tpe"])
def test_the_time_is_that_of_the_search_and_of_the_fit(checked: Checked, search: str) -> None:
    (time,) = checked({"space": SPACE, "search": search}, compute={"threads": 2})["time"]
    assert re.fullmatch(r"about [\d.]+ s on 2 threads, of it search about [\d.]+ s", time)


def test_relevance_counts(checked: Checked) -> None:
    shown = checked({"space": RIDGES}, data={"relevance": "learned"}, compute={"threads": 1})
    assert re.fullmatch(
        r"learned, a factor for each of 3 features, from 14 rows, about [\d.]+ s",
        shown["relevance"][0],
    )
    assert re.fullmatch(
        r"about [\d.]+ s on 1 thread, of it relevance about [\d.]+ s, search about [\d.]+ s", shown["time"][0]
    )


def test_relevance_counts_as_often_as_the_space_learns_it(checked: Checked) -> None:
    space = {"data.relevance": ["equal", "learned"], "data.log": [[], ["a"], ["c"]], **RIDGES}
    shown = checked({"space": space}, compute={"threads": 1})
    assert re.fullmatch(
        r"learned, a factor for each of 3 features, from 14 rows, 3 times, about [\d.]+ s",
        shown["relevance"][0],
    )
    assert "relevance" not in checked(
        {"space": {"data.relevance": ["equal"], **RIDGES}}, data={"relevance": "learned"}
    )


def test_a_column_in_the_space_that_is_not_there_is_found(make_spec: MakeSpec, ntk: Ntk) -> None:
    tune = {"objective": "loo_rmse", "space": {"data.log": [[], ["aa"]]}}
    for command in ("check", "tune"):
        outcome = ntk(command, make_spec(tune=tune))
        assert outcome.returncode == 3
        assert "has no column 'aa' (data.log)" in outcome.stderr
