"""Training rows set aside to be predicted."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.data.dataset import Dataset
from ntkcli.spec.data import DataSpec
from ntkcli.spec.split import SplitSpec

from ..datasets import load_dataset

ReadData = Callable[..., Dataset]
Refusal = Callable[..., str]


def numbers(count: int) -> str:
    return "i,a,y\n" + "".join(f"r{row},{row},{row * row}\n" for row in range(count))


def classes(*counts: int) -> str:
    names = [f"k{c}" for c, count in enumerate(counts) for _ in range(count)]
    return "a,y\n" + "".join(f"{row},{name}\n" for row, name in enumerate(names))


@given(count=st.integers(4, 40), share=st.integers(25, 60), seed=st.integers(0, 5))
def test_every_row_is_on_one_side_and_the_share_is_rounded_down(
    tmp_path_factory: pytest.TempPathFactory, count: int, share: int, seed: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "split.csv"
    path.write_text(numbers(count))
    split = SplitSpec(test=share / 100, seed=seed)
    dataset = load_dataset(DataSpec(train=path, target=["y"], features=["a"], split=split))
    assert sorted([*dataset.train.rows, *dataset.test.rows]) == list(range(count))
    assert len(dataset.test) == count * share // 100
    assert dataset.has_test_rows


def test_a_row_takes_everything_with_it(read_data: ReadData) -> None:
    test = read_data(numbers(20), split={"test": 0.25}, id="i", standardize=False).test
    assert test.ids["i"].tolist() == [f"r{row}" for row in test.rows]
    assert test.x[:, 0].tolist() == test.rows.tolist()
    assert test.targets["y"].tolist() == (test.rows**2).tolist()
    assert [test.line(place) for place in range(5)] == (test.rows + 2).tolist()
    assert test.rows.tolist() == sorted(test.rows)


def test_the_seed_decides_and_nothing_else(read_data: ReadData) -> None:
    drawn = [read_data(numbers(30), split={"test": 0.3, "seed": seed}, id="i").test for seed in (0, 0, 1)]
    first, again, other = (table.rows.tolist() for table in drawn)
    assert first == again != other
    assert read_data(numbers(30), split={"test": 0.3}, id="i").test.rows.tolist() == first


def test_it_is_not_the_first_or_last_rows_alone(read_data: ReadData) -> None:
    rows = read_data(numbers(100), split={"test": 0.3}, id="i").test.rows
    assert 5 < (rows < 50).sum() < 25


def test_of_every_class_its_share_is_set_aside(read_data: ReadData) -> None:
    dataset = read_data(classes(50, 20, 11, 3), split={"test": 0.3})
    assert Counter(dataset.test.targets["y"]) == {"k0": 15, "k1": 6, "k2": 3}
    assert set(dataset.train.targets["y"]) == {"k0", "k1", "k2", "k3"}


def test_a_share_is_what_it_says_and_not_what_float64_makes_of_it(read_data: ReadData) -> None:
    assert len(read_data(numbers(100), split={"test": 0.29}, id="i").test) == 29


@pytest.mark.parametrize(("count", "share", "sides"), [(3, 0.3, (0, 3)), (3, 0.7, (2, 1)), (2, 0.5, (1, 1))])
def test_a_side_that_is_too_small_is_refused(
    refusal: Refusal, count: int, share: float, sides: tuple[int, int]
) -> None:
    message = refusal(numbers(count), split={"test": share}, id="i")
    assert message.startswith(f"train.csv: data.split: a share of {share:g} of {count} rows leaves ")
    assert f"leaves {sides[0]} to predict and {sides[1]} to train with" in message


def test_classes_that_are_all_too_small_to_be_split_are_refused(refusal: Refusal) -> None:
    assert "leaves 0 to predict" in refusal(classes(3, 3), split={"test": 0.3})


def test_everything_is_fitted_on_the_rows_that_stay(read_data: ReadData) -> None:
    dataset = read_data(numbers(20), split={"test": 0.4}, id="i")
    np.testing.assert_allclose(dataset.train.x.mean(), 0.0, atol=1e-14)
    np.testing.assert_allclose(dataset.y_train.var(), 1.0, rtol=1e-13)
    kept = dataset.train.rows
    np.testing.assert_allclose(dataset.test.x[:, 0], (dataset.test.rows - kept.mean()) / kept.std())


def with_categories(cells: list[str]) -> str:
    """The numbers, with a column of categories."""
    header, *lines = numbers(len(cells)).splitlines()
    return "\n".join([f"{header},c", *(f"{line},{cell}" for line, cell in zip(lines, cells, strict=True))])


@pytest.mark.parametrize("others", ["rs", "r"])
def test_a_category_stays_with_one_row_if_it_would_be_set_aside(read_data: ReadData, others: str) -> None:
    split = {"test": 0.3}
    drawn = read_data(numbers(20), split=split, id="i").test.rows.tolist()
    cells = ["q" if row in drawn[2:4] else others[row % len(others)] for row in range(20)]
    dataset = read_data(with_categories(cells), split=split, id="i")
    assert dataset.test.rows.tolist() == [row for row in drawn if row != drawn[2]]
    assert dataset.schema.features.columns == ["a", "c=q", *(f"c={name}" for name in others)]


def test_a_gap_is_no_category_to_stay(read_data: ReadData) -> None:
    split = {"test": 0.3}
    drawn = read_data(numbers(20), split=split, id="i").test.rows.tolist()
    cells = ["" if row == drawn[0] else "rs"[row % 2] for row in range(20)]
    dataset = read_data(with_categories(cells), split=split, id="i", missing="mean")
    assert dataset.test.rows.tolist() == drawn


def test_a_category_is_unknown_where_no_other_row_is_set_aside(read_data: ReadData, refusal: Refusal) -> None:
    split = {"test": 0.05}
    (row,) = read_data(numbers(20), split=split, id="i").test.rows.tolist()
    text = with_categories(["q" if place == row else "rs"[place % 2] for place in range(20)])
    message = refusal(text, split=split, id="i")
    assert message.startswith(f"train.csv:{row + 2}: column 'c': found 'q', which is not among")
    dataset = read_data(text, split=split, id="i", unknown="ignore")
    assert dataset.schema.features.columns == ["a", "c=r", "c=s"]


def test_names_are_told_to_be_names(refusal: Refusal) -> None:
    assert "'c'" in refusal(
        with_categories([f"name {row}" for row in range(40)]), split={"test": 0.3}, id="i"
    )


def test_rows_with_a_gap_are_dropped_first(read_data: ReadData) -> None:
    text = numbers(10) + "".join(f"r{row},,1\n" for row in range(10, 20))
    dataset = read_data(text, split={"test": 0.5}, id="i", missing="drop")
    assert len(dataset.test) == len(dataset.train) == 5
    assert sorted([*dataset.train.rows, *dataset.test.rows]) == list(range(10))


def test_gaps_are_filled_with_the_mean_of_the_rows_that_stay(read_data: ReadData) -> None:
    text = "a,y\n" + "".join(f"{'' if row % 3 == 0 else row},{row}\n" for row in range(30))
    dataset = read_data(text, split={"test": 0.4}, missing="mean", standardize=False)
    kept = dataset.train.rows
    mean = kept[kept % 3 != 0].mean()
    for table in (dataset.train, dataset.test):
        expected = np.where(table.rows % 3 == 0, mean, table.rows)
        np.testing.assert_allclose(table.x[:, 0], expected)
