"""What tests of commands call, and how they read what a run wrote."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pandas as pd

from ntkcli.arrays import FloatArray

Ntk = Callable[..., CompletedProcess[str]]
Write = Callable[[str, str], Path]
MakeSpec = Callable[..., Path]
Fit = Callable[..., Path]
Predict = Callable[..., pd.DataFrame]

ALL_KERNELS: dict[str, Any] = {"kernel": ["ntk", "ntkgp", "nngp"], "time": [0, 0.5, math.inf], "ridge": 0.05}
TIMES = ["0", "0.5", "inf"]
RESULTS = [*(("ntk", time) for time in TIMES), ("ntkgp", "inf"), *(("nngp", time) for time in TIMES)]


def load_json(path: Path) -> Any:
    """JSON as the standard has it: no NaN, no Infinity."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} in {path}")

    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


def score_of(run: Path, kernel: str, time: str, target: str = "y") -> dict[str, Any]:
    scores: list[dict[str, Any]] = load_json(run / "metrics.json")["scores"]
    (score,) = [s for s in scores if (s["kernel"], s["time"], s["target"]) == (kernel, time, target)]
    return score


def part(run: Path, kernel: str, time: str) -> pd.DataFrame:
    """The predictions of one kernel at one time."""
    table = pd.read_csv(run / "predictions.csv", dtype={"time": str})
    return table[(table["kernel"] == kernel) & (table["time"] == time)]


def values(table: pd.DataFrame, column: str) -> FloatArray:
    return table[column].to_numpy(dtype=np.float64)


def contents(run: Path) -> dict[str, bytes]:
    return {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*") if path.is_file()}


def results(run: Path) -> dict[str, bytes]:
    """The files that do not tell where, when and by what spec they were written."""
    return {name: content for name, content in contents(run).items() if name not in ("run.json", "spec.yaml")}


def add_second_target(write: Write, tmp_path: Path) -> None:
    """Give the small data a second target, z = 3 y - 1."""
    for name in ("train.csv", "test.csv"):
        table = pd.read_csv(tmp_path / name)
        table["z"] = 3 * table["y"] - 1
        write(name, table.to_csv(index=False))
