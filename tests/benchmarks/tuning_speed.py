"""Tuning beside fitting every combination by itself: seconds of both, and their ratio.

tuning_speed.py; 5 folds of 2,000 rows, 4 depths, 20 ridges, 10 times: 4,000 fits, of which a sample is timed.
"""

import itertools
import random
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from ntkcli.commands.fit import fit
from ntkcli.commands.request import Request
from ntkcli.journal import Journal
from ntkcli.spec.file import read_spec
from ntkcli.spec.tune import ValidationSpec
from ntkcli.tuning.directory import TuneDirectory
from ntkcli.tuning.search import search
from ntkcli.tuning.splits import splits

ROWS, FEATURES, FOLDS, SAMPLE = 2000, 8, 5, 12
DEPTHS = [1, 2, 3, 5]
RIDGES = [float(f"{ridge:.3g}") for ridge in np.geomspace(1e-4, 1.0, 20)]
TIMES = [float(f"{time:.3g}") for time in np.geomspace(0.1, 1e4, 9)] + [float("inf")]


def main() -> None:
    """Time both, and print the ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        x = np.random.default_rng(0).normal(size=(ROWS, FEATURES))
        names = [f"x{i}" for i in range(FEATURES)]
        table = pd.DataFrame(x, columns=names).assign(y=np.sin(x[:, 0]) + 0.1 * x[:, 1])
        table.to_csv(folder / "rows.csv", index=False)
        tuning, fitting = tuning_seconds(folder), fitting_seconds(folder, table)
    count = FOLDS * len(DEPTHS) * len(RIDGES) * len(TIMES)
    print(f"ntk tune's search of all {count:,} fits: {tuning:.1f} s")
    print(
        f"each by itself: {fitting:.3f} s (mean of {SAMPLE}), {count * fitting:,.0f} s for all (extrapolated)"
    )
    print(f"ratio: 1/{count * fitting / tuning:.0f}")


def tuning_seconds(folder: Path) -> float:
    """Of a search, reading its spec and data included."""
    space = {"network.depth": DEPTHS, "inference.ridge": RIDGES, "inference.time": TIMES}
    path = spec(folder, "tune", "rows.csv", tune={"validation": {"folds": FOLDS}, "space": space})
    start = time.perf_counter()
    source = read_spec(path)
    with TuneDirectory(folder / "out", overwrite=False) as directory:
        assert source.spec.tune is not None
        search(source, source.spec.tune, directory, Journal())
    return time.perf_counter() - start


def fitting_seconds(folder: Path, table: pd.DataFrame) -> float:
    """The mean of fits of one fold in this process, drawn from all combinations."""
    for i, split in enumerate(splits(ROWS, ValidationSpec(folds=FOLDS))):
        table.iloc[split.train].to_csv(folder / f"train{i}.csv", index=False)
        table.iloc[split.held_out].to_csv(folder / f"test{i}.csv", index=False)
    combinations = list(itertools.product(range(FOLDS), DEPTHS, RIDGES, TIMES))
    seconds = []
    for fold, depth, ridge, at in random.Random(0).sample(combinations, SAMPLE):
        inference = {"ridge": ridge, "time": at}
        sections = {"network": {"depth": depth}, "inference": inference, "output": {"std": False}}
        path = spec(folder, "fit", f"train{fold}.csv", f"test{fold}.csv", **sections)
        start = time.perf_counter()
        fit(Request(path, place=folder / "run"), overwrite=True, journal=Journal())
        seconds.append(time.perf_counter() - start)
    return sum(seconds) / SAMPLE


def spec(folder: Path, name: str, train: str, test: str | None = None, **sections: Any) -> Path:
    """Write a spec."""
    values = {"data": {"train": train, "test": test, "target": "y"}, **sections}
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


if __name__ == "__main__":
    main()
