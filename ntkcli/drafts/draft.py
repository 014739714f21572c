"""A draft: what a table seems to hold, from which a spec is written."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ntkcli.data.columns import check_present
from ntkcli.data.formats import open_table
from ntkcli.data.given_sides import TRAIN
from ntkcli.data.notation import Notation
from ntkcli.data.table_file import TableFile
from ntkcli.drafts.column import Column
from ntkcli.drafts.csv_guess import guessed_format
from ntkcli.drafts.gap_marks import gap_marks
from ntkcli.drafts.role import Role, role_of
from ntkcli.drafts.target import GIVEN, Ask, Target, Task, guessed_target, target_of
from ntkcli.spec.csv_format import CsvFormat

# Rows that are looked at; of more, it is only counted how many there are.
MOST_ROWS = 100_000
# Rows, of some class where there are classes, of which a part can be set aside.
FEWEST_ROWS = 10


@dataclass(frozen=True)
class Draft:
    """What a table seems to hold.

    table: the file.
    test: the file to predict; None for a part of the table.
    form: how CSV files are written.
    rows: of the table.
    target: the target.
    roles: of the other columns that have a name, in the file's order.
    test_gaps: how many cells of the test file have no value, by column.
    """

    table: TableFile
    test: TableFile | None
    form: CsvFormat
    rows: int
    target: Target
    roles: list[Role]
    test_gaps: dict[str, int]

    @classmethod
    def of(
        cls, path: Path, *, target: str | None, test: Path | None, task: Task | None, ask: Ask | None
    ) -> Self:
        """Look at a table.

        Args:
            path: of the table.
            target: the column; None to guess.
            test: the file to predict; None for a part of the table.
            task: what is to be done with the target; None for what suits it.
            ask: is asked for the target, where the guess is weak; None for nobody there.

        Raises:
            DataError: the table cannot be read, or has no such target.
        """
        form = guessed_format(path)
        table = open_table(path, form)
        check_present(table, [target] if target is not None else [], "TARGET")
        columns, rows = _columns(table)
        if table.notation.form and (marks := gap_marks(columns)):
            form = form.model_copy(update={"na_values": marks})
            columns = [Column.of(column.cells, Notation(form)) for column in columns]
            table = open_table(path, form)
        roles = {column.name: role_of(column, table) for column in columns}
        why = GIVEN
        if target is None:
            target, why = guessed_target(roles, table, ask)
        chosen = target_of(roles.pop(target).column, why, table, task)
        other = open_table(test, form) if test else None
        others = [_parting(role, chosen.column) for role in roles.values()]
        found = [_in_test(role, other) for role in others]
        if not any(role.is_feature for role in found):
            found = [_in_test(role.at_least_number, other) for role in others]
        return cls(table, other, form, rows, chosen, found, _gaps(other, found))

    @property
    def features(self) -> list[Role]:
        """The columns that are features."""
        return [role for role in self.roles if role.is_feature]

    @property
    def is_split(self) -> bool:
        """Whether a part of the table is to be predicted.

        There is no test file, and a column says which rows, or they are not too few for a share of them.
        """
        is_told = any(role.use == "side" for role in self.roles)
        return self.test is None and (is_told or self.target.rows >= FEWEST_ROWS)

    @property
    def is_whole(self) -> bool:
        """Whether all rows have been looked at."""
        return self.rows <= MOST_ROWS


def _columns(file: TableFile) -> tuple[list[Column], int]:
    """Return the columns that have a name, and the number of rows."""
    names = [name for name in file.columns if name]
    with closing(file.chunks([], names, rows=MOST_ROWS)) as chunks:
        frame = next(chunks)
        rows = len(frame) + sum(map(len, chunks))
    return [Column.of(frame[name], file.notation) for name in names], rows


def _parting(role: Role, target: Column) -> Role:
    """Return the role of a column, which is none if it tells sides and leaves too few rows to train with."""
    if role.use != "side":
        return role
    sides = role.column.cells[target.cells != ""].str.casefold()
    kept = int(sides.isin(TRAIN).sum())
    if kept >= 2:
        return role
    return Role(role.column, "out", f"says train of {kept} of the {len(sides)} rows that have a target")


def _in_test(role: Role, test: TableFile | None) -> Role:
    """Return the role of a column, which is none if the test file does not have it."""
    if test is None or role.name in test.columns or role.use == "out":
        return role
    return Role(role.column, "out", f"is not in {test.path.name}")


def _gaps(file: TableFile | None, roles: list[Role]) -> dict[str, int]:
    names = [role.name for role in roles if role.is_feature]
    if file is None or not names:
        return {}
    with closing(file.chunks([], names, rows=MOST_ROWS)) as chunks:
        frame = next(chunks)
    return {name: Column.of(frame[name], file.notation).gaps for name in names}
