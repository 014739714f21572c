"""The roles of a file's columns: features, targets and ids."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from ntkcli.data.faults import Fault
from ntkcli.data.table_error import FaultList
from ntkcli.data.table_file import TableFile
from ntkcli.errors import DataError
from ntkcli.spec.suggestions import did_you_mean


@dataclass(frozen=True)
class Columns:
    """The names of the columns in each role, in the file's order or the spec's.

    A test file has the same features; targets and weights are optional there.

    weights: the column of weights, or of noise, if there is one.
    """

    features: list[str]
    targets: list[str]
    ids: list[str]
    weights: list[str]


def choose_columns(
    train: TableFile,
    targets: list[str],
    features: Literal["all"] | list[str],
    ids: list[str],
    weights: Sequence[str] = (),
    beside: Mapping[str, list[str]] | None = None,
) -> Columns:
    """Assign the columns of the training file to their roles.

    Args:
        train: the training file.
        targets: column names.
        features: column names; `all` are those that have no other role.
        ids: column names.
        weights: column names.
        beside: names of columns that say how rows belong together, by the key that names them.

    Raises:
        DataError: a column is not in the file, or no feature is left.
    """
    faults, beside = FaultList(train.path), beside or {}
    with faults.collecting():
        check_present(train, targets, "data.target")
    if features == "all":
        faults.add(_nameless(train))
        others = {*targets, *ids, *weights, *chain(*beside.values())}
        features = [name for name in train.columns if name not in others]
    with faults.collecting():
        check_present(train, features, "data.features")
    with faults.collecting():
        check_present(train, [*weights], "data.weight or data.noise")
    for key, names in beside.items():
        with faults.collecting():
            check_present(train, names, key)
    faults.check()
    if not features:
        raise DataError(f"{train.path}: has no column beside target and id: there is nothing to learn from")
    return Columns(features, targets, ids, [*weights])


def check_test_columns(train: TableFile, test: TableFile, columns: Columns, *, all_features: bool) -> None:
    """Check that a test file has the columns to be predicted from.

    Args:
        train: the training file.
        test: the test file.
        columns: the roles of the training file's columns.
        all_features: whether every column is a feature unless it has another role.

    Raises:
        DataError: the test file lacks a feature or, if all columns are features, has a column that the
            training file lacks.
    """
    known, there = {"", *train.columns, *columns.ids}, set(test.columns)
    extra = [name for name in test.columns if name not in known]
    faults = FaultList(test.path)
    for name in columns.features:
        if name not in there:
            hint = did_you_mean(name, extra)
            # What it is called there is no column too many.
            extra = [other for other in extra if not hint.endswith(f"{other!r}?")]
            faults.add(
                [Fault(test.header_line, f"has no column {name!r}, a feature of {train.path}{hint}", name)]
            )
    faults.add(_nameless(test) if all_features else [])
    for name in extra if all_features else []:
        what = (
            f"column {name!r} is not in {train.path}: remove it, or list the columns to use in data.features"
        )
        faults.add([Fault(test.header_line, what, name)])
    faults.check()


def check_present(file: TableFile, names: list[str], key: str) -> None:
    """Check that a file has the columns that a key of the spec names.

    Args:
        file: the file.
        names: of the columns.
        key: the key path, for the message.

    Raises:
        DataError: the file lacks a column.
    """
    present, faults = set(file.columns), FaultList(file.path)
    for name in names:
        if name not in present:
            hint = did_you_mean(name, file.columns) or f": correct the name; {file.names}"
            faults.add([Fault(file.header_line, f"has no column {name!r} ({key}){hint}", name)])
    faults.check()


def _nameless(file: TableFile) -> Iterator[Fault]:
    for number, name in enumerate(file.columns, 1):
        if not name:
            what = (
                f"column {number} has no name: give it one, leave it out (pandas: index=False, R: "
                "row.names=FALSE), or list the columns to use in data.features"
            )
            yield Fault(file.header_line, what, str(number))
