"""The error of a table that is not what the spec says: all its faults at once, a line each."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ntkcli.data.faults import Fault
from ntkcli.errors import DataError
from ntkcli.units import counted

# Faults that are told: those of a column often have one cause, which a few show.
MOST_OF_A_COLUMN, MOST_FAULTS = 3, 24


class TableError(DataError):
    """The faults of a file, in the order of their lines, each as `file:line: what is wrong: remedy`.

    faults: those that are kept.
    more: how many others there are.

    Args:
        path: the file.
        faults: in any order.
        more: how many others there are.
    """

    def __init__(self, path: Path, faults: Iterable[Fault], more: int = 0) -> None:
        self.faults = sorted(faults, key=lambda fault: fault.line or 0)
        self.more = more
        super().__init__("\n".join(self._lines(path)))

    def _lines(self, path: Path) -> Iterator[str]:
        for line, what, _ in self.faults[:MOST_FAULTS]:
            yield f"{path}: {what}" if line is None else f"{path}:{line}: {what}"
        more = self.more + max(0, len(self.faults) - MOST_FAULTS)
        if more:
            yield f"{path}: ... and {counted(more, 'more fault')}"


class FaultList:
    """The faults of a file, collected until all of it has been looked at.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # A dict keeps the order, and a fault that is found twice once.
        self._kept: dict[Fault, None] = {}
        self._of_column: Counter[str | None] = Counter()
        self._more = 0

    def add(self, faults: Iterable[Fault]) -> None:
        """Add some faults; of each column the first few are kept, and the others counted."""
        for fault in faults:
            if fault in self._kept:
                continue
            if self._of_column[fault.column] < MOST_OF_A_COLUMN:
                self._kept[fault] = None
            else:
                self._more += 1
            self._of_column[fault.column] += 1

    @property
    def found(self) -> bool:
        """Whether there is a fault."""
        return bool(self._kept)

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Add the faults that end the `with` block, instead of raising them."""
        try:
            yield
        except TableError as error:
            self.add(error.faults)
            self._more += error.more

    def check(self) -> None:
        """Check that no fault has been found.

        Raises:
            TableError: some have.
        """
        if self.found:
            raise TableError(self._path, self._kept, self._more)
