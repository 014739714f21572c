"""Rows of Euclidean norm 1, whatever their unit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from ntkcli.arrays import FloatArray
from ntkcli.data.dataset import Dataset
from ntkcli.data.scaling import normalize_rows
from ntkcli.spec.data import DataSpec

from ..datasets import load_dataset

Write = Callable[[str, str], Path]
Load = Callable[..., Dataset]

TRAIN = "a,b,y\n3,4,5\n0,0,6\n-5,12,7\n1,2,8\n"
TEST = "a,b,y\n300,-400,1\n0,0,2\n1e-300,0,3\n"

TABLES = arrays(
    np.float64,
    array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.floats(allow_nan=False, allow_infinity=False),
)


@pytest.fixture
def load(write: Write) -> Load:
    """Load the files of this module, by keys of the data section."""

    def load_with(train: str = TRAIN, **keys: Any) -> Dataset:
        files = {"train": str(write("train.csv", train)), "test": str(write("test.csv", TEST))}
        return load_dataset(DataSpec.model_validate({"target": "y", **files, **keys}))

    return load_with


def normalized(values: FloatArray) -> FloatArray:
    scaled = values.copy()
    normalize_rows(scaled)
    return scaled


@given(values=TABLES)
def test_rows_get_norm_1_and_rows_of_zeros_stay(values: FloatArray) -> None:
    norms = np.linalg.norm(normalized(values), axis=1)
    np.testing.assert_allclose(norms, np.any(values != 0, axis=1).astype(float), rtol=1e-14)


@given(values=TABLES)
def test_signs_and_the_order_of_sizes_are_kept(values: FloatArray) -> None:
    scaled = normalized(values)
    assert np.all(scaled * np.sign(values) >= 0)
    for row, kept in zip(values, scaled, strict=True):
        assert np.all(np.diff(np.abs(kept)[np.argsort(np.abs(row))]) >= 0)


@pytest.mark.parametrize("unit", [1e-300, 1e-160, 1.0, 1e160, 1e300, 5e-324])
def test_any_unit_gives_the_same_rows(unit: float) -> None:
    values = np.array([[3.0, 4.0], [-5.0, 12.0]])
    expected = values / np.array([[5.0], [13.0]])
    np.testing.assert_allclose(normalized(values * unit), expected, rtol=1e-14)


def test_rows_of_very_different_sizes_do_not_disturb_each_other() -> None:
    values = np.array([[3e-300, 4e-300], [3.0, 4.0], [3e300, 4e300], [0.0, -0.0]])
    expected = [[0.6, 0.8], [0.6, 0.8], [0.6, 0.8], [0.0, 0.0]]
    np.testing.assert_allclose(normalized(values), expected, rtol=1e-14)


@pytest.mark.parametrize("order", ["C", "F"])
def test_it_is_done_in_place_in_either_order_of_memory(order: Any) -> None:
    values = np.asarray([[3.0, 4.0], [0.0, 2.0]], order=order)
    normalize_rows(values)
    np.testing.assert_allclose(values, [[0.6, 0.8], [0.0, 1.0]], rtol=1e-15)


def test_one_column_leaves_its_sign() -> None:
    assert normalized(np.array([[7.0], [-1e-300], [0.0]])).tolist() == [[1.0], [-1.0], [0.0]]


def test_rows_of_both_files_are_normalised(load: Load) -> None:
    dataset = load(standardize=False, normalize_rows=True)
    expected = np.array([[0.6, 0.8], [0.0, 0.0], [-5 / 13, 12 / 13], [1 / 5**0.5, 2 / 5**0.5]])
    np.testing.assert_allclose(dataset.train.x, expected, rtol=1e-14)
    np.testing.assert_allclose(dataset.test.x, np.array([[0.6, -0.8], [0.0, 0.0], [1.0, 0.0]]), rtol=1e-14)


def test_rows_are_normalised_behind_the_standardising_of_columns(load: Load) -> None:
    dataset, plain = load(normalize_rows=True), load()
    for table, standard in ((dataset.train, plain.train), (dataset.test, plain.test)):
        expected = standard.x / np.linalg.norm(standard.x, axis=1, keepdims=True)
        np.testing.assert_allclose(table.x, expected, rtol=1e-14)
    assert np.array_equal(dataset.y_train, plain.y_train)


def test_by_default_rows_keep_their_length(load: Load) -> None:
    assert load(standardize=False).train.x[0].tolist() == [3.0, 4.0]


def test_it_is_the_same_as_a_file_that_was_normalised_by_hand(load: Load) -> None:
    by_ntk = load(standardize=False, normalize_rows=True)
    by_hand = [(3 / 5, 4 / 5), (0.0, 0.0), (-5 / 13, 12 / 13), (1 / 5**0.5, 2 / 5**0.5)]
    lines = [f"{a!r},{b!r},{y}\n" for (a, b), y in zip(by_hand, range(5, 9), strict=True)]
    dataset = load("a,b,y\n" + "".join(lines), standardize=False)
    np.testing.assert_allclose(by_ntk.train.x, dataset.train.x, rtol=1e-15)
