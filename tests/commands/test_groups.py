"""Rows that belong together are split, left out and held out together."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from .run_files import MakeSpec, Ntk, load_json

GROUPS, ROWS = 120, 4


@pytest.fixture
def table() -> pd.DataFrame:
    """Measurements of patients, who each have an offset of their own, which their features tell apart."""
    random = np.random.default_rng(0)
    patient = np.repeat(np.arange(GROUPS), ROWS)
    own = random.normal(size=(GROUPS, 3))[patient] + 0.01 * random.normal(size=(GROUPS * ROWS, 3))
    offset = random.normal(size=GROUPS)[patient]
    found = pd.DataFrame(own, columns=["a", "b", "c"]).assign(y=offset + 0.1 * random.normal(size=len(own)))
    return found.assign(patient=[f"P{number:02d}" for number in patient]).sample(frac=1, random_state=0)


@pytest.fixture
def spec(make_spec: MakeSpec, table: pd.DataFrame, tmp_path: Path) -> MakeSpec:
    def make(**sections: dict[str, Any]) -> Path:
        data = {"test": None, "split": {"test": 0.5}, "groups": "patient"} | sections.pop("data", {})
        inference = {"kernel": "nngp", "ridge": "auto"} | sections.pop("inference", {})
        path = make_spec(data=data, inference=inference, output={"interval_from": "auto"}, **sections)
        table.to_csv(tmp_path / "train.csv", index=False)
        return path

    return make


def predicted(run: str, table: pd.DataFrame) -> pd.DataFrame:
    found = pd.read_csv(Path(run) / "predictions.csv")
    return found.assign(patient=table["patient"].to_numpy()[found["row"]])


def coverage(found: pd.DataFrame) -> float:
    return float(((found["y_lower"] <= found["y"]) & (found["y"] <= found["y_upper"])).mean())


def test_a_split_sets_whole_groups_aside(spec: MakeSpec, ntk: Ntk, table: pd.DataFrame) -> None:
    outcome = ntk("fit", spec())
    assert outcome.returncode == 0, outcome.stderr
    found = predicted("run", table)
    assert len(found) == GROUPS * ROWS // 2
    assert (found["patient"].value_counts() == ROWS).all()


@pytest.mark.parametrize("kernel", ["nngp", "ntk"])
def test_intervals_by_groups_left_out_hold_new_groups(
    spec: MakeSpec, ntk: Ntk, table: pd.DataFrame, kernel: str
) -> None:
    path = spec(inference={"kernel": kernel})
    outcome = ntk("fit", path)
    assert outcome.returncode == 0, outcome.stderr
    assert "leave-one-group-out rmse" in outcome.stderr
    assert "240 training rows, each left out with its group" in outcome.stdout
    assert coverage(predicted("run", table)) > 0.88
    # Rows left out one at a time are told by those of their group, and promise far too much for new ones.
    known = predicted("run", table)["row"]
    table.iloc[known].to_csv("test.csv", index=False)
    table.drop(index=table.index[known]).to_csv("train.csv", index=False)
    text = path.read_text().replace("split:\n    test: 0.5", "").replace("test: null", "test: test.csv")
    path.write_text(text.replace("groups: patient", "id: patient"))
    outcome = ntk("fit", path, "--out", "alone")
    assert outcome.returncode == 0, outcome.stderr
    alone = pd.read_csv("alone/predictions.csv")
    assert coverage(alone) < 0.5


def test_at_finite_times_groups_are_held_out_whole(spec: MakeSpec, ntk: Ntk, table: pd.DataFrame) -> None:
    outcome = ntk("fit", spec(inference={"kernel": "ntk", "time": 100.0, "ridge": 0.1}))
    assert outcome.returncode == 0, outcome.stderr
    assert "12 whole groups, held out from a smaller fit" in outcome.stdout
    assert load_json(Path("run/metrics.json"))["interval_from"] == "held_out"


def test_an_approximation_holds_whole_groups_out(spec: MakeSpec, ntk: Ntk, table: pd.DataFrame) -> None:
    approximation = {"method": "nystrom", "centres": 60}
    outcome = ntk("fit", spec(inference={"approximation": approximation}))
    assert outcome.returncode == 0, outcome.stderr
    assert "12 whole groups, held out" in outcome.stdout
    assert coverage(predicted("run", table)) > 0.85


def test_rows_of_new_groups_are_predicted_without_the_column(
    spec: MakeSpec, ntk: Ntk, table: pd.DataFrame
) -> None:
    assert ntk("fit", spec()).returncode == 0
    table.drop(columns=["patient", "y"]).to_csv("new.csv", index=False)
    outcome = ntk("predict", "run", "new.csv", "--out", "new_predictions.csv")
    assert outcome.returncode == 0, outcome.stderr
    again = pd.read_csv("new_predictions.csv")["y_mean"]
    known = predicted("run", table)
    np.testing.assert_allclose(again[known["row"]], known["y_mean"], rtol=1e-9)


def test_a_group_may_be_an_id_too(spec: MakeSpec, ntk: Ntk) -> None:
    outcome = ntk("fit", spec(data={"id": "patient"}))
    assert outcome.returncode == 0, outcome.stderr
    assert pd.read_csv("run/predictions.csv")["patient"].str.startswith("P").all()


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        ({"groups": "nobody"}, 3, "has no column 'nobody' (data.groups)"),
        ({"groups": "y"}, 2, "data.groups: column 'y' is both in target and in groups: keep one"),
        ({"groups": "one"}, 3, "column 'one' (data.groups) has one group only: leave it out"),
        ({"groups": "gap"}, 3, "column 'gap': is empty, and data.groups needs a value in every row"),
        (
            {"groups": "marked", "csv": {"na_values": ["unknown"]}},
            3,
            "column 'marked': is empty, and data.groups needs a value in every row",
        ),
        ({"split": {"test": 0.5, "time": "a"}}, 2, "data.split.time: would part the rows of data.groups"),
    ],
)
def test_what_is_no_group_is_told_in_a_line(
    spec: MakeSpec, ntk: Ntk, table: pd.DataFrame, data: dict[str, Any], code: int, message: str
) -> None:
    others = ["x"] * (len(table) - 1)
    table["one"], table["gap"], table["marked"] = "x", ["", *others], ["unknown", *others]
    outcome = ntk("fit", spec(data={"features": ["a", "b", "c"]} | data))
    assert outcome.returncode == code, outcome.stderr
    assert message in outcome.stderr
    assert not Path("run").exists()
