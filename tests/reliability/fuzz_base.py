"""What mutations begin with: small tables, specs of every kind, and fitted runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

ROWS = 40
DATA: dict[str, Any] = {"train": "train.csv", "test": "test.csv", "target": "y", "features": ["a", "b", "c"]}
NETWORK = {"depth": 2, "activation": "relu", "sigma_w": 1.4, "sigma_b": 0.1}
INFERENCE: dict[str, Any] = {"kernel": "ntkgp", "time": "inf", "ridge": 0.05}
SPECS: dict[str, dict[str, Any]] = {
    "plain": {"data": DATA, "network": NETWORK, "inference": INFERENCE, "output": {"interval": 0.9}},
    "courses": {
        "data": DATA,
        "network": {"sigma_w": 1.2},
        "inference": {"kernel": ["ntk", "nngp"], "time": [0, 0.5, "inf"], "ridge": 0.05},
        "output": {"factor": True, "kernels": "ntk_train_train"},
    },
    "classes": {
        "data": {"train": "train.csv", "target": "g", "features": ["a", "b"], "split": {"test": 0.2}},
        "inference": {"kernel": "nngp", "ridge": "auto"},
        "compute": {"dtype": "float32", "tolerance": 1e-4},
    },
    "approximate": {
        "data": DATA,
        "inference": {**INFERENCE, "approximation": {"method": "nystrom", "centres": 12}},
    },
    "iterative": {"data": DATA, "inference": INFERENCE, "compute": {"solver": "pcg"}},
    "search": {
        "data": DATA,
        "inference": INFERENCE,
        "tune": {"space": {"network.depth": [1, 2], "inference.ridge": [0.1, 0.01]}},
    },
    "by_hand": {
        "data": {**DATA, "csv": {"separator": ",", "decimal": "."}, "missing": "mean", "id": "n"},
        "network": {"depth": 2, "activation": ["erf", "relu"], "sigma_w": [1.3, 1.0, 0.9]},
        "inference": {"kernel": "ntk", "time": [1.0], "learning_rate": 0.5},
    },
}  # fmt: skip
# Whose fits are mutated as models.
FITTED = ("plain", "courses", "classes", "approximate", "iterative")


def table(seed: int, rows: int) -> pd.DataFrame:
    """Return a table: numbers a, b, c and y, dates d, numbers of rows n, and classes g."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3)) * [1.0, 20.0, 0.3] + [0.0, 100.0, -2.0]
    y = 50 + 7 * np.sin(x[:, 0]) + 0.1 * x[:, 1]
    days = pd.date_range("2024-01-01", periods=rows).strftime("%Y-%m-%d")
    columns = {"a": x[:, 0], "b": x[:, 1].round(3), "c": x[:, 2], "d": days, "y": y}
    return pd.DataFrame(columns).assign(n=range(rows), g=np.where(x[:, 0] > 0, "yes", "no"))


def write_base(folder: Path) -> None:
    """Write the tables, and a spec NAME.yaml of every kind."""
    for name, seed, rows in (("train", 1, ROWS), ("test", 2, 10)):
        table(seed, rows).to_csv(folder / f"{name}.csv", index=False)
        table(seed, rows).to_parquet(folder / f"{name}.parquet")
        table(seed, rows).to_feather(folder / f"{name}.feather")
    for name, spec in SPECS.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))


def fit_words(name: str) -> Sequence[str]:
    """Return the command that fits one of the specs into a run of its name."""
    return ("fit", f"{name}.yaml", "--out", f"run_{name}", "--quiet")
