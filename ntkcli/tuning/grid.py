"""Every network of a space."""

import math
from itertools import product

from ntkcli.jobs.ranges import spaced
from ntkcli.spec.space import Axis, Range, is_integer_key
from ntkcli.spec.tune import TuneSpec
from ntkcli.tuning.chains import Configuration

# Of a range of a network's key.
STEPS = 5


def grid(tune: TuneSpec) -> list[Configuration]:
    """All combinations of the networks' axes, the last one changing first."""
    axes = _axes(tune)
    combinations = enumerate(product(*axes.values()))
    return [Configuration(i, dict(zip(axes, values, strict=True))) for i, values in combinations]


def grid_size(tune: TuneSpec) -> int:
    """How many networks that is."""
    return math.prod(len(values) for values in _axes(tune).values())


def _axes(tune: TuneSpec) -> dict[str, list[object]]:
    return {key: _values(key, axis) for key, axis in tune.network_axes.items()}


def _values(key: str, axis: Axis) -> list[object]:
    if not isinstance(axis, Range):
        return axis
    points = spaced(axis.low, axis.high, axis.steps or STEPS, log=axis.log)
    return list(dict.fromkeys(map(round, points))) if is_integer_key(key) else [*points]
