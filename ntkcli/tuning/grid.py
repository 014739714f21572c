"""Every network of a space."""

from itertools import product

from ntkcli.jobs.ranges import spaced
from ntkcli.spec.space import Axis, Range, is_integer_key
from ntkcli.spec.tune import TuneSpec
from ntkcli.tuning.chains import Choice

# Of a range of a network's key.
STEPS = 5


def grid(tune: TuneSpec) -> list[Choice]:
    """All combinations of the networks' axes, the last one changing first."""
    axes = {key: _values(key, axis) for key, axis in tune.network_axes.items()}
    combinations = enumerate(product(*axes.values()))
    return [Choice(i, dict(zip(axes, values, strict=True))) for i, values in combinations]


def _values(key: str, axis: Axis) -> list[object]:
    if not isinstance(axis, Range):
        return axis
    points = spaced(axis.low, axis.high, axis.steps or STEPS, log=axis.log)
    return list(dict.fromkeys(map(round, points))) if is_integer_key(key) else [*points]
