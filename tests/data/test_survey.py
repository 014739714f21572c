"""A survey holds a sample of a large file, from which a schema is fitted that suits all of its rows."""

import gzip
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntkcli.data.first_pass import FirstPass, Limits
from ntkcli.data.raw_data import RawData
from ntkcli.data.survey import Survey, survey
from ntkcli.data.table import Table
from ntkcli.data.training_file import TrainingFile
from ntkcli.errors import DataError
from ntkcli.spec.data import DataSpec

from .test_row_source import assert_join_to

Write = Callable[[str, str | bytes], Path]
FEW = Limits(rows=20, texts=12, shown=5)
COUNT = 120


def table(count: int = COUNT) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "i": [f"r{i}" for i in range(count)],
            "a": rng.normal(size=count),
            "c": [f" {'uvw'[i % 3]}" for i in range(count)],
            "y": rng.normal(size=count),
        }
    )


SpecOf = Callable[..., DataSpec]


def both_sides(found: Survey, spec: DataSpec, rows: int = 16) -> tuple[list[Table], list[Table]]:
    source = found.rows(found.raw.dataset(spec))
    train, test = list(source.train(rows)), list(source.test(rows))
    assert source.train_rows == sum(map(len, train))
    assert source.test_rows == sum(map(len, test))
    return train, test


def numbers_of(parts: list[Table]) -> list[int]:
    return [int(row) for part in parts for row in part.rows]


def bytes_of(parts: list[Table]) -> list[tuple[bytes, bytes]]:
    return [(part.x.tobytes(), part.targets.to_csv().encode()) for part in parts]


@pytest.mark.parametrize(
    "keys", [{}, {"split": {"test": 0.3}}, {"missing": "drop"}, {"missing": "mean", "normalize_rows": True}]
)
@pytest.mark.parametrize("has_file", [False, True])
@pytest.mark.parametrize("read_rows", [7, 1000])
def test_of_a_small_file_it_is_what_reading_gives(
    spec_of: SpecOf, keys: dict[str, Any], has_file: bool, read_rows: int
) -> None:
    train = table()
    if "missing" in keys:
        train.loc[[3, 50], "a"] = np.nan
    is_split = "split" in keys
    spec = spec_of(train, train if has_file and not is_split else None, **keys)
    found, expected = survey(spec, read_rows=read_rows), RawData.read(spec)
    pd.testing.assert_frame_equal(found.raw.train, expected.train)
    dataset, whole = found.raw.dataset(spec), expected.dataset(spec)
    assert dataset.warnings == whole.warnings
    parts = both_sides(found, spec)
    assert_join_to(parts[0], whole.train, rows=16)
    assert_join_to(parts[1], whole.test, rows=16)


@pytest.mark.parametrize(
    "keys", [{}, {"split": {"test": 0.3}}, {"missing": "drop"}, {"missing": "mean", "normalize_rows": True}]
)
def test_neither_chunks_nor_what_is_kept_change_anything(spec_of: SpecOf, keys: dict[str, Any]) -> None:
    train = table()
    if "missing" in keys:
        train.loc[[3, 50], "a"] = np.nan
    spec = spec_of(train, **keys)
    first, *others = (
        survey(spec, limits=FEW, read_rows=read_rows, keep_bytes=keep_bytes)
        for read_rows, keep_bytes in [(7, 0), (50, 0), (1000, 0), (7, 10**6), (1000, 10**6)]
    )
    assert first.frames is None
    assert others[-1].frames is not None
    expected = [bytes_of(side) for side in both_sides(first, spec)]
    for other in others:
        pd.testing.assert_frame_equal(other.raw.train, first.raw.train)
        assert [bytes_of(side) for side in both_sides(other, spec)] == expected
        assert other.raw.warnings == first.raw.warnings


