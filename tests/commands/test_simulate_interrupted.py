"""A simulation goes on where it was interrupted, and refuses what it cannot go on with."""

import signal
from pathlib import Path
from typing import Any

import pytest

from ntkcli.simulation import outcomes
from ntkcli.simulation.experiment import Draw, Experiment, Outcome, run

from .run_files import MakeSpec, Ntk, Write, contents

SECTIONS: dict[str, Any] = {
    "inference": {"kernel": "ntk", "time": [0.01, 0.1]},
    "simulate": {"widths": [4, 8], "seeds": 3, "rows": 10},
    "compute": {"threads": 1},
}
TABLES = ("kernels.csv", "training.csv", "layers.csv", "predictions.csv", "summary.json")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "run-simulation"


class Counted:
    """Runs draws, counts them, and fails at one of them."""

    def __init__(self, fails_at: int = 0, error: BaseException | None = None) -> None:
        self.draws: list[Draw] = []
        self._fails_at, self._error = fails_at, error

    def __call__(self, experiment: Experiment, draw: Draw) -> Outcome:
        self.draws.append(draw)
        if self._error and len(self.draws) == self._fails_at:
            raise self._error
        return run(experiment, draw)


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), SystemExit(128 + signal.SIGTERM), OSError(28, "full")], ids=type
)
def test_an_interrupted_simulation_ends_as_if_nothing_had_been(
    make_spec: MakeSpec, ntk: Ntk, out: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    path = make_spec(**SECTIONS)
    monkeypatch.setattr(outcomes, "run", Counted(4, error))
    assert ntk("simulate", path).returncode != 0
    assert not (out / "summary.json").exists()
    kept = len(list((out / "networks").glob("*.npz")))
    assert 0 < kept < 6
    counted = Counted()
    monkeypatch.setattr(outcomes, "run", counted)
    outcome = ntk("simulate", path)
    assert outcome.returncode == 0
    assert len(counted.draws) == 6 - kept
    assert outcome.stderr == f"ntk: {kept} networks of 6 are kept from an earlier call\n"
    whole = {name: contents(out)[name] for name in TABLES}
    assert ntk("simulate", path, "--overwrite").returncode == 0
    assert {name: contents(out)[name] for name in TABLES} == whole


def test_more_seeds_and_widths_go_on_from_those_that_are_there(
    make_spec: MakeSpec, ntk: Ntk, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ntk("simulate", make_spec(**SECTIONS)).returncode == 0
    counted = Counted()
    monkeypatch.setattr(outcomes, "run", counted)
    more = {"widths": [4, 8, 12], "seeds": 4, "rows": 10}
    assert ntk("simulate", make_spec(**SECTIONS | {"simulate": more})).returncode == 0
    assert sorted(counted.draws) == [(4, 3), (8, 3), (12, 0), (12, 1), (12, 2), (12, 3)]


def test_a_damaged_outcome_is_computed_again(make_spec: MakeSpec, ntk: Ntk, out: Path) -> None:
    path = make_spec(**SECTIONS)
    assert ntk("simulate", path).returncode == 0
    before = {name: contents(out)[name] for name in TABLES}
    kept = out / "networks" / "width_8_seed_1.npz"
    kept.write_bytes(kept.read_bytes()[:100])
    assert "5 networks of 6" in ntk("simulate", path).stderr
    assert {name: contents(out)[name] for name in TABLES} == before


@pytest.mark.parametrize(
    "change",
    [
        {"network": {"depth": 2}},
        {"inference": {"kernel": "ntk", "time": [0.02]}},
        {"simulate": {"widths": [4, 8], "seeds": 3, "rows": 9}},
    ],
    ids=["network", "time", "rows"],
)
def test_another_experiment_is_not_mixed_with_what_is_there(
    make_spec: MakeSpec, ntk: Ntk, out: Path, change: dict[str, Any]
) -> None:
    assert ntk("simulate", make_spec(**SECTIONS)).returncode == 0
    before = contents(out)
    other = make_spec(**SECTIONS | change)
    outcome = ntk("simulate", other)
    assert outcome.returncode == 6
    assert outcome.stderr == (
        f"ntk: error: {out.name}: was begun with another spec, data or options: give --overwrite to begin "
        "anew, or another --out\n"
    )
    assert contents(out) == before
    assert ntk("simulate", other, "--overwrite").returncode == 0


def test_other_data_is_another_experiment(make_spec: MakeSpec, ntk: Ntk, out: Path, write: Write) -> None:
    path = make_spec(**SECTIONS)
    assert ntk("simulate", path).returncode == 0
    test = out.parent / "test.csv"
    test.write_text(test.read_text().replace(".", ".1", 1))
    assert ntk("simulate", path).returncode == 6


def test_a_directory_of_something_else_is_left_alone(
    make_spec: MakeSpec, ntk: Ntk, out: Path, write: Write
) -> None:
    kept = write("run-simulation/notes.txt", "mine")
    outcome = ntk("simulate", make_spec(**SECTIONS), "--overwrite")
    assert outcome.returncode == 6
    assert "holds notes.txt" in outcome.stderr
    assert kept.read_text() == "mine"
    assert list(out.iterdir()) == [kept]


def test_results_of_an_earlier_call_do_not_stay_beside_the_new_ones(
    make_spec: MakeSpec, ntk: Ntk, out: Path
) -> None:
    path = make_spec(**SECTIONS)
    assert ntk("simulate", path, "--samples", "--plot").returncode == 0
    assert ntk("simulate", path).returncode == 0
    assert not (out / "samples.csv").exists()
    assert not (out / "kernels.png").exists()


@pytest.mark.parametrize("options", [[], ["--overwrite"]], ids=["again", "overwrite"])
def test_what_a_killed_overwrite_left_is_no_obstacle(
    make_spec: MakeSpec, ntk: Ntk, out: Path, options: list[str]
) -> None:
    """Networks without the mark of what they are of, which are then computed again."""
    path = make_spec(**SECTIONS)
    assert ntk("simulate", path).returncode == 0
    for left in out.iterdir():
        if left.name != "networks":
            left.unlink()
    (out / "networks" / "fingerprint").unlink()
    outcome = ntk("simulate", path, *options)
    assert (outcome.returncode, outcome.stderr) == (0, "")
