"""Tables and specs of approximate fits."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ntkcli.data.first_pass import Limits
from ntkcli.data.survey import Survey, survey
from ntkcli.spec.data import DataSpec

TRAIN, TEST = 150, 40

Sections = dict[str, dict[str, Any]]
Fitted = Callable[..., Path]
InParts = Callable[[int], None]


def rows_of(count: int, seed: int) -> pd.DataFrame:
    """Three numbers, a category, a class and a noisy target."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 3))
    y = 5 + np.sin(x[:, 0]) + 0.5 * x[:, 1] + 0.2 * rng.normal(size=count)
    kind = np.where(x[:, 0] + 0.3 * rng.normal(size=count) > 0, "high", "low")
    colour = np.array(["red", "blue", "green"])[np.arange(count) % 3]
    return pd.DataFrame(
        {"a": x[:, 0], "b": x[:, 1] * 20 + 100, "c": x[:, 2], "colour": colour, "kind": kind, "y": y}
    )


def nystrom(centres: int | str = 30, **keys: Any) -> dict[str, Any]:
    """An inference section with an approximation."""
    ridge = {} if "ridge" in keys else {"ridge": 0.05}
    return {"kernel": "nngp", **ridge, **keys, "approximation": {"method": "nystrom", "centres": centres}}


NUMBERS: dict[str, Any] = {"features": ["a", "b", "c"]}
CLASSES: dict[str, Any] = {"target": "kind", "features": ["a", "b", "c"]}
ALL: dict[str, Any] = {"kernel": ["ntk", "ntkgp", "nngp"], "time": [0, 0.5, math.inf]}


def read_in_parts(monkeypatch: pytest.MonkeyPatch, read_rows: int, *, held: int = 60) -> None:
    """Hold a sample of so many rows of a training file, and read so many at a time in every pass."""

    def few(spec: DataSpec, *, keep_bytes: int) -> Survey:
        return survey(spec, limits=Limits(rows=held, texts=12, shown=20), read_rows=read_rows)

    monkeypatch.setattr("ntkcli.jobs.opening.survey", few)
    monkeypatch.setattr("ntkcli.jobs.summation.PART_ROWS", 32)
    monkeypatch.setattr("ntkcli.models.approximate_fitting.PART_ROWS", 16)
