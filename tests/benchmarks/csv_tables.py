"""CSV files: the data that is fitted, and what both sides write."""

import random
from dataclasses import dataclass
from pathlib import Path

FEATURES = 20


@dataclass(frozen=True)
class Tables:
    """Training and test rows in a folder.

    folder: where train.csv and test.csv are, and where the runs go.
    rows, test_rows: how many there are.
    """

    folder: Path
    rows: int
    test_rows: int

    @property
    def train(self) -> Path:
        """The training rows."""
        return self.folder / "train.csv"

    @property
    def test(self) -> Path:
        """The rows to predict."""
        return self.folder / "test.csv"


def write_tables(folder: Path, rows: int, test_rows: int) -> Tables:
    """Standard normal features and target, the same every time."""
    tables = Tables(folder, rows, test_rows)
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(0)
    for path, count in ((tables.train, rows), (tables.test, test_rows)):
        with path.open("w") as file:
            print(*(f"x{i}" for i in range(FEATURES)), "y", sep=",", file=file)
            for _ in range(count):
                print(*(rng.gauss(0, 1) for _ in range(FEATURES + 1)), sep=",", file=file)
    return tables


def column(path: Path, name: str) -> list[float]:
    """One column of a CSV file that quotes nothing."""
    with path.open() as file:
        place = next(file).rstrip("\n").split(",").index(name)
        return [float(line.split(",")[place]) for line in file]


def largest_difference(ours: list[float], theirs: list[float]) -> float:
    """Between two columns."""
    return max(abs(a - b) for a, b in zip(ours, theirs, strict=True))
