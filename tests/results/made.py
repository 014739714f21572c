"""Results made by hand, for three rows."""

import math
from typing import Any

import numpy as np

from ntkcli.results.result import Result


def result(kernel: str = "nngp", time: float = math.inf, *, outputs: int = 1, **fields: Any) -> Result:
    """Means 5, 6, ... row by row, variances 4, 5, 6."""
    values: dict[str, Any] = {
        "mean": np.arange(3.0 * outputs).reshape(3, outputs) + 5.0,
        "variance": np.full((3, outputs), 4.0) + np.arange(3.0)[:, None],
        "noise": np.full(outputs, 0.5),
        "ready": 1.0,
    }
    return Result(kernel, time, **(values | fields))


SCORES = np.array([[0.5, -0.2, -0.3], [-0.3, 0.1, 0.2], [-0.4, 0.3, 0.1]])


def class_result(kernel: str = "nngp", time: float = math.inf, **fields: Any) -> Result:
    """Scores of three classes, for three rows; the likeliest are 0, 2, 1."""
    return result(kernel, time, outputs=3, **({"mean": SCORES} | fields))
