"""A search is finished when its best is fitted; one that was interrupted there does that only."""

import json
from pathlib import Path
from typing import Any

import pytest

from ntkcli.models.fitting import Fitting
from ntkcli.spec.file import read_spec

from .run_files import MakeSpec, Ntk, contents

pytestmark = pytest.mark.usefixtures("migrations_read_once")

GRID: dict[str, Any] = {
    "validation": {"folds": 3},
    "space": {"network.depth": [1, 3], "inference.ridge": [0.1, 1.0], "inference.kernel": ["nngp", "ntk"]},
}
DRAWN: dict[str, Any] = GRID | {"search": "random", "trials": 2}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "run-tune"


@pytest.fixture
def interrupted(make_spec: MakeSpec, ntk: Ntk, out: Path) -> Any:
    """Tune a spec with these sections, and end in the fit of the best."""

    def end(error: BaseException, *options: str, **sections: dict[str, Any]) -> Path:
        def fail(*_: object) -> None:
            raise error

        path = make_spec(**sections)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Fitting, "carry_out", fail)
            assert ntk("tune", path, "-qq", *options).returncode != 0
        assert {"best.yaml", "trials.csv"} <= {path.name for path in out.iterdir()}
        return path

    return end


def without_search(*_: object) -> None:
    raise AssertionError("it searches")


