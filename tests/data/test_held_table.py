"""Tables in memory, and weights that say how often a row is there."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ntkcli.data.held_table import HeldTable
from ntkcli.data.raw_data import RawData
from ntkcli.data.scaling import Scaling
from ntkcli.errors import DataError
from ntkcli.spec.data import DataSpec

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(RNG.standard_normal((6, 3)) * [1, 5, 2] + 3, columns=["a", "b", "y"])
COUNTS = np.array([1, 3, 2, 1, 1, 4])


def spec(**data: Any) -> DataSpec:
    return DataSpec.model_validate({"train": "X", "target": "y", "task": "regression"} | data)


def test_a_table_comes_in_parts() -> None:
    table = HeldTable("X", FRAME)
    parts = [*table.chunks(["a", "y"], [], rows=4)]
    assert [[*part.index] for part in parts] == [[0, 1, 2, 3], [4, 5]]
    pd.testing.assert_frame_equal(pd.concat(parts), FRAME[["a", "y"]])
    pd.testing.assert_frame_equal(table.read(["a", "b", "y"], []), FRAME)


def test_rows_are_called_by_their_numbers_whatever_their_index() -> None:
    table = HeldTable("X", FRAME.set_axis([*"pqrstu"], axis=0))
    assert table.lines([0, 5]) == [0, 5]
    assert (table.has_more(5), table.has_more(6)) == (True, False)
    assert table.path == Path("X")


def test_columns_without_a_value_have_no_first_one() -> None:
    frame = pd.DataFrame({"t": ["", "b"], "n": [np.nan, np.nan], "m": [np.nan, 2.0]})
    assert HeldTable("X", frame).first_values(["t", "n", "m"]) == {"t": "b", "m": "2.0"}


def test_a_dataset_of_it_is_that_of_a_file(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    read = RawData.read(spec(train=tmp_path / "t.csv")).dataset(spec(train=tmp_path / "t.csv"))
    held = RawData.held(HeldTable("X", FRAME), spec()).dataset(spec())
    np.testing.assert_array_equal(held.train.x, read.train.x)
    np.testing.assert_array_equal(held.y_train, read.y_train)


def test_a_column_that_is_not_there_is_missed() -> None:
    with pytest.raises(DataError, match="'z'"):
        RawData.held(HeldTable("X", FRAME), spec(target="z"))


def test_a_weight_that_counts_scales_as_so_many_rows_do() -> None:
    counted = spec(weight="times")
    held = RawData.held(HeldTable("X", FRAME.assign(times=COUNTS.astype(float))), counted, COUNTS)
    repeated = RawData.held(HeldTable("X", FRAME.loc[FRAME.index.repeat(COUNTS)]), spec()).dataset(spec())
    found = held.dataset(counted)
    np.testing.assert_allclose(np.repeat(found.train.x, COUNTS, axis=0), repeated.train.x, rtol=1e-12)
    np.testing.assert_allclose(np.repeat(found.y_train, COUNTS, axis=0), repeated.y_train, rtol=1e-12)


def test_a_new_row_counts_once_where_weights_count() -> None:
    """Noise is the ridge of the average row, which is there so often, times that."""
    counted = spec(weight="times")
    table = HeldTable("X", FRAME.assign(times=COUNTS.astype(float)))
    noises = [
        RawData.held(table, counted, counts).dataset(counted).schema.weights for counts in (COUNTS, None)
    ]
    assert [weights and weights.noise(None) for weights in noises] == [COUNTS.mean(), 1.0]


def test_scales_of_equal_counts_are_those_without() -> None:
    values = FRAME.to_numpy()
    plain, counted = Scaling.standard(values), Scaling.standard(values, np.full(6, 3.0))
    np.testing.assert_allclose(counted.mean, plain.mean, rtol=1e-14)
    np.testing.assert_allclose(counted.scale, plain.scale, rtol=1e-14)
