"""The rows of a spec's files are read once, and may be fitted in several ways."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ntkcli.data.raw_data import RawData
from ntkcli.errors import DataError
from ntkcli.spec.data import DataSpec

from ..datasets import load_dataset

Write = Callable[[str, str], Path]
ROWS = "a,b,c,y\n" + "".join(f"{2.0**i!r},{i},{'uv'[i % 2]},{i}\n" for i in range(12))


@pytest.fixture
def spec(write: Write) -> DataSpec:
    values = {"train": str(write("train.csv", ROWS)), "test": str(write("test.csv", ROWS)), "target": "y"}
    return DataSpec.model_validate(values)


@pytest.mark.parametrize(
    "changes",
    [{}, {"log": ["a"]}, {"log": ["a", "b"]}, {"standardize": False}, {"normalize_rows": True, "log": ["b"]}],
)
def test_a_dataset_of_rows_that_are_read_is_that_of_the_files(
    spec: DataSpec, changes: dict[str, object]
) -> None:
    raw, changed = RawData.read(spec), spec.model_copy(update=changes)
    raw.dataset(spec)
    found, expected = raw.dataset(changed), load_dataset(changed)
    assert found.train.x.tobytes() == expected.train.x.tobytes()
    assert found.test.x.tobytes() == expected.test.x.tobytes()
    assert found.schema.features.features == expected.schema.features.features
    assert found.warnings == expected.warnings


def test_skewed_are_numbers_whose_logarithm_is_less_so(spec: DataSpec) -> None:
    assert [*RawData.read(spec).skewed] == ["a"]


def test_the_most_skewed_come_first(write: Write) -> None:
    rng = np.random.default_rng(0)
    little, much = np.exp(rng.normal(size=(2, 300)) * [[0.6], [2.0]])
    lines = [f"{one!r},{two!r},1\n" for one, two in zip(little.tolist(), much.tolist(), strict=True)]
    path = write("train.csv", "little,much,y\n" + "".join(lines))
    assert [*RawData.read(DataSpec(train=path, target=["y"])).skewed] == ["much", "little"]


def test_a_column_without_values_is_not_skewed(write: Write) -> None:
    path = write("train.csv", "a,b,y\n1,,1\n2,,2\n100,,3\n3,,4\n")
    raw = RawData.read(DataSpec(train=path, target=["y"], missing="mean"))
    assert [*raw.skewed] == ["a"]


def test_until_it_is_chosen_what_auto_is_no_logarithm_is_taken(spec: DataSpec) -> None:
    features = load_dataset(spec.model_copy(update={"log": "auto"})).schema.features.features
    assert not any(feature.log for feature in features)


def test_a_logarithm_of_a_column_that_is_not_there_is_refused(spec: DataSpec) -> None:
    with pytest.raises(DataError, match=r"train\.csv:1: has no column 'q' \(data\.log\)"):
        RawData.read(spec).dataset(spec.model_copy(update={"log": ["q"]}))
