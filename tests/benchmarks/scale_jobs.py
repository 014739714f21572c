"""The jobs at scale, and what is wanted of `ntk fit` in each."""

import json
import math
from dataclasses import dataclass, replace
from typing import Any

PEERS = ("nystroem", "nystroem_in_parts", "boosting", "svgp")


@dataclass(frozen=True)
class Limits:
    """What is wanted of a fit; None where no limit is set.

    seconds, gib, rmse: at most; the error of the best kernel.
    coverage: from and to, of every kernel's 95 % intervals.
    """

    seconds: float | None = None
    gib: float | None = None
    rmse: float | None = None
    coverage: tuple[float, float] | None = None


@dataclass(frozen=True)
class Job:
    """One table, and what is fitted to it.

    name: also of the folder of its runs.
    rows, test_rows: how many there are. centres: m of all methods that have centres.
    features, decimals: of random rows; None for the flights, and for all digits.
    packed: whether the training rows come as .gz.
    peers: what it is measured beside.
    limits: of ntk, at full size.
    """

    name: str
    rows: int
    test_rows: int
    centres: int
    features: int | None = None
    decimals: int | None = None
    packed: bool = False
    kernels: tuple[str, ...] = ("nngp",)
    peers: tuple[str, ...] = PEERS
    limits: Limits = Limits()

    @property
    def target(self) -> str:
        """Its column."""
        return "arr_delay" if self.features is None else "y"

    @property
    def table(self) -> str:
        """A name for its data, which jobs of the same data share."""
        kind = "flights" if self.features is None else f"random_{self.features}"
        return f"{kind}_{self.rows}"

    @property
    def train(self) -> str:
        """The file of the training rows."""
        return "train.csv.gz" if self.packed else "train.csv"

    def spec(self) -> str:
        """The job as a spec, which is YAML when written as JSON; the data is in a folder beside it."""
        is_random = self.features is not None
        found: dict[str, Any] = {
            "data": {
                "train": f"../{self.table}/{self.train}",
                "test": f"../{self.table}/test.csv",
                "target": self.target,
                # Of a small share of the flights, not every carrier is among the training rows.
                "unknown": "ignore",
                # Random features count alike.
                "relevance": "equal" if is_random else "learned",
            },
            "network": {"depth": 3, "activation": "relu"},
            "inference": {
                "kernel": list(self.kernels),
                "ridge": "auto",
                "approximation": {"method": "nystrom", "centres": self.centres},
            },
            "output": {"dir": "run"},
        }
        return "".join(f"{name}: {json.dumps(section)}\n" for name, section in found.items())

    def scaled(self, share: float) -> "Job":
        """A share of the rows; of the centres and of the test rows, the square root of that share.

        A part has no limits.
        """
        return replace(
            self,
            limits=self.limits if share == 1 else Limits(),
            rows=round(self.rows * share),
            test_rows=round(self.test_rows * math.sqrt(share)),
            centres=round(self.centres * math.sqrt(share)),
        )


INTERVALS = (0.94, 0.96)

FLIGHTS = Job(
    "flights", 307_346, 20_000, 4_000, kernels=("nngp", "ntkgp"), limits=Limits(180, 3, 14.0, INTERVALS)
)
WIDE = Job("wide", 1_250_000, 10_000, 5_000, features=94, decimals=6, limits=Limits(1_800, 4))
LONG = Job("long", 10_000_000, 10_000, 2_000, features=10, packed=True, limits=Limits(2_400))
JOBS = (
    FLIGHTS,
    replace(FLIGHTS, name="flights_8000", centres=8_000, peers=(), limits=Limits(600, rmse=13.8)),
    WIDE,
    LONG,
)
# The same as the longest at fewer rows, which shows how it grows; its own row is the last one of them.
# Variational processes take as long for every row, and longest of all: the longest job's row is enough.
GROWTH_PEERS = PEERS[:-1]
GROWTH_ROWS = (100_000, 300_000, 1_000_000, 3_000_000)
GROWTH = tuple(
    replace(LONG, name=f"long_{rows}", rows=rows, peers=GROWTH_PEERS, limits=Limits()) for rows in GROWTH_ROWS
)
