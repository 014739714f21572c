"""The tables of a simulation, a row for each thing that was seen."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ntkcli.arrays import FloatArray
from ntkcli.data.scaling import Scaling
from ntkcli.regression.question import time_text
from ntkcli.simulation.experiment import Draw, Outcome
from ntkcli.simulation.simulation import Simulation

Outcomes = Mapping[Draw, Outcome]


class Outputs(NamedTuple):
    """What the k outputs are: targets or classes, and their scaling in the targets' units."""

    names: Sequence[str]
    scaling: Scaling


def kernel_table(outcomes: Outcomes) -> pd.DataFrame:
    """kernels.csv: how far every network's kernels are from the exact ones, in relative Frobenius norm."""
    rows = [
        (kernel, *draw, outcome.kernel_errors[i])
        for i, kernel in enumerate(("nngp", "ntk"))
        for draw, outcome in outcomes.items()
    ]
    return pd.DataFrame(rows, columns=["kernel", "width", "seed", "relative_error"])


def training_table(simulation: Simulation, outcomes: Outcomes) -> pd.DataFrame:
    """training.csv: the training of every network, at every time from 0 on.

    train_loss is the spec's loss, in scaled units; weight_change that of the layer that changes most.
    """
    rows = [
        (
            *draw,
            time_text(time),
            outcome.losses[i] * simulation.pace.loss_scale,
            outcome.weight_changes[i].max(),
            outcome.kernel_changes[i],
            outcome.gaps[i],
            simulation.closed_form.losses[i] * simulation.pace.loss_scale,
        )
        for draw, outcome in trained(outcomes).items()
        for i, time in enumerate(simulation.times)
    ]
    names = ["train_loss", "weight_change", "kernel_change", "gap_to_linearised", "closed_form_loss"]
    return pd.DataFrame(rows, columns=["width", "seed", "time", *names])


def layer_table(simulation: Simulation, outcomes: Outcomes) -> pd.DataFrame:
    """layers.csv: the relative change of the weights, layer by layer; layers count from 1."""
    layers = simulation.trained_layers
    rows = [
        (*draw, time_text(time), layer, change)
        for draw, outcome in trained(outcomes).items()
        for time, changes in zip(simulation.times, outcome.weight_changes, strict=True)
        for layer, change in zip(layers, changes, strict=True)
    ]
    return pd.DataFrame(rows, columns=["width", "seed", "time", "layer", "weight_change"])


def prediction_table(simulation: Simulation, outcomes: Outcomes, outputs: Outputs) -> pd.DataFrame:
    """predictions.csv: the seeds' mean and standard deviation at every test row, beside the closed form's."""
    scaling = outputs.scaling
    closed = {
        "closed_form_mean": scaling.undo(simulation.closed_form.means),
        "closed_form_std": np.sqrt(simulation.closed_form.variances)[:, :, None] * scaling.scale,
    }
    parts = [pd.DataFrame(columns=[*_index(simulation, outputs.names, 0), "mean", "std", *closed])]
    for width, values in by_width(outcomes, "outputs").items():
        std = values.std(axis=0, ddof=1) if len(values) > 1 else np.full(values.shape[1:], np.nan)
        seen = {"mean": scaling.undo(values.mean(axis=0)), "std": std * scaling.scale, **closed}
        columns = {name: value.ravel() for name, value in seen.items()}
        parts.append(pd.DataFrame(_index(simulation, outputs.names, width) | columns))
    joined = pd.concat(parts[1:] or parts, ignore_index=True)
    return joined[[*(name for name in joined if name != "output"), "output"]]


def sample_table(simulation: Simulation, outcomes: Outcomes, outputs: Outputs) -> pd.DataFrame:
    """samples.csv: every seed's predictions at every test row."""
    parts = [pd.DataFrame(columns=[*_index(simulation, outputs.names, 0), "seed", "prediction"])]
    for draw, outcome in trained(outcomes).items():
        values = {"seed": draw.seed, "prediction": outputs.scaling.undo(outcome.outputs).ravel()}
        parts.append(pd.DataFrame(_index(simulation, outputs.names, draw.width) | values))
    joined = pd.concat(parts[1:] or parts, ignore_index=True)
    return joined[["width", "seed", "time", "row", "prediction", "output"]]


def trained(outcomes: Outcomes) -> dict[Draw, Outcome]:
    """The outcomes of the networks that were trained."""
    return {draw: outcome for draw, outcome in outcomes.items() if len(outcome.losses)}


def by_width(outcomes: Outcomes, name: str) -> dict[int, FloatArray]:
    """One array of all seeds' outcomes for each width, (seeds, ...), if there is anything in it."""
    found: dict[int, list[FloatArray]] = {}
    for draw, outcome in outcomes.items():
        found.setdefault(draw.width, []).append(getattr(outcome, name))
    return {width: np.array(values) for width, values in found.items() if len(values[0])}


def _index(simulation: Simulation, names: Sequence[str], width: int) -> dict[str, Any]:
    """The columns that say which of the predictions (t, m, k) a row is of."""
    time, row, output = np.indices(simulation.closed_form.means.shape).reshape(3, -1)
    return {
        "width": width,
        "time": np.array([time_text(time) for time in simulation.times])[time],
        "row": simulation.rows[row],
        "output": np.array(names)[output],
    }
