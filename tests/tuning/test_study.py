"""Searches that draw networks, and go on where they were interrupted."""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
import pytest
import sqlalchemy

from ntkcli.errors import ResourceError, RunDirectoryError
from ntkcli.journal import Journal
from ntkcli.tuning.assessment import Assessment
from ntkcli.tuning.study import NAME
from ntkcli.tuning.trials import Trial, ranked, trial_table

from ..lines import Lines
from .brute_force import MakeSpec, searched

pytestmark = pytest.mark.usefixtures("migrations_read_once")

SPACE: dict[str, Any] = {
    "network.depth": {"low": 1, "high": 6},
    "network.activation": ["relu", {"name": "leaky_relu", "slope": 0.3}],
    "network.sigma_b": {"low": 0.01, "high": 1.0, "log": True},
    "inference.kernel": ["nngp", "ntk"],
    "inference.ridge": {"low": 1e-3, "high": 1.0, "log": True, "steps": 3},
    "inference.time": [1.0, "inf"],
}
both_searches = pytest.mark.parametrize("search", ["random", "tpe"])


def tune(search: str, trials: int = 6, **more: Any) -> dict[str, Any]:
    return {"search": search, "trials": trials, "validation": {"folds": 3}, "space": SPACE, **more}


def interrupt_after(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """End the search in the middle of the trial behind the first `count`."""
    trials, left = Assessment.trials, iter(range(count))

    def counted(assessment: Assessment, *args: Any) -> Iterator[Trial]:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return trials(assessment, *args)

    monkeypatch.setattr(Assessment, "trials", counted)


def without_seconds(trials: list[Trial]) -> list[Any]:
    return [(trial.number, trial.values, trial.data, trial.scored, trial.failure) for trial in trials]


@both_searches
def test_as_many_networks_are_drawn_as_asked_for(make_spec: MakeSpec, tmp_path: Path, search: str) -> None:
    _, section, trials = searched(make_spec(tune=tune(search)), tmp_path / "out")
    assert [trial.number for trial in trials] == list(range(6))
    assert len({str(trial.values) for trial in trials}) == 6
    for trial in trials:
        values = trial.values
        assert 1 <= values["network.depth"] <= 6
        assert isinstance(values["network.depth"], int)
        assert values["network.activation"] in SPACE["network.activation"]
        assert 0.01 <= values["network.sigma_b"] <= 1.0
        assert len(trial.scored) == 2 * 3 * 2
    assert len(trial_table(trials, section).splitlines()) == 1 + 6 * 12


@both_searches
def test_the_same_seed_draws_the_same(make_spec: MakeSpec, tmp_path: Path, search: str) -> None:
    found = [searched(make_spec(tune=tune(search)), tmp_path / name)[2] for name in ("a", "b")]
    assert without_seconds(found[0]) == without_seconds(found[1])
    other = searched(make_spec(tune=tune(search, seed=1)), tmp_path / "c")[2]
    assert [trial.values for trial in other] != [trial.values for trial in found[0]]


@both_searches
def test_an_interrupted_search_goes_on(
    make_spec: MakeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, search: str
) -> None:
    path = make_spec(tune=tune(search))
    _, _, whole = searched(path, tmp_path / "whole")
    with monkeypatch.context() as patch:
        interrupt_after(4, patch)
        with pytest.raises(KeyboardInterrupt):
            searched(path, tmp_path / "out")
    display = Lines()
    _, section, trials = searched(path, tmp_path / "out", Journal(display))
    assert display.lines[0] == "resuming after 4 trials"
    # What was interrupted is redone, and what was finished is as it was.
    assert without_seconds(trials)[:5] == without_seconds(whole)[:5]
    assert len(trials) == 6
    assert len({str(trial.values) for trial in trials}) == 6
    assert len(trial_table(trials, section).splitlines()) == 1 + 6 * 12


def test_a_random_search_draws_the_same_with_and_without_an_interruption(
    make_spec: MakeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_spec(tune=tune("random"))
    _, _, whole = searched(path, tmp_path / "whole")
    with monkeypatch.context() as patch:
        interrupt_after(2, patch)
        with pytest.raises(KeyboardInterrupt):
            searched(path, tmp_path / "out")
    assert without_seconds(searched(path, tmp_path / "out")[2]) == without_seconds(whole)


def test_a_finished_search_can_be_made_longer(make_spec: MakeSpec, tmp_path: Path) -> None:
    _, _, short = searched(make_spec(tune=tune("tpe", 3)), tmp_path / "out")
    _, _, long = searched(make_spec(tune=tune("tpe", 5)), tmp_path / "out")
    assert without_seconds(long)[:3] == without_seconds(short)
    assert len(long) == 5


@pytest.mark.parametrize("change", ["spec", "data"])
def test_a_study_of_something_else_is_not_gone_on_with(
    make_spec: MakeSpec, tmp_path: Path, change: str
) -> None:
    path = make_spec(tune=tune("tpe", 2))
    searched(path, tmp_path / "out")
    if change == "spec":
        path = make_spec(tune=tune("tpe", 2), network={"sigma_w": 1.7})
    else:
        rows = (tmp_path / "train.csv").read_text()
        (tmp_path / "train.csv").write_text(rows + "0.1,100,-2,50\n")
    with pytest.raises(RunDirectoryError, match="begun with another spec or other data: give --overwrite"):
        searched(path, tmp_path / "out")


def test_what_is_no_study_is_reported(make_spec: MakeSpec, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "study.db").write_text("this is no database, though it is long enough for one" * 50)
    with pytest.raises(RunDirectoryError, match=r"study\.db: cannot be used: .*: give --overwrite"):
        searched(make_spec(tune=tune("tpe", 2)), tmp_path / "out")


@contextmanager
def told_of_connections(listener: Callable[..., None]) -> Iterator[None]:
    """Have a function called with each new connection to a database, in the `with` block."""
    sqlalchemy.event.listen(sqlalchemy.Engine, "connect", listener)
    try:
        yield
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "connect", listener)


@pytest.mark.parametrize("pages", [3, 20])
def test_a_full_disk_leaves_no_half_of_a_study(make_spec: MakeSpec, tmp_path: Path, pages: int) -> None:
    def keep_small(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"pragma max_page_count = {pages}")

    with (
        told_of_connections(keep_small),
        pytest.raises(ResourceError, match=r"study\.db: the disk is full: free some space"),
    ):
        searched(make_spec(tune=tune("random")), tmp_path / "out")
    assert not (tmp_path / "out" / "study.db").exists()
    _, _, trials = searched(make_spec(tune=tune("random")), tmp_path / "out")
    assert len(trials) == 6


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        (0, RunDirectoryError, r"cannot be written: .*disk I/O error.*: choose another --out"),
        (errno.EDQUOT, ResourceError, "the disk quota is used up: free some space"),
        (errno.EFBIG, ResourceError, "the limit on the size of a file is reached: raise it"),
    ],
)
def test_a_disk_that_fails_is_told_from_one_that_gives_no_more(
    make_spec: MakeSpec,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    kind: type[Exception],
    told: str,
) -> None:
    def fail(*_: object) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
        raise error

    def reserve(*_: object) -> None:
        if code:
            raise OSError(code, os.strerror(code))

    monkeypatch.setattr("ntkcli.tuning.study.reserve", reserve)
    with told_of_connections(fail), pytest.raises(kind, match=rf"study\.db: {told}"):
        searched(make_spec(tune=tune("random")), tmp_path / "out")


