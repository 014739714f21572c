from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntkcli.data.dataset import Dataset
from ntkcli.errors import DataError
from ntkcli.spec.data import DataSpec

from ..datasets import load_dataset

Write = Callable[[str, str], Path]
Load = Callable[..., Dataset]

TRAIN = "n,a,b,y\nNA,1,10,5\n007,2,20,6\n,4,10,9\n"
TEST = "n,a,b,y\nu,100,-3,7\n"


@pytest.fixture
def load(tmp_path: Path, write: Write) -> Load:
    """Load a dataset from the text of its files; keyword arguments are keys of the data section."""

    def load_texts(train: str = TRAIN, test: str | None = None, **keys: Any) -> Dataset:
        files = {"train": str(write("train.csv", train))}
        if test is not None:
            files["test"] = str(write("test.csv", test))
        return load_dataset(DataSpec.model_validate({"target": "y", "id": "n", **files, **keys}))

    return load_texts


@pytest.fixture
def fault(load: Load) -> Callable[..., str]:
    """Why a dataset cannot be loaded."""

    def load_wrong(*texts: str, **keys: Any) -> str:
        with pytest.raises(DataError) as refusal:
            load(*texts, **keys)
        return str(refusal.value)

    return load_wrong


def test_features_are_standardised_by_the_training_rows_alone(load: Load) -> None:
    dataset = load(TRAIN, TEST)
    x = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 10.0]])
    np.testing.assert_allclose(dataset.train.x, (x - x.mean(axis=0)) / x.std(axis=0), rtol=1e-15)
    expected = ([[100.0, -3.0]] - x.mean(axis=0)) / x.std(axis=0)
    np.testing.assert_allclose(dataset.test.x, expected, rtol=1e-15)


def test_targets_are_standardised_for_the_solvers_and_kept_in_their_unit(load: Load) -> None:
    dataset = load(TRAIN, TEST)
    np.testing.assert_allclose(dataset.y_train.mean(axis=0), 0.0, atol=1e-15)
    np.testing.assert_allclose(dataset.y_train.var(axis=0), 1.0, rtol=1e-15)
    np.testing.assert_allclose(dataset.target_scaling.undo(dataset.y_train)[:, 0], [5, 6, 9], rtol=1e-15)
    assert dataset.train.targets["y"].tolist() == [5.0, 6.0, 9.0]
    assert dataset.test.targets["y"].tolist() == [7.0]


def test_without_standardising_the_values_are_those_of_the_file(load: Load) -> None:
    dataset = load(TRAIN, TEST, standardize=False, standardize_target=False)
    assert dataset.train.x.tolist() == [[1.0, 10.0], [2.0, 20.0], [4.0, 10.0]]
    assert dataset.test.x.tolist() == [[100.0, -3.0]]
    assert dataset.y_train.tolist() == [[5.0], [6.0], [9.0]]


def test_without_test_rows_the_training_rows_are_the_rows_to_predict(load: Load) -> None:
    dataset = load()
    assert not dataset.has_test_rows
    assert dataset.test is dataset.train
    assert load(TRAIN, TEST).has_test_rows


def test_ids_are_of_the_rows_to_predict_letter_by_letter(load: Load) -> None:
    assert load().test.ids["n"].tolist() == ["NA", "007", ""]
    assert load(TRAIN, TEST).test.ids["n"].tolist() == ["u"]


def test_the_training_file_need_not_have_the_id(load: Load) -> None:
    dataset = load(
        TRAIN.replace("n,", "", 1).replace("NA,", "").replace("007,", "").replace("\n,", "\n"), TEST
    )
    assert dataset.schema.features.columns == ["a", "b"]
    assert dataset.test.ids["n"].tolist() == ["u"]


def test_a_test_file_may_order_its_columns_otherwise(load: Load) -> None:
    dataset = load(TRAIN, "b,y,n,a\n-3,7,u,100\n")
    np.testing.assert_array_equal(dataset.test.x, load(TRAIN, TEST).test.x)
    assert dataset.test.targets["y"].tolist() == [7.0]


def test_a_test_file_need_not_have_the_target(load: Load) -> None:
    dataset = load(TRAIN, "n,a,b\nu,1,2\n")
    assert dataset.test.targets.shape == (1, 0)


def test_several_targets_are_columns_in_the_order_of_the_spec(load: Load) -> None:
    dataset = load(TRAIN, target=["y", "b"], standardize_target=False)
    assert dataset.schema.features.columns == ["a"]
    assert dataset.y_train.tolist() == [[5.0, 10.0], [6.0, 20.0], [9.0, 10.0]]