def test_passes_over_a_large_file_have_all_its_rows(spec_of: SpecOf) -> None:
    spec = spec_of(table())
    found = survey(spec, limits=FEW, read_rows=50)
    dataset = found.raw.dataset(spec)
    assert len(dataset.train) < COUNT
    whole = dataset.schema.checked_table(RawData.read(spec).train, dataset.train.file)
    train, test = both_sides(found, spec)
    assert_join_to(train, whole, rows=16)
    assert bytes_of(test) == bytes_of(train)
    assert not dataset.has_test_rows


def test_the_sample_is_uniform_and_in_the_order_of_the_file(spec_of: SpecOf) -> None:
    train = table(4000)
    rows = survey(spec_of(train), limits=Limits(rows=1000)).raw.train.index.to_numpy()
    assert (np.diff(rows) > 0).all()
    # Beside those that bring in a category or a second value.
    assert 1000 <= len(rows) <= 1004
    counts = np.histogram(rows, bins=8, range=(0, 4000))[0]
    # A standard deviation is 9.
    assert np.abs(counts - 125).max() < 45


def test_every_category_and_class_is_known_though_it_is_there_once(spec_of: SpecOf) -> None:
    train = table()
    train.loc[COUNT - 2, "c"], train.loc[COUNT - 1, "c"] = "late", "last"
    train["y"] = ["n", "p"] * (COUNT // 2)
    train.loc[COUNT - 3, "y"] = "q"
    for split in (None, *({"test": 0.9, "seed": seed} for seed in range(5))):
        spec = spec_of(train, **({"split": split} if split else {}))
        found = survey(spec, limits=FEW, read_rows=30)
        schema = found.raw.dataset(spec).schema
        assert schema.features.columns == ["a", "c=last", "c=late", "c=u", "c=v", "c=w"]
        assert schema.targets.classes == ["n", "p", "q"]
        both_sides(found, spec)


def test_a_number_that_differs_in_one_row_is_not_constant(spec_of: SpecOf) -> None:
    train = table().assign(b=1.0, d=np.nan, e=2.0)
    train.loc[COUNT - 1, "b"] = 3.0
    train.loc[[COUNT - 3, COUNT - 2], "d"] = [1.0, 2.0]
    spec = spec_of(train, missing="mean")
    dataset = survey(spec, limits=FEW).raw.dataset(spec)
    assert dataset.schema.features.numbers == ["a", "b", "d"]
    assert [warning.split(": ")[1] for warning in dataset.warnings] == [
        "column 'e' is constant and was dropped"
    ]


@settings(max_examples=12)
@given(share=st.floats(0.05, 0.95), seed=st.integers(0, 9), read_rows=st.integers(20, 200))
def test_every_row_is_on_one_side_by_its_own_draw(
    tmp_path_factory: pytest.TempPathFactory, share: float, seed: int, read_rows: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "survey.csv"
    table().to_csv(path, index=False)
    split = {"test": share, "seed": seed}
    spec = DataSpec.model_validate({"train": path, "target": "y", "id": "i", "split": split})
    found = survey(spec, limits=FEW, read_rows=read_rows)
    train, test = (numbers_of(side) for side in both_sides(found, spec))
    assert sorted(train + test) == list(range(COUNT))
    # The first rows bring in the categories and a second value of each number.
    expected = np.flatnonzero(np.random.default_rng(seed).random(COUNT) < share)
    assert test == expected[expected >= 3].tolist()
    assert set(found.raw.train.index) <= set(train)
    assert found.raw.set_aside is not None
    assert 0 < len(found.raw.set_aside) <= FEW.shown
    assert set(found.raw.set_aside.index) <= set(test)


def test_a_share_that_sets_nothing_aside_is_refused(spec_of: SpecOf) -> None:
    with pytest.raises(DataError, match=r"a share of 1e-09 of 120 rows leaves 0 to predict and 120 to train"):
        survey(spec_of(table(), split={"test": 1e-9}), limits=FEW)


def test_dropped_rows_are_told_as_if_all_were_read(spec_of: SpecOf) -> None:
    train = table()
    train.loc[[5, 60, 61], "a"] = np.nan
    train.loc[7, "c"] = "NA"
    spec = spec_of(train, missing="drop")
    found = survey(spec, limits=FEW, read_rows=10)
    assert found.raw.warnings == RawData.read(spec).warnings != []
    assert numbers_of(both_sides(found, spec)[0]) == [i for i in range(COUNT) if i not in (5, 7, 60, 61)]


def test_a_long_test_file_is_gone_through_in_parts(spec_of: SpecOf) -> None:
    test = table(90)
    test.loc[[2, 40], "a"] = np.nan
    spec = spec_of(table(10), test, missing="drop")
    found = survey(spec, limits=FEW, read_rows=8)
    dataset = found.raw.dataset(spec)
    assert dataset.has_test_rows
    assert dataset.warnings == []
    assert dataset.test.rows.tolist() == [0, 1, 3, 4]
    source = found.rows(dataset)
    assert source.test_rows is None
    parts = list(source.test(30))
    assert source.test_rows == 88
    assert sum(part.dropped for part in parts) == 2
    assert_join_to(parts, RawData.read(spec).dataset(spec).test, rows=30)


def test_a_compressed_file_is_gone_through_alike(spec_of: SpecOf, write: Write) -> None:
    spec = spec_of(table())
    path = write("train.csv.gz", gzip.compress(spec.train.read_bytes()))
    zipped = spec.model_copy(update={"train": path})
    plain, found = (survey(one, limits=FEW, read_rows=7) for one in (spec, zipped))
    assert bytes_of(both_sides(found, zipped)[0]) == bytes_of(both_sides(plain, spec)[0])


@pytest.mark.parametrize(
    ("column", "cell", "what"),
    [
        ("a", "", r"column 'a': is empty"),
        ("a", "red", r"column 'a': found 'red' where a number is wanted"),
        ("y", "inf", r"column 'y': found 'inf' where a finite number is wanted"),
        ("c", "", r"column 'c': is empty"),
        ("c", "5", None),
    ],
)
def test_a_fault_in_the_last_row_is_told_at_its_line(
    spec_of: SpecOf, column: str, cell: str, what: str | None
) -> None:
    train = table().astype(object)
    train.loc[COUNT - 1, column] = cell
    spec = spec_of(train)
    with pytest.raises(DataError) as refusal:
        survey(spec, limits=FEW, read_rows=25).raw.dataset(spec)
    with pytest.raises(DataError) as expected:
        RawData.read(spec).dataset(spec)
    if what is None:
        # Where some are numbers the others are told, here those of a sample.
        assert str(refusal.value).startswith(str(expected.value).splitlines()[0])
    else:
        assert str(refusal.value).startswith(f"{spec.train}:{COUNT + 1}: {what[:10]}")
        assert str(refusal.value) == str(expected.value)


def test_names_are_refused_and_not_remembered(spec_of: SpecOf) -> None:
    spec = spec_of(table().assign(name=[f"n{i}" for i in range(COUNT)]))
    with pytest.raises(
        DataError, match=r"column 'name' has more than 12 different texts in 120 rows: put it in data\.id"
    ):
        survey(spec, limits=FEW, read_rows=7)


def test_classes_that_are_too_many_are_refused(spec_of: SpecOf) -> None:
    spec = spec_of(table().assign(y=[f"n{i}" for i in range(COUNT)]))
    with pytest.raises(DataError, match=r"column 'y' has more than 12 .* set data\.task: regression"):
        survey(spec, limits=FEW, read_rows=7)


def test_columns_that_have_too_many_texts_together_are_refused(spec_of: SpecOf) -> None:
    codes = [f"n{i % 7}" for i in range(COUNT)]
    with pytest.raises(
        DataError, match=r"'d' has 7 different texts in 120 rows, and all columns together more than 12"
    ):
        survey(spec_of(table().assign(d=codes, e=codes)), limits=FEW)


def test_what_is_held_does_not_grow_with_the_file(spec_of: SpecOf) -> None:
    held = []
    for count in (200, 1000):
        training = TrainingFile.open(spec_of(table(count), split={"test": 0.3}))
        first, most = FirstPass(training, FEW), 0
        for frame, dropped in training.frames(rows=10):
            first.add(frame, dropped)
            most = max(most, first.held)
        assert first.kept.frames is None
        held.append(most)
    assert held[1] <= held[0] + 10
    assert max(held) <= 2 * (FEW.rows + 4 + FEW.shown) + 20


def test_a_file_that_changes_after_the_survey_is_refused(spec_of: SpecOf) -> None:
    spec = spec_of(table())
    found = survey(spec, limits=FEW)
    source = found.rows(found.raw.dataset(spec))
    table().assign(a=1.0).to_csv(spec.train, index=False)
    with pytest.raises(DataError, match=r"train\.csv: changed while it was read"):
        list(source.train(16))


def test_rows_that_are_kept_need_no_file(spec_of: SpecOf) -> None:
    spec = spec_of(table())
    found = survey(spec, limits=FEW, keep_bytes=10**6)
    source = found.rows(found.raw.dataset(spec))
    spec.train.unlink()
    assert sum(map(len, source.train(16))) == COUNT


def test_of_every_class_about_its_share_is_set_aside(spec_of: SpecOf) -> None:
    train = table(3000)
    train["y"] = np.where(np.arange(3000) % 3 == 0, "p", "q")
    spec = spec_of(train, split={"test": 0.3})
    found = survey(spec, limits=FEW)
    counts = Counter(cell for part in both_sides(found, spec)[1] for cell in part.targets["y"])
    # Standard deviations are 14 and 20.
    assert abs(counts["p"] - 300) < 75
    assert abs(counts["q"] - 600) < 105


@pytest.mark.parametrize("keys", [{}, {"split": {"test": 0.3}}, {"missing": "drop"}])
def test_a_long_parquet_file_gives_the_rows_of_the_csv_file(
    spec_of: SpecOf, tmp_path: Path, keys: dict[str, Any]
) -> None:
    train, test = table(), None if "split" in keys else table(60)
    train.loc[7, "a"] = np.nan if "missing" in keys else 1.0
    spec = spec_of(train, test, **keys)
    files = {}
    for name, rows in (("train", train), ("test", test)):
        if rows is not None:
            files[name] = tmp_path / f"{name}.parquet"
            rows.to_parquet(files[name], row_group_size=13)
    other = spec.model_copy(update=files)
    expected, found = (both_sides(survey(each, limits=FEW, read_rows=9), each) for each in (spec, other))
    assert [bytes_of(side) for side in found] == [bytes_of(side) for side in expected]


def sides_of(found: Survey, spec: DataSpec) -> tuple[list[int], list[int]]:
    train, test = both_sides(found, spec)
    return numbers_of(train), numbers_of(test)


@pytest.mark.parametrize("read_rows", [7, 1000])
@pytest.mark.parametrize("keep_bytes", [0, 10**6])
def test_a_column_gives_the_sides_of_a_large_file_too(
    spec_of: SpecOf, read_rows: int, keep_bytes: int
) -> None:
    side = np.where(np.arange(COUNT) % 5 == 1, "test", "train")
    spec = spec_of(table().assign(s=side), split={"column": "s"})
    found = survey(spec, limits=FEW, read_rows=read_rows, keep_bytes=keep_bytes)
    train, test = sides_of(found, spec)
    assert test == [*range(1, COUNT, 5)]
    assert sorted(train + test) == [*range(COUNT)]
    assert found.raw.dataset(spec).schema.features.columns == ["a", "c=u", "c=v", "c=w"]
    assert set(found.raw.train.index) <= set(train)


def test_the_last_rows_of_a_large_file_are_those_of_a_small_one(spec_of: SpecOf) -> None:
    when = np.random.default_rng(3).permutation(COUNT) // 2
    for times in (when, [f"2024-01-{1 + day // 3:02d}" for day in when]):
        spec = spec_of(table().assign(t=times), features=["a"], split={"test": 0.3, "time": "t"})
        found = survey(spec, limits=FEW, read_rows=11)
        train, test = sides_of(found, spec)
        whole = RawData.read(spec).dataset(spec)
        assert (train, test) == (whole.train.rows.tolist(), whole.test.rows.tolist())


def test_groups_of_a_large_file_stay_together_and_their_share_is_met(spec_of: SpecOf) -> None:
    count = 3000
    group = np.random.default_rng(3).permutation(count) // 3
    keys = {"groups": "g", "split": {"test": 0.3}}
    spec = spec_of(table(count).assign(g=[f" P{number}" for number in group]), **keys)
    found = survey(spec, limits=FEW)
    train, test = sides_of(found, spec)
    assert not set(group[train]) & set(group[test])
    # A standard deviation of the share is 0.014.
    assert abs(len(test) / count - 0.3) < 0.07
    assert sides_of(survey(spec, limits=FEW, read_rows=317), spec) == (train, test)
    other = spec_of(table(count).assign(g=group), groups="g", split={"test": 0.3, "seed": 1})
    assert sides_of(survey(other, limits=FEW), other)[1] != test


def test_large_groups_that_miss_the_share_are_told(spec_of: SpecOf) -> None:
    spec = spec_of(table().assign(g=np.arange(COUNT) // 30), groups="g", split={"test": 0.3, "seed": 3})
    (warning,) = survey(spec, limits=FEW).raw.warnings
    assert warning.endswith(
        "data.split sets 0.5 of the rows aside and not 0.3, as groups are drawn whole: another "
        "data.split.seed draws others"
    )


def test_a_category_that_only_one_side_has_is_known_if_that_is_training(spec_of: SpecOf) -> None:
    train = table().assign(s=np.where(np.arange(COUNT) < 40, "test", "train"))
    # Seen first among the rows to predict, and then once among a hundred to train with.
    train.loc[[3, 70], "c"] = "rare"
    spec = spec_of(train, split={"column": "s"})
    found = survey(spec, limits=FEW)
    assert "c=rare" in found.raw.dataset(spec).schema.features.columns
    both_sides(found, spec)
    train.loc[70, "c"] = "u"
    with pytest.raises(DataError, match=r"train\.csv:5: column 'c': found 'rare', which is not among"):
        both_sides(survey(spec_of(train, split={"column": "s"}), limits=FEW), spec)


@pytest.mark.parametrize(
    ("sides", "keys", "reason"),
    [
        (["train"] * COUNT, {}, "leaves 0 to predict and 120 to train with"),
        (["train"] * 99 + [""] + ["test"] * 20, {}, r"train\.csv:101: column 's': is empty, and data\.split"),
        (["a", "b"] * 60, {"test": ["a", "c"]}, "column 's' has no 'c'"),
    ],
)
def test_a_column_that_is_no_split_is_refused_of_a_large_file(
    spec_of: SpecOf, sides: list[str], keys: dict[str, Any], reason: str
) -> None:
    with pytest.raises(DataError, match=reason):
        survey(spec_of(table().assign(s=sides), split={"column": "s", **keys}), limits=FEW, read_rows=30)


def test_a_row_of_a_large_file_without_a_group_is_refused(spec_of: SpecOf) -> None:
    groups = [f"g{i % 9}" for i in range(COUNT)]
    groups[50] = ""
    with pytest.raises(
        DataError, match=r"train\.csv:52: column 'g': is empty, and data\.groups needs a value"
    ):
        survey(spec_of(table().assign(g=groups), groups="g", split={"test": 0.3}), limits=FEW)
