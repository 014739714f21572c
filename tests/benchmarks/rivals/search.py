"""A random search for a rival's settings, by the error on held out training rows."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from sets.split import Split

DRAWS = 30
# Few rows say little when a fifth of them is held out once; each of the five then is, in turn.
FEW_ROWS = 500
FOLDS = 5

Settings = Mapping[str, Any]
Rows = npt.NDArray[np.intp]


def best_settings(
    split: Split,
    draw: Callable[[np.random.Generator], Settings],
    held_out_error: Callable[[Settings, Rows, Rows], float],
) -> Settings:
    """The best of DRAWS.

    draw: settings at random.
    held_out_error: with settings, of the model of the first rows on the second.
    """
    random = np.random.default_rng(split.seed)
    candidates = [draw(random) for _ in range(DRAWS)]
    folds = list(_folds(len(split.train), random))
    means = [np.mean([held_out_error(found, *rows) for rows in folds]) for found in candidates]
    return candidates[int(np.argmin(means))]


def _folds(n: int, random: np.random.Generator) -> Iterator[tuple[Rows, Rows]]:
    order = random.permutation(n)
    for fold in range(FOLDS if n < FEW_ROWS else 1):
        is_held_out = np.arange(n) % FOLDS == fold
        yield order[~is_held_out], order[is_held_out]
