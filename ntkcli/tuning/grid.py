"""The grid of a search space: all combinations of the values for its data and its networks."""

import math
from itertools import product

import numpy as np

from ntkcli.jobs.ranges import spaced
from ntkcli.spec.space import Axis, Range, is_integer_key
from ntkcli.spec.tune import TuneSpec
from ntkcli.tuning.chains import Configuration

# Points of a range that has no `steps`.
STEPS = 5


def grid(tune: TuneSpec) -> list[Configuration]:
    """Return the configurations of the grid, the last axis changing fastest."""
    axes = _axes(tune)
    combinations = enumerate(product(*axes.values()))
    return [Configuration(i, dict(zip(axes, values, strict=True))) for i, values in combinations]


def grid_size(tune: TuneSpec) -> int:
    """Return the number of networks in the grid, without building it."""
    return math.prod(len(values) for values in _axes(tune).values())


def some_of_grid(tune: TuneSpec, count: int) -> list[Configuration]:
    """Return configurations at random, always the same, without building the grid; all if there are fewer."""
    if grid_size(tune) <= count:
        return grid(tune)
    rng, axes = np.random.default_rng(0), _axes(tune)
    drawn = [{key: values[rng.integers(len(values))] for key, values in axes.items()} for _ in range(count)]
    return [Configuration(i, values) for i, values in enumerate(drawn)]


def _axes(tune: TuneSpec) -> dict[str, list[object]]:
    return {key: _values(key, axis) for key, axis in tune.trial_axes.items()}


def _values(key: str, axis: Axis) -> list[object]:
    if not isinstance(axis, Range):
        return axis
    points = spaced(axis.low, axis.high, axis.steps or STEPS, log=axis.log)
    return list(dict.fromkeys(map(round, points))) if is_integer_key(key) else [*points]
