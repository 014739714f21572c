"""All faults of a table are told at once, a line each, in the order of their lines."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ntkcli.data.faults import Fault
from ntkcli.data.table_error import MOST_FAULTS, MOST_OF_A_COLUMN, FaultList, TableError
from ntkcli.errors import DataError
from ntkcli.spec.data import DataSpec

from ..datasets import load_dataset

Refused = Callable[..., list[str]]


@pytest.fixture
def refused(tmp_path: Path, write: Callable[[str, str], Path]) -> Refused:
    """The lines of the error of a training file, and maybe a test file, without their folder."""

    def lines(train: str, test: str | None = None, **keys: Any) -> list[str]:
        files = {"train": str(write("train.csv", train))}
        if test is not None:
            files["test"] = str(write("test.csv", test))
        with pytest.raises(DataError) as error:
            load_dataset(DataSpec.model_validate(files | {"target": "y"} | keys))
        return [line.removeprefix(f"{tmp_path}/") for line in str(error.value).splitlines()]

    return lines


def test_faults_of_numbers_texts_and_lines_are_told_together(refused: Refused) -> None:
    found = refused("a,b,c,y\n1,2,red,1\nx,,blue,2\n3,4,,\n5,6,red\n")
    assert [line.split(": ")[:2] for line in found] == [
        ["train.csv:3", "column 'a'"],
        ["train.csv:3", "column 'b'"],
        ["train.csv:4", "column 'y'"],
        ["train.csv:5", "has 3 fields where the header has 4"],
    ]
    found = refused("a,b,c,y\n1,2,red,1\nx,,blue,2\n3,4,,\n5,6,red,1\n")
    assert [line.split(": ")[:2] for line in found] == [
        ["train.csv:3", "column 'a'"],
        ["train.csv:3", "column 'b'"],
        ["train.csv:4", "column 'y'"],
        ["train.csv:4", "column 'c'"],
    ]


def test_faults_of_several_text_columns_and_of_the_target_are_told_together(refused: Refused) -> None:
    found = refused("a,b,c,y\n2024-01-02,,5%,u\n2024-01-03,v,6%,\n2024-01-04,w,7%,v\n")
    assert len(found) == 4
    for line, what in zip(
        found, ("'a' holds dates", "'c' holds numbers", "2: column 'b'", "3: column 'y'"), strict=True
    ):
        assert what in line


def test_faults_of_a_test_file_are_told_together(refused: Refused) -> None:
    train = "a,b,y\n1,red,1\n2,blue,2\n3,red,3\n"
    found = refused(train, "a,b,y\n1,green,1\n,red,2\n2,,3\n")
    assert [line.split(": ")[:2] for line in found] == [
        ["test.csv:2", "column 'b'"],
        ["test.csv:3", "column 'a'"],
        ["test.csv:4", "column 'b'"],
    ]


def test_columns_that_are_missing_are_told_together(refused: Refused) -> None:
    found = refused("a,b,y\n1,2,3\n2,3,4\n", target=["y", "z"], features=["a", "c"])
    assert ["'z'" in found[0], "'c'" in found[1], len(found)] == [True, True, 2]
    found = refused("a,b,y\n1,2,3\n2,3,4\n", "y,c\n1,2\n")
    assert ["'a'" in found[0], "'b'" in found[1], "'c'" in found[2], len(found)] == [True, True, True, 3]


def test_a_header_is_looked_at_whole(refused: Refused) -> None:
    found = refused("a,b,a,b,y\n1,2,3,4,5\n")
    assert ["'a' is there twice" in found[0], "'b' is there twice" in found[1]] == [True, True]


def test_of_a_column_a_few_are_told_and_the_others_counted(refused: Refused) -> None:
    rows = "".join(f"{i},x,{i}\n" if i > 5 else f"{i},{i},{i}\n" for i in range(50))
    found = refused("a,b,y\n" + rows)
    assert [line.split(": ")[0] for line in found] == [
        *(f"train.csv:{line}" for line in (8, 9, 10)),
        "train.csv",
    ]
    assert found[-1] == f"train.csv: ... and {44 - MOST_OF_A_COLUMN} more faults"


def test_no_more_than_a_screen_is_told() -> None:
    faults = [Fault(line, f"column 'c{line}': is empty", f"c{line}") for line in range(1, 101)]
    lines = str(TableError(Path("t.csv"), reversed(faults), 7)).splitlines()
    assert lines[0] == "t.csv:1: column 'c1': is empty"
    assert len(lines) == MOST_FAULTS + 1
    assert lines[-1] == f"t.csv: ... and {100 - MOST_FAULTS + 7} more faults"


def test_a_fault_that_is_found_twice_is_told_once() -> None:
    faults, fault = FaultList(Path("t.csv")), Fault(3, "is wrong", "a")
    faults.add([fault, fault])
    with faults.collecting():
        raise TableError(Path("t.csv"), [fault])
    with pytest.raises(TableError) as error:
        faults.check()
    assert str(error.value) == "t.csv:3: is wrong"


def test_other_errors_are_not_collected() -> None:
    with pytest.raises(DataError), FaultList(Path("t.csv")).collecting():
        raise DataError("there is no such file")


def test_without_a_fault_there_is_no_error() -> None:
    faults = FaultList(Path("t.csv"))
    faults.check()
    assert not faults.found
