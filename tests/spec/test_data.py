"""The data section."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from ntkcli.spec.data import DataSpec
from ntkcli.spec.spec import Spec
from ntkcli.spec.split import ColumnSplit, SplitSpec

Faults = Callable[[str], list[str]]

CONFLICTS: list[tuple[dict[str, Any], str, str]] = [
    ({"split": {"test": 0.2}, "test": "test.csv"}, "split", "there is a test file, so nothing to split off"),
    ({"split": {"column": "y"}}, "split.column", "column 'y' is both in target and in split.column"),
    (
        {"split": {"column": "a"}, "features": ["a"]},
        "split.column",
        "is both in features and in split.column",
    ),
    ({"split": {"column": "s"}, "groups": "g"}, "split.column", r"would part the rows of data\.groups"),
    (
        {"split": {"test": 0.2, "time": "t"}, "groups": "g"},
        "split.time",
        r"would part the rows of data\.groups",
    ),
    ({"split": {"column": "s"}, "categorical": "s"}, "categorical", "column 's' is no feature"),
    ({"split": {"column": "s"}, "test": "t.csv"}, "split", "there is a test file, so nothing to split off"),
    ({"split": {"column": "s", "seed": 3}}, "seed", "the column says which rows are predicted"),
    ({"split": {"column": "s", "time": "t"}}, "time", "the column says which rows are predicted"),
    ({"categorical": "y"}, "categorical", "column 'y' is no feature"),
    ({"categorical": ["a", "n"], "id": "n"}, "categorical", "column 'n' is no feature"),
    ({"categorical": ["a", "b"], "features": ["a"]}, "categorical", "column 'b' is no feature"),
    ({"dates": {"y": ["days"]}}, "dates", "column 'y' is no feature"),
    ({"dates": {"a": ["days"]}, "log": "a"}, "dates.a", r"is in data\.log too: keep one of them"),
    ({"dates": {"a": ["days"]}, "categorical": "a"}, "dates.a", r"is in data\.categorical too"),
    ({"missing": {"y": "mean"}}, "missing", "column 'y' is no feature"),
    ({"missing": {"b": "mean"}, "features": ["a"]}, "missing", "column 'b' is no feature"),
    ({"log": ["a"], "categorical": ["a"]}, "log", "column 'a' is categorical, and has no logarithm"),
    ({"relevance": {"y": 2}}, "relevance", "column 'y' is no feature"),
    ({"relevance": {"a": 2}, "standardize": False}, "relevance", "factors are for standardize: true"),
    ({"relevance": {"a": 2}, "normalize_rows": True}, "relevance", "factors are for standardize: true"),
    ({"target_transform": {"a": "log"}}, "target_transform", "column 'a' is no target"),
    ({"target_transform": "auto", "task": "classification"}, "target_transform", "classes have none"),
    (
        {"target_transform": {"y": "log"}, "noise": "s"},
        "target_transform",
        "data.noise is in the target's unit",
    ),
    (
        {"class_weight": "balanced", "task": "regression"},
        "class_weight",
        "is of classes, and a number has none",
    ),
    ({"class_weight": {"p": 2}, "weight": "w"}, "class_weight", "the column 'w' says how rows count"),
    ({"task": "classification", "target": ["y", "z"]}, "target", "classification takes one target"),
]

WRONG = [
    ("split: 0.3", "data.split: should be a section", "(found 0.3)"),
    ("split: {test: 0}", "data.split.test: should be greater than 0", "(found 0)"),
    ("split: {test: 1}", "data.split.test: should be less than 1", "(found 1)"),
    ("split: {test: 20%}", "data.split.test: should be a valid number", "(found '20%')"),
    ("split: {test: 0.2, seed: -1}", "data.split.seed: should be greater than or equal to 0", "(found -1)"),
    ("split: {test: 0.2, seed: 0.5}", "data.split.seed: should be a valid integer", "(found 0.5)"),
    ("split: {seed: 1}", "data.split.test: is missing", ""),
    ("split: {tset: 1, test: 0.2}", "data.split.tset: is not a key", "did you mean 'test'?"),
    (
        "split: {column: s, test: 0.2}",
        "data.split.test: should be values of the column and no share",
        "(found 0.2)",
    ),
    ("split: {column: s, test: []}", "data.split.test: should name at least one", "(found [])"),
    (
        "split: {column: s, test: [a, a]}",
        "data.split.test: should name everything once",
        "(found ['a', 'a'])",
    ),
    ("split: {column: s, test: [' ']}", "data.split.test[0]: should be values of the column", "(found ' ')"),
    (
        "split: {column: s, seed: 3}",
        "data.split.seed: the column says which rows are predicted",
        "keep one of the two",
    ),
    ("missing: men", "data.missing: should be 'error', 'drop' or 'mean'", "did you mean 'mean'?"),
    ("missing: {a: cat}", "data.missing.a: should be 'error', 'drop', 'mean' or 'category'", "(found 'cat')"),
    ("missing: {target: mean}", "data.missing.target: should be 'error' or 'drop'", "(found 'mean')"),
    ("missing: {features: category}", "data.missing.features: should be 'error', 'drop' or 'mean'", ""),
    ("missing: {most_dropped: 10%}", "data.missing.most_dropped: should be a valid number", "(found '10%')"),
    (
        "missing: {most_dropped: 2}",
        "data.missing.most_dropped: should be less than or equal to 1",
        "(found 2)",
    ),
    ("missing: {indicator: 1}", "data.missing.indicator: should be a valid boolean", "(found 1)"),
    ("missing: {2020: men}", "data.missing.2020: should be 'error', 'drop', 'mean'", "'mean'?"),
    ("unknown: ignored", "data.unknown: should be 'error' or 'ignore'", "did you mean 'ignore'?"),
    ("task: clasification", "data.task: should be 'auto', 'regression' or", "did you mean 'classification'?"),
    (
        "categorical: [a, a]",
        "data.categorical: should name everything once",
        "has twice: a (found ['a', 'a'])",
    ),
    ("relevance: lerned", "data.relevance: should be 'equal' or 'learned'", "did you mean 'learned'?"),
    ("relevance: {a: 0}", "data.relevance.a: should be greater than 0", "(found 0)"),
    ("relevance: {a: .inf}", "data.relevance.a: should be a finite number", "(found inf)"),
    ("relevance: {}", "data.relevance: should be 'equal' or 'learned' or", "at least one"),
    ("dates: atuo", "data.dates: should be 'auto' or a mapping", "did you mean 'auto'?"),
    ("dates: {a: [mnth]}", "data.dates.a", "did you mean 'month'?"),
    ("dates: {a: []}", "data.dates.a: should name at least one", "(found [])"),
    ("dates: {a: [days, days]}", "data.dates.a: should name everything once", "(found ['days', 'days'])"),
    ("target_transform: logg", "data.target_transform: should be 'none', 'log'", "did you mean 'log'?"),
    ("target_transform: {y: 3}", "data.target_transform.y: should be 'none', 'log'", "(found 3)"),
    (
        "class_weight: balance",
        "data.class_weight: should be 'none' or 'balanced'",
        "did you mean 'balanced'?",
    ),
    ("class_weight: {p: 0}", "data.class_weight.p: should be greater than 0", "(found 0)"),
    ("class_weight: {}", "data.class_weight: should be 'none' or 'balanced' or", "at least one"),
    ("categorical: [1.5]", "data.categorical[0]: should be a column's name", "(found 1.5)"),
]


def make(**keys: Any) -> DataSpec:
    return DataSpec.model_validate({"train": "train.csv", "target": "y", **keys})


@pytest.mark.parametrize(("keys", "place", "reason"), CONFLICTS)
def test_keys_that_contradict_each_other_are_refused_at_one_of_them(
    keys: dict[str, Any], place: str, reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason) as refusal:
        make(**keys)
    (error,) = refusal.value.errors()
    assert error["ctx"]["key"] == place


@pytest.mark.parametrize(("line", "start", "end"), WRONG)
def test_a_wrong_value_is_reported_in_one_line_with_what_was_found(
    faults: Faults, line: str, start: str, end: str
) -> None:
    (fault,) = faults(f"data:\n  train: t.csv\n  target: y\n  {line}\n")
    assert fault.startswith(f"4: {start}")
    assert fault.endswith(end)


def test_a_share_is_split_off_with_seed_0_unless_it_is_given() -> None:
    split = make(split={"test": "2e-1"}).split
    assert isinstance(split, SplitSpec)
    assert (split.test, split.seed) == (0.2, 0)
    seeded = make(split={"test": 0.5, "seed": 7}).split
    assert isinstance(seeded, SplitSpec)
    assert seeded.seed == 7


@pytest.mark.parametrize(
    ("given", "values"),
    [({}, None), ({"test": "dev"}, ["dev"]), ({"test": [3, True, "b "]}, ["3", "True", "b"])],
)
def test_values_of_a_column_that_splits_are_texts(given: dict[str, Any], values: list[str] | None) -> None:
    spec = make(split={"column": "s", **given})
    assert spec.split == ColumnSplit(column="s", test=values)
    assert DataSpec.model_validate(spec.model_dump()).split == spec.split


@pytest.mark.parametrize(
    ("keys", "expected"),
    [({}, False), ({"test": "t.csv"}, True), ({"split": {"test": 0.5}}, True), ({"split": None}, False)],
)
def test_there_are_test_rows_with_a_file_or_a_split(keys: dict[str, Any], expected: bool) -> None:
    assert make(**keys).has_test_rows is expected


def test_test_matrices_are_of_rows_that_are_split_off_too() -> None:
    values = {"train": "t.csv", "target": "y", "split": {"test": 0.5}}
    spec = Spec.model_validate({"data": values, "output": {"kernels": "ntk_test_train"}})
    assert spec.output.kernels == ["ntk_test_train"]


@pytest.mark.parametrize("value", ["a", ["a"]])
def test_one_categorical_column_stands_for_a_list_of_one(value: object) -> None:
    assert make(categorical=value).categorical == ["a"]
    assert make(categorical=value, features=["b", "a"]).categorical == ["a"]
    assert make().categorical == []


@pytest.mark.parametrize("target", [["y"], ["y", "z"]])
def test_other_tasks_are_for_any_number_of_targets(target: list[str]) -> None:
    for task in ("auto", "regression"):
        assert make(task=task, target=target).target == target
    assert make(task="classification").target == ["y"]
