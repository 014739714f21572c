"""The tables of a simulation have what was seen, in the targets' units, and say of what."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ntkcli.data.scaling import Scaling
from ntkcli.regression.question import time_text
from ntkcli.simulation.experiment import Draw
from ntkcli.simulation.simulation import Simulation
from ntkcli.simulation.tables import (
    Outcomes,
    Outputs,
    kernel_table,
    layer_table,
    prediction_table,
    sample_table,
    training_table,
)

from .networks import network_with
from .simulations import outcomes, simulation

OUTPUTS = Outputs(["y", "z"], Scaling(np.array([50.0, -1.0]), np.array([10.0, 0.5])))
DRAW = Draw(16, 1)


def times(of: Simulation) -> list[str]:
    return [time_text(time) for time in of.times]


def test_every_network_has_its_kernels_compared(seen: Outcomes) -> None:
    table = kernel_table(seen)
    assert len(table) == 2 * 9
    for i, kernel in enumerate(("nngp", "ntk")):
        found = table[table.kernel == kernel]
        assert list(zip(found.width, found.seed, strict=True)) == sorted(seen)
        assert found.relative_error.tolist() == [outcome.kernel_errors[i] for outcome in seen.values()]


def test_trained_networks_have_their_training_told_in_the_loss_of_the_spec(
    of: Simulation, seen: Outcomes
) -> None:
    table = training_table(of, seen)
    assert len(table) == 6 * 3
    found = table[(table.width == 16) & (table.seed == 1)]
    outcome = seen[DRAW]
    assert found.time.tolist() == times(of)
    # 1/2 the mean over 8 rows and 2 outputs.
    np.testing.assert_allclose(found.train_loss, outcome.losses / 16)
    np.testing.assert_allclose(found.closed_form_loss, of.closed_form.losses / 16)
    np.testing.assert_allclose(found.weight_change, outcome.weight_changes.max(axis=1))
    np.testing.assert_allclose(found.kernel_change, outcome.kernel_changes)
    np.testing.assert_allclose(found.gap_to_linearised, outcome.gaps)


def test_layers_have_the_numbers_that_they_have_in_the_network() -> None:
    frozen = simulation(network_with(depth=4, train={"first_frozen": 2}), seeds=1)
    seen = outcomes(frozen)
    table = layer_table(frozen, seen)
    assert set(table.layer) == {3, 4}
    found = table[(table.width == 16) & (table.layer == 3)]
    assert found.weight_change.tolist() == seen[Draw(16, 0)].weight_changes[:, 0].tolist()


def predicted(table: pd.DataFrame, time: str, row: int, output: str) -> dict[Hashable, Any]:
    """The one row of a table for width 16 that is of this."""
    found = table[(table.width == 16) & (table.time == time) & (table.row == row) & (table.output == output)]
    assert len(found) == 1
    return found.to_dict("records")[0]


def test_predictions_are_those_of_the_seeds_beside_the_closed_form(of: Simulation, seen: Outcomes) -> None:
    table = prediction_table(of, seen, OUTPUTS)
    assert len(table) == 2 * 3 * 4 * 2
    found = predicted(table, times(of)[1], 5, "z")
    values = [OUTPUTS.scaling.undo(seen[Draw(16, seed)].outputs)[1, 2, 1] for seed in range(3)]
    assert found["mean"] == pytest.approx(np.mean(values))
    assert found["std"] == pytest.approx(np.std(values, ddof=1))
    assert found["closed_form_mean"] == pytest.approx(of.closed_form.means[1, 2, 1] * 0.5 - 1)
    assert found["closed_form_std"] == pytest.approx(np.sqrt(of.closed_form.variances[1, 2]) * 0.5)


def test_a_single_seed_has_no_standard_deviation(of: Simulation, seen: Outcomes) -> None:
    table = prediction_table(of, {DRAW: seen[DRAW]}, OUTPUTS)
    assert table["std"].isna().all()
    assert table["mean"].notna().all()


def test_samples_are_every_seeds_predictions(of: Simulation, seen: Outcomes) -> None:
    table = sample_table(of, seen, OUTPUTS)
    assert len(table) == 6 * 3 * 4 * 2
    found = predicted(table[table.seed == 1], times(of)[2], 7, "y")
    assert found["prediction"] == pytest.approx(OUTPUTS.scaling.undo(seen[DRAW].outputs)[2, 3, 0])


def test_tables_of_networks_of_which_none_was_trained_have_their_columns(
    of: Simulation, seen: Outcomes
) -> None:
    untrained = {draw: outcome for draw, outcome in seen.items() if draw.width == 32}
    assert len(kernel_table(untrained)) == 6
    for few, many in (
        (training_table(of, untrained), training_table(of, seen)),
        (layer_table(of, untrained), layer_table(of, seen)),
        (prediction_table(of, untrained, OUTPUTS), prediction_table(of, seen, OUTPUTS)),
        (sample_table(of, untrained, OUTPUTS), sample_table(of, seen, OUTPUTS)),
    ):
        assert len(few) == 0
        assert list(few) == list(many)
