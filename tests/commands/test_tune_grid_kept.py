"""A grid that was killed goes on with the trials that it had finished."""

from pathlib import Path
from typing import Any

import pytest

from ntkcli.tuning.kept_trials import KeptTrials
from ntkcli.tuning.trials import Trial

from .run_files import MakeSpec, Ntk

GRID: dict[str, Any] = {
    "validation": {"folds": 3},
    "space": {
        "network.depth": [1, 2, 4],
        "network.activation": ["relu", "gelu"],
        "inference.ridge": [0.1, 1.0],
    },
}


def without_seconds(text: str) -> list[str]:
    return [line.rpartition(",")[0] for line in text.splitlines()]


@pytest.fixture
def killed(make_spec: MakeSpec, ntk: Ntk) -> Path:
    """A search that ends before its fourth trial is kept."""
    add = KeptTrials.add

    def fail(self: KeptTrials, trial: Trial) -> None:
        if len(self.trials) == 3:
            raise KeyboardInterrupt
        add(self, trial)

    path = make_spec(tune=GRID)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(KeptTrials, "add", fail)
        assert ntk("tune", path, "--out", "out").returncode != 0
    return path


@pytest.mark.parametrize("torn", [b"", b'{"number": 5, "val', b"\xff"])
def test_it_ends_as_one_that_was_not(killed: Path, ntk: Ntk, tmp_path: Path, torn: bytes) -> None:
    with (tmp_path / "out" / "trials.jsonl").open("ab") as file:
        file.write(torn)
    again, whole = ntk("tune", killed, "--out", "out"), ntk("tune", killed, "--out", "whole")
    assert (again.returncode, whole.returncode) == (0, 0), again.stderr
    assert "ntk: resuming after 3 trials\n" in again.stderr
    tables = [without_seconds((tmp_path / name / "trials.csv").read_text()) for name in ("out", "whole")]
    assert tables[0] == tables[1]
    best = [(tmp_path / name / "best.yaml").read_bytes() for name in ("out", "whole")]
    assert best[0] == best[1]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"trials.csv", "best.yaml", "fit"}


def test_another_spec_is_refused_unless_it_overwrites(killed: Path, ntk: Ntk) -> None:
    outcome = ntk("tune", killed, "--out", "out", "--set", "tune.seed=7")
    assert outcome.returncode == 6
    assert "trials.jsonl: was begun with another spec or other data: give --overwrite" in outcome.stderr
    outcome = ntk("tune", killed, "--out", "out", "--set", "tune.search=random", "--set", "tune.trials=1")
    assert (outcome.returncode, "holds trials.jsonl" in outcome.stderr) == (6, True)
    assert ntk("tune", killed, "--out", "out", "--set", "tune.seed=7", "--overwrite").returncode == 0


def test_what_is_damaged_is_refused(killed: Path, ntk: Ntk, tmp_path: Path) -> None:
    with (tmp_path / "out" / "trials.jsonl").open("ab") as file:
        file.write(b"{}\n")
    outcome = ntk("tune", killed, "--out", "out")
    assert (outcome.returncode, "trials.jsonl: is damaged: give --overwrite" in outcome.stderr) == (6, True)
