"""`data.missing` as a mapping: a rule for the target, for all features, and for single columns."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntkcli.data.dataset import Dataset
from ntkcli.data.feature import Feature
from ntkcli.data.raw_data import RawData
from ntkcli.data.survey import survey
from ntkcli.errors import DataError
from ntkcli.spec.data import DataSpec

from ..datasets import load_dataset
from .test_survey import COUNT, FEW, SpecOf, both_sides, bytes_of, table

ReadData = Callable[..., Dataset]
Refusal = Callable[..., str]

# Gaps at lines 3 (number), 5 (boolean), 7 (category), 8 (target).
TRAIN = "n,b,c,y\n1,True,p,1\n,False,q,2\n4,True,p,3\n7,,q,4\n9,False,p,5\n2,False,,6\n3,True,q,\n"
ALL_MEAN = {"target": "drop", "features": "mean"}


def columns(dataset: Dataset) -> dict[str, list[float]]:
    return dict(zip(dataset.schema.features.columns, dataset.train.x.T.tolist(), strict=True))


def test_every_column_has_the_rule_that_it_is_given(read_data: ReadData) -> None:
    rules = {"target": "drop", "features": "drop", "n": "mean", "c": "category"}
    dataset = read_data(TRAIN, missing=rules, standardize=False)
    assert dataset.train.rows.tolist() == [0, 1, 2, 4, 5]
    assert columns(dataset) == {
        "n": [1, 4, 4, 9, 2],
        "b": [1, 0, 1, 0, 0],
        "c=p": [1, 0, 1, 1, 0],
        "c=q": [0, 1, 0, 0, 0],
        "c missing": [0, 0, 0, 0, 1],
    }
    (warning,) = dataset.warnings
    assert warning.endswith("train.csv: left out 2 of 7 rows without a value in: b 1, y 1")


@pytest.mark.parametrize("word", ["error", "drop", "mean"])
def test_a_word_is_short_for_a_mapping(read_data: ReadData, refusal: Refusal, word: str) -> None:
    target = "drop" if word == "drop" else "error"
    whole = TRAIN.replace("3,True,q,\n", "3,True,q,7\n")
    for text in (TRAIN, whole):
        if word == "error" or (word == "mean" and text == TRAIN):
            assert refusal(text, missing=word) == refusal(text, missing={"target": target, "features": word})
        else:
            one = read_data(text, missing=word)
            other = read_data(text, missing={"target": target, "features": word})
            assert np.array_equal(one.train.x, other.train.x)
            assert one.warnings == other.warnings


@pytest.mark.parametrize(
    ("rules", "line", "column"),
    [
        ({"target": "drop", "features": "mean", "n": "error"}, 3, "n"),
        ({"target": "drop", "n": "mean", "c": "mean"}, 5, "b"),
        ({"target": "drop", "n": "mean", "b": "drop"}, 7, "c"),
    ],
)
def test_a_gap_in_a_column_whose_rule_is_error_is_refused_with_its_line(
    refusal: Refusal, read_data: ReadData, rules: dict[str, str], line: int, column: str
) -> None:
    expected = f"column '{column}': is empty: fill the value in"
    assert refusal(TRAIN, missing=rules).startswith(f"train.csv:{line}: {expected}")
    whole = "n,b,c,y\n1,True,p,1\n2,False,q,2\n4,True,p,3\n"
    if column == "n":
        assert refusal(whole, TRAIN, missing=rules).startswith(f"test.csv:3: {expected}")


def test_a_target_is_refused_where_only_features_may_lack_a_value(refusal: Refusal) -> None:
    assert refusal(TRAIN, missing={"features": "mean"}).startswith(
        "train.csv:8: column 'y': a target is not filled in: drop the row, or set data.missing"
    )


def test_an_indicator_stands_beside_what_is_filled_where_training_has_gaps(read_data: ReadData) -> None:
    text = "n,m,b,c,y\n1,5,True,p,1\n,6,False,q,2\n4,8,,p,3\n8,9,True,,4\n"
    rules = {"features": "mean", "indicator": True}
    dataset = read_data(text, "n,m,b,c\n,,True,p\n", missing=rules, standardize=False)
    found = columns(dataset)
    assert [*found] == ["n", "n missing", "m", "b", "b missing", "c=p", "c=q"]
    np.testing.assert_allclose(found["n"], [1, 13 / 3, 4, 8])
    assert found["n missing"] == [0, 1, 0, 0]
    assert found["b missing"] == [0, 0, 1, 0]
    np.testing.assert_allclose(dataset.test.x, [[13 / 3, 1, 7, 1, 0, 1, 0]], rtol=1e-12)
    assert [str(feature) for feature in dataset.schema.features.features][:2] == [
        "n: number, and whether it is missing",
        "m: number",
    ]


def test_an_indicator_has_a_scale_of_its_own_and_its_features_factor(read_data: ReadData) -> None:
    text = "n,m,y\n1,5,1\n,6,2\n4,8,3\n8,9,4\n"
    rules = {"features": "mean", "indicator": True}
    plain = read_data(text, missing=rules)
    np.testing.assert_allclose(plain.train.x.var(axis=0), 1, rtol=1e-12)
    weighted = read_data(text, missing=rules, relevance={"n": 3, "m": 1})
    np.testing.assert_allclose(weighted.train.x, plain.train.x * [3, 3, 1], rtol=1e-12)
    assert plain.schema.features.groups.tolist() == [0, 0, 1]


def test_a_date_that_is_filled_may_have_an_indicator(read_data: ReadData) -> None:
    text = "d,y\n2020-01-01,1\n,2\n2020-01-03,3\n"
    rules = {"features": "mean", "indicator": True}
    found = columns(read_data(text, missing=rules, dates={"d": ["days"]}, standardize=False))
    assert found == {"d days": [0, 1, 2], "d missing": [0, 1, 0]}


@pytest.mark.parametrize("mark", ["", "NA", "?", "null", " "])
def test_gaps_of_every_kind_are_one_category(read_data: ReadData, mark: str) -> None:
    text = f"c,y\np,1\n{mark},2\nq,3\nN/A,4\n"
    test = f"c,y\n{mark},\np,\n"
    dataset = read_data(text, test, missing={"c": "category"}, standardize=False)
    assert columns(dataset) == {"c=p": [1, 0, 0, 0], "c=q": [0, 0, 1, 0], "c missing": [0, 1, 0, 1]}
    assert dataset.test.x.tolist() == [[0, 0, 1], [1, 0, 0]]
    (feature,) = dataset.schema.features.features
    assert str(feature) == "c: 3 categories (p, q, missing)"
    assert Feature.model_validate_json(feature.model_dump_json()) == feature


def test_true_and_false_are_categories_beside_one_of_gaps(read_data: ReadData) -> None:
    dataset = read_data(TRAIN, missing={**ALL_MEAN, "b": "category"})
    assert [name for name in dataset.schema.features.columns if name.startswith("b")] == [
        "b=False", "b=True", "b missing",
    ]  # fmt: skip


def test_a_gap_that_training_had_not_is_an_unknown_category(read_data: ReadData, refusal: Refusal) -> None:
    train, test = "c,y\np,1\nq,2\np,3\n", "c,y\np,\n,\n"
    rules: dict[str, Any] = {"missing": {"c": "category"}}
    assert refusal(train, test, **rules).startswith(
        "test.csv:3: column 'c': found '', which is not among its values in training (p, q): correct it"
    )
    found = read_data(train, test, unknown="ignore", standardize=False, **rules)
    assert found.test.x.tolist() == [[1, 0], [0, 0]]


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ({"missing": {"n": "category"}}, "column 'n' holds numbers, whose gaps are no category: use mean in"),
        (
            {"missing": {**ALL_MEAN, "c": "category"}, "dates": {"c": ["days"]}},
            "column 'c' holds dates, whose gaps are no category: use mean in data.missing.c",
        ),
        ({"missing": {"nn": "mean"}}, "has no column 'nn' (data.missing); did you mean 'n'?"),
    ],
)
def test_a_rule_that_a_column_cannot_have_is_told(refusal: Refusal, keys: dict[str, Any], what: str) -> None:
    text = "n,c,y\n1,2020-01-01,1\n,2020-01-02,2\n3,,3\n"
    assert what in refusal(text, **keys)


@pytest.mark.parametrize("name", ["target", "features", "indicator", "most_dropped"])
def test_a_column_called_as_a_key_has_the_rule_of_all_features(read_data: ReadData, name: str) -> None:
    text = f"{name},y\n1,1\n,2\n4,3\n"
    found = read_data(text, missing={"features": "mean"}, standardize=False)
    assert found.train.x.tolist() == [[1], [2.5], [4]]


@pytest.mark.parametrize("name", ["rule", "of", "columns", "model_dump", "allows_gaps", "2020", "a.b", "a b"])
def test_a_column_may_have_any_other_name(read_data: ReadData, name: str) -> None:
    text = f"{name},n,y\n1,1,1\n,2,2\n4,3,3\n"
    found = read_data(text, missing={name: "mean"}, standardize=False)
    assert found.train.x[:, 0].tolist() == [1, 2.5, 4]
    assert found.schema.features.rules.model_dump()["missing"][name] == "mean"


def test_a_run_that_would_drop_too_many_rows_is_refused_with_the_gaps(
    refusal: Refusal, read_data: ReadData
) -> None:
    rules = {"target": "drop", "features": "drop"}
    text = TRAIN + ",,p,8\n"
    assert refusal(text, missing={**rules, "most_dropped": 0.6}) == (
        "train.csv: 5 of 8 rows (62.5 %) lack a value in: n 2, b 2, c 1, y 1: fill them in, use mean or "
        "category for these columns, or allow more than data.missing.most_dropped: 0.6"
    )
    assert len(read_data(text, missing={**rules, "most_dropped": 0.625}).train) == 3
    refused = refusal(TRAIN, missing={**ALL_MEAN, "c": "drop", "most_dropped": 0})
    assert refused.startswith("train.csv: 2 of 7 rows (28.6 %) lack a value in: c 1, y 1: ")


def test_gaps_are_counted_whatever_becomes_of_them(read_data: ReadData) -> None:
    for rules in ("drop", ALL_MEAN, {**ALL_MEAN, "c": "category"}):
        gaps = read_data(TRAIN, missing=rules).gaps
        assert (gaps.rows, dict(gaps.counts)) == (7, {"n": 1, "b": 1, "c": 1, "y": 1})


RULES: list[Any] = [
    "drop",
    {"target": "drop", "features": "mean", "indicator": True},
    {"target": "drop", "features": "drop", "a": "mean", "c": "category", "indicator": True},
]


@pytest.mark.parametrize("rules", RULES)
def test_a_file_in_parts_has_the_gaps_of_one_in_memory(spec_of: SpecOf, rules: Any) -> None:
    """Each column with gaps has them in one or two late rows, which a sample need not have."""
    train = table().astype(object)
    train.loc[COUNT - 1, "a"] = train.loc[COUNT - 2, "c"] = train.loc[COUNT - 3, "y"] = ""
    train.loc[COUNT - 4, "a"] = ""
    spec = spec_of(train, missing=rules)
    found = survey(spec, limits=FEW, read_rows=7)
    assert not found.is_small
    dataset, memory = found.raw.dataset(spec), load_dataset(spec)
    assert dataset.schema.features.columns == memory.schema.features.columns
    assert dataset.warnings == memory.warnings
    assert dataset.gaps == memory.gaps
    whole = dataset.schema.checked_table(RawData.read(spec).train, dataset.train.file)
    parts, _ = both_sides(found, spec)
    assert np.array_equal(np.concatenate([part.x for part in parts]), whole.x)
    assert np.concatenate([part.rows for part in parts]).tolist() == memory.train.rows.tolist()
    assert bytes_of(both_sides(survey(spec, limits=FEW, read_rows=50), spec)[0]) == bytes_of(parts)


def test_too_many_dropped_rows_of_a_long_file_are_refused_alike(spec_of: SpecOf) -> None:
    train = table()
    train.loc[10:50, "a"] = np.nan
    spec = spec_of(train, missing={"features": "drop", "most_dropped": 0.1})
    with pytest.raises(DataError, match=r"41 of 120 rows \(34\.2 %\) lack a value in: a 41") as refused:
        survey(spec, limits=FEW, read_rows=7)
    with pytest.raises(DataError) as expected:
        RawData.read(spec)
    assert str(refused.value) == str(expected.value)


@settings(max_examples=30)
@given(
    cells=st.lists(st.tuples(*[st.sampled_from(["1", "2", "5", ""])] * 2), max_size=8),
    rules=st.fixed_dictionaries(
        {"features": st.sampled_from(["drop", "mean"])},
        optional={"a": st.sampled_from(["drop", "mean"]), "indicator": st.booleans()},
    ),
)
def test_new_rows_are_read_as_the_same_rows_in_training(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]], rules: dict[str, Any]
) -> None:
    path = tmp_path_factory.getbasetemp() / "gaps.csv"
    rows = [("1", "2"), ("2", "5"), *cells]
    path.write_text("a,b,y\n" + "".join(f"{a},{b},{row}\n" for row, (a, b) in enumerate(rows)))
    dataset = load_dataset(DataSpec.model_validate({"train": path, "target": "y", "missing": rules}))
    assert np.isfinite(dataset.train.x).all()
    (again,) = dataset.schema.tables(dataset.train.file)
    assert again.rows.tolist() == dataset.train.rows.tolist()
    assert np.array_equal(again.x, dataset.train.x)