FULL = OSError(28, "No space left on device")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), FULL, SystemExit(143)], ids=type)
def test_a_grid_goes_on_with_the_fit_of_the_best(
    interrupted: Any, ntk: Ntk, out: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    path = interrupted(error, tune=GRID)
    found = contents(out)
    assert set(found) == {"trials.csv", "best.yaml"}
    monkeypatch.setattr("ntkcli.commands.tune.search", without_search)
    outcome = ntk("tune", path)
    assert (outcome.returncode, outcome.stderr) == (0, "ntk: the search is finished: fitting the best\n")
    assert (out / "fit" / "predictions.csv").exists()
    assert {name: contents(out)[name] for name in found} == found
    assert ntk("tune", path).returncode == 6


def test_it_ends_as_a_search_that_was_not_interrupted(
    interrupted: Any, make_spec: MakeSpec, ntk: Ntk, out: Path, tmp_path: Path
) -> None:
    shown = ntk("tune", make_spec(tune=GRID), "--out", "whole").stdout.splitlines()
    again = ntk("tune", interrupted(FULL, tune=GRID)).stdout.splitlines()
    # But for the place, and the seconds of the fit.
    assert [line.split()[:-1] for line in again] == [line.split()[:-1] for line in shown]
    for name in ("predictions.csv", "metrics.json"):
        assert (out / "fit" / name).read_bytes() == (tmp_path / "whole" / "fit" / name).read_bytes()


@pytest.mark.parametrize(
    "sections",
    [
        {"tune": GRID | {"space": {"network.depth": [2]}}},
        {"tune": GRID, "network": {"sigma_w": 1.0}},
        {"tune": GRID, "data": {"features": ["a"]}},
        {"tune": DRAWN},
    ],
)
def test_another_spec_is_not_gone_on_with(
    interrupted: Any, make_spec: MakeSpec, ntk: Ntk, out: Path, sections: dict[str, Any]
) -> None:
    interrupted(FULL, tune=GRID)
    before = contents(out)
    outcome = ntk("tune", make_spec(**sections))
    assert (outcome.returncode, outcome.stdout, outcome.stderr.count("\n")) == (6, "", 1)
    assert "best.yaml: was found with another spec or other data: give --overwrite" in outcome.stderr
    assert contents(out) == before
    assert ntk("tune", make_spec(**sections), "--overwrite", "-qq").returncode == 0


def test_other_data_is_not_gone_on_with(interrupted: Any, ntk: Ntk, tmp_path: Path) -> None:
    path = interrupted(FULL, tune=GRID)
    with (tmp_path / "train.csv").open("a") as file:
        file.write("1,100,-2,50\n")
    outcome = ntk("tune", path)
    assert outcome.returncode == 6
    assert "was found with another spec or other data" in outcome.stderr


def test_what_is_written_and_how_it_is_computed_may_change(
    interrupted: Any, make_spec: MakeSpec, ntk: Ntk, out: Path
) -> None:
    """They may have been why the fit failed."""
    interrupted(FULL, tune=GRID, output={"covariance": True})
    outcome = ntk("tune", make_spec(tune=GRID, output={"interval": 0.5}, compute={"solver": "eigh"}))
    assert (outcome.returncode, outcome.stderr) == (0, "ntk: the search is finished: fitting the best\n")
    spec = read_spec(out / "best.yaml").spec
    assert (spec.output.interval, spec.output.covariance, spec.compute.solver) == (0.5, False, "eigh")
    assert not (out / "fit" / "covariance").exists()


def test_a_search_that_draws_goes_on_from_its_study(
    interrupted: Any, make_spec: MakeSpec, ntk: Ntk, out: Path
) -> None:
    path = interrupted(FULL, tune=DRAWN)
    outcome = ntk("tune", path)
    assert (outcome.returncode, outcome.stderr) == (0, "ntk: resuming after 2 trials\n")
    assert ntk("tune", path).returncode == 6


def test_a_search_that_draws_may_go_on_with_more_trials(
    interrupted: Any, make_spec: MakeSpec, ntk: Ntk, out: Path
) -> None:
    interrupted(FULL, tune=DRAWN)
    assert ntk("tune", make_spec(tune=DRAWN | {"trials": 3}), "-qq").returncode == 0
    assert (out / "trials.csv").read_text().count("\n") == 1 + 3 * 4


def test_an_older_fit_does_not_count_for_a_new_best(
    interrupted: Any, make_spec: MakeSpec, ntk: Ntk, out: Path
) -> None:
    assert ntk("tune", make_spec(tune=GRID), "-qq").returncode == 0
    other = {"space": {"inference.ridge": [0.5]}}
    path = interrupted(FULL, "--overwrite", tune=other)
    assert (out / "fit" / "predictions.csv").exists()
    assert ntk("tune", path, "-qq").returncode == 0
    assert read_spec(out / "fit" / "spec.yaml").spec.inference.ridge == 0.5
    assert ntk("tune", path, "-qq").returncode == 6


def test_a_fit_that_is_deleted_is_made_again(make_spec: MakeSpec, ntk: Ntk, out: Path) -> None:
    path = make_spec(tune=GRID)
    assert ntk("tune", path, "-qq").returncode == 0
    before = (out / "fit" / "predictions.csv").read_bytes()
    for file in sorted((out / "fit").rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    (out / "fit").rmdir()
    assert ntk("tune", path, "-qq").returncode == 0
    assert (out / "fit" / "predictions.csv").read_bytes() == before


def test_a_best_of_no_search_stays(make_spec: MakeSpec, ntk: Ntk, out: Path) -> None:
    out.mkdir()
    (out / "best.yaml").write_text("mine: 1\n")
    outcome = ntk("tune", make_spec(tune=GRID))
    assert outcome.returncode == 6
    assert contents(out) == {"best.yaml": b"mine: 1\n"}


def test_a_grid_without_its_table_is_searched_again(interrupted: Any, ntk: Ntk, out: Path) -> None:
    path = interrupted(FULL, tune=GRID)
    before = (out / "best.yaml").read_bytes()
    (out / "trials.csv").unlink()
    assert ntk("tune", path, "-qq").returncode == 0
    assert (out / "best.yaml").read_bytes() == before


@pytest.mark.parametrize("option", [["--resume"], ["--max-time", "1h"]], ids=["resume", "time limit"])
@pytest.mark.parametrize("tune", [GRID, DRAWN], ids=["grid", "random"])
def test_a_search_to_be_resumed_that_is_finished_is_done(
    make_spec: MakeSpec, ntk: Ntk, out: Path, monkeypatch: pytest.MonkeyPatch, option: list[str], tune: Any
) -> None:
    path = make_spec(tune=tune)
    first = json.loads(ntk("tune", path, "--json", *option).stdout)
    before = contents(out)
    monkeypatch.setattr("ntkcli.commands.tune.search", without_search)
    outcome = ntk("tune", path, *option)
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "run-tune is finished\n", "")
    again = json.loads(ntk("tune", path, "--json", *option).stdout)
    # The seconds of the fit are until they were written, and until it ended.
    assert again["fit"].pop("seconds") <= first["fit"].pop("seconds")
    assert again == first
    assert contents(out) == before


def test_a_finished_search_of_another_spec_is_refused(make_spec: MakeSpec, ntk: Ntk, out: Path) -> None:
    ntk("tune", make_spec(tune=GRID))
    before = contents(out)
    outcome = ntk("tune", make_spec(tune=GRID, network={"sigma_w": 1.0}), "--resume")
    assert outcome.returncode == 6
    assert "was found with another spec or other data" in outcome.stderr
    assert contents(out) == before


def test_a_finished_search_goes_on_with_more_trials(make_spec: MakeSpec, ntk: Ntk, out: Path) -> None:
    ntk("tune", make_spec(tune=DRAWN))
    outcome = ntk("tune", make_spec(tune=DRAWN | {"trials": 3}), "--resume")
    assert (outcome.returncode, outcome.stderr) == (0, "ntk: resuming after 2 trials\n")
    (whole := out.with_name("whole")).mkdir()
    ntk("tune", make_spec(tune=DRAWN | {"trials": 3}), "--out", whole)
    assert (out / "best.yaml").read_bytes() == (whole / "best.yaml").read_bytes()
    assert (out / "fit" / "predictions.csv").read_bytes() == (whole / "fit" / "predictions.csv").read_bytes()


def test_more_trials_without_their_fit_are_not_finished(
    interrupted: Any, make_spec: MakeSpec, ntk: Ntk, out: Path
) -> None:
    ntk("tune", make_spec(tune=DRAWN))
    more = interrupted(FULL, "--resume", tune=DRAWN | {"trials": 3})
    outcome = ntk("tune", more, "--resume")
    assert (outcome.returncode, outcome.stderr) == (0, "ntk: resuming after 3 trials\n")


@pytest.mark.parametrize("options", [[], ["--resume"]], ids=["refused", "finished"])
def test_a_finished_search_is_rid_of_what_a_killed_one_left(
    make_spec: MakeSpec, ntk: Ntk, out: Path, options: list[str]
) -> None:
    ntk("tune", make_spec(tune=GRID))
    before = contents(out)
    (out / ".fit.ntk-partial").mkdir()
    for name in (".ntk-lock", ".fit.ntk-lock", ".fit.ntk-partial/model.json"):
        (out / name).touch()
    assert ntk("tune", make_spec(tune=GRID), *options).returncode == (0 if options else 6)
    assert contents(out) == before
    assert {path.name for path in out.iterdir()} == {"best.yaml", "fit", "trials.csv"}
