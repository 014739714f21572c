"""summary.json: slopes with width, agreement of the predictions, and what the simulation was of."""

from dataclasses import asdict
from typing import Any

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.regression.question import time_text
from ntkcli.results.number_metrics import json_number
from ntkcli.simulation.agreement import agreement
from ntkcli.simulation.simulation import Simulation
from ntkcli.simulation.slopes import Slope, slope
from ntkcli.simulation.tables import Outcomes, by_width, trained


def summary(simulation: Simulation, outcomes: Outcomes) -> dict[str, Any]:
    """Return the content of summary.json.

    Its keys: slopes, with value, 95 % interval, theory, and whether that is a bound; layer_slopes of the
    weights' relative change; kernels, the mean relative error and its standard error for every width;
    predictions, how they agree with the closed form; and the sizes, steps and rates.
    """
    experiment = simulation.experiment
    return {
        "rows": len(experiment.y),
        "test_rows": len(experiment.x) - len(experiment.y),
        "widths": sorted({draw.width for draw in outcomes}),
        "trained_widths": sorted({draw.width for draw in trained(outcomes)}),
        "seeds": len({draw.seed for draw in outcomes}),
        "linearised": experiment.linearised,
        "times": [time_text(time) for time in simulation.times],
        "end_of_training": time_text(simulation.times[-1]) if simulation.is_endless else None,
        "ridge": experiment.ridge,
        "learning_rate": simulation.pace.learning_rate,
        # JSON has no infinity, which it is where the kernel is 0.
        "largest_learning_rate": json_number(simulation.pace.largest),
        "slopes": {name: asdict(found) for name, found in slopes(simulation, outcomes).items()},
        "layer_slopes": _layer_slopes(simulation, outcomes),
        "kernels": _kernels(outcomes),
        "predictions": _predictions(simulation, outcomes),
    }


def slopes(simulation: Simulation, outcomes: Outcomes) -> dict[str, Slope]:
    """The slopes with width of all errors and changes, those of training at its last time.

    Theory: the kernels' errors are means over units, whose central limit theorem gives -1/2. The relative
    change of the first and of the last layer's weights falls as width^(-1/2), and that of the layers between,
    which have width^2 numbers, as 1 / width. For the kernel's change and what the linearisation leaves out,
    theory has a bound, width^(-1/2) (Lee et al. 2019). A network of depth 1 has no width.
    """
    errors, root = by_width(outcomes, "kernel_errors"), _root(simulation)
    found = {gram: _slope(errors, i, root) for i, gram in enumerate(("nngp", "ntk"))}
    largest = {width: changes.max(axis=2) for width, changes in by_width(outcomes, "weight_changes").items()}
    found["weight_change"] = _slope(largest, -1, root)
    for name, field in (("kernel_change", "kernel_changes"), ("gap_to_linearised", "gaps")):
        found[name] = _slope(by_width(outcomes, field), -1, root, is_bound=root is not None)
    return found


def _root(simulation: Simulation) -> float | None:
    """The exponent of 1 / sqrt(width), where there is a width."""
    return -0.5 if simulation.experiment.network.depth > 1 else None


def _slope(
    values: dict[int, FloatArray], place: int, theory: float | None, *, is_bound: bool = False
) -> Slope:
    """The slope with width of one of the numbers (seeds, numbers) that there are for each width."""
    widths = sorted(values)
    numbers = np.array([values[width][:, place] for width in widths])
    return slope(widths, numbers, theory, is_bound=is_bound)


def _layer_slopes(simulation: Simulation, outcomes: Outcomes) -> list[dict[str, Any]]:
    changes = {width: values[:, -1] for width, values in by_width(outcomes, "weight_changes").items()}
    ends, root = (1, simulation.experiment.network.depth), _root(simulation)
    return [
        {"layer": layer, **asdict(_slope(changes, i, root if layer in ends else -1.0))}
        for i, layer in enumerate(simulation.trained_layers)
    ]


def _kernels(outcomes: Outcomes) -> list[dict[str, Any]]:
    return [
        {
            "kernel": gram,
            "width": width,
            "relative_error": float(values[:, i].mean()),
            "standard_error": _error(values[:, i]),
        }
        for i, gram in enumerate(("nngp", "ntk"))
        for width, values in sorted(by_width(outcomes, "kernel_errors").items())
    ]


def _error(values: FloatArray) -> float | None:
    """The standard error of a mean."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None


def _predictions(simulation: Simulation, outcomes: Outcomes) -> list[dict[str, Any]]:
    return [
        {
            "width": width,
            "time": time_text(time),
            **asdict(
                agreement(outputs[:, i], simulation.closed_form.means[i], simulation.closed_form.variances[i])
            ),
        }
        for width, outputs in sorted(by_width(outcomes, "outputs").items())
        for i, time in enumerate(simulation.times)
    ]
