"""What `ntk tune` refuses, with one clear line and the right exit code."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from .run_files import MakeSpec, Ntk

RIDGES: dict[str, Any] = {"inference.ridge": [0.1, 1.0]}


def refusal(outcome: Any, code: int) -> str:
    """The one line, after checking that nothing else was said."""
    assert (outcome.returncode, outcome.stdout) == (code, "")
    (line,) = [line for line in outcome.stderr.splitlines() if line.startswith("ntk: error: ")]
    return str(line.removeprefix("ntk: error: "))


@pytest.fixture
def class_data(make_spec: MakeSpec, tmp_path: Path) -> dict[str, Any]:
    make_spec()
    table = pd.read_csv(tmp_path / "train.csv").assign(y=["yes", "no"] * 7)
    table.to_csv(tmp_path / "classes.csv", index=False)
    return {"train": "classes.csv", "test": None}


def test_a_spec_without_the_section(make_spec: MakeSpec, ntk: Ntk) -> None:
    assert refusal(ntk("tune", make_spec()), 2).endswith(
        "spec.yaml: tune: is missing: say there what to search"
    )


def test_a_wrong_key_at_its_line(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    outcome = ntk("tune", make_spec(tune={"space": {"network.dept": [1]}}))
    assert "tune.space.network.dept: is not a key that can be tuned; did you mean" in refusal(outcome, 2)
    assert not (tmp_path / "run-tune").exists()


@pytest.mark.parametrize("objective", ["accuracy", "log_loss"])
def test_objectives_of_classes_for_numbers(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, objective: str
) -> None:
    line = refusal(ntk("tune", make_spec(tune={"objective": objective, "space": RIDGES})), 2)
    assert f"spec.yaml: tune.objective: {objective} is of classes, and the target is a number" in line
    assert not (tmp_path / "run-tune").exists()


@pytest.mark.parametrize("objective", ["nll", "loo_nll"])
def test_objectives_of_numbers_for_classes(
    make_spec: MakeSpec, ntk: Ntk, class_data: dict[str, Any], objective: str
) -> None:
    path = make_spec(data=class_data, tune={"objective": objective, "space": RIDGES})
    assert f"tune.objective: {objective} is of numbers, and the target is a class" in refusal(
        ntk("tune", path), 2
    )


def test_folds_of_single_rows(make_spec: MakeSpec, ntk: Ntk) -> None:
    path = make_spec(tune={"validation": {"folds": 8}, "space": RIDGES})
    line = refusal(ntk("tune", path), 2)
    assert "spec.yaml: tune.validation.folds: 8 folds of 14 training rows would hold out single rows" in line
    assert "loo_rmse" in line


def test_too_little_memory(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    path = make_spec(tune={"space": RIDGES}, compute={"memory": "10MB"})
    line = refusal(ntk("tune", path), 5)
    assert line.startswith("not enough memory: tune needs about ")
    assert line.endswith(
        "for 14 training rows, and 10 MiB are free or allowed (compute.memory): use fewer rows or more memory"
    )
    assert not (tmp_path / "run-tune").exists()


def test_too_many_rows(make_spec: MakeSpec, ntk: Ntk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ntkcli.planning.eigendecomposition.MOST_ROWS", 10)
    line = refusal(ntk("tune", make_spec(tune={"space": RIDGES})), 5)
    assert line == (
        "tune takes eigendecompositions, of 10 training rows at most, and there are 12: use fewer rows"
    )


def test_networks_that_all_fail(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    space = {"network.activation": ["exp"], "network.depth": [9, 10]}
    outcome = ntk("tune", make_spec(tune={"space": space}))
    assert "leaves the range of float64" in refusal(outcome, 4)
    assert outcome.stderr.count("ntk: warning: trial ") == 2
    table = pd.read_csv(tmp_path / "run-tune" / "trials.csv")
    assert table["network.depth"].tolist() == [9, 10]
    assert table["rmse"].isna().all()


def test_ridges_that_leave_every_matrix_singular(make_spec: MakeSpec, ntk: Ntk) -> None:
    space = {"network.depth": [1], "inference.ridge": [0.0]}
    assert "search larger values of inference.ridge" in refusal(
        ntk("tune", make_spec(tune={"space": space})), 4
    )


def test_data_that_cannot_be_read(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    refusal(ntk("tune", make_spec(data={"train": "none.csv"}, tune={"space": RIDGES})), 3)
    assert not (tmp_path / "run-tune").exists()


def test_a_study_of_another_spec(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    section = {"search": "random", "trials": 2, "space": {"network.depth": [1, 2], **RIDGES}}
    assert ntk("tune", make_spec(tune=section), "-qq").returncode == 0
    (tmp_path / "run-tune" / "best.yaml").unlink()
    outcome = ntk("tune", make_spec(tune=section, network={"sigma_w": 1.0}))
    assert "study.db: was begun with another spec or other data: give --overwrite" in refusal(outcome, 6)


@pytest.mark.parametrize("name", ["best.yaml", "trials.csv"])
def test_a_directory_in_which_it_would_replace_what_it_reads(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, name: str
) -> None:
    spec = make_spec(tune={"space": RIDGES}, data={"train": "trials.csv"})
    (tmp_path / "train.csv").rename(tmp_path / "trials.csv")
    if name == "best.yaml":
        spec = spec.rename(tmp_path / "best.yaml")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    line = refusal(ntk("tune", spec, "--out", ".", "--overwrite"), 2)
    assert line.endswith(f"{name}: is read, and {name} would take its place: give another --out")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
