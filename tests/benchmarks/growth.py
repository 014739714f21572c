"""How seconds and peak memory grow with the number of training rows."""

import math
import statistics
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from csv_tables import write_tables
from jobs import JOBS
from process import Usage, median, run
from sides import Ntk, Peer

JOB = JOBS[0]
MIXED = replace(JOB, dtype="mixed")
# Conjugate gradients need a ridge.
PCG = replace(JOB, solver="pcg", ridge=0.01)


class Slopes(NamedTuple):
    """Exponents of the number of rows."""

    seconds: float
    peak_bytes: float


@dataclass
class Series:
    """What one side took, by number of rows."""

    usages: dict[int, Usage] = field(default_factory=dict)

    @property
    def slopes(self) -> Slopes:
        """Least squares on logarithms."""
        rows = [math.log(n) for n in self.usages]
        seconds = [math.log(usage.seconds) for usage in self.usages.values()]
        peaks = [math.log(usage.peak_bytes) for usage in self.usages.values()]
        regression = statistics.linear_regression
        return Slopes(regression(rows, seconds).slope, regression(rows, peaks).slope)


@dataclass(frozen=True)
class Growth:
    """Both sides, at time inf for the mean; the peer as its documentation has it.

    mixed: ntk with its factorisation in float32.
    pcg: ntk by conjugate gradients, with a ridge.
    """

    ntk: Series = field(default_factory=Series)
    mixed: Series = field(default_factory=Series)
    pcg: Series = field(default_factory=Series)
    peer: Series = field(default_factory=Series)


@dataclass(frozen=True)
class Sizes:
    """Numbers of training rows to measure.

    rows: all of them.
    pcg_rows: those of conjugate gradients, once each.
    largest_peer: the most that the peer is asked for; ntk runs several times up to there, and once beyond.
    """

    rows: list[int]
    pcg_rows: list[int]
    test_rows: int
    largest_peer: int


def measure_growth(folder: Path, sizes: Sizes, ntk: Ntk, peer: Peer, repeats: int) -> Growth:
    """One size after the other, the data of each in a folder of its own."""
    growth = Growth()
    for rows in sizes.rows:
        tables = write_tables(folder / f"rows_{rows}", rows, sizes.test_rows)
        is_shared = rows <= sizes.largest_peer
        times = repeats if is_shared else 1
        for job, series in ((JOB, growth.ntk), (MIXED, growth.mixed)):
            series.usages[rows] = median([run(ntk.fit(job, tables)) for _ in range(times)])
        if is_shared:
            growth.peer.usages[rows] = run(peer.fit("plain", JOB, tables))
    for rows in sizes.pcg_rows:
        tables = write_tables(folder / f"rows_{rows}", rows, sizes.test_rows)
        growth.pcg.usages[rows] = run(ntk.fit(PCG, tables))
    return growth
