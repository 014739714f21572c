"""`--max-time` and `--resume` of commands that go on where an earlier call was stopped."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ntkcli.simulation.directory import SimulationDirectory
from ntkcli.simulation.experiment import Draw, Outcome

from .run_files import MakeSpec, Ntk, contents

SIMULATE = {"widths": [4, 8], "seeds": 3, "rows": 10}
TABLES = ("kernels.csv", "training.csv", "layers.csv", "predictions.csv", "summary.json")


@pytest.fixture(autouse=True)
def unwatched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Without the thread that ends a process seconds after a signal, as this one goes on."""
    monkeypatch.setattr("ntkcli.interruption._start_watch", lambda: None)
    watch = signal.set_wakeup_fd(-1)
    yield
    signal.set_wakeup_fd(watch)


@pytest.fixture
def spec(make_spec: MakeSpec) -> Path:
    """A simulation of six networks."""
    return make_spec(
        inference={"kernel": "ntk", "time": [0.01, 0.1]}, simulate=SIMULATE, compute={"threads": 1}
    )


def test_calls_with_a_time_limit_finish_bit_by_bit_as_one_without(
    spec: Path, ntk: Ntk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = SimulationDirectory.keep

    def keep_slowly(directory: SimulationDirectory, draw: Draw, outcome: Outcome) -> None:
        """Never ends after the second network."""
        keep(directory, draw, outcome)
        if len(list((tmp_path / "bits" / "networks").glob("*.npz"))) == 2:
            time.sleep(60)

    with monkeypatch.context() as patch:
        patch.setattr(SimulationDirectory, "keep", keep_slowly)
        stopped = ntk("simulate", spec, "--out", "bits", "--max-time", "3s")
    assert stopped.returncode == 75
    assert stopped.stderr == "ntk: error: the time of --max-time is up: the same command goes on from here\n"
    went_on = ntk("simulate", spec, "--out", "bits", "--max-time", "999999999999h")
    assert (went_on.returncode, "2 networks of 6" in went_on.stderr) == (0, True)
    assert ntk("simulate", spec, "--out", "whole").returncode == 0
    bits, whole = contents(tmp_path / "bits"), contents(tmp_path / "whole")
    assert {name: bits[name] for name in TABLES} == {name: whole[name] for name in TABLES}


@pytest.mark.parametrize(("options", "code"), [(["--resume"], 75), ([], 143)], ids=["resume", "plain"])
def test_sigterm_asks_to_try_again_where_the_command_was_told_to_resume(
    spec: Path, ntk: Ntk, monkeypatch: pytest.MonkeyPatch, options: list[str], code: int
) -> None:
    monkeypatch.setattr(SimulationDirectory, "keep", lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    outcome = ntk("simulate", spec, *options)
    assert outcome.returncode == code
    assert ("the same command goes on from here" in outcome.stderr) == (code == 75)


@pytest.mark.parametrize("text", ["0", "0m", "soon", "-1", "5 days"])
def test_what_is_no_time_limit_is_refused(spec: Path, ntk: Ntk, text: str) -> None:
    outcome = ntk("simulate", spec, f"--max-time={text}")
    assert outcome.returncode == 2
    assert "--max-time" in outcome.stderr


@pytest.mark.parametrize("command", ["tune", "simulate"])
@pytest.mark.parametrize("option", ["--resume", "--max-time=1h"])
def test_to_begin_anew_in_every_call_is_not_to_go_on(spec: Path, ntk: Ntk, command: str, option: str) -> None:
    outcome = ntk(command, spec, option, "--overwrite")
    assert outcome.returncode == 2
    assert "--overwrite begins anew in every call" in outcome.stderr
