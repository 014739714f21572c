"""Tables: rows of a file as inputs and targets, and the schema that makes them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.data.faults import Fault
from ntkcli.data.features import Features, encode
from ntkcli.data.frames import has_values, trimmed
from ntkcli.data.gaps import Gaps
from ntkcli.data.row_weights import RowWeights
from ntkcli.data.table_error import FaultList
from ntkcli.data.table_file import TableFile
from ntkcli.data.targets import Targets
from ntkcli.errors import DataError
from ntkcli.spec.suggestions import did_you_mean


@dataclass(frozen=True)
class Table:
    """Some rows of one file.

    file: that they are from.
    rows: their numbers among the file's data rows, from 0.
    x: (rows, columns), the inputs of the kernel.
    targets: (rows, targets that the file has), in the file's units.
    ids: the id columns, as text.
    dropped: the number of rows that were dropped for lack of a value while these were read.
    weights: how much they count in a fit, or that of their noise, (rows,); None where their file has no such
        column.
    groups: numbers of the groups that they belong to, (rows,), of training rows; None where there are none.
    """

    file: TableFile
    rows: npt.NDArray[np.int64]
    x: FloatArray
    targets: pd.DataFrame
    ids: pd.DataFrame
    dropped: int = 0
    weights: FloatArray | None = None
    groups: IntArray | None = None

    def __len__(self) -> int:
        return len(self.x)

    def some(self, rows: slice | IntArray) -> "Table":
        """Return some of the rows."""
        return replace(
            self,
            rows=self.rows[rows],
            x=self.x[rows],
            targets=self.targets.iloc[rows],
            ids=self.ids.iloc[rows],
            weights=None if self.weights is None else self.weights[rows],
            groups=None if self.groups is None else self.groups[rows],
        )

    def line(self, row: int) -> int:
        """Return the line of the file that a row of the table is on."""
        return self.file.line(int(self.rows[row]))

    def place(self, row: int) -> str:
        """Return the file and the line of a row of the table, for messages."""
        return f"{self.file.path}:{self.line(row)}"


@dataclass(frozen=True)
class Schema:
    """How the columns of a file become a table, as fitted on the training rows.

    ids: the names of the id columns.
    weights: how much rows count; None where all count alike.
    """

    ids: list[str]
    features: Features
    targets: Targets
    weights: RowWeights | None = None

    def tables(self, file: TableFile, *, rows: int | None = None) -> Iterator[Table]:
        """Yield the rows of a file in tables; rows that lack a feature are dropped if the schema says so.

        Args:
            file: the file.
            rows: how many to read at a time; None for all at once.

        Raises:
            DataError: a cell is not what the schema says.
        """
        # A table is held back until it is known how many rows behind it were dropped.
        held, dropped = None, 0
        for frame, lacking in self.frames(file, rows):
            if len(frame):
                if held is not None:
                    yield replace(held, dropped=dropped)
                    dropped = 0
                held = self.checked_table(frame, file)
            dropped += lacking
        if held is not None:
            yield replace(held, dropped=dropped)

    def frame(self, file: TableFile) -> pd.DataFrame:
        """Return the rows of a file that `tables` would make tables of, as they are in the file.

        Raises:
            DataError: a cell is not what the schema says.
        """
        return pd.concat([frame for frame, _ in self.frames(file, None)])

    def frames(self, file: TableFile, rows: int | None) -> Iterator[tuple[pd.DataFrame, int]]:
        """Yield the rows of a file that are not dropped, in parts, each with how many are dropped beside.

        Args:
            file: the file.
            rows: of the file in a part; None for all at once.

        Raises:
            DataError: rows are ragged, cells are no numbers where numbers are wanted, or too many rows are
                dropped.
        """
        observed = _observed(self.targets.names, file)
        numbers = self.features.numbers + [name for name in self.targets.numbers if name in observed]
        numbers += _observed(self.weights.numbers if self.weights else [], file)
        texts = self.features.texts + [name for name in self.targets.texts if name in observed] + self.ids
        missing, dropping = self.features.rules.gaps.allows_gaps, self.features.dropping
        gaps = Gaps()
        for frame in file.chunks(numbers, texts, missing=missing, rows=rows):
            kept = trimmed(frame, [name for name in texts if name not in self.ids], file)
            kept = kept[has_values(kept[dropping])] if dropping else kept
            lacking = len(frame) - len(kept)
            yield kept, lacking
            gaps += Gaps.of(frame[dropping], dropped=lacking)
        most = self.features.rules.gaps.most_dropped
        if excess := gaps.excess(dropping, most):
            raise DataError(
                f"{file.path}: {excess}: fill them in, or fit with other rules: data.missing.most_dropped is "
                f"{most:g}"
            )

    def checked_table(self, frame: pd.DataFrame, file: TableFile) -> Table:
        """Return the table of some rows; the faults of features and targets are told together.

        Args:
            frame: the rows, indexed as in the file.
            file: that they are from.

        Raises:
            TableError: a cell is not what the schema says; it has the lines of all that are not.
        """
        faults = FaultList(file.path)
        with faults.collecting():
            encoded = self.features.encode(frame, file)
        with faults.collecting():
            self._check_targets(frame, file)
        faults.check()
        return self.table(frame, encoded, file)

    def _check_targets(self, frame: pd.DataFrame, file: TableFile) -> None:
        # A row that training would leave out for its target can be predicted.
        self.targets.check(frame, file, missing=self.features.rules.gaps.target == "drop")

    def check_texts(self, file: TableFile) -> None:
        """Check the features that are text, where those that are numbers have faults already.

        Raises:
            TableError: some cells cannot be encoded; it has their lines.
        """
        texts = [feature for feature in self.features.features if feature.kind != "number"]
        names = [feature.name for feature in texts]
        if texts:
            encode(texts, trimmed(file.read([], names), names, file), file, self.features.rules)

    def check_columns(self, file: TableFile) -> None:
        """Check that a file has the columns that predictions need; others do not matter.

        Raises:
            DataError: the file lacks one.
        """
        roles = {feature.name: "a feature" for feature in self.features.features}
        roles |= dict.fromkeys(self.ids, "an id")
        faults = FaultList(file.path)
        for name, role in roles.items():
            if name not in file.columns:
                hint = did_you_mean(name, file.columns)
                faults.add(
                    [Fault(file.header_line, f"has no column {name!r}, {role} of the model{hint}", name)]
                )
        faults.check()

    def table(self, frame: pd.DataFrame, encoded: FloatArray, file: TableFile) -> Table:
        """Return the table of some rows.

        Args:
            frame: the rows, indexed as in the file.
            encoded: their features, (rows, columns).
            file: that they are from.

        Raises:
            DataError: a target has no value, or is a class that training had not.
        """
        self._check_targets(frame, file)
        return Table(
            file=file,
            rows=frame.index.to_numpy(),
            x=self.features.inputs(encoded),
            targets=frame[[name for name in self.targets.names if name in frame]],
            ids=frame[[name for name in self.ids if name in frame]],
            weights=self.weights.weights(frame, file) if self.weights else None,
        )

    def noise(self, table: Table) -> FloatArray | float:
        """The noise variances (rows,) of a table's rows, in units of the ridge."""
        return self.weights.noise(table.weights) if self.weights else 1.0


def _observed(names: list[str], file: TableFile) -> set[str]:
    """Return the columns with values: files to predict often have a target column that is empty."""
    return set(file.first_values([name for name in names if name in file.columns]))
