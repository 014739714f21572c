"""Doubts about the cells of a training file, each with its column and the remedy."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ntkcli.data.cell_doubts import CellDoubts
from ntkcli.data.data_warnings import data_warnings
from ntkcli.spec.data import DataSpec

from ..datasets import load_dataset

Doubted = Callable[..., list[str]]


@pytest.fixture
def doubted(tmp_path: Path, write: Callable[[str, str], Path]) -> Doubted:
    """The doubts about columns of these names and cells, without the file's folder."""

    def lines(columns: dict[str, list[Any]], **keys: Any) -> list[str]:
        rows = zip(*columns.values(), strict=True)
        text = "\n".join(",".join(map(str, row)) for row in [tuple(columns), *rows])
        path = write("train.csv", text)
        spec = DataSpec.model_validate({"train": str(path), "target": "y", **keys})
        dataset = load_dataset(spec)
        found = CellDoubts.of(dataset, spec).lines
        assert [*data_warnings(dataset, spec, singular=False)][-len(found) :] == found or not found
        return [line.removeprefix(f"{tmp_path}/") for line in found]

    return lines


def amounts(count: int = 40) -> list[float]:
    return [(7.3 * i) % 10 for i in range(count)]


def test_plain_columns_are_not_doubted(doubted: Doubted) -> None:
    plain = {"a": amounts(), "b": [("red", "blue")[i % 2] for i in range(40)], "y": amounts()[::-1]}
    assert doubted(plain) == []


def test_a_mark_is_told_with_its_first_line_and_how_often_it_is_there(doubted: Doubted) -> None:
    a = [-999 if i in (5, 7, 30) else value for i, value in enumerate(amounts())]
    (line,) = doubted({"a": a, "b": amounts(), "y": amounts()})
    assert line.startswith("train.csv:7: column 'a': -999 is here and in 2 other rows, far from all other ")
    assert line.endswith("cells empty (or list it in data.csv.na_values) and set data.missing")


@pytest.mark.parametrize(
    ("name", "cells", "what"),
    [
        ("id", range(100, 140), "column 'id' numbers the rows"),
        ("zip", [f"0{i % 17 + 2100}" for i in range(40)], "column 'zip' looks like codes (such as '02100')"),
    ],
)
def test_ids_and_codes_are_told_unless_they_are_the_only_feature(
    doubted: Doubted, name: str, cells: Any, what: str
) -> None:
    (line,) = doubted({name: [*cells], "b": amounts(), "y": amounts()})
    assert line.startswith(f"train.csv: {what}")
    assert doubted({name: [*cells], "y": amounts()}) == []
    assert doubted({name: [*cells], "b": amounts(), "y": amounts()}, id=name) == []


def test_few_whole_numbers_as_targets_may_be_classes_unless_the_task_is_given(doubted: Doubted) -> None:
    table = {"a": amounts(), "y": [i % 3 for i in range(40)]}
    (line,) = doubted(table)
    assert line.startswith("train.csv: target 'y' has 3 different values only (0, 1, 2): if they are classes")
    assert "data.task: classification" in line
    for task in ("regression", "classification"):
        assert doubted(table, task=task) == []
    assert len(doubted({"a": amounts(), "y": [0.5 + i % 2 for i in range(40)]})) == 1
    assert doubted({"a": amounts(), "y": [0.5 * (i % 3) for i in range(40)]}) == []
    assert doubted({"a": amounts(), "y": [i % 20 for i in range(40)]}) == []


def test_spellings_of_features_and_classes_are_told(doubted: Doubted) -> None:
    words = [("yes", "Yes", "NO", "no")[i % 4] for i in range(40)]
    feature, target = doubted({"a": amounts(), "smoker": words, "y": words})
    assert feature == (
        "train.csv: column 'smoker' has categories that differ in case, spaces or points alone "
        "('NO' and 'no', 'Yes' and 'yes'): write each in one way"
    )
    assert "column 'y'" in target


def test_two_encoded_columns_of_one_name_are_told(doubted: Doubted) -> None:
    words = [("u", "v")[i % 2] for i in range(40)]
    (line,) = doubted({"a": words, "a=u": amounts(), "y": amounts()})
    assert line == "train.csv: two features become columns called 'a=u': rename one of the two"


@pytest.mark.parametrize("cells", [("1", "0"), ("true", "false"), ("red", "blue")])
def test_what_is_rare_is_not_far_from_its_mean(
    write: Callable[[str, str], Path], cells: tuple[str, str]
) -> None:
    rows = "".join(f"{cells[i != 7]},{i},{i * i}\n" for i in range(2000))
    spec = DataSpec.model_validate({"train": str(write("t.csv", "a,year,y\n" + rows)), "target": "y"})
    assert [*data_warnings(load_dataset(spec), spec, singular=True)] == []
