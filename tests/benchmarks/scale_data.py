"""CSV files of the jobs at scale, each made once, by a process of its own."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from scale_jobs import Job

HERE = Path(__file__).parent
TRAIN_STREAM, TEST_STREAM = 0, 1


@dataclass(frozen=True)
class Data:
    """A folder with a folder of train.csv or train.csv.gz, and test.csv, for every table.

    folder: all of it. flights: the source distribution that has the flights.
    """

    folder: Path
    flights: Path

    def train(self, job: Job) -> Path:
        """The training rows."""
        return self.folder / job.table / job.train

    def test(self, job: Job) -> Path:
        """The rows to predict."""
        return self.folder / job.table / "test.csv"

    def write(self, job: Job) -> None:
        """Write what is not there yet."""
        train, test = self.train(job), self.test(job)
        if train.exists() and test.exists():
            return
        train.parent.mkdir(parents=True, exist_ok=True)
        print(f"writing {train}", flush=True)
        if job.features is None:
            sizes = (job.rows, job.test_rows)
            _script("scale_flights.py", *map(str, (self.flights, train.parent, *sizes)))
        else:
            decimals = "all" if job.decimals is None else str(job.decimals)
            for path, rows, stream in (
                (train, job.rows, TRAIN_STREAM),
                (test, job.test_rows, TEST_STREAM),
            ):
                _script("scale_rows.py", *map(str, (path, rows, job.features, decimals, stream)))


def _script(name: str, *words: str) -> None:
    subprocess.run([sys.executable, HERE / name, *words], check=True)