def test_given_factors_multiply_the_standardised_features(load: Load) -> None:
    given, equal = (load(TRAIN, TEST, **keys) for keys in ({"relevance": {"b": 3, "a": 0.5}}, {}))
    for weighted, plain in ((given.train, equal.train), (given.test, equal.test)):
        np.testing.assert_allclose(weighted.x, plain.x * [0.5, 3.0], rtol=1e-15)
    assert given.schema.features.factors == {"a": 0.5, "b": 3.0}


def test_a_factor_is_that_of_every_column_of_a_category(load: Load) -> None:
    dataset = load("n,a,b,y\n1,u,10,5\n2,v,20,6\n3,w,10,9\n", relevance={"a": 2, "b": 3})
    assert dataset.schema.features.relevance.tolist() == [2.0, 2.0, 2.0, 3.0]
    assert dataset.schema.features.factors == {"a": 2.0, "b": 3.0}


def test_factors_are_of_the_features_that_there_are(load: Load, fault: Callable[..., str]) -> None:
    assert "has no column 'bb' (data.relevance); did you mean 'b'?" in fault(relevance={"a": 1, "bb": 2})
    assert "column 'b' is a feature, and has no factor in data.relevance" in fault(relevance={"a": 1})
    constant = TRAIN.replace(",20,", ",10,")
    for factors in ({"a": 2}, {"a": 2, "b": 1}):
        assert load(constant, relevance=factors).schema.features.factors == {"a": 2.0}


def test_a_constant_feature_is_dropped_with_a_warning_that_names_it(load: Load) -> None:
    dataset = load(TRAIN.replace(",20,", ",10,"), TEST)
    assert dataset.schema.features.columns == ["a"]
    assert dataset.train.x.shape == (3, 1)
    assert dataset.test.x.shape == (1, 1)
    (warning,) = dataset.warnings
    assert "train.csv: column 'b' is constant" in warning


def test_a_constant_feature_is_kept_when_nothing_divides_by_its_variance(load: Load) -> None:
    dataset = load(TRAIN.replace(",20,", ",10,"), standardize=False)
    assert dataset.schema.features.columns == ["a", "b"]
    assert dataset.warnings == []


def test_a_feature_that_is_constant_in_the_test_file_only_is_kept(load: Load) -> None:
    assert load(TRAIN, TEST + "v,100,-3,7\n").schema.features.columns == ["a", "b"]


def test_features_that_are_all_constant_are_refused(fault: Callable[..., str]) -> None:
    assert "every feature is constant (a, b)" in fault("n,a,b,y\nu,1,2,3\nv,1,2,4\n")


def test_a_constant_target_is_taken(load: Load) -> None:
    assert load("n,a,y\nu,1,3\nv,2,3\n").y_train.tolist() == [[0.0], [0.0]]


def test_one_row_is_too_few(fault: Callable[..., str]) -> None:
    assert "train.csv: has one data row: at least two are needed" in fault("n,a,y\nu,1,3\n")


def test_one_test_row_is_enough(load: Load) -> None:
    assert len(load(TRAIN, TEST).test) == 1


@pytest.mark.parametrize("test", [None, TEST])
def test_an_id_that_the_rows_to_predict_lack_is_refused(fault: Callable[..., str], test: str | None) -> None:
    name = "train.csv" if test is None else "test.csv"
    assert f"{name}:1: has no column 'm' (data.id)" in fault(TRAIN, test, id="m", features=["a", "b"])


def test_a_fault_in_the_test_file_is_reported_at_its_line(fault: Callable[..., str]) -> None:
    assert "test.csv:3: column 'a': found 'x'" in fault(TRAIN, TEST + "v,x,1,7\n")


def test_a_column_too_large_to_standardise_is_named(fault: Callable[..., str]) -> None:
    rows = "n,a,b,y\nu,1,1.7e308,3\nv,2,1.6e308,4\n"
    assert "train.csv: column 'b' is too large to standardise: give it another unit" in fault(rows)


@pytest.mark.parametrize("unit", [1e-300, 1e-160, 1e160, 1e300])
def test_a_target_whose_variance_is_out_of_range_is_named(fault: Callable[..., str], unit: float) -> None:
    message = fault(f"n,a,y\nu,1,{unit}\nv,2,{3 * unit}\n")
    assert "train.csv: column 'y' is " in message
    assert message.endswith(": give it another unit")


@pytest.mark.parametrize("unit", ["e-300", "e-150", "e150", "e300"])
def test_the_unit_of_a_feature_does_not_matter(load: Load, unit: str) -> None:
    scaled = load(f"n,a,b,y\nNA,1{unit},10,5\n007,2{unit},20,6\n,4{unit},10,9\n")
    np.testing.assert_allclose(scaled.train.x, load().train.x, rtol=1e-13)
