"""Random rows with a smooth target as CSV: scale_rows.py PATH ROWS FEATURES DECIMALS STREAM

    x ~ N(0, I),    y = sum_j a_j sin(w_j . x + p_j) + NOISE e,    |w_j| = FREQUENCY

with the same waves for the same number of features. Of two files of one STREAM, a number, the shorter is the
beginning of the longer. DECIMALS is how many of them are kept, or `all` for every digit of a float64. PATH
may end in .gz. Rows are written in parts, so that memory does not grow with them.
"""

import gzip
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

PART = 50_000
WAVES = 8
FREQUENCY = 1.0
NOISE = 0.1

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Waves:
    """What the target is made of: weights (d, WAVES), phases and amplitudes (WAVES,)."""

    weights: FloatArray
    phases: FloatArray
    amplitudes: FloatArray

    @classmethod
    def of(cls, features: int) -> Self:
        """The same every time."""
        random = np.random.default_rng(features)
        weights = random.standard_normal((features, WAVES))
        weights *= FREQUENCY / np.linalg.norm(weights, axis=0)
        amplitudes = random.standard_normal(WAVES)
        amplitudes /= np.linalg.norm(amplitudes)
        return cls(weights, random.uniform(0, 2 * np.pi, WAVES), amplitudes)

    def at(self, x: FloatArray) -> FloatArray:
        """Without noise, for rows x (n, d)."""
        waves: FloatArray = np.sin(x @ self.weights + self.phases) @ self.amplitudes
        return waves


def parts(rows: int, features: int, stream: int) -> Iterator[pd.DataFrame]:
    """All rows, PART at a time; each part has a seed of its own."""
    waves = Waves.of(features)
    names = [*(f"x{i}" for i in range(features)), "y"]
    for number, start in enumerate(range(0, rows, PART)):
        random = np.random.default_rng((stream, number))
        x = random.standard_normal((PART, features))
        y = waves.at(x) + NOISE * random.standard_normal(PART)
        yield pd.DataFrame(np.column_stack([x, y])[: rows - start], columns=names)


def main(path: str, rows: str, features: str, decimals: str, stream: str) -> None:
    """One file, under its name once it is complete."""
    final = Path(path)
    partial = final.with_name(final.name + ".partial")
    with opened(partial, is_packed=final.suffix == ".gz") as file:
        for number, part in enumerate(parts(int(rows), int(features), int(stream))):
            kept = part if decimals == "all" else part.round(int(decimals))
            kept.to_csv(file, index=False, header=number == 0)
    partial.rename(final)


def opened(path: Path, *, is_packed: bool) -> IO[str]:
    """A text file to write; gzip at its fastest level."""
    if is_packed:
        return gzip.open(path, "wt", compresslevel=1)
    return path.open("w")


if __name__ == "__main__":
    main(*sys.argv[1:])
