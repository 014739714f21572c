"""Columns of text as numbers: one-hot, scaled, and categories that training had not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.arrays import FloatArray
from ntkcli.data.dataset import Dataset
from ntkcli.spec.data import DataSpec

from ..datasets import load_dataset

ReadData = Callable[..., Dataset]
Refusal = Callable[..., str]

WORDS = ["red", "blue", "red", "green", "blue", "red"]


def column(cells: list[Any], other: list[Any] | None = None) -> str:
    """A file with these cells as column c, maybe another column, and a target."""
    others = other if other is not None else [""] * len(cells)
    header = "c,a,y\n" if other is not None else "c,y\n"
    return header + "".join(
        f"{cell},{number},{row}\n" if other is not None else f"{cell},{row}\n"
        for row, (cell, number) in enumerate(zip(cells, others, strict=True))
    )


def one_hot(cells: list[str], categories: list[str]) -> FloatArray:
    return np.array([[float(cell == category) for category in categories] for cell in cells])


def test_a_category_is_1_in_its_column_and_0_in_the_others(read_data: ReadData) -> None:
    dataset = read_data(column(WORDS), column(["green", "red"]), standardize=False)
    categories = ["blue", "green", "red"]
    assert dataset.train.x.tolist() == one_hot(WORDS, categories).tolist()
    assert dataset.test.x.tolist() == one_hot(["green", "red"], categories).tolist()


def test_columns_keep_the_order_of_features_whatever_their_kind(read_data: ReadData) -> None:
    text = "b,c,n,y\nTrue,x,5,1\nFalse,z,6,2\nTrue,z,9,3\n"
    dataset = read_data(text, features=["n", "c", "b"], standardize=False)
    assert dataset.schema.features.columns == ["n", "c=x", "c=z", "b"]
    assert dataset.train.x.tolist() == [[5, 1, 0, 1], [6, 0, 1, 0], [9, 0, 1, 1]]


def test_text_alone_is_enough_to_learn_from(read_data: ReadData) -> None:
    assert read_data(column(WORDS)).train.x.shape == (6, 3)


def test_the_columns_of_a_category_have_mean_0_and_variances_that_add_up_to_1(read_data: ReadData) -> None:
    x = read_data(column(WORDS, [1, 2, 4, 8, 16, 32])).train.x
    np.testing.assert_allclose(x.mean(axis=0), 0.0, atol=1e-15)
    np.testing.assert_allclose(x[:, :3].var(axis=0).sum(), 1.0, rtol=1e-14)
    np.testing.assert_allclose(x[:, 3].var(), 1.0, rtol=1e-14)
    scaled = x[:, :3].std(axis=0) / one_hot(WORDS, ["blue", "green", "red"]).std(axis=0)
    np.testing.assert_allclose(scaled, scaled[0], rtol=1e-14)


@given(bits=st.lists(st.booleans(), min_size=2, max_size=12).filter(lambda bits: len(set(bits)) == 2))
def test_a_category_of_two_a_boolean_and_0_and_1_are_the_same_to_a_kernel(
    tmp_path_factory: pytest.TempPathFactory, bits: list[bool]
) -> None:
    products = []
    for words in (("p", "q"), ("true", "false"), (1, 0)):
        path = tmp_path_factory.getbasetemp() / "two.csv"
        path.write_text(column([words[bit] for bit in bits]))
        x = load_dataset(DataSpec(train=path, target=["y"])).train.x
        products.append(x @ x.T)
    np.testing.assert_allclose(products[0], products[2], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(products[1], products[2], rtol=1e-12, atol=1e-12)


def test_a_rare_category_is_not_blown_up(read_data: ReadData) -> None:
    cells = ["p"] * 499 + ["q"] * 500 + ["r"]
    x = read_data(column(cells)).train.x
    assert np.linalg.norm(x[-1]) < 2
    alone = read_data(column([int(cell == "r") for cell in cells])).train.x
    assert np.linalg.norm(alone[-1]) > 30


def test_categories_and_their_shares_are_those_of_the_training_rows(read_data: ReadData) -> None:
    alone = read_data(column(WORDS))
    dataset = read_data(column(WORDS), column(["red"] * 50))
    assert dataset.schema.features.columns == alone.schema.features.columns
    assert np.array_equal(dataset.schema.features.scaling.mean, alone.schema.features.scaling.mean)
    assert np.array_equal(dataset.train.x, alone.train.x)
    np.testing.assert_array_equal(dataset.test.x, np.tile(alone.train.x[0], (50, 1)))


def test_a_category_that_training_had_not_is_refused_with_its_line(refusal: Refusal) -> None:
    message = refusal(column(WORDS), column(["red", "pink"]))
    assert message.startswith(
        "test.csv:3: column 'c': found 'pink', which is not among its values in training"
    )
    assert "(blue, green, red)" in message
    assert message.endswith("or set data.unknown: ignore")


def test_a_category_of_other_letters_is_another(refusal: Refusal) -> None:
    assert "found 'Red'" in refusal(column(WORDS), column(["Red"]))


def test_an_unknown_category_that_is_ignored_is_0_everywhere(read_data: ReadData) -> None:
    test = column(["pink", "red"])
    plain = read_data(column(WORDS), test, unknown="ignore", standardize=False).test.x
    assert plain.tolist() == [[0, 0, 0], [0, 0, 1]]
    dataset = read_data(column(WORDS), test, unknown="ignore")
    scaling = dataset.schema.features.scaling
    np.testing.assert_allclose(dataset.test.x[0], -scaling.mean / scaling.scale, rtol=1e-14)


def test_what_is_neither_true_nor_false_is_refused_even_where_the_unknown_is_ignored(
    refusal: Refusal,
) -> None:
    for unknown in ("error", "ignore"):
        message = refusal(column(["True", "False"]), column(["true", "yes"]), unknown=unknown)
        assert message.startswith("test.csv:3: column 'c': found 'yes', which is not among")
        assert "data.unknown" not in message


def test_lines_are_of_the_file_even_behind_quoted_line_ends(refusal: Refusal) -> None:
    assert refusal(column(WORDS), 'c,y\n\nred,"1"\nblue,1\npink,3\n').startswith("test.csv:5: column 'c'")


def test_odd_categories_stay_on_one_line_of_a_message(refusal: Refusal) -> None:
    message = refusal(column(['"two\nlines"', "x" * 900, "\x1b[31m"]), column(["x" * 5000]))
    assert len(message) < 500
    assert "\x1b" not in message


@pytest.mark.parametrize("constant", ["x", "True"])
def test_a_constant_column_of_text_is_dropped_with_a_warning(read_data: ReadData, constant: str) -> None:
    dataset = read_data(column([constant] * 4, [1, 2, 3, 5]), column(["other"], [7]))
    assert dataset.schema.features.columns == ["a"]
    (warning,) = dataset.warnings
    assert warning.endswith("train.csv: column 'c' is constant and was dropped")
    assert dataset.test.x.shape == (1, 1)


def test_a_constant_category_stays_where_nothing_is_standardised(read_data: ReadData) -> None:
    dataset = read_data(column(["x"] * 3, [1, 2, 3]), standardize=False)
    assert dataset.train.x.tolist() == [[1, 1], [1, 2], [1, 3]]


def test_rows_are_normalised_behind_everything_else(read_data: ReadData) -> None:
    plain = read_data(column(WORDS, [1, 2, 4, 8, 16, 32])).train.x
    x = read_data(column(WORDS, [1, 2, 4, 8, 16, 32]), normalize_rows=True).train.x
    np.testing.assert_allclose(x, plain / np.linalg.norm(plain, axis=1, keepdims=True), rtol=1e-14)


def test_a_logarithm_of_text_is_refused(refusal: Refusal) -> None:
    text = refusal(column(WORDS), log=["c"])
    assert "column 'c' (data.log) holds text, which has no logarithm" in text