def test_a_grid_does_not_take_the_place_of_an_unfinished_study(make_spec: MakeSpec, tmp_path: Path) -> None:
    searched(make_spec(tune=tune("tpe", 2)), tmp_path / "out")
    with pytest.raises(RunDirectoryError, match="of a search that is not finished"):
        searched(make_spec(tune=tune("grid") | {"space": {"inference.ridge": [1]}}), tmp_path / "out")


def test_other_programs_can_read_the_study(make_spec: MakeSpec, tmp_path: Path) -> None:
    _, section, trials = searched(make_spec(tune=tune("tpe", 4)), tmp_path / "out")
    with sqlite3.connect(tmp_path / "out" / "study.db") as connection:
        assert connection.execute("select study_name from studies").fetchall() == [(NAME,)]
    connection.close()
    study = optuna.load_study(study_name=NAME, storage=f"sqlite:///{tmp_path / 'out' / 'study.db'}")
    assert study.best_value == ranked(trials, section.objective)[0].score.value


@pytest.mark.parametrize("objective", ["rmse", "log_marginal_likelihood"])
def test_the_sampler_knows_which_way_is_better(make_spec: MakeSpec, tmp_path: Path, objective: str) -> None:
    space = SPACE | {"inference.kernel": ["nngp"]}
    section = tune("tpe", 3, objective=objective) | {"space": space}
    _, _, trials = searched(make_spec(tune=section), tmp_path / "out")
    study = optuna.load_study(study_name=NAME, storage=f"sqlite:///{tmp_path / 'out' / 'study.db'}")
    scores = [[score.value for score in trial.scored.values() if score.value] for trial in trials]
    best = [min(some) if objective == "rmse" else max(some) for some in scores]
    assert [trial.value for trial in study.trials] == best
    assert study.best_value == (min(best) if objective == "rmse" else max(best))


def test_a_network_that_is_drawn_again_is_not_scored_again(
    make_spec: MakeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_after(2, monkeypatch)
    section = tune("random", 8) | {"space": {"network.depth": [2, 3], "inference.ridge": [0.1]}}
    _, _, trials = searched(make_spec(tune=section), tmp_path / "out")
    assert [trial.number for trial in trials] == list(range(8))
    assert {trial.values["network.depth"] for trial in trials} == {2, 3}


@both_searches
def test_networks_that_fail_count_as_trials(make_spec: MakeSpec, tmp_path: Path, search: str) -> None:
    space = {"network.activation": ["exp"], "network.depth": {"low": 9, "high": 12}, "inference.ridge": [0.1]}
    path = make_spec(tune=tune(search, 3) | {"space": space})
    for _ in range(2):
        _, _, trials = searched(path, tmp_path / "out")
        assert len(trials) == 3
        assert all(trial.failure and not trial.scored for trial in trials)
