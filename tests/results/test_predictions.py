import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ntkcli.data.dataset import Dataset
from ntkcli.errors import DataError
from ntkcli.results.predictions import check_names, prediction_table
from ntkcli.results.presentation import presentation_of
from ntkcli.results.result import Result
from ntkcli.runs.table_sink import table_sink
from ntkcli.spec.spec import OutputSpec

from .made import class_result, result

Load = Callable[..., Dataset]


def table(dataset: Dataset, *results: Result, **output: Any) -> pd.DataFrame:
    return prediction_table(
        presentation_of(dataset.schema.targets, OutputSpec(**output)), dataset.test, results
    )


def test_the_table_goes_by_row_then_by_result(load: Load) -> None:
    found = table(load(), result("ntk", 0.5), result("ntk", math.inf), result("nngp", math.inf))
    assert found["row"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert found["kernel"].tolist() == ["ntk", "ntk", "nngp"] * 3
    assert found["time"].tolist() == ["0.5", "inf", "inf"] * 3
    assert found["y"].tolist() == [5.0] * 3 + [6.0] * 3 + [7.0] * 3


def test_the_columns_of_a_target_stand_together(load: Load) -> None:
    found = table(load(target=["z", "y"]), result(outputs=2))
    kinds = ("_mean", "_std", "_lower", "_upper", "")
    names = [f"{name}{kind}" for name in "zy" for kind in kinds]
    assert list(found.columns) == ["row", "kernel", "time", *names]
    assert found["z_mean"].tolist() == [5.0, 7.0, 9.0]
    assert found["y_mean"].tolist() == [6.0, 8.0, 10.0]
    assert found["z"].tolist() == [1.0, 2.0, 4.0]


def test_the_columns_of_a_class_are_itself_its_scores_and_probabilities(load: Load) -> None:
    found = table(load(target="k"), class_result(), class_result("ntk"))
    kinds = [f"k_{kind}_{label}" for kind in ("score", "probability") for label in "pqr"]
    assert list(found.columns) == ["row", "kernel", "time", "k_class", *kinds, "k_std", "k"]
    assert found["k"].tolist() == ["q", "q", "q", "q", "r", "r"]
    assert found["k_class"].tolist() == ["p", "p", "r", "r", "q", "q"]


def test_ids_stand_before_the_row_number(load: Load) -> None:
    found = table(load(id="n"), result(), result("ntk"))
    assert list(found.columns[:4]) == ["n", "row", "kernel", "time"]
    assert found["n"].tolist() == ["u", "u", "v", "v", "w", "w"]
    assert found["row"].tolist() == [0, 0, 1, 1, 2, 2]


def test_an_id_called_row_is_the_only_row(load: Load, write: Callable[[str, str], Path]) -> None:
    rows = str(write("rows.csv", "row,n,a,b,y\n7,u,1,2,3\n9,v,2,1,4\n8,w,2,2,4\n"))
    found = table(load(train=rows, test=rows, id=["n", "row"]), result())
    assert list(found.columns[:3]) == ["n", "row", "kernel"]
    assert found["row"].tolist() == ["7", "9", "8"]


def test_row_numbers_are_those_of_the_file_where_rows_were_dropped_or_split_off(
    load: Load, write: Callable[[str, str], Path]
) -> None:
    gaps = str(write("gaps.csv", "a,b,y\n,1,1\n1,2,3\n2,,2\n3,3,3\n4,4,\n"))
    found = table(load(test=gaps, missing="drop"), result())
    assert found["row"].tolist() == [1, 3, 4]
    np.testing.assert_array_equal(found["y"], [3, 3, np.nan])
    dataset = load(test=None, split={"test": 0.5})
    assert table(dataset, result())["row"].tolist() == dataset.test.rows.tolist() != [0, 1, 2]


def test_without_std_there_are_means_only(load: Load) -> None:
    assert list(table(load(), result(), std=False).columns) == ["row", "kernel", "time", "y_mean", "y"]
    assert "k_std" not in table(load(target="k"), class_result(), std=False)


@pytest.mark.parametrize(
    "keys",
    [
        {"id": "kernel"},
        {"id": "n", "target": "row"},
        {"target": ["y", "y_mean"]},
        {"id": ["n", "y_std"]},
        {"id": "y_lower"},
        {"target": "k", "id": "k_class"},
        {"target": "k", "id": "k_probability_q"},
    ],
)
def test_two_columns_of_one_name_are_refused(
    load: Load, write: Callable[[str, str], Path], keys: dict[str, Any]
) -> None:
    header = "a,b,y,kernel,y_mean,y_std,y_lower,n,row,k_class,k_probability_q,k"
    rows = "\n1,2,3,4,5,6,7,8,8,9,10,p\n2,3,4,5,6,7,8,9,9,10,11,q\n"
    files = {file: str(write(f"clash_{file}.csv", header + rows)) for file in ("train", "test")}
    dataset = load(**keys, **files)
    report = presentation_of(dataset.schema.targets, OutputSpec())
    with pytest.raises(DataError, match=r"t\.csv: predictions\.csv would have two columns '.*': rename"):
        check_names(report, dataset.schema.ids, "t.csv")


def test_columns_of_other_names_are_no_clash(load: Load) -> None:
    for keys in ({"id": "n"}, {"target": ["y", "z"]}, {"target": "k", "id": "y"}):
        dataset = load(**keys)
        check_names(presentation_of(dataset.schema.targets, OutputSpec()), dataset.schema.ids, "t.csv")


# Ids that are read as text, and numbers with and without a point or an exponent.
ROWS = [
    "n,a,b,y,k",
    "007,1,2,5,q",
    ",3,4,1e22,p",
    '"a,""b""",5,6,0.1,r',
    "é,7,8,-0.0,q",
    "NA,1,1,1e-7,q",
    "12345678901234567890,2,2,3,p",
]


@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize("keys", [{"id": "n"}, {"id": "n", "target": "k"}, {"target": ["y", "z"]}])
def test_a_table_in_parts_has_the_bytes_of_one(
    load: Load, write: Callable[[str, str], Path], tmp_path: Path, keys: dict[str, Any], size: int
) -> None:
    dataset = load(test=str(write("parts.csv", "\n".join(ROWS))), **keys)
    report, scale = presentation_of(dataset.schema.targets, OutputSpec()), [[1.0, 0.5, 2.0]]
    values = np.array([[5.0], [1e22], [1 / 3], [-0.0], [1e-300], [123456789.0]]) * scale
    means = values[:, : dataset.schema.targets.count]
    fields: dict[str, Any] = {"mean": means, "variance": np.abs(means), "noise": np.zeros(means.shape[1])}
    whole = [result(kernel, **fields) for kernel in ("ntk", "nngp")]
    table = prediction_table(report, dataset.test, whole)
    table.to_csv(tmp_path / "whole.csv", index=False, lineterminator="\n")
    with table_sink(tmp_path / "parts_out.csv") as sink:
        for part in dataset.schema.tables(dataset.test.file, rows=size):
            own = {name: fields[name][part.rows] for name in ("mean", "variance")}
            sink(prediction_table(report, part, [replace(each, **own) for each in whole]))
    assert (tmp_path / "parts_out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
