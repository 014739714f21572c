"""Targets as numbers and as classes."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.data.csv_file import CsvFile
from ntkcli.data.dataset import Dataset
from ntkcli.data.targets import has_classes
from ntkcli.spec.data import DataSpec

from ..datasets import load_dataset

ReadData = Callable[..., Dataset]
Refusal = Callable[..., str]

LABELS = ["b", "a", "c", "a", "b", "b"]


def column(cells: list[object], name: str = "y") -> str:
    return f"a,{name}\n" + "".join(f"{row},{cell}\n" for row, cell in enumerate(cells))


@given(labels=st.lists(st.sampled_from("pqrst"), min_size=10, max_size=20).filter(lambda c: len(set(c)) > 1))
def test_a_class_is_1_less_its_share_of_classes_in_its_own_output(
    tmp_path_factory: pytest.TempPathFactory, labels: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "classes.csv"
    path.write_text(column([*labels]))
    dataset = load_dataset(DataSpec(train=path, target=["y"]))
    found, names = dataset.y_train, sorted(set(labels))
    assert dataset.schema.targets.classes == names
    assert dataset.schema.targets.count == found.shape[1] == len(names)
    for row, label in enumerate(labels):
        for place, name in enumerate(names):
            assert found[row, place] == (name == label) - 1 / len(names)
    np.testing.assert_allclose(found.sum(axis=1), 0.0, atol=1e-15)


def test_standardising_the_target_leaves_classes_alone(read_data: ReadData) -> None:
    first, second = (read_data(column([*LABELS]), standardize_target=flag).y_train for flag in (True, False))
    assert np.array_equal(first, second)


def test_labels_are_places_among_the_classes(read_data: ReadData) -> None:
    dataset = read_data(column([*LABELS]), column(["c", "a"]))
    targets = dataset.schema.targets
    assert targets.labels(dataset.train.targets).tolist() == [1, 0, 2, 0, 1, 1]
    assert targets.labels(dataset.test.targets).tolist() == [2, 0]
    assert (targets.texts, targets.numbers) == (["y"], [])


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        ([10, 9, 10, 9], ["9", "10"]),
        ([1, 0, 0, 1], ["0", "1"]),
        ([2, -1, 2, -1], ["-1", "2"]),
        (["10", "9", "x", "x", 10, 9], ["10", "9", "x"]),
        (["True", "False"] * 2, ["False", "True"]),
        (["inf", 1, "inf", 1], ["1", "inf"]),
    ],
)
def test_classes_that_are_numbers_go_by_value_and_others_by_letters(
    read_data: ReadData, cells: list[object], order: list[str]
) -> None:
    dataset = read_data(column(cells), task="classification")
    assert dataset.schema.targets.classes == order
    assert dataset.is_classification


def test_text_is_a_class_and_numbers_are_not_unless_it_is_said(read_data: ReadData) -> None:
    assert read_data(column([*LABELS])).is_classification
    assert not read_data(column([1, 0, 1, 0])).is_classification
    assert read_data(column([1, 0, 1, 0]), task="classification").is_classification
    assert not read_data(column([1, 0, 1, 0]), task="regression").is_classification


@pytest.mark.parametrize(
    ("cells", "keys", "expected"),
    [
        (["p", "q"], {}, True),
        (["", "NA", "q"], {}, True),
        (["", "NA", "1"], {}, False),
        (["", ""], {}, False),
        ([1, "q"], {}, False),
        (["p", "q"], {"task": "regression"}, False),
        ([1, 2], {"task": "classification"}, True),
        (["p", "q"], {"target": ["y", "a"]}, False),
    ],
)
def test_the_first_value_decides_unless_the_task_is_given(
    write: Callable[[str, str], object], cells: list[object], keys: dict[str, object], expected: bool
) -> None:
    path = write("t.csv", column(cells))
    spec = DataSpec.model_validate({"train": str(path), "target": "y", **keys})
    assert has_classes(spec, CsvFile(spec.train)) is expected


def test_spaces_around_a_class_do_not_make_another(read_data: ReadData) -> None:
    dataset = read_data(column(["p ", "p", " q", "q"]), column([" p"]))
    assert dataset.schema.targets.classes == ["p", "q"]
    assert dataset.test.targets["y"].tolist() == ["p"]


def test_one_class_is_refused(refusal: Refusal) -> None:
    message = refusal(column(["p", "p", "p"]))
    assert message == "train.csv: target 'y' has one class only, 'p': there is nothing to tell apart"


@pytest.mark.parametrize(("distinct", "taken"), [(3, True), (4, False), (6, False)])
def test_as_many_classes_as_rows_are_refused(
    read_data: ReadData, refusal: Refusal, distinct: int, taken: bool
) -> None:
    text = column([f"p{row % distinct}" for row in range(6)])
    if taken:
        assert len(read_data(text).schema.targets.classes) == distinct
    else:
        message = refusal(text)
        assert message.startswith(f"train.csv: target 'y' has {distinct} different classes in 6 rows")
        assert message.endswith("data.task: regression")


def test_two_rows_of_two_classes_are_enough(read_data: ReadData) -> None:
    assert read_data(column(["p", "q"])).y_train.tolist() == [[0.5, -0.5], [-0.5, 0.5]]


def test_a_class_that_training_had_not_is_refused_with_its_line(refusal: Refusal) -> None:
    message = refusal(column([*LABELS]), column(["a", "d"]))
    assert message.startswith("test.csv:3: column 'y': class 'd' is not in the training rows (a, b, c): ")
    many = refusal(column([f"p{row % 50}" for row in range(100)]), column(["d"]))
    assert len(many) < 300


def test_a_test_file_without_the_class_is_taken(read_data: ReadData) -> None:
    assert read_data(column([*LABELS]), "a\n1\n").test.targets.shape == (1, 0)


def test_regression_on_text_is_refused_with_the_other_task(refusal: Refusal) -> None:
    message = refusal(column([*LABELS]), task="regression")
    assert message.startswith("train.csv:2: column 'y': found 'b' where a number is wanted: ")
    assert "data.task: classification" in message


@pytest.mark.parametrize(("cells", "line"), [(["low", 3, 4, 3, 4, 3, 4], 2), ([3, "low", 4, 3], 3)])
def test_a_word_among_numbers_is_reported_with_its_line(
    refusal: Refusal, read_data: ReadData, cells: list[object], line: int
) -> None:
    message = refusal(column(cells))
    assert message.startswith(f"train.csv:{line}: column 'y': found 'low' where ")
    assert "data.task: classification" in message
    if len(cells) > 6:
        dataset = read_data(column(cells), task="classification")
        assert dataset.schema.targets.classes == ["3", "4", "low"]


def test_several_targets_are_numbers(read_data: ReadData, refusal: Refusal) -> None:
    dataset = read_data("a,y,z\n1,2,3\n2,3,5\n", target=["z", "y"], standardize_target=False)
    assert dataset.y_train.tolist() == [[3, 2], [5, 3]]
    assert (dataset.schema.targets.count, dataset.schema.targets.numbers) == (2, ["z", "y"])
    message = refusal("a,y,z\n1,2,p\n2,3,q\n", target=["z", "y"])
    assert message.startswith("train.csv:2: column 'z': found 'p' where a number is wanted")


def test_a_constant_target_is_warned_of(read_data: ReadData) -> None:
    (warning,) = read_data("a,y\n1,3\n2,3\n").warnings
    assert warning.endswith("train.csv: target 'y' is constant")
