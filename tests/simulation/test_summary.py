"""The summary of a simulation: slopes of what was seen, agreement with the closed form, and strict JSON."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from ntkcli.runs.json_files import json_text
from ntkcli.simulation.agreement import agreement
from ntkcli.simulation.experiment import Draw
from ntkcli.simulation.simulation import Simulation
from ntkcli.simulation.slopes import slope
from ntkcli.simulation.summary import slopes, summary
from ntkcli.simulation.tables import Outcomes

from .networks import network_with
from .simulations import WIDTHS, outcomes, simulation


def test_sizes_are_those_of_the_networks(of: Simulation, seen: Outcomes) -> None:
    found = summary(of, seen)
    assert (found["rows"], found["test_rows"], found["seeds"]) == (8, 4, 3)
    assert (found["widths"], found["trained_widths"]) == (WIDTHS, [8, 16])
    assert found["learning_rate"] == pytest.approx(found["largest_learning_rate"] / 2)


def test_slopes_are_of_all_widths_that_there_are(of: Simulation, seen: Outcomes) -> None:
    """Kernels of all, and training, at its end, of those that are trained."""
    found = slopes(of, seen)

    def values(widths: list[int], name: str, *place: int) -> np.ndarray:
        return np.array(
            [[getattr(seen[Draw(width, seed)], name)[place] for seed in range(3)] for width in widths]
        )

    assert found["nngp"] == slope(WIDTHS, values(WIDTHS, "kernel_errors", 0), -0.5)
    assert found["ntk"] == slope(WIDTHS, values(WIDTHS, "kernel_errors", 1), -0.5)
    changes = values([8, 16], "kernel_changes", -1)
    assert found["kernel_change"] == slope([8, 16], changes, -0.5, is_bound=True)
    gaps = values([8, 16], "gaps", -1)
    assert found["gap_to_linearised"] == slope([8, 16], gaps, -0.5, is_bound=True)
    largest = values([8, 16], "weight_changes", -1).max(axis=2)
    assert found["weight_change"] == slope([8, 16], largest, -0.5)


def test_theory_tells_the_layers_between_from_the_first_and_the_last() -> None:
    frozen = simulation(network_with(depth=4, train={"first_frozen": 1}), seeds=2)
    found = summary(frozen, outcomes(frozen))["layer_slopes"]
    assert [(layer["layer"], layer["theory"]) for layer in found] == [(2, -1.0), (3, -1.0), (4, -0.5)]


def test_weights_change_as_theory_says() -> None:
    """In wide networks, layer by layer: 1 / sqrt(width) at both ends, and 1 / width between."""
    wide = simulation(seeds=4)
    wide = replace(
        wide,
        experiment=replace(wide.experiment, largest_trained=10**4),
        draws=[Draw(width, seed) for width in (128, 512) for seed in range(4)],
    )
    for layer in summary(wide, outcomes(wide))["layer_slopes"]:
        assert layer["value"] == pytest.approx(layer["theory"], abs=0.15)


def test_predictions_agree_or_not_at_every_time(of: Simulation, seen: Outcomes) -> None:
    found = summary(of, seen)["predictions"]
    assert [(one["width"], one["time"]) for one in found] == [
        (width, time) for width in (8, 16) for time in summary(of, seen)["times"]
    ]
    outputs = np.array([seen[Draw(16, seed)].outputs[1] for seed in range(3)])
    expected = agreement(outputs, of.closed_form.means[1], of.closed_form.variances[1])
    assert found[4]["z_score"] == expected.z_score
    assert found[4]["ks_statistic"] == expected.ks_statistic


def test_errors_of_kernels_have_standard_errors(of: Simulation, seen: Outcomes) -> None:
    found = summary(of, seen)["kernels"]
    assert [(one["kernel"], one["width"]) for one in found] == [
        (kernel, width) for kernel in ("nngp", "ntk") for width in WIDTHS
    ]
    errors = [seen[Draw(32, seed)].kernel_errors[1] for seed in range(3)]
    assert found[-1]["relative_error"] == pytest.approx(np.mean(errors))
    assert found[-1]["standard_error"] == pytest.approx(np.std(errors, ddof=1) / np.sqrt(3))


@pytest.mark.parametrize("kind", ["whole", "linearised", "one seed", "untrained", "one width", "no rate"])
def test_it_is_strict_json_whatever_is_missing(of: Simulation, seen: Outcomes, kind: str) -> None:
    chosen = dict(seen)
    match kind:
        case "linearised":
            of = replace(of, experiment=replace(of.experiment, linearised=True))
            chosen = dict(outcomes(of))
        case "one seed":
            chosen = {draw: outcome for draw, outcome in seen.items() if draw.seed == 0}
        case "untrained":
            chosen = {draw: outcome for draw, outcome in seen.items() if draw.width == 32}
        case "one width":
            chosen = {draw: outcome for draw, outcome in seen.items() if draw.width == 16}
        case "no rate":
            of = replace(of, pace=replace(of.pace, largest=math.inf))
    found = json.loads(json_text(summary(of, chosen)))
    assert found["linearised"] == (kind == "linearised")
    assert (found["largest_learning_rate"] is None) == (kind == "no rate")
