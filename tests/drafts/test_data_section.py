"""What the data section says of a table."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from ntkcli.drafts.data_section import data_lines
from ntkcli.drafts.draft import Draft

N = 80


@pytest.fixture
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame({"x": rng.normal(size=N), "kind": rng.choice(["u", "v"], N), "y": rng.normal(size=N)})


def lines(table: pd.DataFrame, folder: Path, **written: Any) -> dict[str, tuple[str, str]]:
    """By key, or by column in a list, the line and its comment."""
    table.to_csv(folder / "t.csv", index=False, **written)
    draft = Draft.of(folder / "t.csv", target="y", test=None, task=None, ask=None)
    found = [(line.text.strip(), line.comment) for line in data_lines(draft, folder)]
    return {text.lstrip("# -").partition(":")[0]: (text, comment) for text, comment in found}


def test_a_table_without_doubts_has_few_keys(table: pd.DataFrame, tmp_path: Path) -> None:
    assert [*lines(table, tmp_path)] == [
        "data",
        "train",
        "split",
        "target",
        "task",
        "features",
        "x",
        "kind",
        "unknown",
        "relevance",
    ]


def test_gaps_have_a_rule_of_their_kind(table: pd.DataFrame, tmp_path: Path) -> None:
    for i, name in enumerate(table):
        table.loc[: 3 * i, name] = None
    found = lines(table, tmp_path)
    assert found["kind"] == ("kind: category", "4 cells without a value: a category of its own")
    assert found["features"] == ("features: mean", "cells without a value: x 1")
    assert (found["target"][0], found["target"][1][:6]) == ("target: drop", "7 rows")


def test_a_column_with_the_name_of_a_rule_has_no_rule(table: pd.DataFrame, tmp_path: Path) -> None:
    table.loc[3, "kind"] = None
    found = lines(table.rename(columns={"kind": "indicator"}), tmp_path)
    assert found["indicator"][0] == "- indicator"
    assert found["features"][1] == "cells without a value: indicator 1"


def test_how_the_file_is_written_is_told(table: pd.DataFrame, tmp_path: Path) -> None:
    found = lines(table, tmp_path, sep="\t", decimal=",")
    assert (found["separator"][0], found["decimal"][0]) == ("separator: tab", 'decimal: ","')


@pytest.mark.parametrize(("power", "is_on"), [(0.1, None), (0.8, False), (2, True)])
def test_a_target_is_transformed_where_it_is_very_skewed(
    table: pd.DataFrame, tmp_path: Path, power: float, is_on: bool | None
) -> None:
    table["y"] = np.exp(power * table["y"])
    line = lines(table, tmp_path).get("target_transform")
    assert (line and not line[0].startswith("#")) == is_on


def test_skewed_features_are_named(table: pd.DataFrame, tmp_path: Path) -> None:
    table["x"] = np.exp(2 * table["x"])
    found = lines(table, tmp_path)
    assert found["x"][1].startswith("skewed number")
    assert found["log"] == ("log: auto", "skewed, so that a logarithm is tried: x")


def test_what_the_target_is_made_of_is_told(table: pd.DataFrame, tmp_path: Path) -> None:
    table["twice"] = 2 * table["y"] + 1e-3 * table["x"]
    found = lines(table, tmp_path)
    assert "follows the target" in found["twice"][1]
    assert "follows the target" not in found["x"][1]


@pytest.mark.parametrize(
    ("name", "cells", "key"),
    [
        ("patient", np.arange(N) // 8, "groups"),
        ("site_id", np.arange(N) // 8, "groups"),
        ("sample_weight", np.linspace(1, 2, N), "weight"),
        ("day", [str(day)[:10] for day in pd.date_range("2020-01-01", periods=N)], "split"),
    ],
)
def test_roles_that_only_the_owner_knows_are_hints(
    table: pd.DataFrame, tmp_path: Path, name: str, cells: Any, key: str
) -> None:
    assert lines(table.assign(**{name: cells}), tmp_path)[key][0].startswith(f"# {key}: ")
    assert key == "split" or key not in lines(table.assign(other=cells), tmp_path)


def test_a_column_of_train_and_test_splits_the_table_and_is_no_feature(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    sides = np.where(np.arange(N) % 4 == 0, "Test", "train")
    draft = lines(table.assign(part=sides), tmp_path)
    assert draft["split"][0] == "split: {column: part}"
    assert "# - part" in [text for text, _ in draft.values()]
    sides[0] = "other"
    assert lines(table.assign(part=sides), tmp_path)["split"][0].startswith("split: {test")


def test_a_column_of_train_and_test_splits_a_table_whose_classes_are_small(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    table["y"] = [f"class {i % 7}" for i in range(N)]
    sides = np.where(np.arange(N) % 4 == 0, "test", "train")
    assert lines(table.assign(part=sides)[:42], tmp_path)["split"][0] == "split: {column: part}"


@pytest.mark.parametrize("kept", [0, 1])
def test_a_column_that_leaves_nothing_to_train_with_splits_nothing(
    table: pd.DataFrame, tmp_path: Path, kept: int
) -> None:
    sides = np.where(np.arange(N) < N // 2, "train", "test")
    has_target = np.r_[np.full(kept, True), np.full(N // 2 - kept, False), np.full(N - N // 2, True)]
    draft = lines(table.assign(part=sides, y=table["y"].where(has_target)), tmp_path)
    assert draft["split"][0].startswith("split: {test")
    assert any(why.startswith(f"left out: says train of {kept} of the") for _, why in draft.values())


def test_sides_are_looked_at_too_where_no_column_is_a_feature_at_first(
    table: pd.DataFrame, tmp_path: Path
) -> None:
    alone = pd.DataFrame({"y": table["y"], "number": range(N), "part": ["train"] + ["test"] * (N - 1)})
    assert lines(alone, tmp_path)["split"][0].startswith("split: {test")


def test_rare_classes_have_a_hint(table: pd.DataFrame, tmp_path: Path) -> None:
    table["y"] = ["ill"] * 5 + ["well"] * (N - 5)
    assert lines(table, tmp_path)["class_weight"][0] == "# class_weight: balanced"


def test_an_index_without_a_name_is_no_feature(table: pd.DataFrame, tmp_path: Path) -> None:
    table.index += 7
    table.to_csv(tmp_path / "t.csv")
    draft = Draft.of(tmp_path / "t.csv", target="y", test=None, task=None, ask=None)
    text = "\n".join(line.text for line in data_lines(draft, tmp_path))
    assert yaml.safe_load(text)["data"]["features"] == ["x", "kind"]


def test_very_many_columns_are_not_listed(table: pd.DataFrame, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    more = pd.DataFrame(rng.normal(size=(N, 120)), columns=[f"c{i}" for i in range(120)])
    assert lines(table.join(more), tmp_path)["features"] == ("features: all", "122 columns")


def test_few_rows_are_not_split(table: pd.DataFrame, tmp_path: Path) -> None:
    assert "split" not in lines(table[:9], tmp_path)


def test_groups_of_numbers_are_to_be_taken_out_of_both_lists(table: pd.DataFrame, tmp_path: Path) -> None:
    comment = "if rows of one value belong together, and take it out of features"
    named, numbered = (
        table.assign(site=[f"s{i // 8}" for i in range(N)]),
        table.assign(site=np.arange(N) // 8),
    )
    assert lines(named, tmp_path)["groups"][1] == comment
    assert lines(numbered, tmp_path)["groups"][1] == f"{comment} and categorical"
